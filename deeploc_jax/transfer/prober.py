"""Fits a classifier to frozen features of draws, and tests it like a tuned network."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float32

from deeploc_jax.predict.features import make_cell_features
from deeploc_jax.probe.classifiers import Probe
from deeploc_jax.probe.fit import Labelled, choose, fit
from deeploc_jax.probe.sampling import group_names
from deeploc_jax.transfer.draws import Draw, Tuned
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.scores import score
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.transfer.unseen import Unseen
from deeploc_jax.weights.folder import TrainedNetwork


@dataclasses.dataclass(frozen=True, eq=False)
class Prober:
    """Fits a probe to the features of a source's last layer.

    The probe's parameter is chosen among the cells of the draw alone.

    Attributes:
        recipe: The seed, and how cells are tested.
        probe: The kind of classifier.
        source: The network whose features they are.
        target: The cells to train and test on.
        mesh: From `sharding.make_mesh`.
        group_by: Metadata column; cells with one value of it are left out together
            when the parameter is chosen.
        unseen: What judges it on groups that were not trained on.
    """

    recipe: Recipe
    probe: Probe
    source: TrainedNetwork
    target: Target
    mesh: jax.sharding.Mesh
    group_by: str
    unseen: Unseen

    @functools.cached_property
    def features(self) -> dict[str, Float32[np.ndarray, '_ f']]:
        """Features of the cells of each split, computed once."""
        extract = make_cell_features(self.source, self.mesh, self.recipe.test_batch)
        splits = self.target.cells.items()
        return {split: extract(cells, f'{split} cells') for split, cells in splits}

    def cells_seen(self, draw: Draw) -> int:
        """No cells: a probe takes no time beside a training."""
        del draw
        return 0

    def together(self, draws: Sequence[Draw]) -> int:
        """One: each draw is fitted alone."""
        del draws
        return 1

    def fit(self, draws: Sequence[Draw], wanted: Sequence[bool]) -> Iterator[Tuned]:
        """Fits a probe to each of the draws that are wanted, and tests it."""
        yield from map(self._fit, itertools.compress(draws, wanted))

    def _fit(self, draw: Draw) -> Tuned:
        started = time.perf_counter()
        classifier = self._classifier(draw)
        seconds = time.perf_counter() - started
        guesses = {
            split: classifier.predict(self.features[split])
            for split in ('test', 'validation')
        }
        held_out = self.target.held_out(draw.rows)
        scores = score(guesses, self.target.cells, held_out)
        apart, judged = self.unseen.apart(draw), guesses['validation']
        if apart and apart.draw is not draw:
            judged = self._classifier(apart.draw).predict(self.features['validation'])
        return Tuned(draw, scores | self.unseen.scores(apart, judged), seconds)

    def _classifier(self, draw: Draw) -> Any:
        """The classifier fitted to a draw, with the value that it chooses."""
        train, seed = self.target.cells['train'], self.recipe.seed + draw.number
        groups = group_names(train.metadata[self.group_by])
        cells = Labelled(self.features['train'], train.labels, groups).where(draw.rows)
        value, _ = choose(self.probe, cells, None, seed)
        return fit(self.probe, value, cells, seed)
