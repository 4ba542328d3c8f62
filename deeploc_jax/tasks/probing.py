"""A classifier on frozen features, drawn and tested as the networks of a transfer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.evaluate.features import choose_layer, make_features
from deeploc_jax.evaluate.predict import predict_cells
from deeploc_jax.lookup import lookup
from deeploc_jax.tasks.transferred import Target
from deeploc_jax.tasks.tuning import score
from deeploc_jax.weights.folder import Network


def make_prober(
    config: ml_collections.ConfigDict,
    mode: str,
    source: Network,
    target: Target,
    mesh: jax.sharding.Mesh,
    workdir: Path,
) -> Callable[[int, dict[int, np.ndarray]], Iterator[tuple[int, dict[str, Any]]]]:
    """Makes `(size, draws) -> (draw, scores) ...` from rows of the training cells.

    The features of all cells are computed once. The probe's parameter is chosen among
    the drawn cells alone.
    """
    del mode, workdir
    # Late: scikit-learn is an extra.
    from deeploc_jax.probe.classifiers import PROBES
    from deeploc_jax.probe.fit import Labelled, choose, fit

    probe = lookup('probe', config.probe, PROBES)
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
    groups = train.metadata[config.group_by].astype(str)
    known = Labelled(features['train'], train.labels, groups)

    def work(
        size: int, draws: dict[int, np.ndarray]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        del size
        for draw, rows in draws.items():
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
                    n_train=len(rows), steps=0, seconds=time.perf_counter() - started
                ),
            )

    return work
