"""Reads every image of a user's table once and sorts out the rows that are unusable."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeploc_jax.data.blank_planes import BlankPlanes
from deeploc_jax.data.own.bad_rows import BadRow
from deeploc_jax.data.own.cell_files import missing_hint
from deeploc_jax.data.own.cell_images import read_cell
from deeploc_jax.data.own.cell_row import CellRow
from deeploc_jax.data.own.channel_layout import Layout
from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.data.own.twin_cells import TwinCells
from deeploc_jax.images import ImageError
from deeploc_jax.progress import progress_bar

_HINTED = 20  # missing files for which files of a similar name are looked for


@dataclasses.dataclass(frozen=True)
class CheckedImages:
    """What reading all images of a table has shown.

    Attributes:
        good: Usable rows, in the order of their files.
        bad: The other rows, each with its reason.
        pixel_types: Pixel types of the usable images.
        warnings: Sentences about blank channels, files with faults that could be read
            all the same, and cells that are in two splits.
    """

    good: list[CellRow]
    bad: list[BadRow]
    pixel_types: set[np.dtype]
    warnings: list[str]


def check_images(
    rows: Sequence[CellRow], layout: Layout, folder: Path
) -> CheckedImages:
    """Reads every image once, one at a time.

    Args:
        rows: Rows from `check_rows`.
        layout: Layout from `make_layout`.
        folder: Folder of the table.
    """
    good: list[CellRow] = []
    bad: list[BadRow] = []
    pixel_types: set[np.dtype] = set()
    twins, blank = TwinCells(), BlankPlanes(layout.channels)
    faults: dict[Path, str] = {}
    ordered = sorted(rows, key=lambda row: (row.files, row.index or 0))
    with make_reader(len(layout.channels)) as reader:
        for row in progress_bar(ordered, description='check images', unit='cell'):
            try:
                image = read_cell(reader, row, layout)
            except (ImageError, OSError) as error:  # a name may be too long to open
                bad.append(_bad_image(row, error, folder, hint=len(bad) < _HINTED))
                continue
            files = {path: reader.open(path) for path in row.files}
            faults |= {path: file.fault for path, file in files.items() if file.fault}
            blank.add(np.moveaxis(image, -1, 0)[None])
            twins.add(row, image)
            pixel_types.add(image.dtype)
            good.append(row)
    warnings = [*blank.describe().values(), *_describe_faults(faults)]
    return CheckedImages(good, bad, pixel_types, [*warnings, *twins.describe()])


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
