"""Fields that stand out from their plate are flagged, each with the numbers behind it.

A value is compared by its robust z, the distance from the median of the plate's fields
in units of 1.4826 median absolute deviations, which are a standard deviation where the
values are normal (Iglewicz & Hoaglin 1993, How to Detect and Handle Outliers).

The protein channel is not compared, and white pixels in it are no fault: how bright
and how sharp it is depends on the protein, which differs from well to well. Where it
is the only one, its sharpness is compared.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax.types import WELL

PLATE = tuple(name for name in WELL if name != 'well')
"""Columns that together distinguish a plate."""
Flag = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class FieldLimits:
    """What is too far from the plate, or too much or too little.

    Attributes:
        focus: Robust z below the plate's sharpness at which a field is out of focus.
        brightness: Robust z of the brightness, to either side.
        cells: Robust z of the square root of the number of cells, to either side. It
            is wide, as strains grow differently.
        saturated: Share of saturated pixels of a channel but the protein's.
        fewest_in_well: Number of cells below which a well is flagged if it also has
            less than a tenth of the plate's median: what is found where nothing grew
            is debris.
        fewest_fields: Number of fields below which a plate is too small to compare.
    """

    focus: float = 2.5
    brightness: float = 4.0
    cells: float = 5.0
    saturated: float = 0.01
    fewest_in_well: int = 5
    fewest_fields: int = 8


def flag_fields(
    rows: Sequence[Mapping[str, Any]],
    channels: Sequence[str],
    limits: FieldLimits | None = None,
) -> list[list[Flag]]:
    """Reasons not to use the cells of each field.

    Args:
        rows: Rows of `fields.parquet` of all fields of a screen. Those without
            `n_cells`, which were set aside, are neither compared nor flagged.
        channels: Names of the channels, protein first.
        limits: When a field is flagged; None for the default limits.

    Returns:
        For each row the flags, with a reason for each; an empty list for a good field.
    """
    limits = limits or FieldLimits()
    flags: list[list[Flag]] = [[] for _ in rows]
    plates, wells = defaultdict(list), defaultdict(list)
    for index, row in enumerate(rows):
        if row.get('n_cells') is not None:
            plates[tuple(row[name] for name in PLATE)].append(index)
            wells[tuple(row[name] for name in WELL)].append(index)
            flags[index] += _saturated(row, channels, limits)
    for members in plates.values():
        if len(members) >= limits.fewest_fields:
            for place, flag in _outliers([rows[i] for i in members], channels, limits):
                flags[members[place]].append(flag)
    counts = {well: sum(rows[i]['n_cells'] for i in wells[well]) for well in wells}
    for well, reason in _empty_wells(counts, limits):
        for index in wells[well]:
            flags[index].append(('few_in_well', reason))
    return flags


def _empty_wells(
    counts: Mapping[tuple[str, ...], int], limits: FieldLimits
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Wells in which next to nothing was found, with the reason."""
    plates = defaultdict(list)
    for well, count in counts.items():
        plates[well[:-1]].append(count)
    for well, count in counts.items():
        usual = float(np.median(plates[well[:-1]]))
        if count < min(limits.fewest_in_well, usual / 10):
            yield well, f'{count} cells in the well, the median of the plate {usual:g}'


def robust_z(values: np.ndarray) -> np.ndarray:
    """Robust z [n] of values [n]; NaN where a value is, and 0 where all are equal."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.full(values.shape, np.nan)
    middle = np.median(known)
    spread = 1.4826 * np.median(np.abs(known - middle))
    return (values - middle) / spread if spread > 0 else 0 * values


def _saturated(
    row: Mapping[str, Any], channels: Sequence[str], limits: FieldLimits
) -> Iterator[Flag]:
    for channel in channels[1:]:
        share = row.get(f'saturated_{channel}')
        if share is not None and share > limits.saturated:
            limit = f'more than {limits.saturated:.1%}'
            yield 'saturated', f'{share:.1%} of the pixels of {channel}, {limit}'


def _outliers(
    rows: Sequence[Mapping[str, Any]], channels: Sequence[str], limits: FieldLimits
) -> Iterator[tuple[int, Flag]]:
    """Index and flag of each field of a plate that stands out from the others."""
    for name, flag, limit in _comparisons(channels, limits):
        values = np.array([row.get(name) for row in rows], np.float64)  # None: NaN
        scores = robust_z(np.sqrt(values) if name == 'n_cells' else values)
        for index in np.flatnonzero(scores * np.sign(limit) > abs(limit)):
            reason = (
                f'{name} is {values[index]:.3g}, the median of the plate '
                f'{np.nanmedian(values):.3g}: robust z {scores[index]:+.1f}, limit '
                f'{limit:+g}'
            )
            yield int(index), (flag, reason)


def _comparisons(
    channels: Sequence[str], limits: FieldLimits
) -> Iterator[tuple[str, str, float]]:
    """Column, flag, and the robust z beyond which, away from 0, it is given."""
    yield 'n_cells', 'few_cells', -limits.cells
    yield 'n_cells', 'many_cells', limits.cells
    for channel in channels[1:] or channels:
        yield f'focus_{channel}', 'out_of_focus', -limits.focus
    for channel in channels[1:]:
        yield f'brightness_{channel}', 'dark', -limits.brightness
        yield f'brightness_{channel}', 'bright', limits.brightness
