"""Tables of cells of a made-up screen in which a few proteins move."""

import numpy as np

from deeploc_jax.tables.scored_cells import scored_cells_table
from deeploc_jax.types import METADATA

NAMES = ('ER', 'GOLGI', 'NUCLEI', 'VACUOLE', 'DEAD')
PROTEINS, CELLS = 80, 20
MOVERS = [f'P{i:03d}' for i in range(8)]
BRIGHTER = [f'P{i:03d}' for i in range(20, 28)]


def changed_screen(replicates=1, seed=0, moving=True, lamp=3.0, extra=()):
    """Cells before and after, of `SCORED_CELLS`.

    Every protein is mostly in one of the first four classes; wells differ. After the
    treatment all of NUCLEI looks a little like VACUOLE, `MOVERS` are in the next class,
    `BRIGHTER` are eight times as bright, and the lamp of each plate is another.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for replicate in range(1, replicates + 1):
        for condition in ('before', 'after'):
            light = lamp ** rng.uniform(-1, 1)
            for number in range(PROTEINS):
                name = f'P{number:03d}'
                moved = moving and condition == 'after' and name in MOVERS
                place = (number + moved) % 4
                share = np.full(5, 0.02)
                share[place] = 1.0
                if condition == 'after' and place == 2:
                    share[3] += 0.25
                mean = share * np.exp(0.35 * rng.normal(size=5))
                fold = 8.0 if condition == 'after' and name in BRIGHTER else 1.0
                fold = fold if moving else 1.0
                level = (
                    100
                    * fold
                    * light
                    * (1 + number % 5)
                    * np.exp(0.15 * rng.normal() + 0.3 * rng.normal(size=CELLS))
                )
                p = rng.dirichlet(6 * mean / mean.sum(), size=CELLS)
                parts.append((replicate, condition, name, p, level))
    return table_of(parts)


def table_of(parts):
    """The cells of (replicate, condition, protein, probabilities, intensities)."""
    n = sum(len(part[3]) for part in parts)
    columns = {name: np.full(n, '', object) for name in METADATA}
    columns |= dict(x=np.zeros(n, np.float32), y=np.zeros(n, np.float32))
    repeat = [len(part[3]) for part in parts]
    for key, index in dict(replicate=0, condition=1, protein=2).items():
        values = np.array([str(part[index]) for part in parts], object)
        columns[key] = np.repeat(values, repeat)
    columns['well'] = columns['protein']
    columns['plate'] = columns['condition'] + columns['replicate']
    columns['cell_id'] = np.array([str(i) for i in range(n)], object)
    p = np.concatenate([part[3] for part in parts]).astype(np.float32)
    level = np.concatenate([part[4] for part in parts]).astype(np.float32)
    columns |= dict(label=np.full(n, -1), label_name=np.full(n, '', object))
    ones = np.ones(n, np.float32)
    columns |= {name: ones for name in ('area', 'major_axis', 'minor_axis')}
    columns |= {'orientation': ones, 'border': np.zeros(n, bool), 'flags': [[]] * n}
    columns |= {
        'mean_GFP': level + 50,
        'integrated_GFP': level,
        'corrected_GFP': level,
    }
    return scored_cells_table(columns, np.ones(n, bool), p, None, NAMES, ['GFP'])
