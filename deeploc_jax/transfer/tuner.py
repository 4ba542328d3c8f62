"""Tunes a network on draws of a target's cells, tests it and writes its weights."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax

from deeploc_jax import sharding
from deeploc_jax.class_map import ClassMap
from deeploc_jax.devices import is_main
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.predict.program import Function, Program, compiled
from deeploc_jax.predict.views import Views
from deeploc_jax.transfer.draws import Draw, Tuned
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.scores import score_logits
from deeploc_jax.transfer.steps import draws_together
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.transfer.trainer import Trainer
from deeploc_jax.transfer.tuned_card import tuned_card
from deeploc_jax.transfer.unseen import Apart, Unseen
from deeploc_jax.weights.folder import TrainedNetwork, write_weights


@dataclasses.dataclass(frozen=True, eq=False)
class Tuner:
    """Trains the network of a source for a target, from its weights or from none.

    Attributes:
        recipe: How it is trained and tested.
        mode: `fine_tune`, `frozen_conv` or `scratch`.
        source: The architecture, and the weights to start from.
        target: The cells to train and test on.
        mesh: From `sharding.make_mesh`.
        unseen: What judges it on groups that were not trained on.
        classes: The target's classes in terms of those of the source, from which their
            layer starts; None: it starts from random values.
    """

    recipe: Recipe
    mode: str
    source: TrainedNetwork
    target: Target
    mesh: jax.sharding.Mesh
    unseen: Unseen
    classes: ClassMap | None = None

    @functools.cached_property
    def trainer(self) -> Trainer:
        """Trains on the target's cells."""
        cells = self.target.cells['train']
        start = self.source, cells, self.mesh, self.classes
        return Trainer(self.recipe, self.mode, *start)

    def cells_seen(self, draw: Draw) -> int:
        """Cells that training on the draw sees, over all steps, and without groups."""
        apart = self.unseen.apart(draw)
        times = 2 if apart and apart.draw is not draw else 1
        return times * math.prod(self.trainer.batch_and_steps(draw))

    def together(self, draws: Sequence[Draw]) -> int:
        """Number of draws of one size that share a compiled program."""
        batch, _ = self.trainer.batch_and_steps(draws[0])
        return draws_together(len(draws), batch, self.mesh.devices.flat[0].platform)

    def fit(self, draws: Sequence[Draw], wanted: Sequence[bool]) -> Iterator[Tuned]:
        """Trains a network on each of the draws, all at once, and tests some.

        Args:
            draws: Draws of one size.
            wanted: Whether the network of each draw is tested.

        Yields:
            Each network that is wanted, as soon as it is tested.

        Raises:
            ValueError: Their cells take more than `memory_limit` on each device.
        """
        started = time.perf_counter()
        stacked = self.trainer.train(draws)
        seconds = (time.perf_counter() - started) / len(draws)
        aparts = [self.unseen.apart(draw) for draw in draws]
        left = [a.draw if a else draw for a, draw in zip(aparts, draws, strict=True)]
        same = all(a is b for a, b in zip(left, draws, strict=True))
        judged = stacked if same else self.trainer.train(left)
        for index, draw in enumerate(draws):
            if wanted[index]:
                own, other = (
                    jax.tree.map(lambda x, i=index: x[i], tree)
                    for tree in (stacked, judged)
                )
                scores = self._unseen_scores(aparts[index], other)
                yield self._test(draw, own, seconds, scores)

    def write(self, network: TrainedNetwork, draw: Draw, folder: Path) -> None:
        """Writes a tuned network, and what it has seen, as weights.

        Args:
            network: The network, from `fit`.
            draw: The cells that it was trained on.
            folder: Folder that is written; weights in it are replaced.
        """
        novelty = fit_novelty(
            network,
            self.target.cells['train'],
            self.target.cells['validation'],
            self.mesh,
            self.recipe.test_batch,
            rows=draw.rows,
            held_out=self.target.held_out(draw.rows),
        )
        if is_main():
            write_weights(folder, network.variables, network.card, novelty)

    @functools.cached_property
    def _logits(self) -> Function:
        # It learned from crops as they are, whatever its source was shown.
        views = Views(self.source.card.crop, self.recipe.crops)
        return compiled(make_logits(self.trainer.model, views), self.mesh)

    def _program(self, variables: Any) -> Program:
        """Program of the logits of a network."""
        placed = sharding.put_replicated(variables, self.mesh)
        return Program(self._logits, placed, self.mesh, self.recipe.test_batch)

    def _unseen_scores(self, apart: Apart | None, variables: Any) -> dict[str, Any]:
        """Scores, on groups that it has not seen, of the network trained for that."""
        if apart is None:
            return self.unseen.scores(None, None)
        logits = self._program(variables)(self.target.cells['validation'], 'unseen')
        guesses = mean_crop_probabilities(logits).argmax(1)
        return self.unseen.scores(apart, guesses)

    def _test(
        self, draw: Draw, variables: Any, seconds: float, unseen: dict[str, Any]
    ) -> Tuned:
        """A network with its scores and its card."""
        program, splits = self._program(variables), ('test', 'validation')
        logits = {split: program(self.target.cells[split], split) for split in splits}
        held_out = self.target.held_out(draw.rows)
        new = self.target.new(draw.rows)
        scores = score_logits(logits, self.target.cells, held_out, new) | unseen
        _, steps = self.trainer.batch_and_steps(draw)
        source, validation = self.source.card, logits['validation']
        card = tuned_card(source, self.target, draw.rows, scores, steps, validation)
        model = card.network_of(variables, 'the tuned network')
        network = TrainedNetwork(card, model, variables)
        return Tuned(draw, scores, seconds, steps, network)
