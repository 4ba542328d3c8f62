"""Checks a user's table and all its images before anything is written."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging

from deeploc_jax.data.own.bad_rows import bad_rows_path, report_bad_rows
from deeploc_jax.data.own.cell_images import read_cell
from deeploc_jax.data.own.cell_row import CellRow
from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.cell_splits import SPLITS, group_columns
from deeploc_jax.data.own.channel_layout import Layout, make_layout
from deeploc_jax.data.own.image_check import check_images
from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.data.own.screen_gaps import describe_gaps
from deeploc_jax.data.own.similar_names import describe_similar
from deeploc_jax.data.own.table_file import read_table
from deeploc_jax.data.own.table_values import clean_text, sorted_names, whole_numbers
from deeploc_jax.images import ImageError
from deeploc_jax.images.pixel_types import stored_type
from deeploc_jax.names import show_names

# Names that may look alike.
_NAMES = ('label', 'condition', 'replicate', 'plate', 'well', 'field', 'protein')


@dataclasses.dataclass(frozen=True)
class CheckedScreen:
    """A table from which a screen can be built.

    Attributes:
        table: Path of the table.
        rows: Usable rows.
        layout: Layout of the channels.
        classes: Class names in index order.
        pixel_dtype: Type that holds the pixels of all images exactly.
    """

    table: Path
    rows: list[CellRow]
    layout: Layout
    classes: tuple[str, ...]
    pixel_dtype: np.dtype

    @property
    def splits(self) -> list[str]:
        """The splits that have cells."""
        filled = {row.split for row in self.rows}
        return [split for split in SPLITS if split in filled]

    def read_split(self, split: str) -> Iterator[tuple[CellRow, np.ndarray]]:
        """Reads the rows of one split, each with its image.

        Yields:
            The row, and its image [64, 64, c] in `pixel_dtype`.

        Raises:
            ValueError: An image can no longer be used.
        """
        with make_reader(len(self.layout.channels)) as reader:
            for row in (row for row in self.rows if row.split == split):
                try:
                    image = read_cell(reader, row, self.layout)
                except ImageError as error:
                    raise ValueError(
                        f'Row {row.number} of {self.table} was usable when it was '
                        f'checked, and now is not: {error}'
                    ) from error
                yield row, image.astype(self.pixel_dtype)


def check_screen(
    path: Path,
    *,
    channels: Mapping[str, str],
    group_by: str | None = None,
    skip_bad_rows: bool = False,
    classes: Sequence[str] = (),
    channel_names: Sequence[str] = (),
    crop: str | None = None,
    split_seed: int = 0,
) -> CheckedScreen:
    """Checks a table and every image of it.

    Args:
        path: Path of the table.
        channels: Channel name by role, see `make_layout`.
        group_by: Columns that group the cells, see `split_rows`.
        skip_bad_rows: Whether unusable rows are left out with a warning.
        classes: Class names in index order; empty for the labels in the table, sorted.
        channel_names: Channel names in file order, see `make_layout`.
        crop: What is done with larger images, see `Layout`.
        split_seed: Seed of the splits, see `split_rows`.

    Raises:
        FileNotFoundError: The table does not exist.
        ValueError: The table cannot be used, a class is named twice, or rows cannot
            be used and `skip_bad_rows` is False; all of them are named.
    """
    classes = _clean_classes(classes)
    table = read_table(path)
    with contextlib.suppress(OSError):  # the list of an earlier attempt
        bad_rows_path(path).unlink()
    layout = make_layout(table, channels, channel_names, crop)
    rows, bad = check_rows(
        table,
        layout.channels,
        group_by=group_by,
        classes=classes,
        split_seed=split_seed,
    )
    images = check_images(rows, layout, path.parent)
    rows = images.good
    report_bad_rows(table, [*bad, *images.bad], skip=skip_bad_rows and bool(rows))
    if not classes:
        classes = sorted_names({row.label for row in rows} - {''})
        logging.info(
            'Classes are the labels of %s, sorted: %s', path, show_names(classes)
        )
    columns = dict.fromkeys([*_NAMES, *group_columns(table, group_by)])
    messages = [*table.notes, *describe_similar(table, columns)]
    messages += [*images.warnings, *describe_gaps(rows, classes)]
    if messages:
        warnings.warn(f'{path}: {" ".join(messages)}', stacklevel=2)
    pixel_dtype = stored_type(images.pixel_types)
    return CheckedScreen(path, rows, layout, tuple(classes), pixel_dtype)


def _clean_classes(names: Sequence[str]) -> list[str]:
    classes = whole_numbers([clean_text(name) for name in names])
    if twice := [name for name in dict.fromkeys(classes) if classes.count(name) > 1]:
        raise ValueError(f'classes names {show_names(twice)} more than once.')
    return classes


def source_digest(table: Path, arguments: Mapping[str, Any]) -> str:
    """SHA-256 of a table together with the arguments of `check_screen`."""
    stated = json.dumps(arguments, sort_keys=True).encode()
    return hashlib.sha256(table.read_bytes() + stated).hexdigest()
