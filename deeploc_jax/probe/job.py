"""A probe is fitted once: cells are drawn, its parameter is chosen, it is tested."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeploc_jax import metrics
from deeploc_jax.probe import ensemble
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.probe.fit import Labelled, choose, fit
from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.probe.training_sets import TrainingSets
from deeploc_jax.splits import overlaps, whole_splits
from deeploc_jax.tables.features import Features


@dataclasses.dataclass(frozen=True)
class Job:
    """Which probe, on which features, with how many cells of each class.

    Attributes:
        features: Name of the set of features.
        probe: Key of `PROBES`, or `ensemble.NAME`.
        cells_per_class: Cells of each class; None for all that are labelled.
        draw: Number of the draw of these cells, or of the seed.
    """

    features: str
    probe: str
    cells_per_class: int | None
    draw: int

    @property
    def name(self) -> dict[str, Any]:
        """The name of the fit in `fits.jsonl`, where 0 cells of each class mean all."""
        return dataclasses.asdict(self) | dict(
            cells_per_class=self.cells_per_class or 0
        )


def run_job(
    job: Job,
    features: Features,
    splits: Mapping[str, str],
    group_by: str,
    seed: int,
    training_sets: TrainingSets | None = None,
) -> dict[str, Any]:
    """Fits a probe and tests it.

    With all cells the parameter is chosen on validation; with a handful, or where
    validation cells are trained or tested on too, by grouped cross-validation among the
    training cells.

    Args:
        job: The fit to do.
        features: Features of labelled cells.
        splits: Names of the splits called `train`, `validation` (may have no cells) and
            `test`; several with a plus, `train+validation`.
        group_by: Column by which cells are drawn and left out together.
        seed: Seed of draw 0; draw i has this seed plus i.
        training_sets: Sets that an ensemble learns from instead of the labelled cells.

    Returns:
        The `value` of the parameter, the score it was chosen by (`chosen_by`) and
        among how many values, `n_train`, `n_test`, and on test `accuracy`,
        `balanced_accuracy` and `recall` by class.
    """
    seed = seed + job.draw
    train, validation, test = (
        _labelled(features.of_split(splits[name]), group_by)
        for name in ('train', 'validation', 'test')
    )
    rows = np.arange(len(train))
    if job.cells_per_class is not None:
        rows = draw_cells(train.y, train.groups, job.cells_per_class, seed)
        train = train.where(rows)
    ranges = {name: whole_splits(split) for name, split in splits.items()}
    shared = any('validation' in pair[:2] for pair in overlaps(ranges))
    usable = len(validation) and not shared and job.cells_per_class is None
    held_out = validation if usable else None
    if job.probe == ensemble.NAME:
        assert training_sets is not None
        n_train, among = len(training_sets), len(ensemble.PENALTIES)
        classifier, value, score = ensemble.choose_and_fit(
            training_sets, held_out, seed
        )
    else:
        n_train, among = len(np.unique(rows)), len(PROBES[job.probe].values)
        value, score = choose(PROBES[job.probe], train, held_out, seed)
        classifier = fit(PROBES[job.probe], value, train, seed)
    return dict(
        value=float(value),
        chosen_by=None if np.isnan(score) else score,
        chosen_among=among,
        n_train=n_train,
        **_tested(classifier.predict(test.x), test.y, features.class_names),
    )


def _tested(
    predicted: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> dict[str, Any]:
    """Scores of the classes predicted for test cells; recalls of classes with cells."""
    guesses = metrics.certain(predicted, len(class_names))
    recalls = zip(class_names, metrics.recall(guesses, labels), strict=True)
    return dict(
        n_test=len(labels),
        accuracy=float(metrics.accuracy(guesses, labels)),
        balanced_accuracy=float(metrics.balanced_accuracy(guesses, labels)),
        recall={name: float(value) for name, value in recalls if value >= 0},
    )


def _labelled(features: Features, group_by: str) -> Labelled:
    groups = group_names(features.metadata[group_by])
    return Labelled(features.values, features.labels, groups)
