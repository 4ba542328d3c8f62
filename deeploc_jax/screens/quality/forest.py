"""A forest on measurements tells cells from other things where a network does not.

As in DeepYeast (Parnamaa & Parts 2017, G3 7:1385), whose authors removed what is no
cell by a random forest of 100 trees, trained on labelled cells. It is fitted anew from
their table each time, with a seed, and never stored.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier

TREES = 100
FORM = ('area', 'major_axis', 'minor_axis')
LIGHT = ('mean_', 'integrated_', 'corrected_')
FEWEST = 5
"""Labelled cells, and labelled things that are none, that a forest needs."""
_WORDS = {'1': True, 'true': True, 'yes': True, '0': False, 'false': False, 'no': False}


def read_cell_labels(path: Path | str) -> dict[str, bool]:
    """Reads which cells are cells from a CSV table.

    Args:
        path: Table with the columns `cell_id`, as in the scored cells, and `is_cell`:
            1 or 0, true or false, yes or no.

    Raises:
        ValueError: A column is missing, a value is of another kind, or a cell is there
            twice with two answers; the line is named.
    """
    with Path(path).open(newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        if missing := {'cell_id', 'is_cell'} - set(reader.fieldnames or ()):
            raise ValueError(f'{path} lacks the columns {", ".join(sorted(missing))}.')
        labels: dict[str, bool] = {}
        for row in reader:
            name, said = row['cell_id'], (row['is_cell'] or '').strip().lower()
            if said not in _WORDS:
                raise ValueError(
                    f'{path}, line {reader.line_num}: is_cell ({said!r}) must be 1 or '
                    '0, true or false, yes or no.'
                )
            if labels.setdefault(name, _WORDS[said]) != _WORDS[said]:
                raise ValueError(
                    f'{path}, line {reader.line_num}: {name} is said to be a cell and '
                    'not to be one.'
                )
    return labels


def forest_features(
    columns: Mapping[str, np.ndarray], channels: Sequence[str], plates: np.ndarray
) -> np.ndarray:
    """What the forest looks at, float32 [n, d].

    Area, axes and their ratio are taken as they are, intensities relative to the median
    of the plate, so that cells labelled on one plate serve on others. NaN stays NaN,
    which the forest takes as a value of its own.

    Args:
        columns: Measurements of n cells: columns of the scored cells, each [n].
        channels: Names of the channels.
        plates: Plate of each cell, [n].
    """
    form = [np.asarray(columns[name], np.float64) for name in FORM]
    features = [*form, form[1] / np.maximum(form[2], 1e-6)]
    light = [f'{start}{channel}' for start in LIGHT for channel in channels]
    features += [_relative(np.asarray(columns[n], np.float64), plates) for n in light]
    return np.stack(features, axis=1).astype(np.float32)


def fit_forest(
    features: np.ndarray, is_cell: np.ndarray, seed: int = 0
) -> RandomForestClassifier:
    """Fits the forest; its `oob_score_` is its accuracy on cells that a tree left out.

    Args:
        features: `forest_features` of the labelled cells, [m, d].
        is_cell: Whether each is a cell, bool [m].
        seed: Seed of the trees.

    Returns:
        A classifier of the classes False and True.

    Raises:
        ValueError: There are fewer than 5 cells, or 5 that are none.
    """
    cells, others = int(is_cell.sum()), int((~is_cell).sum())
    if min(cells, others) < FEWEST:
        raise ValueError(
            f'{cells} labelled cells and {others} things that are no cells were found '
            f'among the measured ones: at least {FEWEST} of each are needed.'
        )
    forest = RandomForestClassifier(
        TREES, class_weight='balanced', oob_score=True, random_state=seed
    )
    return forest.fit(features, is_cell)


def _relative(values: np.ndarray, plates: np.ndarray) -> np.ndarray:
    """Values over the median of their plate."""
    found = np.full(len(values), np.nan)
    for plate in np.unique(plates):
        own = plates == plate
        known = values[own][np.isfinite(values[own])]
        middle = np.median(known) if known.size else 0.0
        if middle:
            found[own] = values[own] / middle
    return found
