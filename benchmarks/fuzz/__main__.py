"""Every reader is given a few thousand damaged or wrong inputs, which must do no harm.

    python -m benchmarks.fuzz --inputs=2400

Each input is a small, sound file with something changed: bits flipped, bytes cut off,
inserted, doubled or exchanged, a number made huge. It is read in a process apart, which
may refuse it with an error message. Counted are inputs that were read, those that were
refused, and those that ended otherwise: with another exception, in a crash, with too
much time or memory, or with a data set half-written. The latter are kept, and the exit
status is then 1. The same seed makes the same inputs.
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
from deeploc_jax.markdown import markdown_table
from deeploc_jax.progress import progress_bar

_INPUTS = flags.DEFINE_integer('inputs', 2400, 'Number of inputs over all kinds.')
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the changes.')
_KINDS = flags.DEFINE_list('kinds', None, 'Kinds of file; default: all.')
_SECONDS = flags.DEFINE_float('seconds', 30, 'Time limit for an input.')
_KEEP = flags.DEFINE_string('keep', 'fuzz-failures', 'Folder for failed inputs.')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown with one row per kind of file."""
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
    """Changes one of the input's files and returns its name and the changes."""
    rng = np.random.default_rng([_SEED.value, number, *name.encode()])
    files = sorted(place.glob(KINDS[name].files))
    path = files[rng.integers(len(files))]
    content, how = mutate(rng, path.read_bytes())
    path.write_bytes(content)
    return f'{path.name}: {how}'


def keep(place: Path, name: str, number: int, text: str) -> None:
    """Copies an input, with a note of its outcome, out of the temporary folder."""
    target = Path(_KEEP.value, f'{name}-{number}')
    shutil.copytree(place, target, dirs_exist_ok=True)
    (target / 'outcome.txt').write_text(text)
    print(f'\n{target}: {text.strip()[:500]}', file=sys.stderr)


def print_table(counts: dict[str, collections.Counter]) -> None:
    """Prints one row for each kind, and one for all."""
    bad = sorted({key for found in counts.values() for key in found} - set(GOOD))
    total = sum(counts.values(), collections.Counter())
    outcomes = [*GOOD, *(bad or ['otherwise'])]
    rows = [
        [name, *(f'{n:,}' for n in (found.total(), *(found[o] for o in outcomes)))]
        for name, found in [*counts.items(), ('all', total)]
    ]
    print(markdown_table(['kind', 'inputs', *outcomes], rows))


if __name__ == '__main__':
    app.run(main)
