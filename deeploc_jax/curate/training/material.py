"""What a round of training learns from: the labels, in the order of the decisions."""

from __future__ import annotations

import collections
import dataclasses

import numpy as np
from jaxtyping import Int, Integer, Shaped

from deeploc_jax.curate.decisions.export import correction_rows
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.groups import UNIT_COLUMNS, UNITS, unit_names

FEWEST = 5
"""Cells that two classes need."""
MOST = 10_000
"""Cells that are learned from; of more, those decided on and others at random."""


@dataclasses.dataclass(frozen=True)
class Material:
    """Cells that have a label now, or had one before anybody looked at them.

    Attributes:
        rows: Rows of the cells on the page, int [m].
        labels: Their classes now, int [m]; -1 for a cell that was discarded.
        before: Their classes before, int [m]; -1 for an unlabelled cell.
        place: Place of each cell's decision among all, int [m] from 0; -1 for a cell
            that nobody decided on.
        groups: What is left out as a whole when a fit is tested, text [m].
        unit: What the groups are: protein, well, field or cell.
        class_names: Names of the classes.
    """

    rows: Int[np.ndarray, ' m']
    labels: Integer[np.ndarray, ' m']
    before: Integer[np.ndarray, ' m']
    place: Int[np.ndarray, ' m']
    groups: Shaped[np.ndarray, ' m']
    unit: str
    class_names: tuple[str, ...]

    @property
    def decided(self) -> int:
        """Number of cells that were decided on."""
        return int((self.place >= 0).sum())

    def labels_after(self, decided: int) -> Integer[np.ndarray, ' m']:
        """The classes as they were after so many cells were decided on."""
        known = (self.place >= 0) & (self.place < decided)
        return np.where(known, self.labels, self.before)

    def check(self) -> None:
        """Raises a ValueError unless two classes have `FEWEST` cells each."""
        names = [self.class_names[label] for label in self.labels if label >= 0]
        counts = collections.Counter(names).most_common()
        if len(counts) < 2 or counts[1][1] < FEWEST:
            there = ', '.join(f'{name} {count}' for name, count in counts[:5])
            raise ValueError(
                f'Two classes need {FEWEST} labelled cells each before a network can '
                f'learn from them; so far: {there or "none"}.'
            )


def collect(cells: Curated, journal: Journal, seed: int = 0) -> Material:
    """The labels of all cells, and what was decided of them so far.

    Args:
        cells: The cells.
        journal: What was decided.
        seed: Seed of the choice where there are too many labels.
    """
    corrections = correction_rows(cells, journal)  # in the order of the cells
    names = [row['label'] for row in corrections if row['label']]
    classes = tuple(dict.fromkeys([*cells.class_names, *names]))
    ids = np.array([row['cell_id'] for row in corrections], str)
    where = np.flatnonzero(np.isin(cells.cell_ids, ids))
    labels, place = cells.labels.copy(), np.full(len(cells), -1)
    found = [classes.index(r['label']) if r['label'] else -1 for r in corrections]
    labels[where] = np.array(found, labels.dtype)
    times = np.array([row['time'] for row in corrections], str)
    place[where[np.argsort(times, kind='stable')]] = np.arange(len(where))
    rows = np.flatnonzero((labels >= 0) | (cells.labels >= 0) | (place >= 0))
    if len(rows) > MOST:
        mixed = np.random.default_rng(seed).permutation(rows)
        rows = np.sort(mixed[np.argsort(place[mixed] < 0, kind='stable')][:MOST])
    groups, unit = _groups(cells, rows, labels[rows])
    about = labels[rows], cells.labels[rows], place[rows], groups, unit, classes
    return Material(rows, *about)


def _groups(
    cells: Curated, rows: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, str]:
    """The largest groups of which every class with two cells has two."""
    metadata = {name: cells.metadata[name][rows] for name in UNIT_COLUMNS}
    alone = np.arange(len(rows)).astype(str).astype(object)
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    for unit in UNITS:
        names = unit_names(metadata, unit)
        known = names != ''
        numbers = [len(set(names[known & (labels == k)])) for k in classes[counts > 1]]
        if numbers and min(numbers) > 1:
            return np.where(known, names, alone).astype(str), unit
    return alone.astype(str), 'cell'
