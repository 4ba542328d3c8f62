"""Reads the image of a row of a user's table, and checks that it can be used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deeploc_jax.data.cell_schema import IMAGE_SIZE
from deeploc_jax.data.own.cell_row import CellRow
from deeploc_jax.data.own.channel_layout import Layout
from deeploc_jax.images import (
    ImageError,
    ImageFile,
    ImageReader,
    IndexNeededError,
    check_pixels,
)


def read_cell(reader: ImageReader, row: CellRow, layout: Layout) -> np.ndarray:
    """The image of one row, [64, 64, c] in the channel order of the screen.

    Raises:
        ImageError: The image cannot be used as it is; the message says why.
    """
    try:
        if layout.separate:
            image = _read_separate(reader, row, layout.channels)
        else:
            image = _read_combined(reader, row, layout)
    except IndexNeededError as error:
        raise ImageError(f'{error}; the index goes into a column "index"') from error
    image = _cut_middle(image, layout.crop)
    check_pixels(image)
    return image.astype(image.dtype.newbyteorder('='))


def _read_separate(
    reader: ImageReader, row: CellRow, channels: Sequence[str]
) -> np.ndarray:
    planes = []
    for name, path in zip(channels, row.files, strict=True):
        try:
            planes.append(reader.read(path, row.index, 1))
            stated = reader.open(path).channel_names
        except ImageError as error:
            raise type(error)(f'{name}: {error}') from error
        if stated and stated[0] != name and stated[0] in channels:
            raise ImageError(f'{name}: the file says that its channel is {stated[0]}')
    sizes = {plane.shape[:2] for plane in planes}
    if len(sizes) > 1:
        raise ImageError(f'its channels differ in size: {sorted(sizes)}')
    return np.concatenate(planes, axis=-1)


def _read_combined(reader: ImageReader, row: CellRow, layout: Layout) -> np.ndarray:
    path = row.files[0]
    file = reader.open(path)
    try:
        names = _file_channels(file, layout)
        image = reader.read(path, row.index, len(names))
    except ImageError as error:
        if not file.other_file:
            raise
        raise ImageError(
            f'{error}. Other planes of this image are in {file.other_file}: give the '
            'file of each channel in a column, image_<channel>'
        ) from error
    return image[..., [names.index(name) for name in layout.channels]]


def _file_channels(file: ImageFile, layout: Layout) -> tuple[str, ...]:
    """Channel names in file order, where the file's own and the stated ones agree."""
    in_file = file.channel_names
    names = layout.file_channels or in_file
    if not names:
        fault = f'{file.fault}, so it ' if file.fault else ''
        raise ImageError(
            f'{fault}does not name its channels, and channel_names is not given'
        )
    if any(
        name in in_file and in_file[n : n + 1] != (name,)
        for n, name in enumerate(names)
    ):
        raise ImageError(
            f'its own channel order is {", ".join(in_file)}, but channel_names says '
            f'{", ".join(names)}'
        )
    absent = [name for name in layout.channels if name not in names]
    if absent:
        raise ImageError(f'no channel {absent[0]!r}; it has {", ".join(names)}')
    return names


def _cut_middle(image: np.ndarray, crop: str | None) -> np.ndarray:
    height, width = image.shape[:2]
    size = IMAGE_SIZE
    if min(height, width) < size:
        raise ImageError(f'{height}x{width} pixels, smaller than {size}x{size}')
    if (height, width) != (size, size) and crop != 'center':
        raise ImageError(
            f"{height}x{width} pixels, not {size}x{size}; crop='center' would keep "
            'the middle'
        )
    top, left = (height - size) // 2, (width - size) // 2
    return image[top : top + size, left : left + size]
