"""A classifier on frozen features, drawn and tested as the networks of a transfer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from deeploc_jax.lookup import check_name
from deeploc_jax.predict.features import make_cell_features
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.probe.fit import Labelled, choose, fit
from deeploc_jax.probe.sampling import group_names
from deeploc_jax.transfer.recipe import Recipe, Work
from deeploc_jax.transfer.test_scores import score
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork


def check_probe(name: str) -> None:
    """Raises a ValueError where there is no such probe."""
    check_name('probe', name, PROBES)


def make_prober(
    recipe: Recipe,
    name: str,
    source: TrainedNetwork,
    cells: dict[str, Cells],
    mesh: jax.sharding.Mesh,
    group_by: str,
    in_train: np.ndarray,
) -> Work:
    """Makes `(size, draws, done) -> (draw, scores) ...`, as `tuning.make_tuner` does.

    The features of all cells are computed once. The probe's parameter is chosen among
    the drawn cells alone.

    Args:
        recipe: Its seed and how cells are tested.
        name: Of the probe.
        source: Whose features.
        cells: Train, validation and test of the target.
        mesh: From `sharding.make_mesh`.
        group_by: The column by whose values the parameter is cross-validated.
        in_train: Row of each validation cell in train, int [n]; -1: it is not in it.
    """
    probe = PROBES[name]
    extract = make_cell_features(source, mesh, recipe.test_batch)
    features = {split: extract(of, f'{split} cells') for split, of in cells.items()}
    train = cells['train']
    groups = group_names(train.metadata[group_by])
    known = Labelled(features['train'], train.labels, groups)

    def work(
        size: int, draws: list[np.ndarray], done: set[int]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        del size
        for draw, rows in enumerate(draws):
            if draw in done:
                continue
            started = time.perf_counter()
            some = known.where(rows)
            value, _ = choose(probe, some, None, recipe.seed + draw)
            classifier = fit(probe, value, some, recipe.seed + draw)
            guesses = {
                split: classifier.predict(features[split])
                for split in ('test', 'validation')
            }
            yield (
                draw,
                score(guesses, cells, ~np.isin(in_train, rows))
                | dict(
                    n_train=len(np.unique(rows)),
                    steps=0,
                    seconds=time.perf_counter() - started,
                ),
            )

    return work
