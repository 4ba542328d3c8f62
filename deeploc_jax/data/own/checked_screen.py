"""A user's table and all its images, checked before anything is written."""

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
from deeploc_jax.data.own.cell_images import check_images, read_cell
from deeploc_jax.data.own.cell_rows import CellRow, check_rows
from deeploc_jax.data.own.cell_splits import SPLITS, group_columns
from deeploc_jax.data.own.cell_table import read_table
from deeploc_jax.data.own.channel_layout import Layout, make_layout
from deeploc_jax.data.own.screen_gaps import describe_gaps
from deeploc_jax.data.own.similar_names import describe_similar
from deeploc_jax.data.own.table_values import clean_text, sorted_names, whole_numbers
from deeploc_jax.images.image_file import ImageError
from deeploc_jax.images.pixel_types import stored_type
from deeploc_jax.images.reader import ImageReader, capacity_for
from deeploc_jax.names import show_names

# Names that may look alike.
_NAMES = ('label', 'condition', 'replicate', 'plate', 'well', 'field', 'protein')


@dataclasses.dataclass(frozen=True)
class CheckedScreen:
    """A table that can be built: usable rows, class names and pixel type."""

    table: Path
    rows: list[CellRow]
    layout: Layout
    classes: tuple[str, ...]
    pixel_dtype: np.dtype

    @property
    def splits(self) -> list[str]:
        """The splits that have cells."""
        found = {row.split for row in self.rows}
        return [split for split in SPLITS if split in found]

    def read_split(self, split: str) -> Iterator[tuple[CellRow, np.ndarray]]:
        """The rows of one split, each with its image [64, 64, c] in `pixel_dtype`.

        Raises:
            ValueError: An image cannot be used any more.
        """
        with ImageReader(capacity_for(len(self.layout.channels))) as reader:
            for row in (row for row in self.rows if row.split == split):
                try:
                    image = read_cell(reader, row, self.layout)
                except ImageError as error:
                    raise ValueError(
                        f'Row {row.number} of {self.table} was fine when it was '
                        f'checked and is not now: {error}'
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
        path: The table.
        channels: Channel name by role, see `make_layout`.
        group_by: See `split_rows`.
        skip_bad_rows: Leave out the rows that cannot be used, with a warning.
        classes: Class names in index order; none take the labels found, sorted.
        channel_names: Channel names in file order, see `make_layout`.
        crop: See `make_layout`.
        split_seed: See `split_rows`.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: The table cannot be used, or rows of it cannot and
            `skip_bad_rows` is False. All bad rows are named. Or a class is named twice.
    """
    classes = _clean_classes(classes)
    table = read_table(path)
    with contextlib.suppress(OSError):  # the list of an earlier try
        bad_rows_path(path).unlink()
    layout = make_layout(table, channels, channel_names, crop)
    rows, bad = check_rows(
        table,
        layout.channels,
        group_by=group_by,
        classes=classes,
        split_seed=split_seed,
    )
    rows, bad_images, pixel_types, faults = check_images(rows, layout, path.parent)
    report_bad_rows(table, [*bad, *bad_images], skip=skip_bad_rows and bool(rows))
    if not classes:
        classes = sorted_names({row.label for row in rows} - {''})
        logging.info(
            'Classes are the labels of %s, sorted: %s', path, show_names(classes)
        )
    columns = dict.fromkeys([*_NAMES, *group_columns(table, group_by)])
    messages = [*table.notes, *describe_similar(table, columns)]
    messages += [*faults, *describe_gaps(rows, classes)]
    if messages:
        warnings.warn(f'{path}: {" ".join(messages)}', stacklevel=2)
    return CheckedScreen(path, rows, layout, tuple(classes), stored_type(pixel_types))


def _clean_classes(names: Sequence[str]) -> list[str]:
    classes = whole_numbers([clean_text(name) for name in names])
    if twice := [name for name in dict.fromkeys(classes) if classes.count(name) > 1]:
        raise ValueError(f'classes names {show_names(twice)} more than once.')
    return classes


def source_digest(table: Path, arguments: Mapping[str, Any]) -> str:
    """Tells one table with the arguments of `check_screen` from another, as SHA-256."""
    stated = json.dumps(arguments, sort_keys=True).encode()
    return hashlib.sha256(table.read_bytes() + stated).hexdigest()
