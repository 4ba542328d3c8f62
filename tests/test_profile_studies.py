"""The studies of profiles: the truth of a mixture, the same cells for all profiles."""

import numpy as np
import pyarrow as pa
import pytest
from absl import flags

from benchmarks.studies import mixtures, replicates
from deeploc_jax.profiles.localization import Options
from deeploc_jax.profiles.tables_of_cells import localization_profiles
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table
from tests.helpers.small import random_cells

NAMES = ('ER', 'GOLGI', 'DEAD')


@pytest.fixture(autouse=True)
def parsed():
    if not flags.FLAGS.is_parsed():
        flags.FLAGS(['test'])


def predictions(n=60, seed=0):
    cells = random_cells(n, size=4, seed=seed)
    p = np.random.default_rng(seed).dirichlet(np.ones(3), size=n).astype(np.float32)
    return predictions_table(cells.metadata, cells.labels, p, NAMES)


def test_dead_cells_do_not_say_the_second_place():
    def cell(protein, second):
        return dict(
            protein=protein, second_label=second, share=np.float32(0.7), origin_label=1
        )

    cells = [cell(b'P', -1), cell(b'P', 0), cell(b'P', -1), cell(b'Q', -1)]
    assert mixtures.truth_of(cells, NAMES) == {
        'P': (0.7, 'GOLGI', 'ER'),
        'Q': (0.7, 'GOLGI', ''),
    }


def test_rows_of_mixtures_are_errors_against_the_truth():
    known = [(0.8, 'ER', 'GOLGI'), (1.0, 'ER', '')]
    found = dict(
        share=np.array([0.85, 0.95]),
        low=np.array([0.7, 0.7]),
        high=np.array([0.95, 0.95]),
        first=np.array(['ER', 'GOLGI'], object),
        second=np.array(['GOLGI', 'ER'], object),
    )
    row = mixtures.row('mine', found, known)
    assert row[1].startswith('0.050 (') and float(row[2]) == 0
    assert row[3:] == ['1.00', '0.50', '1.00', '0.50']
    (one, other) = mixtures.by_share(np.array([0.8, 1.0]), dict(mine=found))
    assert one == ['0.8', '1', '0.85'] and other == ['1.0', '1', '0.95']


def test_estimates_are_of_the_profiles(tmp_path):
    options = Options(np.array([0.5, 0.5, 0]), resamples=10)
    table = localization_profiles([predictions()], tmp_path, options).proteins
    found = mixtures.estimates(table)
    assert list(found) == ['the same for all', 'mean probability', 'share', 'blend']
    assert (found['mean probability']['share'] >= 0.5).all()
    assert found['share']['first'].tolist() == table['first'].to_pylist()


def test_all_profiles_are_made_of_the_same_cells(tmp_path):
    table, cells = predictions(), random_cells(60, size=4)
    values = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    features = features_table(cells, 'test', list('abcd'), values, {})
    write_table(features.slice(0, 40), tmp_path / 'features.parquet/0.parquet')
    (tmp_path / 'run.json').write_text('{}')
    kept = replicates.chosen(table, [[str(tmp_path)]])
    names = set(kept['cell_id'].to_pylist())
    alive = table.slice(0, 40).filter(pa.compute.field('predicted_name') != 'DEAD')
    assert names == set(alive['cell_id'].to_pylist())
    parts = [part for part, _ in replicates.only(names, [str(tmp_path)])]
    assert set(pa.concat_tables(parts)['cell_id'].to_pylist()) == names


def test_profiles_that_repeat_are_found():
    rng = np.random.default_rng(0)
    n, f = 20, 6
    base = rng.normal(size=(n, f))
    columns = {name: [''] * 2 * n for name in ('screen', 'condition')}
    columns |= dict(replicate=['1'] * n + ['2'] * n, plate=['1'] * n + ['2'] * n)
    columns |= dict(well=[f'A{i}' for i in range(n)] * 2)
    columns |= dict(protein=[f'P{i}' for i in range(n)] * 2, n_cells=[5] * 2 * n)
    values = np.concatenate([base, base + 0.05 * rng.normal(size=(n, f))])
    names = [f'f{i}' for i in range(f)]
    table = pa.table(columns | dict(zip(names, values.T, strict=True)))
    (row,) = replicates.compare('mine', table, names, ('standardize',))
    assert row[:4] == ['mine', 'standardize', '6', '20']
    assert float(row[4]) > 0.9 and row[5].startswith('1.000') and row[6] == '1.000'
