"""A few training steps; as a script, one of several processes that do them together.

python tests/run_steps.py <steps> <output.npz>
"""

import sys

import jax
import numpy as np
import optax

from deeploc_jax import sharding
from deeploc_jax.data.batches import train_batches
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.train.optimizer import make_optimizer
from deeploc_jax.train.state import init_state
from deeploc_jax.train.step import make_train_step
from tests.helpers.small import Small, random_cells

CROP = 16


def run_steps(cells, steps, *, model=None, devices=1, tx=None, ema=False, **options):
    """State and metrics after some steps on small crops."""
    mesh = sharding.make_mesh(jax.devices()[:devices])
    model = model or Small()
    tx = tx or make_optimizer('sgd', optax.constant_schedule(0.05))
    state = init_state(model, tx, (CROP, CROP, 2), 0, mesh, ema=ema)
    step = make_train_step(
        model, tx, mesh, seed=0, augmentation=dict(crop=CROP), **options
    )
    sampler = make_sampler(cells.labels, 16, seed=0)
    metrics = []
    for batch in train_batches(cells, sampler, range(steps), mesh):
        state, values = step(state, batch)
        metrics.append(jax.device_get(values))
    return state, metrics


if __name__ == '__main__':
    sharding.initialize_distributed()
    count = jax.device_count()
    state, metrics = run_steps(
        random_cells(40, size=20), int(sys.argv[1]), devices=count
    )
    if jax.process_index() == 0:
        arrays = map(np.asarray, jax.tree.leaves(state))
        np.savez(sys.argv[2], *arrays, losses=[m['loss'] for m in metrics])
