"""Reads the pixels of a TIFF, and of no more planes than it has to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import tifffile

from deeploc_jax.images.errors import ImageError
from deeploc_jax.images.image_shape import check_size

# By tifffile's names. The decoders of some others end the process on damaged files.
_COMPRESSIONS = (
    'NONE CCITTRLE CCITTFAX3 CCITTFAX4 PACKBITS LZW DEFLATE ADOBE_DEFLATE LZMA ZSTD '
    'JPEG JPEG2000 JPEG_2000_LOSSY APERIO_JP2000_RGB WEBP JPEGXL'
).split()


class TiffPixels:
    """The pixels of a series, which tifffile has opened.

    Args:
        file: Open file.
        number: Number of the series in the file.
        shape: Shape of the series, without axes of length one.
        num_outer: Number of axes before those of a plane.

    Raises:
        ImageError: The pixels are compressed in a way that is not read, or in one part
            that is too large.
    """

    def __init__(
        self,
        file: tifffile.TiffFile,
        number: int,
        shape: tuple[int, ...],
        num_outer: int,
    ):
        keyframe = file.series[number].keyframe
        _check_compression(keyframe.compression)
        check_size(keyframe.chunks)  # a strip or tile is decompressed as a whole
        self._file, self._series, self._shape = file, file.series[number], shape
        self._number = number
        self._start = self._series.dataoffset  # of uncompressed pixels in one piece
        # Axes along which blocks of the file can be read apart.
        self._num_outer = num_outer if self._start else self._count_paged_axes()

    def read(self, places: Mapping[int, int]) -> np.ndarray:
        """Reads all pixels, or those at one place along some axes.

        Args:
            places: Wanted place along each of these axes.

        Returns:
            The pixels along the other axes, in the order of the file.
        """
        outer, inner = self._shape[: self._num_outer], self._shape[self._num_outer :]
        numbers = np.arange(math.prod(outer)).reshape(outer)
        wanted = numbers[tuple(self._select(places, range(len(outer))))]
        if wanted.size == numbers.size:
            pixels = self._read_all()
        elif self._start:
            pixels = self._read_blocks(wanted.ravel(), math.prod(inner))
        else:
            pixels = self._read_pages(wanted.ravel())
        pixels = pixels.reshape(*wanted.shape, *inner)
        rest = self._select(places, range(len(outer), len(self._shape)))
        return pixels[(..., *rest)]

    def _select(
        self, places: Mapping[int, int], axes: Iterable[int]
    ) -> list[int | slice]:
        return [places.get(axis, slice(None)) for axis in axes]

    def _count_paged_axes(self) -> int:
        """Number of leading axes that count pages; 0 where pages follow no axes."""
        total = len(self._series.pages)
        pages, axes = 1, 0
        while pages < total and axes < len(self._shape):
            pages, axes = pages * self._shape[axes], axes + 1
        return axes if pages == total else 0

    def _read_all(self) -> np.ndarray:
        if not self._start:  # 0 where nothing was written
            self._check_parts(self._series.pages[:])
        return self._series.asarray()

    def _read_blocks(self, numbers: np.ndarray, size: int) -> np.ndarray:
        dtype = self._series.dtype.newbyteorder(self._file.byteorder)
        handle, blocks = self._file.filehandle, []
        for number in numbers.tolist():
            handle.seek(self._start + number * size * dtype.itemsize)
            blocks.append(handle.read(size * dtype.itemsize))
        return np.frombuffer(b''.join(blocks), dtype)

    def _read_pages(self, numbers: np.ndarray) -> np.ndarray:
        pages = numbers.tolist()
        self._check_parts(self._series.pages[page] for page in pages)
        return self._file.asarray(key=pages, series=self._number)

    def _check_parts(
        self, pages: Iterable[tifffile.TiffPage | tifffile.TiffFrame | None]
    ) -> None:
        """Refuses a strip or tile that is left out, which would be read as zeros."""
        for page in pages:
            sizes = () if page is None else page.databytecounts
            if page is None or 0 in (*sizes, *page.dataoffsets):
                raise ImageError('damaged: some strips or tiles were never written')
            if max(sizes, default=0) > self._file.filehandle.size:
                raise ImageError('truncated: its strips or tiles are larger than it')


def _check_compression(code: int) -> None:
    try:
        name = tifffile.COMPRESSION(code).name  # a plain 1 where there is no such tag
    except ValueError:
        name = f'number {code}'
    if name not in _COMPRESSIONS:
        raise ImageError(
            f'its compression ({name}) is not read here; save it uncompressed or with '
            'LZW'
        )
