"""Small plates of fields with round cells, and a network that scores them at once."""

import csv
from contextlib import contextmanager

import numpy as np
import pytest

from deeploc_jax.images import write_ome_tiff
from deeploc_jax.models import MODELS
from deeploc_jax.weights.folder import write_weights
from deeploc_jax.weights.novelty import Novelty
from tests.helpers.small import Small, make_card, random_variables

PIXEL = 0.36  # micrometers; a cell is 14 pixels wide
SHAPE = (96, 112)
CHANNELS = ('GFP', 'RFP')
COLUMNS = ('plate', 'well', 'field', 'protein', 'label', 'image')


def field_image(seed, cells=6, shape=SHAPE):
    """Round cells on a grid, so that none touches another; uint16 [h, w, 2]."""
    rng = np.random.default_rng(seed)
    image = rng.normal(200, 5, (*shape, 2))
    down, right = np.mgrid[: shape[0], : shape[1]]
    grid = [(y, x) for y in (16, 48, 80) for x in (4, 40, 72)]  # three touch the edge
    for place in rng.permutation(len(grid))[:cells]:
        y, x = grid[place] + rng.uniform(-2, 2, 2)
        light = 1000 / (1 + np.exp(np.hypot(down - y, right - x) - 7))
        image += light[..., None] * rng.uniform(0.5, 1.5, 2)
    return image.clip(0, 65535).astype(np.uint16)


def write_screen(folder, plates=2, wells=3, fields=2, pixel_size=PIXEL):
    """Writes the fields and their table, whose path is returned."""
    rows, seed = [], 0
    for plate in range(1, plates + 1):
        for well in range(1, wells + 1):
            for field in range(1, fields + 1):
                seed += 1
                file = f'images/P{plate}_A{well:02}_{field}.ome.tif'
                write_ome_tiff(
                    folder / file, field_image(seed), CHANNELS, (pixel_size,) * 2
                )
                protein = f'ORF{plate}{well}'
                place = (f'P{plate}', f'A{well:02}', str(field))
                rows.append((*place, protein, 'B' if well == 1 else '', file))
    path = folder / 'fields.csv'
    with path.open('w', newline='') as out:
        csv.writer(out).writerows([COLUMNS, *rows])
    return path


@contextmanager
def small_weights(folder, **card):
    """The folder of weights of a network that knows novelty, while it is open."""
    variables = random_variables(Small(), 16)
    rng = np.random.default_rng(0)
    seen = rng.random((2, 40, 4), np.float32)
    novelty = Novelty.fit('conv', seen[0], np.arange(40) % 3, seen[1])
    usual = dict(model=dict(name='small'), class_names=('A', 'B', 'DEAD'))
    written = write_weights(folder, variables, make_card(**usual | card), novelty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, 'small', Small)
        yield str(written)
