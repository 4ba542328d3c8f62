"""Whole tables of cells become profiles, whatever order their parts come in."""

import numpy as np
import pyarrow as pa
import pytest

from configs import profile as profile_config
from deeploc_jax.profiles.features import cell_hashes, feature_rows
from deeploc_jax.profiles.localization import Options
from deeploc_jax.profiles.partitions import partitions
from deeploc_jax.profiles.tables_of_cells import (
    feature_profiles,
    localization_profiles,
)
from deeploc_jax.tables import PROFILES, class_names, read_table
from deeploc_jax.tables.cell_parts import cell_parts, feature_parts
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table
from deeploc_jax.tables.scored_cells import scored_cells_table
from deeploc_jax.tasks import profile as task
from tests.helpers.small import random_cells

NAMES = ('A', 'B', 'C')
OPTIONS = Options(np.ones(3) / 3, resamples=10)


def predictions(n=120, seed=0):
    cells = random_cells(n, size=4, seed=seed)
    p = np.random.default_rng(seed).dirichlet(np.ones(3), size=n).astype(np.float32)
    return predictions_table(cells.metadata, cells.labels, p, NAMES)


def features(n=60, seed=0):
    cells = random_cells(n, size=4, seed=seed)
    values = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    return features_table(cells, 'test', ['f0', 'f1', 'f2'], values, dict(layer='f'))


@pytest.mark.parametrize('memory', [1 << 30, 100])
def test_rows_of_a_key_are_in_one_table(tmp_path, memory):
    table = predictions()
    parts = [table.slice(start, 7) for start in range(0, len(table), 7)]
    found = list(partitions(parts, ['protein', 'plate'], tmp_path, memory))
    names = [set(part['protein'].to_pylist()) for part in found]
    assert sum(map(len, names)) == len(set.union(*names))
    assert sorted(n for part in found for n in part['cell_id'].to_pylist()) == sorted(
        table['cell_id'].to_pylist()
    )
    assert (len(found) > 1) == (memory == 100)
    assert class_names(found[0]) == NAMES
    assert not list(tmp_path.iterdir())  # files are gone


def test_parts_that_do_not_fit_in_memory_give_the_same_rows(tmp_path):
    table = predictions()
    parts = [table.slice(start, 11) for start in range(0, len(table), 11)]
    whole = localization_profiles([table], tmp_path, OPTIONS)
    split = localization_profiles(parts, tmp_path, OPTIONS, memory=100)
    for name in ('wells', 'proteins'):
        one, two = getattr(whole, name), getattr(split, name)
        assert one.schema.equals(two.schema, check_metadata=True)
        assert one.select(['protein', 'n_cells', 'first']).equals(
            two.select(['protein', 'n_cells', 'first'])
        )
        for column in ('p_A', 'share_B', 'low_C', 'heterogeneity'):
            np.testing.assert_allclose(one[column], two[column], atol=1e-3)


def test_cells_without_a_protein_are_no_profile_but_a_well(tmp_path):
    table = predictions()
    index = table.column_names.index('protein')
    names = ['X', ''] * (len(table) // 2)
    some = table.set_column(index, 'protein', [names])
    found = localization_profiles([some], tmp_path, OPTIONS)
    assert set(found.proteins['protein'].to_pylist()) == {'X'}
    assert set(found.wells['protein'].to_pylist()) == {'X', ''}
    none = table.set_column(index, 'protein', [[''] * len(table)])
    found = localization_profiles([none], tmp_path, OPTIONS)
    assert set(found.proteins['protein'].to_pylist()) == {''}
    assert sum(found.proteins['n_all'].to_pylist()) == len(table)


def test_no_cells_and_tables_that_differ_are_errors(tmp_path):
    with pytest.raises(ValueError, match='no cell in the tables'):
        localization_profiles([predictions().slice(0, 0)], tmp_path, OPTIONS)
    other = predictions().drop_columns(['p_C'])
    with pytest.raises(ValueError, match='not in all of them: p_C'):
        localization_profiles([predictions(), other], tmp_path, OPTIONS)


def test_evaluations_are_read_in_parts_by_their_workdir(tmp_path, monkeypatch):
    table = predictions()
    path = tmp_path / 'evaluation/test/predictions.parquet'
    write_table(table, path)
    monkeypatch.setattr('deeploc_jax.tables.cell_parts.ROWS', 50)
    for place in (tmp_path, path):
        parts = list(cell_parts(place))
        assert [len(part) for part in parts] == [50, 50, 20]
        assert pa.concat_tables(parts).equals(table)
        assert class_names(parts[0]) == NAMES
    write_table(table, tmp_path / 'evaluation/validation/predictions.parquet')
    with pytest.raises(ValueError, match='several tables of cells, name one: '):
        list(cell_parts(tmp_path))
    with pytest.raises(FileNotFoundError):
        list(cell_parts(tmp_path / 'none'))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match='predictions.parquet is not a readable'):
        list(cell_parts(path))


def test_features_become_medians_of_usable_cells(tmp_path):
    table = features()
    folder = tmp_path / 'features.parquet'
    write_table(table.slice(0, 25), folder / 'test-0.parquet')
    write_table(table.slice(25), folder / 'test-1.parquet')
    with pytest.raises(ValueError, match='not finished'):
        list(feature_parts(tmp_path))
    (tmp_path / 'run.json').write_text('{}')
    unusable = predictions(60).filter(pa.array(np.arange(60) < 10))
    hashes = np.sort(cell_hashes(unusable))
    found, names = feature_profiles(feature_parts(tmp_path), tmp_path, 'median', hashes)
    assert names == ('f0', 'f1', 'f2')
    rows = found.proteins.to_pylist()
    mine = np.array(table['protein'].to_pylist()) == rows[1]['protein']
    used = mine & (np.arange(60) >= 10)
    assert (rows[1]['n_all'], rows[1]['n_cells']) == (mine.sum(), used.sum())
    expected = np.median(table['f1'].to_numpy()[used])
    assert rows[1]['f1'] == pytest.approx(expected)
    _, means = feature_rows(table, names, 'mean')
    expected = table['f2'].to_numpy()[mine].mean()
    assert means.to_pylist()[1]['f2'] == pytest.approx(expected)
    with pytest.raises(ValueError, match='statistic'):
        feature_rows(table, names, 'mode')


def test_features_of_two_layers_do_not_mix(tmp_path):
    table = features()
    with pytest.raises(ValueError, match='different layers'):
        feature_profiles([(table, ('f0',)), (table, ('f1',))], tmp_path, 'mean')


def test_profiles_survive_parquet(tmp_path):
    found = localization_profiles([predictions()], tmp_path, OPTIONS)
    path = write_table(found.proteins, tmp_path / 'profiles.parquet')
    assert read_table(path, PROFILES).equals(found.proteins)


def scored(n=40):
    """Cells of a scored screen, every eighth at the border."""
    cells = random_cells(n, size=4)
    inside = np.arange(n) % 8 > 0
    p = np.random.default_rng(0).dirichlet(np.ones(3), size=inside.sum())
    columns = dict(cells.metadata, label=np.full(n, -1), label_name=[''] * n)
    columns |= {name: np.ones(n) for name in ('area', 'major_axis', 'minor_axis')}
    columns |= dict(orientation=np.zeros(n), border=~inside)
    for channel in ('GFP', 'RFP'):
        columns[f'mean_{channel}'] = np.full(n, 30.0)
        columns[f'integrated_{channel}'] = np.full(n, 30.0)
        columns[f'corrected_{channel}'] = np.full(n, 16.0)
    columns['flags'] = [[] if ok else ['border'] for ok in inside]
    return scored_cells_table(columns, inside, p, None, NAMES, ('GFP', 'RFP'))


def test_scored_cells_are_profiled_with_their_abundance(tmp_path):
    table = scored()
    write_table(table.slice(0, 15), tmp_path / 'cells.parquet/a.parquet')
    write_table(table.slice(15), tmp_path / 'cells.parquet/b.parquet')
    with pytest.raises(ValueError, match='not finished'):
        list(cell_parts(tmp_path))
    (tmp_path / 'run.json').write_text('{}')
    config = profile_config.get_config()
    config.cells = str(tmp_path)
    task.run(config, tmp_path / 'out')
    found = read_table(tmp_path / 'out/profiles.parquet', PROFILES)
    assert sum(found['n_all'].to_pylist()) == 40
    assert sum(found['n_cells'].to_pylist()) == 35
    assert set(found['log2_abundance'].to_pylist()) == {4.0}
    assert set(found['intensity'].to_pylist()) == {30.0}
    assert 'GFP' in (tmp_path / 'out/report.html').read_text()
