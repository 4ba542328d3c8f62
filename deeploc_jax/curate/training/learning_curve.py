"""Accuracy by the number of cells decided on, on cells that no fit has seen.

Each point learns from the labels as they were then, and is tested on all cells that
were decided on until today, so that the points differ in nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Integer

from deeploc_jax.curate.training.held_out import folds_of, standard_error
from deeploc_jax.curate.training.linear import fit
from deeploc_jax.curate.training.material import Material

REPEATS = 3
"""How often the cells are divided into folds anew."""
POINTS = 6
"""Points of the learning curve, at most."""


@dataclasses.dataclass(frozen=True)
class Point:
    """A point of the learning curve.

    Attributes:
        decided: Cells that had been decided on.
        cells: Labelled cells that were learned from.
        accuracy: Accuracy on all cells decided on until today, of fits that saw none of
            their groups; mean over `REPEATS` divisions into folds. None without any.
        error: Its standard error, as other groups might have been tested; None where
            there is one group.
        gain_error: Likewise, of the difference to the point before, on the same cells;
            None for the first point.
    """

    decided: int
    cells: int
    accuracy: float | None
    error: float | None
    gain_error: float | None


def sizes(material: Material, earlier: Sequence[int]) -> list[int]:
    """Numbers of cells decided on at which the curve has points, in order."""
    found = {n for n in earlier if n < material.decided} | {material.decided}
    first = min(found)
    found |= {n for n in (first // 4, first // 2) if n}
    if (material.before >= 0).any():
        found.add(0)
    ordered = sorted(found)
    if len(ordered) > POINTS:
        places = np.linspace(0, len(ordered) - 1, POINTS).round().astype(int)
        ordered = [ordered[place] for place in places]
    return [n for n in ordered if _classes(material.labels_after(n)) > 1]


class Curve:
    """The learning curve of a round.

    Args:
        x: Standardized features [m, f].
        material: The labels.
        note: Is told how many of how many fits are done.

    Attributes:
        classes: Classes that any cell has or had.
        last: Held-out logits [m, k] of the last point, first division into folds.
    """

    def __init__(
        self,
        x: Float[np.ndarray, 'm f'],
        material: Material,
        note: Callable[[int, int], None],
    ):
        self.x, self.material, self._note, self._done = x, material, note, 0
        self._before: np.ndarray | None = None  # which cells the last point had right
        known = np.concatenate([material.labels, material.before])
        self.classes = np.unique(known[known >= 0])
        self.last = np.zeros((len(x), len(self.classes)))

    def number(self, labels: Integer[np.ndarray, ' m']) -> Integer[np.ndarray, ' m']:
        """Numbers of the classes among those learned; -1 stays."""
        return np.where(labels < 0, -1, np.searchsorted(self.classes, labels))

    def points(self, decided: Sequence[int]) -> tuple[Point, ...]:
        """A point for each number of cells decided on."""
        folds = [folds_of(self.material, seed) for seed in range(REPEATS)]
        total = len(decided) * sum(len(np.unique(fold)) for fold in folds)
        return tuple(self._point(n, folds, total) for n in decided)

    def _point(self, decided: int, folds: Sequence[np.ndarray], total: int) -> Point:
        material, labels = self.material, self.material.labels_after(decided)
        tested = (material.place >= 0) & (material.labels >= 0)
        called = []
        for repeat, fold in enumerate(folds):
            logits = self._held_out(self.number(labels), fold, total)
            called.append(self.classes[logits[tested].argmax(axis=1)])
            if not repeat:
                self.last = logits
        cells = int((labels >= 0).sum())
        if not tested.any():
            return Point(decided, cells, None, None, None)
        right = (np.stack(called) == material.labels[tested]).mean(axis=0)
        groups, before = material.groups[tested], self._before
        gain = None if before is None else standard_error(right - before, groups)
        self._before = right
        error = standard_error(right, groups)
        return Point(decided, cells, float(right.mean()), error, gain)

    def _held_out(self, labels: np.ndarray, fold: np.ndarray, total: int) -> np.ndarray:
        logits = np.zeros_like(self.last)
        for number in np.unique(fold):
            own = fold == number
            used = ~own & (labels >= 0)
            found = fit(self.x[used], labels[used], len(self.classes))(self.x[own])
            # A class of other folds alone is as unlikely as the unlikeliest known one.
            floor = found[:, np.unique(labels[used])].min(axis=1)
            logits[own] = np.maximum(found, floor[:, None])
            self._done += 1
            self._note(self._done, total)
        return logits


def _classes(labels: np.ndarray) -> int:
    return len(np.unique(labels[labels >= 0]))
