"""A volcano plot shows how far each protein moved against how sure that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deeploc_jax.report import style

SIZE = (640, 420)
"""Width and height of the drawing, in its own units; y grows downward."""
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 16, 46  # margins around the axes
NAMED = 14  # proteins whose names stand beside their points
LETTER, LINE = 7.4, 13  # size of a letter, for names that do not lie on each other


@dataclasses.dataclass(frozen=True)
class Volcano:
    """Points of a volcano plot.

    Attributes:
        effect: Effect of each row, float [n]; NaN is left out.
        q: The q-value of each row, float [n].
        moved: Whether each row is called a mover, bool [n].
        abundance: Whether its abundance is called changed, bool [n].
        names: The n proteins.
        level: The q-value of the calls.
        effect_name: Words on the horizontal axis.
    """

    effect: np.ndarray
    q: np.ndarray
    moved: np.ndarray
    abundance: np.ndarray
    names: Sequence[str]
    level: float
    effect_name: str

    @property
    def known(self) -> np.ndarray:
        """Rows with a point, int [m]: those that are called last, on top."""
        known = np.flatnonzero(np.isfinite(self.effect) & np.isfinite(self.q))
        return known[np.argsort(self.moved[known], kind='stable')]

    @property
    def height(self) -> np.ndarray:
        """-log10 q, float [n]; q of 0 stands a step above the smallest other one."""
        positive = self.q[np.isfinite(self.q) & (self.q > 0)]
        least = positive.min() / 10 if len(positive) else 0.1
        with np.errstate(invalid='ignore'):
            return -np.log10(np.maximum(self.q, least)) + 0.0  # no -0

    def limits(self) -> tuple[float, float, float]:
        """Ends of the horizontal axis, and the upper end of the vertical one."""
        shown, height = self.effect[self.known], self.height[self.known]
        right = max(0.1, 1.05 * float(shown.max(initial=0)))
        left = min(0.0, 1.05 * float(shown.min(initial=0)))
        top = 1.08 * max(float(height.max(initial=0)), -1.2 * np.log10(self.level))
        return left, right, top


def lay_out(volcano: Volcano) -> dict[str, list[dict]]:
    """Points, names and ticks of the plot in the units of `SIZE`.

    Returns:
        'points' (row, x, y), 'labels' (row, x, y, name, anchor), and 'x_ticks' and
        'y_ticks' (at, text); 'cutoff' has the height of the level.
    """
    left, right, top = volcano.limits()
    width, high = SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM

    def x(value: float) -> float:
        return round(LEFT + width * (value - left) / (right - left), 1)

    def y(value: float) -> float:
        return round(TOP + high * (1 - value / top), 1)

    height = volcano.height
    points = [
        dict(row=int(i), x=x(float(volcano.effect[i])), y=y(float(height[i])))
        for i in volcano.known
    ]
    return dict(
        points=points,
        labels=_labels(volcano, points),
        x_ticks=[dict(at=x(t), text=_tick(t)) for t in _ticks(left, right)],
        y_ticks=[dict(at=y(t), text=_tick(t)) for t in _ticks(0, top)],
        cutoff=[dict(at=y(-float(np.log10(volcano.level))))],
    )


def _ticks(low: float, high: float) -> list[float]:
    ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks if low - 1e-9 <= tick <= high + 1e-9]


def _tick(value: float) -> str:
    return f'{value:.6g}'.replace('-', '\u2212')


def _labels(volcano: Volcano, points: list[dict]) -> list[dict]:
    """Names of the uppermost movers that have room beside their points."""
    placed: list[dict] = []
    taken = [(p['x'] - 4, p['y'], 8.0) for p in points if volcano.moved[p['row']]]
    for point in sorted(points, key=lambda point: (point['y'], -point['x'])):
        if not volcano.moved[point['row']] or len(placed) == NAMED:
            continue
        name = style.shorten(volcano.names[point['row']], 18)
        x, long = point['x'], LETTER * len(name)
        sides = {'start': (x + 8, x + 8), 'end': (x - 8, x - 8 - long)}
        for anchor, (at, left) in sides.items():
            box = (left, point['y'], long)
            if left + long < SIZE[0] and left > LEFT and _is_free(box, taken):
                taken.append(box)
                placed.append(point | dict(name=name, anchor=anchor, x=at))
                break
    return placed


def _is_free(
    box: tuple[float, float, float], taken: list[tuple[float, float, float]]
) -> bool:
    """Whether a name (left, height, length) lies on no other name or point."""
    left, height, long = box
    return all(
        left >= other + size or other >= left + long or abs(height - at) >= LINE
        for other, at, size in taken
    )


def volcano_figure(volcano: Volcano) -> Figure:
    """Draws effect against -log10 q, with names of the surest movers."""
    figure = style.new_figure(SIZE[0] / 90, SIZE[1] / 90)
    axes = figure.subplots()
    style.grid(axes)
    known, height = volcano.known, volcano.height
    kinds = {
        'neither': (style.FAINT, ~volcano.moved & ~volcano.abundance),
        'abundance changed': (style.CHOSEN, volcano.abundance & ~volcano.moved),
        'moved': (style.TRAIN, volcano.moved),
    }
    for name, (color, chosen) in kinds.items():
        rows = known[chosen[known]]
        look = dict(s=14, color=color, linewidths=0, alpha=0.75)
        axes.scatter(volcano.effect[rows], height[rows], label=name, **look)
    left, right, top = volcano.limits()
    axes.axhline(-np.log10(volcano.level), color=style.VALIDATION, linestyle='--')
    axes.set(xlim=(left, right), ylim=(0, top))
    axes.set(xlabel=volcano.effect_name, ylabel='\u2212log10 q')
    for label in lay_out(volcano)['labels']:
        row, flip = label['row'], label['anchor'] == 'end'
        axes.annotate(
            label['name'],
            (volcano.effect[row], height[row]),
            (-5 if flip else 5, 0),
            textcoords='offset points',
            ha='right' if flip else 'left',
            va='center',
            fontsize=7.5,
        )
    axes.legend(fontsize=8, loc='upper left')
    return figure
