"""Data parallelism: one mesh axis, `data`, over every device of every host.

The batch is split over the axis, everything else is replicated. XLA then sums
gradients and batch-norm statistics over the whole global batch, so that one device
and many compute the same thing.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from deeploc_jax.cluster import find_cluster


def initialize_distributed() -> None:
    """Joins the processes that the environment names, and says for whom it waits.

    By hand they are named by `JAX_COORDINATOR_ADDRESS`, `JAX_NUM_PROCESSES` and
    `JAX_PROCESS_ID`; under `srun`, `mpirun` and on TPU pods the launcher does it.

    Raises:
        ValueError: Something is missing to find the others.
    """
    found = find_cluster(os.environ, os.getpid())
    if found is None:
        return
    print(found.words(), file=sys.stderr, flush=True)
    number = None if found.index is None else found.processes  # of a TPU pod: JAX knows
    jax.distributed.initialize(found.address, number, found.index)


def make_mesh(devices: Any = None) -> Mesh:
    """A mesh of all devices (or those given) along one axis, `data`."""
    if devices is None:
        # By host: the rows of a batch that a host provides must be neighbours.
        devices = sorted(jax.devices(), key=lambda d: (d.process_index, d.id))
    # Explicit axes, the default of today, break nn.Dropout.
    return Mesh(np.asarray(devices), ('data',), axis_types=(AxisType.Auto,))


def replicated(mesh: Mesh) -> NamedSharding:
    """The sharding of state and data sets: a copy on every device."""
    return NamedSharding(mesh, PartitionSpec())


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """The sharding of batches: the first axis split over `data`."""
    return NamedSharding(mesh, PartitionSpec('data'))


def check_batch_size(batch_size: int, mesh: Mesh) -> None:
    """Raises a ValueError unless the global batch can be split evenly."""
    devices = mesh.devices.size
    if batch_size < 1 or batch_size % devices:
        raise ValueError(
            f'batch_size ({batch_size}) must be divisible by the device count '
            f'({devices}): try {max(batch_size // devices, 1) * devices}.'
        )


def local_slice(batch_size: int) -> slice:
    """The rows of a global batch that this process provides."""
    share = batch_size // jax.process_count()
    return slice(jax.process_index() * share, (jax.process_index() + 1) * share)


def put_batch(batch: Any, mesh: Mesh) -> Any:
    """Places this process's rows (numpy, first axis) as one global batch."""
    sharding = batch_sharding(mesh)
    return jax.tree.map(
        lambda x: jax.make_array_from_process_local_data(sharding, x), batch
    )


def put_replicated(tree: Any, mesh: Mesh) -> Any:
    """Places arrays that every process holds in full on every device."""
    sharding = replicated(mesh)
    return jax.tree.map(
        lambda x: jax.make_array_from_callback(
            np.shape(x), sharding, lambda index, x=x: np.asarray(x)[index]
        ),
        tree,
    )
