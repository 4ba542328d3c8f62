"""A round of training is described, so that another process can do it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from deeploc_jax.curate.training.material import Material

Note = Callable[[str, int, int], None]
"""Is told the stage in words, and how many of how many steps are done."""
HEAD, PREDICTIONS = 'head.npz', 'predictions.parquet'


@dataclasses.dataclass(frozen=True)
class Round:
    """What a round works on; all of it can be sent to another process.

    Attributes:
        workdir: Workdir of the curation.
        number: Number of the round, from 1.
        predictions: What the page's network says, with its features beside it.
        key: Beginning of that network's digest; rounds of another do not count.
        material: The labels.
    """

    workdir: Path
    number: int
    predictions: Path
    key: str
    material: Material

    @property
    def folder(self) -> Path:
        """Where the classifier of the round goes, and what it says."""
        return folder_of(self.workdir, self.number)


def folder_of(workdir: Path, number: int) -> Path:
    """The folder of a round."""
    return workdir / 'rounds' / str(number)
