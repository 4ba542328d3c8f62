"""Damaged and wrong inputs to every reader: what happens to a few thousand of them.

    python -m benchmarks.fuzz --inputs=2400

Each input is a small, sound file with something changed: bits flipped, bytes cut off,
put in, doubled or exchanged, a number made huge. It is read in a process of its own
kind, which may refuse it in words. Counted are inputs that were read, those that were
refused, and those that ended otherwise: with another exception, in a crash, in more
time or memory than is given, or with a data set half-written. Such inputs are kept,
and the exit status is then 1. The same seed makes the same inputs.
"""

from __future__ import annotations

import collections
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from absl import app, flags

from benchmarks.fuzz.kinds import KINDS
from benchmarks.fuzz.mutations import mutate
from benchmarks.fuzz.reader import GOOD, Reader
from deeploc_jax.progress import progress_bar

_INPUTS = flags.DEFINE_integer('inputs', 2400, 'How many, over all kinds.')
_SEED = flags.DEFINE_integer('seed', 0, 'Decides what is changed.')
_KINDS = flags.DEFINE_list('kinds', None, 'Kinds of file; default: all.')
_SECONDS = flags.DEFINE_float('seconds', 30, 'Time that an input may take.')
_KEEP = flags.DEFINE_string('keep', 'fuzz-failures', 'Folder for what ended badly.')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown: a row a kind of file."""
    del argv
    names = _KINDS.value or list(KINDS)
    share = -(-_INPUTS.value // len(names))
    counts = {name: collections.Counter() for name in names}
    with tempfile.TemporaryDirectory() as folder, Reader(_SECONDS.value) as reader:
        seeds = {name: Path(folder, 'sound', name) for name in names}
        for name, place in seeds.items():
            place.mkdir(parents=True)
            KINDS[name].make(place)
        jobs = [(name, number) for name in names for number in range(share)]
        for name, number in progress_bar(jobs, description='fuzz', unit='input'):
            place = Path(folder, 'input')
            shutil.copytree(seeds[name], place)
            change = '' if number == 0 else change_one(place, name, number)
            outcome, text = reader.read(name, place)
            if number == 0 and outcome != 'read':
                outcome = 'sound input not read'
            if outcome not in GOOD:
                keep(place, name, number, f'{change}\n{outcome}: {text}\n')
            counts[name][outcome] += 1
            shutil.rmtree(place)
    print_table(counts)
    sys.exit(any(set(found) - set(GOOD) for found in counts.values()))


def change_one(place: Path, name: str, number: int) -> str:
    """Changes one of the input's files; says which and how."""
    rng = np.random.default_rng([_SEED.value, number, *name.encode()])
    files = sorted(place.glob(KINDS[name].files))
    path = files[rng.integers(len(files))]
    content, how = mutate(rng, path.read_bytes())
    path.write_bytes(content)
    return f'{path.name}: {how}'


def keep(place: Path, name: str, number: int, text: str) -> None:
    """Copies an input, with what happened to it, out of the temporary folder."""
    target = Path(_KEEP.value, f'{name}-{number}')
    shutil.copytree(place, target, dirs_exist_ok=True)
    (target / 'outcome.txt').write_text(text)
    print(f'\n{target}: {text.strip()[:500]}', file=sys.stderr)


def print_table(counts: dict[str, collections.Counter]) -> None:
    """One row for each kind, and one for all."""
    bad = sorted({key for found in counts.values() for key in found} - set(GOOD))
    total = sum(counts.values(), collections.Counter())
    columns = ['inputs', *GOOD, *(bad or ['otherwise'])]
    print('| kind | ' + ' | '.join(columns) + ' |')
    print('|---' * (len(columns) + 1) + '|')
    for name, found in [*counts.items(), ('all', total)]:
        numbers = [found.total(), *(found[column] for column in columns[1:])]
        print(f'| {name} | ' + ' | '.join(f'{n:,}' for n in numbers) + ' |')


if __name__ == '__main__':
    app.run(main)
