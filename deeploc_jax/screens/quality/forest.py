"""A forest on measurements tells cells from other things where a network does not.

As in DeepYeast (Parnamaa & Parts 2017, G3 7:1385), whose authors removed what is no
cell by a random forest of 100 trees, trained on labelled cells. It is fitted anew from
their table each time, with a seed, and never stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from deeploc_jax.screens.quality.cell_labels import FEWEST

TREES = 100
FORM = ('area', 'major_axis', 'minor_axis')
LIGHT = ('mean_', 'integrated_', 'corrected_')


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
