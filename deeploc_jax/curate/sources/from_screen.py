"""Cells of a prepared screen, or of a user's own table of crops, are opened."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.own.cell_images import read_cell
from deeploc_jax.data.own.cell_row import CellRow
from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.channel_layout import (
    Layout,
    make_layout,
    parse_names,
    parse_roles,
)
from deeploc_jax.data.own.image_check import check_images
from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.data.own.table_file import read_table
from deeploc_jax.data.own.table_values import sorted_names
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.types import METADATA


def as_saved(pixels: np.ndarray) -> np.ndarray:
    """The pixels as they are."""
    return pixels


def open_screen_cells(builder: Any, split: str) -> Curated:
    """Cells of a split of a prepared screen, with all of its channels.

    Args:
        builder: TFDS builder of a prepared screen.
        split: A TFDS split, slices and sums included.

    Raises:
        ValueError: There is no such split.
    """
    screen = describe_screen(builder)
    cells = read_cells(
        builder, split, memory_limit=0, channels=screen.channels, normalize=as_saved
    )
    return Curated(
        cells.images,
        cells.metadata,
        cells.labels,
        cells.class_names,
        cells.channels,
        screen.marker_channel,
    )


def open_table_cells(
    path: Path, channels: str, channel_names: str | None = None
) -> Curated:
    """Cells of a table of crops, as `own_screen` takes it; splits do not matter.

    All images are looked at once. Rows that cannot be used are left out, and named.

    Args:
        path: CSV or Parquet table.
        channels: Roles of the channels by name, 'protein=GFP,marker=RFP'.
        channel_names: Channels in the order of the files, 'RFP,GFP', as for the
            builder.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It cannot be used, or no row of it can.
    """
    table = read_table(path)
    for _, values in table.rows:
        values['split'] = 'train'
    columns = tuple(dict.fromkeys((*table.columns, 'split')))
    table = dataclasses.replace(table, columns=columns)
    roles = parse_roles(channels)
    layout = make_layout(table, roles, parse_names(channel_names), 'center')
    rows, bad = check_rows(
        table, layout.channels, group_by=None, classes=(), split_seed=0
    )
    images = check_images(rows, layout, path.parent)
    problems = [*bad, *images.bad]
    if not images.good:
        raise ValueError(f'No row of {path} can be used: {problems[0].reason}.')
    for problem in problems:
        print(f'{path}, row {problem.number} left out: {problem.reason}')
    names = tuple(sorted_names({row.label for row in images.good} - {''}))
    return Curated(
        TableImages(images.good, layout),
        _metadata(images.good),
        np.array([_number(names, row.label) for row in images.good], np.int32),
        names,
        tuple(layout.channels),
        layout.marker_channel,
    )


class TableImages:
    """Images of the rows of a table, read from their files when they are indexed.

    Args:
        rows: The rows, checked.
        layout: Layout of the channels.
    """

    def __init__(self, rows: Sequence[CellRow], layout: Layout):
        self.rows, self.layout = rows, layout
        self.shape = (len(rows), *self._read(rows[:1])[0].shape)

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        """Images of these rows [len(rows), 64, 64, c], with the pixels as saved."""
        found = self._read([self.rows[row] for row in rows])
        return np.stack(found) if found else np.zeros((0, *self.shape[1:]), np.uint16)

    def _read(self, rows: Sequence[CellRow]) -> list[np.ndarray]:
        with make_reader(len(self.layout.channels)) as reader:
            return [read_cell(reader, row, self.layout) for row in rows]


def _metadata(rows: Sequence[CellRow]) -> dict[str, np.ndarray]:
    return {
        name: np.array([row.metadata.get(name, '') for row in rows])
        for name in METADATA
    }


def _number(names: Sequence[str], label: str) -> int:
    return names.index(label) if label else -1
