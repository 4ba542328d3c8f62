"""Cells to look at: typical ones, confident mistakes, and the strangest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.files import atomic_write
from deeploc_jax.types import Cells

EXAMPLES_PER_CLASS = 8
MISTAKES = 48
UNLIKE = 24


def write_examples(
    path: Path,
    cells: Cells,
    probabilities: np.ndarray,
    novelty: np.ndarray | None,
    seed: int,
) -> None:
    """Writes row numbers and pictures, uint8 [m, h, w, c], of the cells to look at.

    Args:
        path: The .npz file: `rows` and `images`, and with novelty `unlike_rows` and
            `unlike_images`.
        cells: The split.
        probabilities: float [n, k].
        novelty: float [n], if it is known.
        seed: Seed of the choice.
    """
    chosen: dict[str, Any] = dict(rows=example_rows(probabilities, cells.labels, seed))
    if novelty is not None:
        chosen['unlike_rows'] = unlike_rows(novelty)
    pictures: dict[str, Any] = {
        name.replace('rows', 'images'): _shown(cells.images[rows])
        for name, rows in chosen.items()
    }
    atomic_write(
        path, lambda temporary: np.savez_compressed(temporary, **chosen, **pictures)
    )


def _shown(images: np.ndarray) -> np.ndarray:
    """Pictures, uint8 [m, h, w, c], of images of any brightness and range."""
    return np.round(percentile_normalize(images) * 255).astype('u1')


def unlike_rows(novelty: np.ndarray) -> np.ndarray:
    """Cells unlike anything seen in training, the strangest first: int64 row numbers.

    Args:
        novelty: float [n].
    """
    order = np.argsort(-novelty, kind='stable')[:UNLIKE]
    return order[novelty[order] > 1].astype(np.int64)


def example_rows(
    probabilities: np.ndarray, labels: np.ndarray, seed: int
) -> np.ndarray:
    """Cells to look at: random ones of each class and the most confident mistakes.

    The random ones are cells called rightly, or unlabelled ones.

    Args:
        probabilities: [n, k].
        labels: int [n], -1 for an unlabelled cell.
        seed: Seed of the random choice.

    Returns:
        Sorted row numbers, int64.
    """
    predicted = probabilities.argmax(1)
    known = labels >= 0
    right = (predicted == labels) | ~known
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[right[order]]
    chosen = [
        order[predicted[order] == k][:EXAMPLES_PER_CLASS]
        for k in range(probabilities.shape[1])
    ]
    wrong = np.flatnonzero(known & (predicted != labels))
    surest = wrong[np.argsort(-probabilities.max(1)[wrong], kind='stable')]
    return np.unique(np.concatenate([*chosen, surest[:MISTAKES]])).astype(np.int64)
