"""From the cells of a split to the tables of its evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deeploc_jax.devices import is_main
from deeploc_jax.evaluate.evaluation import write_evaluation
from deeploc_jax.predict.program import Program
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork


def evaluate_split(
    folder: Path,
    network: TrainedNetwork,
    outputs: Program,
    cells: Cells,
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any] | None:
    """Predicts a split and writes its tables.

    Args:
        folder: Folder that the tables go to, see `write_evaluation`; it has the name of
            the split.
        network: The network, with its temperature and what it has seen.
        outputs: Program of its logits and its novelty layer's features.
        cells: The split.
        seed: Seed of the bootstrap and of the choice of example cells.
        resamples: Number of resamples of the bootstrap.

    Returns:
        What `metrics.json` holds; None in every process but the first, which alone
        writes.
    """
    logits, features = outputs(cells, folder.name)
    if not is_main():
        return None
    return write_evaluation(
        folder,
        cells,
        logits,
        novelty=network.novelty.score(features) if network.novelty else None,
        temperature=network.card.temperature,
        seed=seed,
        resamples=resamples,
    )
