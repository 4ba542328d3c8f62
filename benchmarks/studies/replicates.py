"""Do profiles of a protein repeat? Ours beside those of hand-made measurements.

    for n in 1 2 3; do
      python launch.py --config=configs/prepare.py:yeast_sim/replicate_$n
      python launch.py --config=configs/evaluate.py --config.source=lean-sim \
          --config.screen=yeast_sim/replicate_$n --config.evaluation.crops=1 \
          --workdir=runs/named-$n
      for source in lean-sim measurements; do
        python launch.py --config=configs/features.py --config.source=$source \
            --config.screen=yeast_sim/replicate_$n --config.splits=test \
            --workdir=runs/$source-$n
      done
    done
    python -m benchmarks.studies.replicates \
        --cells=runs/named-1,runs/named-2,runs/named-3 \
        --features=runs/lean-sim-1,runs/lean-sim-2,runs/lean-sim-3 \
        --features=runs/measurements-1,runs/measurements-2,runs/measurements-3

A row is a kind of profile: mean class probabilities, or medians of the features of one
list of workdirs. Cells that are called dead or ghosts are left out of all alike, and
the same cells, a random choice of at most `cells_per_protein`, are used for all. Plates
are normalized by pycytominer, replicates compared as configs/profile.py does it; for
probabilities, which are near 0 almost everywhere, without normalization too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from absl import app, flags

from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.profiles import agreement, cytominer
from deeploc_jax.profiles.localization import Options
from deeploc_jax.profiles.tables_of_cells import feature_profiles, localization_profiles
from deeploc_jax.tables import class_names
from deeploc_jax.tables.cell_parts import cell_parts, feature_parts

_CELLS = flags.DEFINE_string('cells', '', 'Workdirs of configs/evaluate.py.')
_FEATURES = flags.DEFINE_multi_string(
    'features', [], 'Workdirs of configs/features.py.'
)
_LIMIT = flags.DEFINE_integer('cells_per_protein', None, 'In a replicate; all if None.')
_SEED = flags.DEFINE_integer('seed', 0, 'Of that choice and of random rankings.')

IGNORED = ('DEAD', 'GHOST')
METHODS = ('standardize', 'mad_robustize', 'spherize')
RESAMPLES = 2000
HEADER = ('profiles', 'normalization', 'features', 'proteins', 'correlation')
HEADER += ('mean average precision', 'retrieved, q < 0.05')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    del argv
    if not _CELLS.value:
        raise app.UsageError('Name the evaluations: --cells=<workdirs>.')
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        parts = [p for path in split_names(_CELLS.value) for p in cell_parts(path)]
        cells = chosen(pa.concat_tables(parts))
        names = class_names(cells)
        kept = np.array([name not in IGNORED for name in names])
        found = localization_profiles([cells], Path(folder), Options(kept / kept.sum()))
        columns = [f'p_{name}' for name in names if name not in IGNORED]
        rows += compare('class probabilities', found.wells, columns, ('', *METHODS))
        for paths in _FEATURES.value:
            wanted = set(cells['cell_id'].to_pylist())
            tables = only(wanted, split_names(paths))
            summed, features = feature_profiles(tables, Path(folder), 'median')
            title = Path(split_names(paths)[0]).name
            rows += compare(title, summed.wells, list(features), METHODS)
    print(
        f'\n{len(cells):,} cells in {len(found.wells)} wells; intervals over resampled '
        f'proteins, seed {_SEED.value}\n'
    )
    print(markdown_table(HEADER, rows))


def chosen(cells: pa.Table) -> pa.Table:
    """The cells that all profiles are made of."""
    called = np.array(cells['predicted_name'].to_pylist(), object)
    order = np.random.default_rng(_SEED.value).permutation(len(cells))
    order = order[~np.isin(called[order], IGNORED)]
    keys = ('screen', 'condition', 'replicate', 'protein')
    frame = cells.select(keys).to_pandas().iloc[order]
    taken = frame.groupby(list(keys)).cumcount().to_numpy()
    limit = _LIMIT.value or len(cells)
    return cells.take(pa.array(np.sort(order[taken < limit])))


def only(
    wanted: set[str], paths: list[str]
) -> Iterator[tuple[pa.Table, tuple[str, ...]]]:
    """Parts of features with these cells alone."""
    for path in paths:
        for table, names in feature_parts(path):
            rows = [name in wanted for name in table['cell_id'].to_pylist()]
            yield table.filter(pa.array(rows)), names


def compare(
    title: str, wells: pa.Table, features: list[str], methods: tuple[str, ...]
) -> Iterator[list[str]]:
    """A row for each way to normalize, '' for none."""
    frame = cytominer.cytominer_table(wells, features).to_pandas()
    for method in methods:
        rows = frame
        if method:
            rows = cytominer.normalize_plates(frame, method)
            if method != 'spherize':
                rows = cytominer.select_features(rows)
        values, groups, names = cytominer.replicates(rows)
        found = agreement.agreement_rows(values, groups, names, seed=_SEED.value)
        yield [title, method or 'none', str(values.shape[1]), *summary(found)]


def summary(found: list[dict]) -> list[str]:
    """Number of proteins, median correlation, mean precision and share retrieved."""
    columns = ('correlation', 'mean_average_precision', 'q_value')
    correlation, precision, q = (np.array([row[c] for row in found]) for c in columns)
    drawn = np.random.default_rng(_SEED.value).integers(
        len(precision), size=(RESAMPLES, len(precision))
    )
    low, high = np.percentile(precision[drawn].mean(axis=1), (2.5, 97.5))
    return [
        str(len(found)),
        f'{np.nanmedian(correlation):.3f}',
        f'{precision.mean():.3f} ({low:.3f} to {high:.3f})',
        f'{np.mean(q < 0.05):.3f}',
    ]


if __name__ == '__main__':
    app.run(main)
