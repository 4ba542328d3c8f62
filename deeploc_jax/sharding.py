"""Data parallelism uses one mesh axis, `data`, over every device of every host.

The batch is split over this axis and everything else is replicated. XLA then sums
gradients and batch-norm statistics over the whole batch, so that one device and many
compute the same thing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from deeploc_jax.cluster import find_cluster


def initialize_distributed() -> None:
    """Joins the processes that the environment names, and prints what it waits for.

    `JAX_COORDINATOR_ADDRESS`, `JAX_NUM_PROCESSES` and `JAX_PROCESS_ID` name them by
    hand; `srun`, `mpirun` and TPU pods name them by themselves.

    Raises:
        ValueError: A variable that is needed to find the others is missing.
    """
    cluster = find_cluster(os.environ, os.getpid())
    if cluster is None:
        return
    print(cluster.words(), file=sys.stderr, flush=True)
    # On a TPU pod, JAX knows number and index.
    number = None if cluster.index is None else cluster.processes
    jax.distributed.initialize(cluster.address, number, cluster.index)


def make_mesh(devices: Any = None) -> Mesh:
    """Makes a mesh of all devices, or of those given, along one axis, `data`."""
    if devices is None:
        # By host: the rows of a batch that a host provides must be adjacent.
        devices = sorted(jax.devices(), key=lambda d: (d.process_index, d.id))
    # Explicit axes, the present default, break nn.Dropout.
    return Mesh(np.asarray(devices), ('data',), axis_types=(AxisType.Auto,))


def replicated(mesh: Mesh) -> NamedSharding:
    """Sharding of state and data sets: a copy on every device."""
    return NamedSharding(mesh, PartitionSpec())


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """Sharding of batches: the first axis is split over `data`."""
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
    """Slice of the rows of a global batch that this process provides."""
    share = batch_size // jax.process_count()
    return slice(jax.process_index() * share, (jax.process_index() + 1) * share)


def put_batch(batch: Any, mesh: Mesh) -> Any:
    """Places the rows of every process (NumPy, first axis) as one global batch."""
    sharding = batch_sharding(mesh)
    return jax.tree.map(
        lambda x: jax.make_array_from_process_local_data(sharding, x), batch
    )


def put_replicated(tree: Any, mesh: Mesh) -> Any:
    """Places arrays on every device; every process must hold them in full."""
    sharding = replicated(mesh)
    return jax.tree.map(
        lambda x: jax.make_array_from_callback(
            np.shape(x), sharding, lambda index, x=x: np.asarray(x)[index]
        ),
        tree,
    )


def as_first_sees(facts: Sequence[bool]) -> list[bool]:
    """What the first process finds, in every process.

    Processes that read a share for themselves may see older files than the first one
    does, and would then wait for each other in different programs.

    Args:
        facts: What this process finds, as many facts in each.
    """
    found = multihost_utils.broadcast_one_to_all(np.array(facts, bool))
    return [bool(fact) for fact in found]
