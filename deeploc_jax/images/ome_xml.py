"""The OME-XML of a TIFF: channel names, pixel size, and which planes lie in the file.

One image may be spread over several files, each with the XML of all of them.
"""

from __future__ import annotations

import dataclasses
import math
import re
from xml.etree import ElementTree

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_place import ImagePlace
from deeploc_jax.images.ome_places import find_places
from deeploc_jax.images.ome_planes import OmePlanes

_MICROMETERS = {'nm': 1e-3, 'mm': 1e3, 'cm': 1e4, 'm': 1e6}
"""Other units of length that microscopes write; the default is the micrometer."""


@dataclasses.dataclass(frozen=True)
class OmeXml:
    """What the XML says about the planes in one file.

    Attributes:
        channel_names: Names of the channels in this file, () unless all have one.
        pixel_size: Height and width of a pixel in micrometers, None when unknown.
        other_file: Name of another file with further planes, or ''.
        axis: With `other_file`, the axis along which the planes of this file differ:
            C, Z or T, '' for a single plane, '?' when the file does not say.
        fault: Why the XML is of no use, or ''.
        alike: Whether all images have the same channel names and pixel size.
        places: Place on a plate of each image, () unless all have one.
    """

    channel_names: tuple[str, ...] = ()
    pixel_size: tuple[float, float] | None = None
    other_file: str = ''
    axis: str = ''
    fault: str = ''
    alike: bool = True
    places: tuple[ImagePlace, ...] = ()


def parse_ome_xml(text: str, filename: str) -> OmeXml:
    """Parses the OME-XML in the file of this name.

    Raises:
        ImageError: It declares entities, with which a small text fills the memory.
    """
    if re.search('<!(DOCTYPE|ENTITY)', text, re.IGNORECASE):
        raise ImageError('its XML has a DOCTYPE, which no microscope writes')
    try:
        root = ElementTree.fromstring(text)
        ome = _describe(OmePlanes(root, filename))
        return dataclasses.replace(
            ome, alike=_are_alike(root), places=find_places(root)
        )
    except (ElementTree.ParseError, ValueError) as error:
        return OmeXml(fault=f'its OME-XML is broken ({error})')
    except KeyError as error:
        return OmeXml(fault=f'its OME-XML is broken (no {error.args[0]})')


def without_uuids(text: str) -> str:
    """Removes the file names from the OME-XML of planes that are all in one file.

    tifffile would look for a file of that name, and find another one or none.
    """
    root = ElementTree.fromstring(text)
    for block in root.iterfind('{*}Image/{*}Pixels/{*}TiffData'):
        for uuid in block.findall('{*}UUID'):
            block.remove(uuid)
    return ElementTree.tostring(root, 'unicode')


def _describe(planes: OmePlanes) -> OmeXml:
    if planes.pixels is None:
        return OmeXml(other_file=planes.other_file, axis='?')
    names = _channel_names(planes.pixels)
    axis, numbers = planes.find_axis()  # also to see whether the XML is complete
    if planes.other_file:
        names = tuple(names[n] for n in numbers if n < len(names))
    return OmeXml(
        channel_names=names if all(names) else (),
        pixel_size=_pixel_size(planes.pixels),
        other_file=planes.other_file,
        axis=axis if planes.other_file else '',
    )


def _channel_names(pixels: ElementTree.Element) -> tuple[str, ...]:
    return tuple(channel.get('Name', '') for channel in pixels.findall('{*}Channel'))


def _are_alike(root: ElementTree.Element) -> bool:
    images = root.findall('{*}Image/{*}Pixels')
    return len({(_channel_names(p), _pixel_size(p)) for p in images}) <= 1


def _pixel_size(pixels: ElementTree.Element) -> tuple[float, float] | None:
    """Height and width of a pixel, None unless both are stated in a known unit."""
    height, width = (_micrometers(pixels, f'PhysicalSize{axis}') for axis in 'YX')
    return (height, width) if height and width else None


def _micrometers(pixels: ElementTree.Element, name: str) -> float | None:
    unit = pixels.get(f'{name}Unit', 'µm')
    factor = 1.0 if unit in ('µm', 'μm', 'um') else _MICROMETERS.get(unit)
    try:
        size = float(pixels.get(name, 'nan')) * (factor or math.nan)
    except ValueError:
        return None
    return size if 0 < size < math.inf else None
