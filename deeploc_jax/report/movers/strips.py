"""Pictures of cells go onto a page of proteins, those of important rows first."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from deeploc_jax.report.wording import count
from deeploc_jax.tables.examples import EXAMPLES
from deeploc_jax.tables.parquet import read_table

MOST_BYTES = 18_000_000
"""Bytes of pictures of cells on a page; base64 makes a third more of them."""
ZOOM = 2  # pixels of the page for one of a crop
VIEWS = {
    'both': 'with marker',
    'protein': 'protein alone',
    'stretched': 'alone, stretched',
}


def read_examples(workdir: Path) -> pa.Table | None:
    """The table of pictures of cells, if it was written."""
    path = workdir / 'examples.parquet'
    return read_table(path, EXAMPLES) if path.exists() else None


def no_room(left_out: int) -> list[str]:
    """A warning about rows whose pictures had no room, if there are any."""
    if not left_out:
        return []
    return [
        f'The pictures of {count(left_out, "row")} had no room on this page; '
        'examples.parquet has them.'
    ]


def choose_strips(
    examples: pa.Table | None,
    wanted: Sequence[Sequence[tuple[str, str]]],
    ranks: Sequence[float],
) -> tuple[list[dict[str, Any]], list[list[int | None]], int]:
    """Pictures for a page, those of rows of low rank if not all have room.

    Args:
        examples: Table of the schema EXAMPLES, None if there is none.
        wanted: Protein and condition of every row, for each side of the rows.
        ranks: A number for each row, the lowest for the most important.

    Returns:
        What the template needs of each picture; its index for each side and row; the
        number of rows whose pictures had no room.
    """
    rows = examples.to_pylist() if examples else []
    index = {(row['protein'], row['condition']): i for i, row in enumerate(rows)}
    chosen: set[int] = set()
    size, left_out = 0, 0
    for row in sorted(range(len(ranks)), key=lambda row: ranks[row]):
        sides = [side[row] for side in wanted]
        more = {index[pair] for pair in sides if pair in index} - chosen
        size += sum(len(rows[i]['jpeg']) for i in more)
        if size <= MOST_BYTES:
            chosen |= more
        else:
            left_out += bool(more)
    strips = [_strip(i, rows[i]) for i in sorted(chosen)]
    places = [
        [i if (i := index.get(pair)) in chosen else None for pair in side]
        for side in wanted
    ]
    return strips, places, left_out


def _strip(index: int, row: Mapping[str, Any]) -> dict[str, Any]:
    picture = Image.open(io.BytesIO(row['jpeg']))
    return dict(
        index=index,
        shown=row['n_shown'],
        total=row['n_cells'],
        gain=round(row['gain'], 3),
        width=ZOOM * picture.width,
        colored=picture.mode != 'L',
        data=base64.b64encode(row['jpeg']).decode(),
    )


def views_of(strips: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The ways to look at the pictures; with the marker if one of them shows it."""
    colored = any(strip['colored'] for strip in strips)
    names = [name for name in VIEWS if colored or name != 'both']
    return [dict(key=name, title=VIEWS[name]) for name in names]
