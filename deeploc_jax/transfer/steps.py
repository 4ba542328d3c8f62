"""The batch size and the number of updates of a training."""

from __future__ import annotations

from deeploc_jax.transfer.recipe import Recipe

EPOCHS = ((10, 500), (25, 200), (50, 150), (100, 100))
"""Up to so many cells of each class, so many epochs; `EPOCHS_BEYOND` with more."""
EPOCHS_BEYOND = 50
LEAST_STEPS = 500
MOST_STACKED = 512
"""Cells in the batches of all draws of a program; with more, draws take turns."""


def steps_of_paper(cells_per_class: int | None, cells: int, batch_size: int) -> int:
    """Number of updates: the epochs of the published code, the paper's 500 at least.

    Args:
        cells_per_class: Cells of each class that were drawn; None for all cells.
        cells: Cells that were drawn.
        batch_size: Cells of each update.

    References:
        Kraus et al. 2017, Materials and Methods; github.com/okraus/DeepLoc,
        DeepLoc_transfer_wt2017.py.
    """
    size = cells if cells_per_class is None else cells_per_class
    epochs = next((e for most, e in EPOCHS if size <= most), EPOCHS_BEYOND)
    return max(LEAST_STEPS, epochs * cells // batch_size)


def batch_and_steps(
    recipe: Recipe, cells_per_class: int | None, cells: int, devices: int
) -> tuple[int, int]:
    """Batch size, divisible by the devices, and number of updates of a training."""
    batch = max(min(recipe.batch_size, cells) // devices, 1) * devices
    return batch, recipe.steps or steps_of_paper(cells_per_class, cells, batch)


def draws_together(draws: int, batch: int, platform: str) -> int:
    """Number of draws that share a compiled program: all, or one.

    On CPUs each draw is trained alone: there the stacked convolutions took 1.05 (2
    cells a batch) to 1.71 times (10 cells) as long as one draw after the other.
    """
    return draws if platform != 'cpu' and draws * batch <= MOST_STACKED else 1
