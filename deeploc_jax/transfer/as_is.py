"""Names the target's cells by the source as it is, and tests that like a tuning."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float64, Int

from deeploc_jax.class_map import ClassMap
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import make_program
from deeploc_jax.predict.views import views_of
from deeploc_jax.transfer.draws import Draw, Tuned
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.scores import score_probabilities
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.weights.folder import TrainedNetwork


@dataclasses.dataclass(frozen=True, eq=False)
class AsIs:
    """Asks the source only for the classes of the target, see `ClassMap.probabilities`.

    It learns from no cell: its temperature is that of the source. Cells of classes that
    nothing is mapped to count as wrong.

    Attributes:
        recipe: How cells are tested.
        classes: The target's classes in terms of those of the source.
        source: The network.
        target: The cells to test on.
        mesh: From `sharding.make_mesh`.
    """

    recipe: Recipe
    classes: ClassMap
    source: TrainedNetwork
    target: Target
    mesh: jax.sharding.Mesh

    def cells_seen(self, draw: Draw) -> int:
        """No cells: nothing is trained."""
        del draw
        return 0

    def together(self, draws: Sequence[Draw]) -> int:
        """One: there is one draw, without a cell."""
        del draws
        return 1

    def fit(self, draws: Sequence[Draw], wanted: Sequence[bool]) -> Iterator[Tuned]:
        """Tests the source, whatever the draw."""
        for draw in itertools.compress(draws, wanted):
            yield Tuned(draw, self._scores(), seconds=0.0)

    @functools.cached_property
    def logits(self) -> dict[str, np.ndarray]:
        """The source's logits of test and validation cells, float32 [n, crops, m]."""
        card, recipe = self.source.card, self.recipe
        logits = make_logits(self.source.model, views_of(card, recipe.crops))
        variables, size = self.source.variables, recipe.test_batch
        program = make_program(logits, variables, self.mesh, size)
        splits = ('test', 'validation')
        return {split: program(self.target.cells[split], split) for split in splits}

    def probabilities(
        self, temperature: float
    ) -> dict[str, Float64[np.ndarray, '_ k']]:
        """Probabilities of the target's classes, of test and validation cells."""
        return {
            split: self.classes.probabilities(mean_crop_probabilities(z, temperature))
            for split, z in self.logits.items()
        }

    def validation_guesses(self) -> Int[np.ndarray, ' v']:
        """Class indices of all validation cells."""
        return self.probabilities(self.source.card.temperature)['validation'].argmax(1)

    def _scores(self) -> dict[str, Any]:
        card, cells = self.source.card, self.target.cells
        calibrated, plain = map(self.probabilities, (card.temperature, 1.0))
        everyone = np.ones(len(cells['validation']), bool)
        return score_probabilities(calibrated, plain, cells, everyone) | dict(
            temperature=card.temperature, calibration=f'as the source: {card.screen}'
        )
