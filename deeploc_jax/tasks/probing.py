"""A classifier on frozen features, drawn and tested as the networks of a transfer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.evaluate.features import choose_layer, make_features
from deeploc_jax.evaluate.predict import predict_cells
from deeploc_jax.lookup import check_name
from deeploc_jax.probe.sampling import group_names
from deeploc_jax.tasks.transferred import Target
from deeploc_jax.tasks.tuning import Work, score
from deeploc_jax.weights.folder import Network


def check_probe(name: str) -> None:
    """Raises an error where there is no such probe, or no scikit-learn."""
    from deeploc_jax.probe.classifiers import PROBES

    check_name('probe', name, PROBES)


def make_prober(
    config: ml_collections.ConfigDict,
    mode: str,
    source: Network,
    target: Target,
    mesh: jax.sharding.Mesh,
    workdir: Path,
) -> Work:
    """Makes `(size, draws, done) -> (draw, scores) ...`, as `tuning.make_tuner` does.

    The features of all cells are computed once. The probe's parameter is chosen among
    the drawn cells alone.
    """
    del mode, workdir
    # Late: scikit-learn is an extra.
    from deeploc_jax.probe.classifiers import PROBES
    from deeploc_jax.probe.fit import Labelled, choose, fit

    probe = PROBES[config.probe]
    program = make_features(
        source.model,
        mesh,
        crop=source.card.crop,
        layer=choose_layer(source, None),
        pool='max',
    )
    cells = target.cells
    placed = sharding.put_replicated(source.variables, mesh)
    batch_size = config.evaluation.batch_size
    features = {
        name: predict_cells(program, placed, split, mesh, batch_size, f'{name} cells')
        for name, split in cells.items()
    }
    train = cells['train']
    groups = group_names(train.metadata[config.group_by])
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
            value, _ = choose(probe, some, None, config.seed + draw)
            classifier = fit(probe, value, some, config.seed + draw)
            guesses = {
                name: classifier.predict(features[name])
                for name in ('test', 'validation')
            }
            yield (
                draw,
                score(guesses, cells)
                | dict(
                    n_train=len(np.unique(rows)),
                    steps=0,
                    seconds=time.perf_counter() - started,
                ),
            )

    return work
