"""Does a network do better among foreign neighbors where only the cell is left to see?

    python -m benchmarks.studies.masked lean-sim runs/lean

The test split of `yeast_sim/neighbours` shows each cell twice: among its like and among
cells whose protein is elsewhere. The true mask of the cell in the middle, grown by some
pixels and faded over two, leaves it alone on the background of its crop (the tenth
percentile of each channel). A segmentation can do no better: what the true masks do not
bring, no mask brings. One view of each cell; living cells. The difference between the
conditions has a 95 % interval over resampled whole proteins.
"""

from __future__ import annotations

import numpy as np
from absl import app, flags
from scipy.ndimage import binary_dilation, gaussian_filter

import deeploc_jax
from deeploc_jax.data.cells import read_cells
from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table

_DATA = flags.DEFINE_string('data_dir', None, 'Folder of prepared screens.')
GROWN = (None, 8, 4, 2)  # pixels; None: the crop as it is
OWN, RESAMPLES = 1, 2000
HEADER = ('network', 'shown', 'cells', 'among its like', 'among others', 'difference')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    if len(argv) < 2:
        raise app.UsageError('Name weights or workdirs of trainings.')
    builder = open_screen('yeast_sim/neighbours', _DATA.value, None)
    cells = read_cells(builder, 'test', memory_limit=8)
    own = np.stack([row['mask'] == OWN for row in builder.as_data_source('test')])
    names = np.array(cells.class_names)[cells.labels]
    live = ~np.isin(names, ('DEAD', 'GHOST'))
    images, rows = np.asarray(cells.images), []
    for grown in GROWN:
        shown = images if grown is None else alone(images, own, grown)
        for name in argv[1:]:
            network = deeploc_jax.load(name)
            called = network.predict(shown, crops=1).argmax(axis=1)
            right = np.array(network.class_names)[called] == names
            title = 'all' if grown is None else f'the cell and {grown} pixels'
            metadata = {k: cells.metadata[k][live] for k in ('condition', 'protein')}
            rows.append([name, title, *compared(right[live], **metadata)])
    print(markdown_table(HEADER, rows))


def alone(images: np.ndarray, own: np.ndarray, grown: int) -> np.ndarray:
    """Crops [n, h, w, c] in which only the cell, mask [n, h, w], is seen."""
    disc = np.hypot(*np.indices((2 * grown + 1,) * 2) - grown) <= grown
    near = binary_dilation(own, disc[None])
    share = gaussian_filter(near.astype(np.float32), (0, 1, 1))[..., None]
    background = np.percentile(images, 10, axis=(1, 2), keepdims=True)
    return share * images + (1 - share) * background


def compared(
    right: np.ndarray, condition: np.ndarray, protein: np.ndarray
) -> list[str]:
    """Number of cells, both accuracies, and their difference, from hits [n]."""
    same, foreign = (condition == name for name in ('same', 'foreign'))
    names, index = np.unique(protein, return_inverse=True)
    sums = np.stack(
        [
            np.bincount(index, weights, len(names))
            for weights in (right & same, right & foreign, same)
        ],
        axis=1,
    )
    drawn = np.random.default_rng(0).integers(len(names), size=(RESAMPLES, len(names)))
    totals = sums[drawn].sum(1)
    low, high = np.percentile((totals[:, 1] - totals[:, 0]) / totals[:, 2], (2.5, 97.5))
    first, second = right[same].mean(), right[foreign].mean()
    interval = f'{second - first:+.3f} ({low:+.3f} to {high:+.3f})'
    return [f'{same.sum():,}', f'{first:.3f}', f'{second:.3f}', interval]


if __name__ == '__main__':
    app.run(main)
