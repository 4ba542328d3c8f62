"""Reads `.flex` of the Opera: a TIFF whose frames are fields times channels."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import tifffile

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.image_place import SERIES
from deeploc_jax.images.tiff import open_tiff

_XML = 65200  # number of the tag
_CAMERAS = 2  # even frames are of one, odd frames of the other


@dataclasses.dataclass(frozen=True)
class FlexXml:
    """What the XML of a file says.

    Attributes:
        frames: Channel of each frame, () when not said.
        pixel_size: Height and width of a pixel in micrometers, None when unknown.
        fault: Why the XML is of no use, or ''.
    """

    frames: tuple[str, ...] = ()
    pixel_size: tuple[float, float] | None = None
    fault: str = ''


def open_flex(path: Path, resources: contextlib.ExitStack) -> ImageFile:
    """Opens a `.flex`: one field, or a stack of them, with a frame for each channel.

    The frames of a field follow each other. Where the XML does not name the channels
    there are two of them, as in the files of the DeepLoc paper: even frames green, odd
    frames red.

    Args:
        path: Path of the file.
        resources: Stack that closes the file again.

    Raises:
        ImageError: The file is damaged, or its frames are no whole number of fields.
    """
    file = open_tiff(path, resources)
    if len(file.shape) != 3:
        raise ImageError(f'its frames are of shape {file.shape}, not (frames, h, w)')
    xml = _read_xml(path)
    count, height, width = file.shape
    names = _channel_names(xml.frames, count)
    channels = len(names) or _CAMERAS
    if count % channels:
        raise ImageError(
            f'has {count} frames, which are no whole fields of {channels} channels'
        )

    def get_channel(index: int | None, channel: int) -> np.ndarray:
        return file.get((index or 0) * channels + channel)

    def get(index: int | None) -> np.ndarray:
        return np.stack([get_channel(index, n) for n in range(channels)], axis=-1)

    fields = count // channels
    stack = (fields,) if fields > 1 else ()
    return ImageFile(
        shape=(*stack, height, width, channels),
        get=get,
        get_channel=get_channel,
        channel_names=names,
        pixel_size=xml.pixel_size,
        count=fields,
        stack=SERIES if stack else '',
        fault=xml.fault,
    )


def parse_flex_xml(text: str) -> FlexXml:
    """Parses the XML of a file; whatever follows its last tag is left out."""
    text = re.sub('>+$', '>', text[: text.rfind('>') + 1])
    if re.search('<!(DOCTYPE|ENTITY)', text, re.IGNORECASE):
        raise ImageError('its XML has a DOCTYPE, which no microscope writes')
    try:
        root = ElementTree.fromstring(text)
        frames = [array.get('Name', '') for array in root.iterfind('.//{*}Array')]
        sizes = [_meters(root, f'ImageResolution{axis}') for axis in 'YX']
    except (ElementTree.ParseError, ValueError) as error:
        return FlexXml(fault=f'its XML is broken ({error})')
    height, width = sizes
    # '2_Exp1Cam1' is channel Exp1Cam1 of the second field.
    channels = tuple(re.split('[_:]', name)[-1] for name in frames)
    return FlexXml(
        channels if all(channels) else (),
        (height * 1e6, width * 1e6) if height and width else None,
    )


def _meters(root: ElementTree.Element, name: str) -> float:
    size = float(root.findtext(f'.//{{*}}{name}', '0'))
    return size if 0 < size < 1 else 0.0


def _read_xml(path: Path) -> FlexXml:
    with tifffile.TiffFile(path) as file:
        tag = file.pages.first.tags.get(_XML)
        value = '' if tag is None else tag.value
    if isinstance(value, bytes):
        value = value.decode('utf-8', 'replace')
    text = str(value).strip('\0 \r\n')
    return parse_flex_xml(text) if text else FlexXml(fault='there is no XML in it')


def _channel_names(frames: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Channel names where the frames of the XML are those of the file.

    Raises:
        ImageError: The channels do not come in turn.
    """
    if len(frames) != count:
        return ()
    names = tuple(dict.fromkeys(frames))
    if any(name != names[n % len(names)] for n, name in enumerate(frames)):
        raise ImageError(f'its channels ({", ".join(names)}) do not come in turn')
    return names
