"""A round of training is described, so that another process can do it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeploc_jax.curate.material import Material

Note = Callable[[str, int, int], None]
"""Is told the stage in words, and how many of how many steps are done."""
PREDICTIONS = 'predictions.parquet'


@dataclasses.dataclass(frozen=True)
class Round:
    """What a round works on; all of it can be sent to another process.

    Attributes:
        workdir: Workdir of the curation.
        number: Number of the round, from 1.
        predictions: What the page's network says, with its features beside it.
        network: Opens that network, a `TrainedNetwork` fitted to the channels of the
            cells.
        key: Beginning of its digest; rounds of another network do not count.
        material: The labels.
        about: Fields of the new network's card: where its cells are from.
    """

    workdir: Path
    number: int
    predictions: Path
    network: Callable[[], Any]
    key: str
    material: Material
    about: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where the network of the round goes, and what it says."""
        return folder_of(self.workdir, self.number)


def folder_of(workdir: Path, number: int) -> Path:
    """The folder of a round."""
    return workdir / 'rounds' / str(number)
