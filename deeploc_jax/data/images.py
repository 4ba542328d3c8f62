"""Image files of a user's own screen: TIFF, PNG, npy, npz and HDF5.

Every reader gives one image at a time, so that a stack may be larger than memory.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import imagecodecs
import numpy as np
import tifffile

RELEASE_SIZE = 64
"""Edge of the planes in HDF5 files of the DeepLoc release, pixels."""


class ImageError(ValueError):
    """An image cannot be used; the message says why, without the file name."""


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An open file with one image or a stack of them.

    Attributes:
        shape: Shape of the whole file. Channels that the file itself declares are
            last.
        get: The image of this number along the first axis, or with None the file.
        close: Closes the file.
        channel_names: Names of the channels in file order, () when not named.
        single: The file declares its axes and holds one image. Otherwise an index
            says that the first axis counts images.
    """

    shape: tuple[int, ...]
    get: Callable[[int | None], np.ndarray]
    close: Callable[[], Any]
    channel_names: tuple[str, ...] = ()
    single: bool = False

    def read(self, index: int | None = None) -> np.ndarray:
        """One image, two or three axes, as it lies in the file.

        Raises:
            ImageError: The index is out of range, or missing for a stack.
        """
        single = self.single or len(self.shape) == 2
        if index is None and len(self.shape) == 4:
            if self.shape[0] != 1:
                raise ImageError(
                    f'holds {self.shape[0]} images; say which one in a column "index"'
                )
            index = 0
        if index is None:
            return self.get(None)
        count = 1 if single else self.shape[0]
        if not 0 <= index < count:
            raise ImageError(
                f'index {index} is out of range: the file holds {count} '
                f'image{"s" if count > 1 else ""}, counted from 0'
            )
        return self.get(None) if single else self.get(index)


class ImageReader:
    """Opens image files and keeps the last few open.

    Rows that are read in the order of their files open each file once.

    Args:
        capacity: Number of files kept open.
    """

    def __init__(self, capacity: int = 8):
        self.capacity = capacity
        self._files: collections.OrderedDict[Path, ImageFile | ImageError]
        self._files = collections.OrderedDict()

    def __enter__(self) -> ImageReader:
        return self

    def __exit__(self, *error: object) -> None:
        while self._files:
            self._drop_oldest()

    def open(self, path: Path) -> ImageFile:
        """The open file; a file that could not be opened is not tried again.

        Raises:
            ImageError: It is missing, unreadable or of an unknown kind.
        """
        if path not in self._files:
            while len(self._files) >= self.capacity:
                self._drop_oldest()
            try:
                self._files[path] = open_image_file(path)
            except ImageError as error:
                self._files[path] = error
        self._files.move_to_end(path)
        file = self._files[path]
        if isinstance(file, ImageError):
            raise ImageError(str(file))
        return file

    def read(self, path: Path, index: int | None, num_channels: int) -> np.ndarray:
        """One image [h, w, c] with `num_channels` channels, in file order.

        Raises:
            ImageError: It cannot be read, or has another number of channels.
        """
        file = self.open(path)
        with _as_image_error():
            return channels_last(file.read(index), num_channels)

    def _drop_oldest(self) -> None:
        _, file = self._files.popitem(last=False)
        if isinstance(file, ImageFile):
            file.close()


def channels_last(image: np.ndarray, num_channels: int) -> np.ndarray:
    """[h, w], [h, w, c] or [c, h, w] as [h, w, c], where c is stated, not guessed.

    Raises:
        ImageError: Neither the last nor the first axis has `num_channels` entries.
    """
    if image.ndim == 2 and num_channels == 1:
        return image[:, :, None]
    if image.ndim == 3 and image.shape[-1] == num_channels:
        return image
    if image.ndim == 3 and image.shape[0] == num_channels:
        return np.moveaxis(image, 0, -1)
    words = 'one channel' if num_channels == 1 else f'{num_channels} channels'
    raise ImageError(f'the image has shape {image.shape}; expected {words}')


def open_image_file(path: Path) -> ImageFile:
    """Opens an image file by its suffix.

    Raises:
        ImageError: It is missing, unreadable, truncated or of an unknown kind.
    """
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        known = ', '.join(_OPENERS)
        raise ImageError(f'unknown kind of image {path.suffix!r}; known are {known}')
    if not path.is_file():
        raise ImageError('is a folder' if path.is_dir() else 'no such file')
    with _as_image_error():
        return opener(path)


@contextlib.contextmanager
def _as_image_error() -> Iterator[None]:
    """Decoders raise what they like on a damaged file; one row is one reason."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ImageError(f'damaged or unreadable: {reason}') from error


def _array_file(array: Any, close: Callable[[], Any] = lambda: None) -> ImageFile:
    """Anything with `shape`, `dtype` and first-axis indexing."""
    if not 2 <= len(array.shape) <= 4:
        raise ImageError(f'an array of shape {tuple(array.shape)} holds no images')

    def get(index: int | None) -> np.ndarray:
        return np.array(array[...] if index is None else array[index])

    return ImageFile(tuple(array.shape), get, close)


def _open_png(path: Path) -> ImageFile:
    data = path.read_bytes()
    if b'IEND' not in data:  # the decoder forgives a missing end
        raise ImageError('truncated: the end of the PNG is missing')
    return _array_file(imagecodecs.png_decode(data))


def _open_npy(path: Path) -> ImageFile:
    return _array_file(np.load(path, mmap_mode='r', allow_pickle=False))


def _open_npz(path: Path) -> ImageFile:
    archive = zipfile.ZipFile(path)
    try:
        damaged = archive.testzip()
        if damaged is not None:
            raise ImageError(f'the checksum of its array {damaged!r} is wrong')
        return _array_file(_NpzArray(archive, _npz_member(archive)), archive.close)
    except BaseException:
        archive.close()
        raise


def _npz_member(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    for name in ('image.npy', 'images.npy'):
        if name in names:
            return name
    if len(names) != 1:
        found = ', '.join(name.removesuffix('.npy') for name in names) or 'nothing'
        raise ImageError(f'no array named "image" or "images" in it; it has: {found}')
    return names[0]


class _NpzArray:
    """Indexes a compressed array one image at a time, without inflating it all."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        self._stream = archive.open(name)
        version = np.lib.format.read_magic(self._stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        self.shape, fortran, self.dtype = read_header(self._stream)
        if self.dtype.hasobject:
            raise ImageError('holds Python objects, not numbers')
        if fortran:
            raise ImageError(
                'is in Fortran order; save it with np.ascontiguousarray(images)'
            )
        self._start = self._stream.tell()

    def __getitem__(self, index: Any) -> np.ndarray:
        shape = self.shape if index is Ellipsis else self.shape[1:]
        size = int(np.prod(shape)) * self.dtype.itemsize
        first = 0 if index is Ellipsis else index * size
        self._stream.seek(self._start + first)
        return np.frombuffer(self._stream.read(size), self.dtype).reshape(shape)


def _open_hdf5(path: Path) -> ImageFile:
    file = h5py.File(path, 'r')
    try:
        for name in ('image', 'images'):
            if name in file:
                return _array_file(file[name], file.close)
        if 'data1' in file:
            return _release_file(file)
        found = ', '.join(file) or 'nothing'
        raise ImageError(f'no dataset "image", "images" or "data1"; it has: {found}')
    except BaseException:
        file.close()
        raise


def _release_file(file: h5py.File) -> ImageFile:
    """Numbered chunks of rows with one 64x64 plane after the other."""
    chunks: list[Any] = []
    while f'data{len(chunks) + 1}' in file:
        chunks.append(file[f'data{len(chunks) + 1}'])
    ends = np.cumsum([len(chunk) for chunk in chunks])
    planes, rest = divmod(chunks[0].shape[1], RELEASE_SIZE**2)
    if rest or any(chunk.shape[1:] != chunks[0].shape[1:] for chunk in chunks):
        widths = ', '.join(str(chunk.shape[1]) for chunk in chunks)
        raise ImageError(
            f'rows of {widths} pixels are not whole planes of {RELEASE_SIZE**2}'
        )
    shape = (int(ends[-1]), RELEASE_SIZE, RELEASE_SIZE, planes)

    def get(index: int | None) -> np.ndarray:
        row = index or 0  # no index is asked for where there is one image
        chunk = int(np.searchsorted(ends, row, side='right'))
        pixels = chunks[chunk][row - (ends[chunk] - len(chunks[chunk]))]
        return np.moveaxis(pixels.reshape(planes, RELEASE_SIZE, RELEASE_SIZE), 0, -1)

    return ImageFile(shape, get, file.close)


def _open_tiff(path: Path) -> ImageFile:
    file = None
    try:
        with _strict_tifffile():  # may object after the last line in it
            file = tifffile.TiffFile(path)
            return _tiff_series(file)
    except BaseException:
        if file is not None:
            file.close()
        raise


def _tiff_series(file: tifffile.TiffFile) -> ImageFile:
    if len(file.series) != 1:
        raise ImageError(
            f'holds {len(file.series)} series of images; save each as its own file'
        )
    series = file.series[0]
    stack = [axis for axis in series.axes if axis not in 'CSYX']
    order = [*stack, *'YX', *(axis for axis in series.axes if axis in 'CS')]
    if len(stack) > 1 or len(order) != len(series.axes) or None in series.pages:
        raise ImageError(
            f'axes {series.axes} of shape {series.shape} are not a stack of images, '
            'or some of its planes are in another file'
        )
    axes = [series.axes.index(axis) for axis in order]

    def get(index: int | None) -> np.ndarray:
        with _strict_tifffile():
            if index is None:
                return np.transpose(series.asarray(), axes)
            image = _tiff_item(file, index, axes[0])
            return np.transpose(image, np.argsort(np.argsort(axes[1:])))

    return ImageFile(
        shape=tuple(series.shape[axis] for axis in axes),
        get=get,
        close=file.close,
        channel_names=_ome_channel_names(file),
        single=not stack,
    )


def _tiff_item(file: tifffile.TiffFile, index: int, axis: int) -> np.ndarray:
    """One image of a stack along `axis`, only its own pages being read."""
    series = file.series[0]
    if series.dataoffset is not None:  # uncompressed, in one piece
        pixels = file.filehandle.memmap_array(
            series.dtype.newbyteorder(file.byteorder),
            series.shape,
            series.dataoffset,
        )
        return np.array(np.take(pixels, index, axis))
    page_shape = series.keyframe.shape
    pages_shape = series.shape[: len(series.shape) - len(page_shape)]
    pages = np.arange(len(series.pages)).reshape(pages_shape).take(index, axis)
    image = file.asarray(key=[int(page) for page in pages.flat], series=0)
    return image.reshape([*pages.shape, *page_shape])


def _ome_channel_names(file: tifffile.TiffFile) -> tuple[str, ...]:
    """Names of the channels in the OME-XML, () unless every one has a name."""
    if not file.ome_metadata:
        return ()
    image = ElementTree.fromstring(file.ome_metadata).find('{*}Image')
    channels = [] if image is None else image.findall('.//{*}Channel')
    names = tuple(channel.get('Name', '') for channel in channels)
    return names if all(names) else ()


@contextlib.contextmanager
def _strict_tifffile() -> Iterator[None]:
    """What tifffile logs as an error, a cut stack for one, becomes an error."""
    logger = logging.getLogger('tifffile')
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
    if messages:
        raise ImageError(f'damaged or truncated: {messages[0]}')


_OPENERS: dict[str, Callable[[Path], ImageFile]] = {
    '.tif': _open_tiff,
    '.tiff': _open_tiff,
    '.png': _open_png,
    '.npy': _open_npy,
    '.npz': _open_npz,
    '.hdf5': _open_hdf5,
    '.h5': _open_hdf5,
}
