"""Which planes of an image the OME-XML places in one file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np

_MAX_PLANES = 2**20  # more are a damaged number, for which memory would be set aside


class OmePlanes:
    """The planes of the first image that lies in a file, at least in part.

    Args:
        root: Root element of the OME-XML.
        filename: Name of the file.

    Attributes:
        pixels: Element of the image, None where another file describes the planes.
        blocks: Its elements that place planes in this very file.
        other_file: Name of another file with further planes, or ''.
    """

    def __init__(self, root: ElementTree.Element, filename: str):
        self._uuid = root.get('UUID', '').strip()
        uuids = root.findall('{*}Image/{*}Pixels/{*}TiffData/{*}UUID')
        self._uuid_is_used = self._uuid in {_text(uuid) for uuid in uuids}
        # Where no other file is named, this one may have been renamed.
        names = {uuid.get('FileName', '').lower() for uuid in uuids}
        alone = len(names) == 1 and not self._uuid
        self._filename = (names.pop() if alone else '') or filename.lower()
        self.other_file = ''
        self.pixels: ElementTree.Element | None = None
        companion = root.find('{*}BinaryOnly')
        if companion is not None:
            self.other_file = companion.get('MetadataFile', 'another file')
        self.blocks: list[ElementTree.Element] = []
        for pixels in root.iterfind('{*}Image/{*}Pixels'):
            blocks = [b for b in pixels.findall('{*}TiffData') if self._is_here(b)]
            if blocks and self.pixels is None:
                self.pixels, self.blocks = pixels, blocks

    def find_axis(self) -> tuple[str, list[int]]:
        """Finds the axis along which the planes of this file differ.

        Returns:
            The axis, C, Z or T ('' for a single plane, '?' for several axes), and the
            numbers of the channels in this file, in file order.

        Raises:
            KeyError: An attribute is missing.
            ValueError: A number cannot be right.
        """
        assert self.pixels is not None
        sizes = {axis: int(self.pixels.attrib[f'Size{axis}']) for axis in 'CZT'}
        if not 0 < math.prod(sizes.values()) <= _MAX_PLANES:
            raise ValueError(
                f'C, Z and T of {", ".join(map(str, sizes.values()))} planes'
            )
        order = self.pixels.attrib['DimensionOrder'][2:]  # the fastest axis first
        pages = dict(
            page for block in self.blocks for page in _places(block, order, sizes)
        )
        planes = [pages[number] for number in sorted(pages)]
        differing = [axis for axis in 'CZT' if len({p[axis] for p in planes}) > 1]
        if len(differing) > 1:
            return '?', []
        return ''.join(differing), list(dict.fromkeys(plane['C'] for plane in planes))

    def _is_here(self, block: ElementTree.Element) -> bool:
        uuid = block.find('{*}UUID')
        if uuid is None:
            return True
        name = uuid.get('FileName', '')
        if self._uuid and self._uuid_is_used:  # unlike names, it does not change
            here = _text(uuid) == self._uuid
        else:
            here = name.lower() == self._filename
        if not here:
            self.other_file = self.other_file or name or 'another file'
        return here


def _places(
    block: ElementTree.Element, order: str, sizes: dict[str, int]
) -> Iterator[tuple[int, dict[str, int]]]:
    """Number of each page of a block, and its place along C, Z and T."""
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
