"""The pixels of a TIFF, only those of the wanted image being read."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import tifffile

from deeploc_jax.images.image_file import ImageError, check_size

# By tifffile's names. The decoders of some others end the process on damaged files.
_COMPRESSIONS = (
    'NONE CCITTRLE CCITTFAX3 CCITTFAX4 PACKBITS LZW DEFLATE ADOBE_DEFLATE LZMA ZSTD '
    'JPEG JPEG2000 JPEG_2000_LOSSY APERIO_JP2000_RGB WEBP JPEGXL'
).split()


class TiffPixels:
    """The pixels of a series, which tifffile has opened.

    Args:
        file: The file, of which all pages are in one series.
        shape: Of the series, axes of length one left out.

    Raises:
        ImageError: They are compressed in a way that is not read, or in one part that
            is too large.
    """

    def __init__(self, file: tifffile.TiffFile, shape: tuple[int, ...]):
        keyframe = file.series[0].keyframe
        name = getattr(keyframe.compression, 'name', 'of an unknown kind')
        if name not in _COMPRESSIONS:
            raise ImageError(
                f'its compression ({name}) is not read here; save it uncompressed or '
                'with LZW'
            )
        check_size(keyframe.chunks)  # a strip or tile is decompressed as a whole
        self._file, self._series, self._shape = file, file.series[0], shape
        pages, leading = 1, 0
        while pages < len(self._series.pages) and leading < len(shape):
            pages, leading = pages * shape[leading], leading + 1
        # Axes that count pages; 0 where the pages do not follow the axes.
        self._leading = leading if pages == len(self._series.pages) else 0

    def read(self) -> np.ndarray:
        """All of them, in the axes of the file."""
        if not self._series.dataoffset:  # 0 where nothing was written
            self._check_parts(self._series.pages[:])
        return self._series.asarray().reshape(self._shape)

    def read_item(self, index: int, axis: int) -> np.ndarray:
        """One item of an axis, in the other axes."""
        start = self._series.dataoffset
        if start:  # uncompressed, in one piece
            return self._read_blocks(start, index, axis)
        if axis >= self._leading:
            return self.read().take(index, axis)
        shape = self._shape[: self._leading]
        numbers = np.arange(math.prod(shape)).reshape(shape).take(index, axis)
        self._check_parts(self._series.pages[int(n)] for n in numbers.flat)
        pixels = self._file.asarray(key=[int(n) for n in numbers.flat], series=0)
        return pixels.reshape([*numbers.shape, *self._shape[self._leading :]])

    def _read_blocks(self, start: int, index: int, axis: int) -> np.ndarray:
        dtype = self._series.dtype.newbyteorder(self._file.byteorder)
        outer, inner = self._shape[:axis], self._shape[axis + 1 :]
        size = math.prod(inner) * dtype.itemsize
        handle, blocks = self._file.filehandle, []
        for n in range(math.prod(outer)):
            place = n * self._shape[axis] + index
            handle.seek(start + place * size)
            blocks.append(handle.read(size))
        return np.frombuffer(b''.join(blocks), dtype).reshape(*outer, *inner)

    def _check_parts(
        self, pages: Iterable[tifffile.TiffPage | tifffile.TiffFrame | None]
    ) -> None:
        """A strip or tile that is left out would be read as zeros."""
        for page in pages:
            sizes = () if page is None else page.databytecounts
            if page is None or 0 in (*sizes, *page.dataoffsets):
                raise ImageError('damaged: some strips or tiles were never written')
            if max(sizes, default=0) > self._file.filehandle.size:
                raise ImageError('truncated: its strips or tiles are larger than it')
