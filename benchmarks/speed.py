"""Crops per second are compared with PyTorch and plain Flax, in turns in one run.

    pip install -e '.[torch]'
    python -m benchmarks.speed --mode=train --batch=128
    python -m benchmarks.speed --mode=predict --batch=128 \
        --contestants=deeploc_jax,torch,torch.compile

Every contestant is a process of its own. In each round each makes a call that is not
timed and then `--calls` that are, in an order that changes from round to round, so that
a slow minute of the machine affects them all. All have the memory pages that
`launch.py` asks for. A GPU is used where there is one (with `--calls=20`), unless it is
hidden with `JAX_PLATFORMS=cpu CUDA_VISIBLE_DEVICES=`. Ratios are medians over the
rounds of the ratio within a round.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

from absl import app, flags

from benchmarks.speed_worker import CONTESTANTS, MATRIX
from deeploc_jax.markdown import markdown_table

_MODE = flags.DEFINE_enum('mode', 'train', ['train', 'predict'], 'Kind of call.')
_BATCH = flags.DEFINE_integer('batch', 128, 'Crops of 60 x 60 x 2 in a call.')
_ROUNDS = flags.DEFINE_integer('rounds', 7, 'Turns of each contestant.')
_CALLS = flags.DEFINE_integer('calls', 1, 'Timed calls in a turn.')
_NAMES = flags.DEFINE_list('contestants', list(CONTESTANTS), 'Names of those compared.')

REFERENCE = 'deeploc_jax'
SETTINGS = {
    'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1',
    'XLA_PYTHON_CLIENT_PREALLOCATE': 'false',  # contestants share the GPU
}
GFLOP = {'deeploc': 1.60, 'eager': 1.60, 'compile': 1.60, 'plain': 1.60, 'lean': 0.123}
"""Operations of a forward pass of one crop, convolutions as if multiplied directly."""


class Worker:
    """A contestant in a process of its own."""

    def __init__(self, name: str):
        self.name = name
        command = [sys.executable, '-m', 'benchmarks.speed_worker', name, _MODE.value]
        self.process = subprocess.Popen(
            [*command, str(_BATCH.value)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=SETTINGS | os.environ,
        )
        self.first = self._measured()['seconds']
        self.seconds: list[float] = []
        self.cpu: list[float] = []

    def call(self) -> None:
        """Takes one turn."""
        assert self.process.stdin
        self.process.stdin.write(f'{_CALLS.value}\n')
        self.process.stdin.flush()
        measured = self._measured()
        self.seconds.append(measured['seconds'])
        self.cpu.append(measured['cpu'])
        self.gibibytes = measured['gibibytes']

    def _measured(self) -> dict[str, float]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'{self.name} died with {self.process.wait()}.')
        return json.loads(line)

    def row(self, reference: Worker) -> list[str]:
        """One row of the table, a text for each column."""
        median = statistics.median(self.seconds)
        pairs = zip(self.seconds, reference.seconds, strict=True)
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        framework, _, option = CONTESTANTS[self.name]
        if option in GFLOP:
            passes = 3 if _MODE.value == 'train' else 1
            gflop = GFLOP[option] * passes * _BATCH.value
            crops = f'{_BATCH.value / median:.1f}'
        else:
            gflop, crops = 2 * MATRIX**3 / 1e9, ''
        return [
            self.name,
            f'{median:.3f}',
            crops,
            f'{ratio:.2f}',
            f'{statistics.median(self.cpu):.2f}',
            f'{gflop / median:.0f}',
            f'{self.gibibytes:.1f}',
            f'{self.first:.1f}',
        ]


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    del argv
    unknown = set(_NAMES.value) - set(CONTESTANTS)
    if unknown:
        raise app.UsageError(f'Unknown: {unknown}. There are {", ".join(CONTESTANTS)}.')
    workers = [Worker(name) for name in _NAMES.value]
    for number in range(_ROUNDS.value):
        turn = number % len(workers)
        for worker in workers[turn:] + workers[:turn]:
            worker.call()
        now = ', '.join(f'{w.name} {w.seconds[-1]:.2f} s' for w in workers)
        print(f'round {number + 1} of {_ROUNDS.value}: {now}', file=sys.stderr)
    reference = next((w for w in workers if w.name == REFERENCE), workers[0])
    print(f'\n{_MODE.value}, batch {_BATCH.value}, medians of {_ROUNDS.value} rounds\n')
    header = ['', 's per call', 'crops/s', f'time / that of {reference.name}', 'CPU s']
    header += ['GFLOP/s (direct)', 'peak GiB', 'first call, s']
    print(markdown_table(header, [worker.row(reference) for worker in workers]))


if __name__ == '__main__':
    app.run(main)
