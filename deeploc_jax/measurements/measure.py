"""Measures all hand-made features of a cell with mahotas and scikit-image."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32

from deeploc_jax.processes import available_processors, map_in_processes
from deeploc_jax.progress import progress_bar
from deeploc_jax.types import Cells

try:
    from deeploc_jax.measurements.channel_features import measure_plane
    from deeploc_jax.measurements.colocalization import measure_colocalization
    from deeploc_jax.measurements.segment import central_cell, measure_shape
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "Measurements need scikit-image and mahotas: pip install -e '.[baseline]'"
    ) from error

FEW = 256  # cells that are measured before other processes would have started
SOME = 32  # cells that a process measures at a time


def measure_cell(
    image: Float[np.ndarray, 'h w c'], channels: Sequence[str], marker: int
) -> dict[str, float]:
    """Measures one cell: `<crop or cell>_<channel>_<feature>` -> value.

    The features are intensity, texture, granularity, radial distribution and spots of
    each channel, and its correlation with the protein. They are measured in the whole
    crop and in the cell in the middle alone, whose shape is measured too.

    Args:
        image: float32 [h, w, c] in [0, 1], the protein in channel 0.
        channels: Names of the c channels.
        marker: Index of the cytosolic marker, which separates the cell from its
            neighbors; -1: there is none, and a disc in the middle stands for the cell.

    Returns:
        The same names for every cell. Features that cannot be computed, such as those
        of a constant plane, are 0. No feature depends on the brightness before each
        channel was normalized.
    """
    cell = central_cell(image[..., marker] if marker >= 0 else None, image.shape[:2])
    top = np.percentile(image[cell], 99.5, axis=0) + 1e-6
    alone = np.clip(np.where(cell[..., None], image / top, 0), 0, 1)
    features = {f'cell_{name}': value for name, value in measure_shape(cell).items()}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # constant planes have no correlation
        for view, seen in (('crop', image), ('cell', alone)):
            for index, channel in enumerate(channels):
                parts = measure_plane(seen[..., index])
                if index:
                    parts |= measure_colocalization(seen[..., 0], seen[..., index])
                features |= {f'{view}_{channel}_{name}': v for name, v in parts.items()}
    values = np.nan_to_num(list(features.values()), posinf=0, neginf=0)
    return dict(zip(features, values.tolist(), strict=True))


def measure_cells(
    cells: Cells, marker: int
) -> tuple[list[str], Float32[np.ndarray, 'n f']]:
    """Measures many cells on all processors.

    Args:
        cells: The cells.
        marker: Index of the marker, as in `measure_cell`.

    Returns:
        Names of the features, and their values float32 [n, f].
    """
    n = len(cells)
    measure = functools.partial(_measure_some, channels=cells.channels, marker=marker)
    images = (cells.images[np.arange(i, min(i + SOME, n))] for i in range(0, n, SOME))
    processes = 1 if n < FEW else available_processors()
    rows: list[dict[str, float]] = []
    with progress_bar(total=n, description='measure', unit='cell') as progress:
        for measured in map_in_processes(measure, images, processes):
            rows += measured
            progress.update(len(measured))
    return list(rows[0]), np.array([[*row.values()] for row in rows], np.float32)


def _measure_some(
    images: Float[np.ndarray, 'n h w c'], channels: Sequence[str], marker: int
) -> list[dict[str, float]]:
    return [measure_cell(image, channels, marker) for image in images]
