"""Do profiles of a protein repeat? Ours beside those of hand-made measurements.

    for n in 1 2 3; do
      python launch.py --config=configs/prepare.py:yeast_sim/replicate_$n
      python launch.py --config=configs/evaluate.py --config.source=lean-sim \
          --config.screen=yeast_sim/replicate_$n --config.evaluation.crops=1 \
          --workdir=runs/named-$n
      for source in lean-sim measurements; do
        python launch.py --config=configs/features.py --config.source=$source \
            --config.screen=yeast_sim/replicate_$n --config.splits=test[:1000] \
            --workdir=runs/$source-$n
      done
    done
    python -m benchmarks.studies.replicates \
        runs/named-1,runs/named-2,runs/named-3 \
        runs/lean-sim-1,runs/lean-sim-2,runs/lean-sim-3 \
        runs/measurements-1,runs/measurements-2,runs/measurements-3

The first list names evaluations, the others features. A row is a kind of profile: mean
class probabilities, or medians of the features of one list, for each way to normalize
plates by pycytominer. Cells that are called dead or ghosts are left out; all profiles
are made of the same cells, those that have all features. Replicates are compared as
configs/profile.py does it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from absl import app

from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.profiles import agreement, cytominer
from deeploc_jax.profiles.localization import Options
from deeploc_jax.profiles.tables_of_cells import feature_profiles, localization_profiles
from deeploc_jax.tables import class_names
from deeploc_jax.tables.cell_parts import cell_parts, feature_parts

IGNORED = ('DEAD', 'GHOST')
METHODS = ('', 'standardize', 'mad_robustize', 'spherize')
SEED, RESAMPLES = 0, 2000
HEADER = ('profiles', 'normalization', 'features', 'proteins', 'correlation')
HEADER += ('mean average precision', 'retrieved, q < 0.05')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    if len(argv) < 2:
        raise app.UsageError('Name the evaluations of the replicates, with commas.')
    named, *features = map(split_names, argv[1:])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        parts = [p for path in named for p in cell_parts(path)]
        cells = chosen(pa.concat_tables(parts), features)
        names = class_names(cells)
        kept = np.array([name not in IGNORED for name in names])
        found = localization_profiles([cells], Path(folder), Options(kept / kept.sum()))
        columns = [f'p_{name}' for name in names if name not in IGNORED]
        rows += compare('class probabilities', found.wells, columns)
        for paths in features:
            tables = only(set(cells['cell_id'].to_pylist()), paths)
            summed, names = feature_profiles(tables, Path(folder), 'median')
            rows += compare(Path(paths[0]).name, summed.wells, list(names))
    print(
        f'\n{len(cells):,} cells in {len(found.wells)} wells; intervals over resampled '
        f'proteins, seed {SEED}\n'
    )
    print(markdown_table(HEADER, rows))


def chosen(cells: pa.Table, features: Iterable[list[str]]) -> pa.Table:
    """The cells that all profiles are made of: those that have all features."""
    called = np.array(cells['predicted_name'].to_pylist(), object)
    usable = ~np.isin(called, IGNORED)
    for paths in features:
        there = [table['cell_id'] for path in paths for table, _ in feature_parts(path)]
        names = {name for column in there for name in column.to_pylist()}
        usable &= [name in names for name in cells['cell_id'].to_pylist()]
    return cells.filter(pa.array(usable))


def only(
    wanted: set[str], paths: list[str]
) -> Iterator[tuple[pa.Table, tuple[str, ...]]]:
    """Parts of features with these cells alone."""
    for path in paths:
        for table, names in feature_parts(path):
            rows = [name in wanted for name in table['cell_id'].to_pylist()]
            yield table.filter(pa.array(rows)), names


def compare(
    title: str, wells: pa.Table, features: list[str], methods: Sequence[str] = METHODS
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
        found = agreement.agreement_rows(values, groups, names, seed=SEED)
        yield [title, method or 'none', str(values.shape[1]), *summary(found)]


def summary(found: list[dict]) -> list[str]:
    """Number of proteins, median correlation, mean precision and share retrieved."""
    columns = ('correlation', 'mean_average_precision', 'q_value')
    correlation, precision, q = (np.array([row[c] for row in found]) for c in columns)
    drawn = np.random.default_rng(SEED).integers(
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
