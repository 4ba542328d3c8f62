"""What a transfer consists of: which channels, how many steps, what to advise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.weights.card import Card

EPOCHS = ((10, 500), (25, 200), (50, 150), (100, 100))
"""Cells of each class, at most, and epochs; more cells are seen 50 times."""
LEAST_STEPS = 500
TOGETHER = 512
"""Cells in the batches of all draws; with more, one draw is trained after the other."""
PLATEAUS = (0.8, 0.9)  # shares of the best, of which it is said what they cost


def steps_of_paper(cells_per_class: int, cells: int, batch_size: int) -> int:
    """Number of updates: the release's epochs, and the paper's 500 at least.

    References:
        Kraus et al. 2017, Materials and Methods; github.com/okraus/DeepLoc,
        DeepLoc_transfer_wt2017.py.
    """
    least = cells_per_class or cells  # 0 stands for all
    epochs = next((e for most, e in EPOCHS if least <= most), 50)
    return max(LEAST_STEPS, epochs * cells // batch_size)


def batch_and_steps(
    recipe: Recipe, cells_per_class: int, cells: int, devices: int
) -> tuple[int, int]:
    """Batch size, divisible by the devices, and number of updates of a training."""
    batch = max(min(recipe.batch_size, cells) // devices, 1) * devices
    return batch, recipe.steps or steps_of_paper(cells_per_class, cells, batch)


def draws_together(draws: int, batch: int, platform: str) -> int:
    """How many draws share a compiled program: all, if a device has room for them.

    On CPUs each alone: there the stacked convolutions took 1.05 (2 cells a batch) to
    1.71 times (10 cells) as long as one draw after the other.
    """
    return draws if platform != 'cpu' and draws * batch <= TOGETHER else 1


def channels_by_role(card: Card, channels: Sequence[str], marker: int) -> list[str]:
    """The target's channels in the order of the source's: protein, marker, others.

    Where the target has no marker, another channel takes its place.

    Args:
        card: Of the source network.
        channels: Of the target screen, protein first.
        marker: Index of the marker among them, -1: none.

    Raises:
        ValueError: The target has fewer channels than the network takes.
    """
    if len(channels) < len(card.channels):
        raise ValueError(
            f'The network takes {len(card.channels)} channels '
            f'({", ".join(card.channels)}), the screen has {", ".join(channels)}.'
        )
    rest = [c for i, c in enumerate(channels) if i not in (0, marker)]
    found = []
    for index in range(len(card.channels)):
        if index == 0:
            found.append(channels[0])
        elif index == card.marker_channel and marker >= 0:
            found.append(channels[marker])
        else:
            found.append(rest.pop(0) if rest else channels[marker])
    return found


def advice(rows: Sequence[dict[str, Any]]) -> str:
    """Which mode to use, and how many labels bring most of what many bring.

    By balanced accuracy on validation, means over the draws: test has no say. Where
    all validation cells were trained on, there is nothing to go by.
    """
    if any(row['validation'] is None for row in rows):
        return (
            'No advice: in some trainings all labelled validation cells were trained '
            'on. Take another split as splits.validation.'
        )
    values: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        by_size = values.setdefault(row['series'], {})
        by_size.setdefault(row['cells_per_class'], []).append(row['validation'])
    means = {
        mode: {size: float(np.mean(draws)) for size, draws in of.items()}
        for mode, of in values.items()
    }
    average = {mode: np.mean(list(of.values())) for mode, of in means.items()}
    best = max(average, key=lambda mode: average[mode])
    sizes = sorted(means[best])
    plateau = max(means[best].values())
    needed = []
    for share in PLATEAUS:
        enough = [size for size in sizes if means[best][size] >= share * plateau]
        needed.append(f'{_number(enough[0])} of each class for {share:.0%} of that')
    words = [
        f'Advice: {best}. On validation it reaches a balanced accuracy of '
        f'{plateau:.3f} with at most {_number(sizes[-1])} of each class; it takes '
        f'{" and ".join(needed)}.'
    ]
    for size in sizes:
        winner = max(means, key=lambda mode: means[mode][size])
        draws = zip(values[winner][size], values[best][size], strict=True)
        if all(one > other for one, other in draws):
            words.append(
                f'With {_number(size)} of each class {winner} is better in every draw '
                f'({means[winner][size]:.3f}; {best} {means[best][size]:.3f}).'
            )
    return ' '.join(words)


def _number(size: int) -> str:
    return 'all cells' if not size else '1 cell' if size == 1 else f'{size} cells'
