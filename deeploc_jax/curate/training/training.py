"""The page trains again: a round in the background, and then its doubts come first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.curate.training.background import Background
from deeploc_jax.curate.training.learning_file import points_of, read_points
from deeploc_jax.curate.training.material import collect
from deeploc_jax.curate.training.round import PREDICTIONS, Note, Round, folder_of
from deeploc_jax.curate.training.round_words import round_words

PROGRESS = 'training.json'
NO_NETWORK = 'Give the page a network to train further: --config.source=lean-sim.'


@dataclasses.dataclass(frozen=True)
class Source:
    """The network that the page began with.

    Attributes:
        name: What the page calls it.
        key: Beginning of its digest.
        predictions: What it says of the cells, with its features beside it.
        network: Opens it, a `TrainedNetwork` fitted to the channels of the cells.
        about: Fields of the cards of networks trained from it.
    """

    name: str
    key: str
    predictions: Path
    network: Callable[[], Any]
    about: dict[str, Any]


class Training:
    """The rounds of training of a page, those of earlier runs included.

    Args:
        ranking: The cells in their orders; it takes up what the last round says.
        journal: What was decided.
        workdir: Workdir of the curation.
        source: The network that the page began with; None where there is none.
        work: Trains; `run_round.run_round`, or another function at the top level of a
            module.
    """

    def __init__(
        self,
        ranking: Ranking,
        journal: Journal,
        workdir: Path,
        source: Source | None,
        work: Callable[[Round, Note], None],
    ):
        self.ranking, self.journal = ranking, journal
        self.workdir, self.source, self._work = workdir, source, work
        self.round = 0
        self._background = Background(workdir / PROGRESS)
        self._take_up()

    def start(self) -> None:
        """Starts a round on what is decided now.

        Raises:
            Busy: One is under way.
            ValueError: There is no network, or there are too few labels.
        """
        self._background.check_free()
        if self.source is None:
            raise ValueError(NO_NETWORK)
        self._take_up()
        material = collect(self.ranking.cells, self.journal)
        material.check()
        source, rounds = (
            self.source,
            [row['round'] for row in read_points(self.workdir)],
        )
        number = max(rounds, default=0) + 1
        work = Round(self.workdir, number, source.predictions, source.key, material)
        self._background.start(self._work, work)

    def state(self) -> dict[str, Any]:
        """How far a training is, what the last one learned, and whose doubts are shown.

        What a finished one says is taken up first.
        """
        running = self._background.running
        found = dict(running=running, error='') | self._background.state()
        if not running:
            self._take_up()
        points = self._points()
        return found | dict(
            round=self.round,
            network=self._network(points),
            words=round_words(points),
            points=points,
        )

    def stop(self) -> None:
        """Ends a training that is under way; it is not finished later."""
        self._background.stop()

    def _take_up(self) -> None:
        """Goes on with what the last round says, unless that is so already."""
        rounds = points_of(self.workdir, self.source.key) if self.source else []
        if rounds and rounds[-1]['round'] != self.round:
            self.round = rounds[-1]['round']
            path = folder_of(self.workdir, self.round) / PREDICTIONS
            self.ranking.take_up(with_predictions(self.ranking.cells, path))

    def _points(self) -> list[dict[str, Any]]:
        """The learning curve of the last round."""
        if not self.round:
            return []
        rows = read_points(self.workdir)
        return [row for row in rows if row['round'] == self.round]

    def _network(self, points: list[dict[str, Any]]) -> str:
        if self.source is None:
            known = self.ranking.cells.probabilities is not None
            return 'the predictions that the page began with' if known else ''
        if not points:
            return self.source.name
        learned = points[-1]['cells']
        return f'{self.source.name} after round {self.round}, with {learned:,} labels'
