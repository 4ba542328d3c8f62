"""Cells of a protein before and after a treatment become one small picture each."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from deeploc_jax.tables.examples import EXAMPLES
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import rows_to_table

SHOWN = 8  # cells of a protein in a condition
ACROSS = 4  # cells in a row of a picture
GAP = 2  # pixels between cells
SIDE = 96  # pixels; larger crops are shrunk to it
QUALITY = 88  # of the JPEG; without subsampling, so that green stays as sharp as gray
LIMITS = (1.0, 99.8)  # percentiles of a protein's pixels that become black and white


@dataclasses.dataclass(frozen=True)
class ProteinCells:
    """The cells of a protein that a page will show.

    Attributes:
        protein: Name of the protein.
        crops: Pixels of the chosen cells of each condition, [n, h, w, c] of any number
            type, the protein in channel 0; conditions in the order of the page.
        n_cells: Number of cells of each condition that they were chosen from.
    """

    protein: str
    crops: Mapping[str, np.ndarray]
    n_cells: Mapping[str, int]


def write_pictures(
    path: Path | str, cells: Iterable[ProteinCells], marker: int
) -> Path:
    """Writes `examples.parquet`, about 3 kB a cell, one protein in memory at a time.

    Args:
        path: The file.
        cells: Cells of each protein; of more than `SHOWN` a condition, the first are
            taken, and conditions without a cell are left out.
        marker: Index of the marker channel, -1 for none.

    Returns:
        `path` as a `Path`.
    """
    rows = [row for protein in cells for row in _rows(protein, marker)]
    return write_table(rows_to_table(rows, EXAMPLES.arrow()), path)


def _rows(cells: ProteinCells, marker: int) -> Iterable[dict[str, Any]]:
    shown = {name: crops[:SHOWN] for name, crops in cells.crops.items() if len(crops)}
    if not shown:
        return
    low, high = _limits(list(shown.values()))
    for condition, crops in shown.items():
        scaled = np.clip((crops.astype(np.float32) - low) / (high - low), 0, 1)
        brightest = max(float(np.percentile(scaled[..., 0], LIMITS[1])), 1 / 255)
        yield dict(
            protein=cells.protein,
            condition=condition,
            n_shown=len(crops),
            n_cells=cells.n_cells[condition],
            gain=1 / brightest,
            jpeg=_jpeg(np.round(255 * scaled).astype(np.uint8), marker),
        )


def _limits(crops: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Black and white of each channel, float32 [1, 1, 1, c], over all conditions."""
    channels = crops[0].shape[-1]
    pixels = np.concatenate([array.reshape(-1, channels) for array in crops])
    low, high = np.percentile(pixels.astype(np.float32), LIMITS, axis=0)
    high = np.where(high > low, high, low + 1)
    shape = (1, 1, 1, channels)
    return low.astype(np.float32).reshape(shape), high.astype(np.float32).reshape(shape)


def _jpeg(crops: np.ndarray, marker: int) -> bytes:
    """Crops uint8 [n, h, w, c] in rows of `ACROSS`, white between and after them."""
    order = (marker, 0, marker)  # magenta is red and blue
    tiles = crops[..., 0] if marker < 0 else crops[..., order]
    across = min(len(tiles), ACROSS)
    edges = ((0, -len(tiles) % across), (0, GAP), (0, GAP), (0, 0))[: tiles.ndim]
    tiles = np.pad(tiles, edges, constant_values=255)
    rows = tiles.reshape(-1, across, *tiles.shape[1:])
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    picture = Image.fromarray(sheet[:-GAP, :-GAP])
    if crops.shape[1] > SIDE:
        ratio = SIDE / crops.shape[1]
        picture = picture.resize([round(ratio * side) for side in picture.size])
    buffer = io.BytesIO()
    picture.save(buffer, 'JPEG', quality=QUALITY, subsampling=0)
    return buffer.getvalue()
