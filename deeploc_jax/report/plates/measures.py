"""What the heat maps show of a well, and in which color."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from deeploc_jax.report.plates.wells import Well
from deeploc_jax.report.wording import UNKNOWN

CLASSES = 7
"""Classes with a color of their own; seven can still be told apart."""
SHARES = 4
"""Most frequent classes whose share has a heat map."""
PALETTE = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442')
"""Okabe and Ito's colors, which can be told apart with all common color blindness."""
OTHERS, NOTHING = '#8a8f99', '#eceef1'
"""Colors of all other classes, and of wells without a value."""
STEPS = 64  # colors of a scale
_VIRIDIS = [
    to_hex(c) for c in matplotlib.colormaps['viridis'](np.linspace(0, 1, STEPS))
]


@dataclasses.dataclass(frozen=True)
class Measure:
    """One way to color the wells.

    Attributes:
        title: Name of what is shown.
        colors: Color of each well.
        legend: Pairs of color and text, or the ends of a scale from dark to bright.
        scale: Whether the legend is a scale.
        note: What else a reader should know.
    """

    title: str
    colors: list[str]
    legend: list[tuple[str, str]]
    scale: bool
    note: str = ''


def choose_measures(wells: Sequence[Well], channels: Sequence[str]) -> list[Measure]:
    """The measures in which the wells differ.

    Args:
        wells: All wells of the screen.
        channels: Names of the channels, protein first.
    """
    totals = Counter[str]()
    for well in wells:
        totals.update(well.classes)
    frequent = [name for name, _ in totals.most_common(CLASSES)]
    made = [_classes(wells, frequent)] if frequent else []
    made.append(_scale('usable cells', wells, lambda w: w.usable, '{:.0f}', zero=True))
    made.append(
        _scale('share of cells that are flagged', wells, _flagged, '{:.0%}', zero=True)
    )
    for channel in channels:
        made.append(_fields(f'brightness of {channel}', wells, f'brightness_{channel}'))
        made.append(_fields(f'sharpness of {channel}', wells, f'focus_{channel}'))
        made.append(_fields(f'saturation of {channel}', wells, f'saturated_{channel}'))
    for name in frequent[:SHARES]:
        made.append(
            _scale(f'share of {name}', wells, _share(name), '{:.0%}', zero=True)
        )
    return [measure for measure in made if _tells(measure)] or made[:1]


def _tells(measure: Measure) -> bool:
    return not measure.scale or len(set(measure.colors) - {NOTHING}) > 1


def most_frequent(well: Well) -> str:
    """Class of most usable cells of a well, '' without any."""
    return well.classes.most_common(1)[0][0] if well.classes else ''


def _classes(wells: Sequence[Well], frequent: Sequence[str]) -> Measure:
    colors = dict(zip(frequent, PALETTE, strict=False)) | {'': NOTHING}
    own = [colors.get(most_frequent(well), OTHERS) for well in wells]
    counts = Counter(map(most_frequent, wells))
    legend = [(colors[name], f'{name} ({counts[name]})') for name in frequent]
    others = sum(n for name, n in counts.items() if name not in colors)
    if others:
        legend.append((OTHERS, f'another class ({others})'))
    note = 'The class of most usable cells; in brackets, the number of wells.'
    return Measure('most frequent class', own, legend, False, note)


def _fields(title: str, wells: Sequence[Well], column: str) -> Measure:
    return _scale(title, wells, lambda well: well.median(column), '{:.3g}')


def _scale(
    title: str,
    wells: Sequence[Well],
    value: Callable[[Well], float | None],
    form: str,
    zero: bool = False,
) -> Measure:
    """Colors from the 2nd to the 98th percentile of the screen, or from 0."""
    values = np.array([value(well) for well in wells], np.float64)
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, (2, 98)) if known.size else (0.0, 0.0)
    low = 0.0 if zero else low
    place = (values - low) / (high - low) if high > low else np.zeros(len(values))
    colors = [
        NOTHING if np.isnan(v) else _VIRIDIS[int(np.clip(p, 0, 1) * (STEPS - 1))]
        for v, p in zip(values, place, strict=True)
    ]
    ends = [(_VIRIDIS[0], form.format(low)), (_VIRIDIS[-1], form.format(high))]
    return Measure(title, colors, ends, True)


def _flagged(well: Well) -> float | None:
    return 1 - well.usable / well.cells if well.cells else None


def _share(name: str) -> Callable[[Well], float | None]:
    return lambda well: well.classes[name] / well.usable if well.usable else None


def describe_well(well: Well, channels: Sequence[str]) -> str:
    """What the pointer shows of a well."""
    lines = [' '.join([well.key[-1], *sorted(well.proteins)])]
    lines.append(f'{well.usable:,} usable of {well.cells:,} cells')
    shares = well.classes.most_common(3)
    lines += [f'{name} {count / well.usable:.0%}' for name, count in shares]
    for channel in channels:
        sharp, bright = (well.median(f'{n}_{channel}') for n in ('focus', 'brightness'))
        shown = [UNKNOWN if v is None else f'{v:.3g}' for v in (sharp, bright)]
        lines.append(f'{channel}: sharpness {shown[0]}, brightness {shown[1]}')
    for row in well.faults:
        said = ', '.join(row['flags']) or f'set aside: {row["reason"]}'
        lines.append(f'field {row["field"]}: {said}')
    return '\n'.join(lines)
