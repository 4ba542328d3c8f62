"""Cells are simulated at a speed, and in an amount of memory, that is measured here.

python -m benchmarks.simulation --screen=wild_type --processes=2
"""

from __future__ import annotations

import resource
import sys
import time

from absl import app, flags

from deeploc_jax import simulate
from deeploc_jax.progress import progress_bar

_SCREEN = flags.DEFINE_string('screen', 'wild_type', 'Name of a simulated screen.')
_FIELDS = flags.DEFINE_integer('fields', None, 'Number of its fields; default: all.')
_PROCESSES = flags.DEFINE_integer('processes', None, 'Number; default: one per core.')


def main(argv: list[str]) -> None:
    """Prints cells per second and the peak memory of each process."""
    del argv
    screen = next(s for s in simulate.SCREENS if s.name == _SCREEN.value)
    specs = simulate.screen_layout(screen)[: _FIELDS.value]
    start, cells = time.perf_counter(), 0
    made = simulate.simulate_many(simulate.simulate_crops, specs, _PROCESSES.value)
    for crops in progress_bar(made, len(specs), 'simulate', unit='field'):
        cells += len(crops)
    seconds = time.perf_counter() - start
    unit = 2**20 if sys.platform == 'darwin' else 2**10  # bytes there, else kilobytes
    peaks = [
        resource.getrusage(who).ru_maxrss / unit
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    print(
        f'\n{screen.name}: {cells:,} cells of {len(specs)} fields in {seconds:.0f} s, '
        f'{cells / seconds:.0f} a second; peak {peaks[0]:.0f} MiB, {peaks[1]:.0f} MiB '
        'in a process of its own'
    )


if __name__ == '__main__':
    app.run(main)
