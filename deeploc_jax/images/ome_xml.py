"""What the OME-XML of a TIFF says of its own planes, which may be part of an image.

One image may be spread over several files, each with the XML of all of them.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np

from deeploc_jax.images.image_file import ImageError

_MAX_PLANES = 2**20  # more are a damaged number, for which memory would be set aside
_UNKNOWN = '?'


@dataclasses.dataclass(frozen=True)
class OmeXml:
    """What is known of the planes in one file.

    Attributes:
        channel_names: Names of the channels in this file, () unless all have one.
        elsewhere: Name of another file with further planes, or ''.
        axis: With `elsewhere`, what the planes of this file are counted along: one of
            C, Z and T, '' for a single plane, '?' when the file does not say.
        fault: Why the XML is of no use, or ''.
    """

    channel_names: tuple[str, ...] = ()
    elsewhere: str = ''
    axis: str = ''
    fault: str = ''


def parse_ome_xml(text: str, filename: str) -> OmeXml:
    """Parses the OME-XML in the file of this name.

    Raises:
        ImageError: It declares entities, with which a small text fills the memory.
    """
    if re.search('<!(DOCTYPE|ENTITY)', text, re.IGNORECASE):
        raise ImageError('its XML has a DOCTYPE, which no microscope writes')
    try:
        root = ElementTree.fromstring(text)
        return _Planes(root, filename).describe()
    except (ElementTree.ParseError, ValueError) as error:
        return OmeXml(fault=f'its OME-XML is broken ({error})')
    except KeyError as error:
        return OmeXml(fault=f'its OME-XML is broken (no {error.args[0]})')


def without_uuids(text: str) -> str:
    """The OME-XML of planes that are all in one file, as if nothing named that file.

    tifffile would look for it by its name, and find another file or none.
    """
    root = ElementTree.fromstring(text)
    for block in root.iterfind('{*}Image/{*}Pixels/{*}TiffData'):
        for uuid in block.findall('{*}UUID'):
            block.remove(uuid)
    return ElementTree.tostring(root, 'unicode')


class _Planes:
    """The planes of the image that lies in the file of this name, at least in part."""

    def __init__(self, root: ElementTree.Element, filename: str):
        self.uuid = root.get('UUID', '').strip()
        uuids = root.findall('{*}Image/{*}Pixels/{*}TiffData/{*}UUID')
        self.uuid_is_used = self.uuid in {_text(uuid) for uuid in uuids}
        # Where no other file is named, this one may have been renamed.
        names = {uuid.get('FileName', '').lower() for uuid in uuids}
        alone = len(names) == 1 and not self.uuid
        self.filename = (names.pop() if alone else '') or filename.lower()
        self.elsewhere = ''
        self.pixels: ElementTree.Element | None = None
        companion = root.find('{*}BinaryOnly')
        if companion is not None:
            self.elsewhere = companion.get('MetadataFile', 'another file')
        self.own: list[ElementTree.Element] = []
        for pixels in root.iterfind('{*}Image/{*}Pixels'):
            blocks = pixels.findall('{*}TiffData')
            own = [block for block in blocks if self._is_own(block)]
            if own and self.pixels is None:
                self.pixels, self.own = pixels, own

    def describe(self) -> OmeXml:
        if self.pixels is None:
            return OmeXml(elsewhere=self.elsewhere, axis=_UNKNOWN)
        sizes = {axis: int(self.pixels.attrib[f'Size{axis}']) for axis in 'CZT'}
        if not 0 < sizes['C'] * sizes['Z'] * sizes['T'] <= _MAX_PLANES:
            raise ValueError(
                f'C, Z and T of {", ".join(map(str, sizes.values()))} planes'
            )
        channels = self.pixels.findall('{*}Channel')
        names = tuple(channel.get('Name', '') for channel in channels)
        axis, numbers = self._own_axis(sizes)  # also to see whether it is all there
        if self.elsewhere:
            names = tuple(names[n] for n in numbers if n < len(names))
        names = names if all(names) else ()
        return OmeXml(names, self.elsewhere, axis if self.elsewhere else '')

    def _is_own(self, block: ElementTree.Element) -> bool:
        uuid = block.find('{*}UUID')
        if uuid is None:
            return True
        name = uuid.get('FileName', '')
        if self.uuid and self.uuid_is_used:  # names change, it does not
            own = _text(uuid) == self.uuid
        else:
            own = name.lower() == self.filename
        if not own:
            self.elsewhere = self.elsewhere or name or 'another file'
        return own

    def _own_axis(self, sizes: dict[str, int]) -> tuple[str, list[int]]:
        """The axis along which the planes of this file differ, and their channels."""
        places = dict(
            place for block in self.own for place in self._places(block, sizes)
        )
        planes = [places[ifd] for ifd in sorted(places)]
        differing = [axis for axis in 'CZT' if len({p[axis] for p in planes}) > 1]
        if len(differing) > 1:
            return _UNKNOWN, []
        return ''.join(differing), list(dict.fromkeys(plane['C'] for plane in planes))

    def _places(
        self, block: ElementTree.Element, sizes: dict[str, int]
    ) -> Iterator[tuple[int, dict[str, int]]]:
        """Number of each page of a block, and its place along C, Z and T."""
        assert self.pixels is not None
        order = self.pixels.attrib['DimensionOrder'][2:]  # the fastest axis first
        shape = [sizes[axis] for axis in order]
        usual = 1 if 'IFD' in block.attrib else math.prod(shape)
        count = int(block.get('PlaneCount', block.get('NumPlanes', usual)))
        first = [int(block.get(f'First{axis}', 0)) for axis in order]
        start = np.ravel_multi_index(first, shape, order='F')
        for n in range(min(count, math.prod(shape) - int(start))):
            place = map(int, np.unravel_index(start + n, shape, order='F'))
            yield int(block.get('IFD', 0)) + n, dict(zip(order, place, strict=True))


def _text(element: ElementTree.Element) -> str:
    return (element.text or '').strip()
