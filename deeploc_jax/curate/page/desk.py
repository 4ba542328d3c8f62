"""All that the page works with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.training.training import Training


@dataclasses.dataclass(frozen=True)
class Desk:
    """All that the app works with.

    Attributes:
        title: Name of the screen, for the page.
        ranking: The cells in their orders.
        journal: Where decisions go.
        training: The rounds of training.
        size: Cells of a sheet, unless the page asks for others.
        export: Writes the corrections, and returns what it did in a sentence.
    """

    title: str
    ranking: Ranking
    journal: Journal
    training: Training
    size: int
    export: Callable[[], str]
