"""The images of the rows of a user's table, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeploc_jax.data.blank_planes import BlankPlanes
from deeploc_jax.data.cell_schema import IMAGE_SIZE
from deeploc_jax.data.own.bad_rows import BadRow
from deeploc_jax.data.own.cell_files import missing_hint
from deeploc_jax.data.own.cell_rows import CellRow
from deeploc_jax.data.own.channel_layout import Layout
from deeploc_jax.data.own.twin_cells import TwinCells
from deeploc_jax.images.image_file import ImageError, ImageFile
from deeploc_jax.images.pixel_types import check_pixels
from deeploc_jax.images.reader import ImageReader, capacity_for
from deeploc_jax.progress import progress_bar

_HINTED = 20  # files that are not there and for which a name like theirs is looked for


def check_images(
    rows: Sequence[CellRow], layout: Layout, folder: Path
) -> tuple[list[CellRow], list[BadRow], set[np.dtype], list[str]]:
    """Reads every image once, one at a time.

    Args:
        rows: From `check_rows`.
        layout: From `make_layout`.
        folder: The folder of the table.

    Returns:
        The usable rows in the order of their files, the others with the reason, the
        pixel types found, and what to warn of: blank channels, files with faults that
        could be read all the same, and cells that are in two splits.
    """
    good: list[CellRow] = []
    bad: list[BadRow] = []
    pixel_types: set[np.dtype] = set()
    twins, blank = TwinCells(), BlankPlanes(layout.channels)
    faults: dict[Path, str] = {}
    ordered = sorted(rows, key=lambda row: (row.files, row.index or 0))
    with ImageReader(capacity_for(len(layout.channels))) as reader:
        for row in progress_bar(ordered, description='check images', unit='cell'):
            try:
                image = read_cell(reader, row, layout)
                notes = {path: reader.open(path).note for path in row.files}
            except (ImageError, OSError) as error:  # a name may be too long to open
                bad.append(_bad_image(row, error, folder, hint=len(bad) < _HINTED))
                continue
            faults |= {path: note for path, note in notes.items() if note}
            blank.add(np.moveaxis(image, -1, 0)[None])
            twins.add(row, image)
            pixel_types.add(image.dtype)
            good.append(row)
    messages = [*blank.describe().values(), *_describe_faults(faults)]
    return good, bad, pixel_types, [*messages, *twins.describe()]


def _bad_image(row: CellRow, error: Exception, folder: Path, hint: bool) -> BadRow:
    hints = (missing_hint(folder, path) for path in row.files if hint)
    reason = str(error) + next(filter(None, hints), '')
    return BadRow(row.number, ', '.join(str(path) for path in row.files), reason)


def _describe_faults(faults: dict[Path, str]) -> list[str]:
    if not faults:
        return []
    path, fault = next(iter(faults.items()))
    return [
        f'{len(faults)} file(s) with a fault were read, by the stated channel names '
        f'alone: {path}, {fault}.'
    ]


def read_cell(reader: ImageReader, row: CellRow, layout: Layout) -> np.ndarray:
    """The image of one row, [64, 64, c] in the channel order of the screen.

    Raises:
        ImageError: It cannot be used as it is; the message says why.
    """
    if layout.separate:
        image = _read_separate(reader, row, layout.channels)
    else:
        image = _read_combined(reader, row, layout)
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
            own = reader.open(path).channel_names
        except ImageError as error:
            raise ImageError(f'{name}: {error}') from error
        if own and own[0] != name and own[0] in channels:
            raise ImageError(f'{name}: the file says that its channel is {own[0]}')
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
        if not file.elsewhere:
            raise
        raise ImageError(
            f'{error}. Other planes of this image are in {file.elsewhere}: give the '
            'file of each channel in a column, image_<channel>'
        ) from error
    return image[..., [names.index(name) for name in layout.channels]]


def _file_channels(file: ImageFile, layout: Layout) -> tuple[str, ...]:
    """Channel names in file order, where the file's own and the stated ones agree."""
    own = file.channel_names
    names = layout.file_channels or own
    if not names:
        fault = f'{file.note}, so it ' if file.note else ''
        raise ImageError(
            f'{fault}does not name its channels, and channel_names is not given'
        )
    if any(name in own and own[n : n + 1] != (name,) for n, name in enumerate(names)):
        raise ImageError(
            f'its own channel order is {", ".join(own)}, but channel_names says '
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
