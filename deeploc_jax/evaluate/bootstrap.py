"""Percentile intervals that resample what is independent: proteins, not their cells.

Cells of one protein, well or field resemble each other, and an interval over single
cells would be too narrow. A resample draws as many groups as there are, with
replacement, and takes each with all its cells: an integer weight a group.

References:
    Efron & Tibshirani 1993, An introduction to the bootstrap, chapters 8 and 13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from deeploc_jax import metrics, precision_recall
from deeploc_jax.groups import UNITS, unit_names

Statistic = Callable[..., float | np.ndarray]
"""(probabilities [n, k], labels [n], weights [r, n]) -> [r], as in metrics.py."""

STATISTICS: Mapping[str, Statistic] = {
    'accuracy': metrics.accuracy,
    'balanced_accuracy': metrics.balanced_accuracy,
    'macro_average_precision': precision_recall.macro_average_precision,
}

BLOCK = 4_000_000
"""Weights held at once (resamples x cells), 32 MB of them."""
MIN_STEP = 16
"""Resamples at once for many cells: each step looks at the cells of every class."""


def choose_groups(metadata: Mapping[str, np.ndarray]) -> tuple[str, np.ndarray]:
    """What to resample: protein, else well, else field, else cell.

    A unit is chosen when more than half of the cells have it and it has at least two
    values; cells without it are grouped by the next unit they have.

    Args:
        metadata: Text columns of `groups.UNIT_COLUMNS`, each [n],
            '' when not known.

    Returns:
        The unit's name and the number of each cell's group, int [n] in 0..groups-1.
    """
    units = list(UNITS)
    for i, unit in enumerate(units):
        names = unit_names(metadata, unit)
        known = names[names != '']
        if 2 * len(known) > len(names) and len(set(known)) > 1:
            return unit, _group_numbers(metadata, units[i:])
    return 'cell', np.arange(len(metadata['protein']))


def bootstrap_intervals(
    probabilities: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    statistics: Mapping[str, Statistic] = STATISTICS,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of statistics over resamples of whole groups.

    A class that a resample happens to leave out does not count in its macro mean.
    With few groups (below about 20) intervals are too narrow; look at their number.

    Args:
        probabilities: float [n, k].
        labels: int [n] in 0..k-1.
        groups: int [n], numbers 0..groups-1 of `choose_groups`.
        statistics: By name, functions that take weights [r, n] and give [r].
        resamples: How many; 1,000 settle the ends of a 95 % interval well enough.
        level: Coverage of the interval.
        seed: Of the generator; the same seed gives the same intervals.

    Returns:
        (low, high) by name; both equal the value itself when there is one group only.
    """
    if not 0 < level < 1 or resamples < 1:
        raise ValueError(
            f'level ({level}) must be between 0 and 1, and resamples ({resamples}) at '
            'least 1.'
        )
    if len(groups) != len(labels):
        raise ValueError(f'{len(groups)} groups for {len(labels)} labels.')
    rng = np.random.default_rng(seed)
    values: dict[str, list[np.ndarray]] = {name: [] for name in statistics}
    step = max(MIN_STEP, BLOCK // max(1, len(labels)))
    for start in range(0, resamples, step):
        drawn = _draw(int(groups.max()) + 1, min(step, resamples - start), rng)
        weights = drawn[:, groups].astype(np.float64)
        for name, statistic in statistics.items():
            values[name].append(np.asarray(statistic(probabilities, labels, weights)))
    ends = (50 * (1 - level), 50 * (1 + level))
    return {
        name: tuple(np.percentile(np.concatenate(parts), ends).tolist())
        for name, parts in values.items()
    }


def _draw(groups: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group is drawn, int [resamples, groups]; rows sum to groups."""
    drawn = rng.integers(groups, size=(resamples, groups))
    drawn += groups * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * groups).reshape(
        resamples, -1
    )


def _group_numbers(
    metadata: Mapping[str, np.ndarray], units: Sequence[str]
) -> np.ndarray:
    """Numbers [n] of the groups that cells are in by the first unit that they have."""
    cells = range(len(metadata['protein']))
    names = np.array([f'cell {row}' for row in cells], object)
    for unit in reversed(units):
        known = unit_names(metadata, unit)
        names = np.where(known != '', f'{unit} ' + known, names)
    return np.unique(names, return_inverse=True)[1]
