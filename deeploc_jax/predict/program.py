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
        made: collections.deque[Any] = collections.deque()
        for batch in batches:
            made.append(self.function(self.variables, batch['image']))
            if len(made) > 1:  # the device has the next one to work on
                yield jax.tree.map(np.asarray, made.popleft())
                left -= size
        for last in made:
            yield jax.tree.map(lambda x: np.asarray(x)[:left], last)

    def __call__(self, cells: Cells, description: str = 'predict') -> Any:
        """Results of all cells, in their order: float32 [n, ...]."""
        batches = self.batches(cells, description)
        return jax.tree.map(lambda *parts: np.concatenate(parts), *batches)


def compiled(
    function: Function,
    mesh: jax.sharding.Mesh,
    normalize: Callable[[jax.Array], jax.Array] | None = None,
) -> Function:
    """The function jitted: cells over all devices in, results on each of them out.

    Args:
        function: Pure function of variables and images.
        mesh: Mesh from `sharding.make_mesh`.
        normalize: Function that makes its images from raw pixels; None for images that
            are normalized already.
    """
    return jax.jit(
        of_raw(function, normalize) if normalize else function,
        out_shardings=sharding.replicated(mesh),
        compiler_options=compilation.compiler_options(mesh),
    )


def of_raw(function: Function, normalize: Callable[[jax.Array], jax.Array]) -> Function:
    """The function of raw pixels, which are normalized first."""
    return lambda variables, images: function(variables, normalize(images))


def make_program(
    function: Function,
    variables: Any,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    normalize: Callable[[jax.Array], jax.Array] | None = None,
) -> Program:
    """Compiles a function for a mesh and puts the variables on its devices.

    Args:
        function: Pure function of variables and images.
        variables: Variables of the network, as every process holds them.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        normalize: Normalization of the raw crops that the program then takes, those of
            `raw_images.raw_crops`; None for cells that are normalized already.

    Raises:
        ValueError: The batch size cannot be divided by the number of devices.
    """
    sharding.check_batch_size(batch_size, mesh)
    placed = sharding.put_replicated(variables, mesh)
    return Program(compiled(function, mesh, normalize), placed, mesh, batch_size)
