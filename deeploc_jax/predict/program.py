"""Binds a network's compiled function to what it always runs with."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from deeploc_jax import compilation, sharding
from deeploc_jax.data.batches import eval_batches
from deeploc_jax.progress import progress_bar
from deeploc_jax.types import Cells

Function = Callable[[Any, jax.Array], Any]
"""`(variables, images [b, h, w, c]) -> arrays [b, ...]`, one or a tuple of them."""


@dataclasses.dataclass(frozen=True)
class Program:
    """Computes arrays from cells, batch by batch, on all devices of a mesh.

    Attributes:
        function: Jitted `Function`.
        variables: Variables of the network, on every device of the mesh.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
    """

    function: Function
    variables: Any
    mesh: jax.sharding.Mesh
    batch_size: int

    def batches(self, cells: Cells, description: str) -> Iterator[Any]:
        """Results of one batch after the other, NumPy arrays without the padding."""
        batches: Iterable[Any] = eval_batches(cells, self.batch_size, self.mesh)
        left, size = len(cells), self.batch_size
        batches = progress_bar(batches, -(-left // size), description, unit='batch')
        arrays = (self.function(self.variables, batch['image']) for batch in batches)
        for made in _ahead(arrays):
            yield jax.tree.map(lambda x, n=left: np.asarray(x)[:n], made)
            left -= size

    def __call__(self, cells: Cells, description: str = 'predict') -> Any:
        """Results of all cells, in their order: float32 [n, ...]."""
        batches = self.batches(cells, description)
        return jax.tree.map(lambda *parts: np.concatenate(parts), *batches)


def _ahead(items: Iterator[Any]) -> Iterator[Any]:
    """The same items, the next of which is asked for before each is handed on.

    A device that has the next batch to work on need not wait for what the host does
    with this one.
    """
    waiting = collections.deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def compiled(function: Function, mesh: jax.sharding.Mesh) -> Function:
    """The function jitted: cells over all devices in, results on each of them out."""
    return jax.jit(
        function,
        out_shardings=sharding.replicated(mesh),
        compiler_options=compilation.compiler_options(mesh),
    )


def make_program(
    function: Function, variables: Any, mesh: jax.sharding.Mesh, batch_size: int
) -> Program:
    """Compiles a function for a mesh and puts the variables on its devices.

    Args:
        function: Pure function of variables and images.
        variables: Variables of the network, as every process holds them.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.

    Raises:
        ValueError: The batch size cannot be divided by the number of devices.
    """
    sharding.check_batch_size(batch_size, mesh)
    placed = sharding.put_replicated(variables, mesh)
    return Program(compiled(function, mesh), placed, mesh, batch_size)
