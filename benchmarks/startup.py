"""Starting takes time: imports, set-up, compilation and one call are measured.

    pip install -e '.[torch]'
    python -m benchmarks.startup --mode=train --batch=128

Each start is a process of its own, in turns: cold with an empty folder for compiled
programs, then warm with what the cold one left there. Imports are timed as well.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from absl import app, flags

from deeploc_jax.markdown import markdown_table

_MODE = flags.DEFINE_enum('mode', 'train', ['train', 'predict'], 'Kind of call.')
_BATCH = flags.DEFINE_integer('batch', 128, 'Crops of 60 x 60 x 2 in a call.')
_ROUNDS = flags.DEFINE_integer('rounds', 3, 'Cold and warm starts of each.')
_NAMES = flags.DEFINE_list(
    'contestants',
    ['deeploc_jax', 'lean', 'torch', 'torch.compile'],
    'Names of those compared, keys of CONTESTANTS in speed_worker.py.',
)

FOLDERS = ('JAX_COMPILATION_CACHE_DIR', 'TORCHINDUCTOR_CACHE_DIR')
MODULES = ('deeploc_jax', 'jax', 'torch')


def main(argv: list[str]) -> None:
    """Prints two tables in Markdown."""
    del argv
    seconds: dict[tuple[str, str], list[float]] = {}
    for number in range(_ROUNDS.value):
        for module in MODULES:
            once = timed([sys.executable, '-c', f'import {module}'], {})
            bare = timed([sys.executable, '-c', ''], {})
            seconds.setdefault((module, 'import'), []).append(once - bare)
        for name in _NAMES.value:
            with tempfile.TemporaryDirectory() as folder:
                for state in ('cold', 'warm'):
                    taken = start(name, folder)
                    seconds.setdefault((name, state), []).append(taken)
        print(f'round {number + 1} of {_ROUNDS.value}', file=sys.stderr)
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    imports = [[module, f'{medians[module, "import"]:.2f}'] for module in MODULES]
    print(f'\n{markdown_table(["import", "s"], imports)}')
    print(f'\nTo the first {_MODE.value} call, batch {_BATCH.value}, in seconds\n')
    starts = [
        [name, *(f'{medians[name, state]:.1f}' for state in ('cold', 'warm'))]
        for name in _NAMES.value
    ]
    print(markdown_table(['', 'cold', 'warm'], starts))


def start(name: str, folder: str) -> float:
    """Seconds until a contestant has finished its first call and ended."""
    worker = [sys.executable, '-m', 'benchmarks.speed_worker', name, _MODE.value]
    return timed([*worker, str(_BATCH.value)], dict.fromkeys(FOLDERS, folder))


def timed(command: list[str], settings: dict[str, str]) -> float:
    """Seconds that a command takes."""
    begin = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | settings,
    )
    return time.perf_counter() - begin


if __name__ == '__main__':
    app.run(main)
