"""Many fields are simulated at once, on several processors and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from deeploc_jax.processes import available_processors, map_in_processes
from deeploc_jax.simulate.field_spec import FieldSpec

SMALL = 30e6  # pixels that are made before other processes would have started
Made = TypeVar('Made')


def simulate_many(
    make: Callable[[FieldSpec], Made],
    specs: Sequence[FieldSpec],
    processes: int | None = None,
) -> Iterator[Made]:
    """Applies a function to the specs of many fields.

    Args:
        make: `simulate_field`, `simulate_crops`, or a function at the top level of a
            module that calls them.
        specs: Specs of the fields.
        processes: Number of processes; by default one for every processor this process
            may use, and a single one when there is little to do. The results do not
            depend on it.

    Yields:
        The result for each spec, in their order.
    """
    if processes is None:
        processes = 1 if _pixels(specs) <= SMALL else available_processors()
    yield from map_in_processes(make, specs, processes)


def _pixels(specs: Sequence[FieldSpec]) -> int:
    shapes = (spec.plate.instrument.field_shape for spec in specs)
    return sum(rows * columns for rows, columns in shapes)
