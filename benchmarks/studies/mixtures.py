"""The shares of proteins that are in two places, against the truth of the simulator.

    for screen in replicate_1 mixtures; do
      python launch.py --config=configs/prepare.py:yeast_sim/$screen
      python launch.py --config=configs/evaluate.py --config.source=lean-sim \
          --config.screen=yeast_sim/$screen --config.evaluation.crops=1 \
          --workdir=runs/$screen
    done
    python launch.py --config=configs/profile.py --config.cells=runs/mixtures \
        --config.labelled=runs/replicate_1 --workdir=runs/mixture-profiles
    python -m benchmarks.studies.mixtures runs/mixture-profiles

Of each protein of the split the simulator knows the share at its first place; every
cell has it in both. The table compares with that the share of the compartment named
first: of the mean probabilities, of the cells by maximum likelihood (`share`), and
within the cells (`blend`). `right` is how often the compartments named are those that
the protein is in. The first row guesses the median of the true shares for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from absl import app, flags

from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table
from deeploc_jax.tables import PROFILES, class_names, class_values, read_table

_SPLIT = flags.DEFINE_string('split', 'test', 'Split that was evaluated.')
_DATA = flags.DEFINE_string('data_dir', None, 'Folder of prepared screens.')

SEED, RESAMPLES = 0, 2000
HEADER = ('share', 'mean absolute error', 'bias', 'correlation', 'first right')
HEADER += ('both right', 'interval holds the truth')
Truth = dict[str, tuple[float, str, str]]
"""Share at the first place, this, and the second one ('' if there is none)."""


def main(argv: list[str]) -> None:
    """Prints tables in Markdown: all proteins, and the medians by true share."""
    if len(argv) != 2:
        raise app.UsageError('Name the workdir of configs/profile.py.')
    table = read_table(Path(argv[1]) / PROFILES.path, PROFILES)
    table = table.filter(pa.array(table['n_cells'].to_numpy() > 0))
    builder = open_screen('yeast_sim/mixtures', data_dir=_DATA.value, manual_dir=None)
    truth = truth_of(builder.as_data_source(_SPLIT.value), class_names(table))
    known = [truth[name] for name in table['protein'].to_pylist()]
    shares = np.array([share for share, _, _ in known])
    cells = sum(table['n_cells'].to_pylist())
    print(
        f'\n{builder.info.full_name}, {_SPLIT.value}: {len(known)} proteins, '
        f'{cells:,} usable cells; intervals over resampled proteins, seed '
        f'{SEED}\n'
    )
    found = estimates(table)
    print(markdown_table(HEADER, (row(name, e, known) for name, e in found.items())))
    header = ('true share', 'proteins', *found)
    print(f'\n{markdown_table(header, by_share(shares, found))}')


def truth_of(cells: Iterable[dict[str, Any]], names: tuple[str, ...]) -> Truth:
    """What each protein is, from its cells; dead ones do not say the second place."""
    truth: Truth = {}
    for cell in cells:
        protein, second = cell['protein'].decode(), int(cell['second_label'])
        if second >= 0 or protein not in truth:
            other = names[second] if second >= 0 else ''
            share = round(float(cell['share']), 3)
            truth[protein] = share, names[int(cell['origin_label'])], other
    return truth


def estimates(table: pa.Table) -> dict[str, dict[str, Any]]:
    """Share, compartments and interval of each profile, by the kind of estimate."""
    means, names = class_values(table), np.array(class_names(table), object)
    top = np.argsort(-means, axis=1)[:, :2]
    large, small = np.take_along_axis(means, top, axis=1).T
    count = len(table)
    column = {name: table[name].to_numpy(zero_copy_only=False) for name in COLUMNS}
    return {
        'the same for all': dict(share=None, first=np.full(count, '')),
        'mean probability': dict(
            share=large / (large + small),
            first=names[top[:, 0]],
            second=names[top[:, 1]],
        ),
        **{
            name: dict(
                share=column[name],
                low=column[f'{name}_low'],
                high=column[f'{name}_high'],
                first=column[f'{prefix}first'],
                second=column[f'{prefix}second'],
            )
            for name, prefix in (('share', ''), ('blend', 'blend_'))
        },
    }


COLUMNS = ('first', 'second', 'blend_first', 'blend_second')
COLUMNS += tuple(f'{n}{e}' for n in ('share', 'blend') for e in ('', '_low', '_high'))


def row(name: str, found: dict[str, Any], known: list[tuple]) -> list[str]:
    """One row of the table of all proteins."""
    shares = np.array([share for share, _, _ in known])
    guess = np.full(len(shares), np.median(shares))
    errors = (guess if found['share'] is None else found['share']) - shares
    drawn = np.random.default_rng(SEED).integers(
        len(errors), size=(RESAMPLES, len(errors))
    )
    low, high = np.percentile(np.abs(errors)[drawn].mean(axis=1), (2.5, 97.5))
    texts = [name, f'{np.abs(errors).mean():.3f} ({low:.3f} to {high:.3f})']
    texts.append(f'{errors.mean():+.3f}')
    if found['share'] is None:
        return [*texts, '', '', '', '']
    texts.append(f'{np.corrcoef(found["share"], shares)[0, 1]:.2f}')
    one = [
        f == a for f, (s, a, _) in zip(found['first'], known, strict=True) if s > 0.5
    ]
    pairs = zip(found['first'], found['second'], known, strict=True)
    two = [{f, s} == {a, b} for f, s, (_, a, b) in pairs if b]
    texts += [f'{np.mean(one):.2f}', f'{np.mean(two):.2f}']
    if 'low' not in found:
        return [*texts, '']
    held = (found['low'] <= shares + 1e-6) & (shares - 1e-6 <= found['high'])
    return [*texts, f'{held.mean():.2f}']


def by_share(
    shares: np.ndarray, found: dict[str, dict[str, Any]]
) -> Iterable[list[str]]:
    """Median of each estimate for the proteins of each true share."""
    for share in np.unique(shares):
        mine = shares == share
        values = [
            '' if e['share'] is None else f'{np.median(e["share"][mine]):.2f}'
            for e in found.values()
        ]
        yield [f'{share:.1f}', str(mine.sum()), *values]


if __name__ == '__main__':
    app.run(main)
