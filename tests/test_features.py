import json

import anndata
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow_datasets as tfds

import deeploc_jax
from configs import features as features_config
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.split_parts import parts_of
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.measurements import measure_cell, measure_cells
from deeploc_jax.models import MODELS
from deeploc_jax.tables.feature_files import ABOUT, features_table, files_in, size_of
from deeploc_jax.tables.features import read_features
from deeploc_jax.tasks import features as task
from deeploc_jax.weights.folder import read_weights, write_weights
from tests.helpers.small import Small, make_card, random_cells
from tests.helpers.spot_screen import SpotScreen


@pytest.fixture
def config(data_dir, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Small)
    image = jnp.zeros((1, 60, 60, 2))
    variables = Small().init(jax.random.key(0), image, train=False)
    card = make_card(
        model=dict(name='small'), side=64, crop=60, screen=f'{SpotScreen.name}/1.0.0'
    )
    config = features_config.get_config()
    config.source = str(write_weights(tmp_path / 'weights', variables, card))
    config.data_dir = data_dir
    config.batch_size = 8
    config.cells_per_file = 10
    return config


def test_every_cell_has_the_features_of_the_network(config, tmp_path, capsys):
    task.run(config, tmp_path / 'out')
    assert '43 cells, 4 features' in capsys.readouterr().out
    made = read_features(tmp_path / 'out')
    assert made.names == ('conv_0', 'conv_1', 'conv_2', 'conv_3')
    assert made.class_names == ('LEFT', 'RIGHT', 'MIDDLE')
    assert made.about['layer'] == 'conv' and made.about['screen'].startswith('spot')
    network = deeploc_jax.load(config.source)
    for split in ('train', 'validation', 'test'):
        source = tfds.data_source(
            SpotScreen.name, split=split, data_dir=config.data_dir
        )
        rows = list(source)
        expected = network.features(np.stack([row['image'] for row in rows]))
        part = made.where(made.metadata['split'] == split)
        np.testing.assert_allclose(part.values, expected, rtol=1e-5, atol=1e-6)
        assert part.labels.tolist() == [row['label'] for row in rows]
        ids = [row['cell_id'].decode() for row in rows]
        assert part.metadata['cell_id'].tolist() == ids


def test_anndata_and_parquet_hold_the_same_columns(config, tmp_path):
    config.h5ad = True
    task.run(config, tmp_path / 'out')
    parquet = pq.read_table(tmp_path / 'out/features.parquet')
    table = anndata.read_h5ad(tmp_path / 'out/features.h5ad')
    assert table.uns['layer'] == 'conv'
    obs = table.obs.reset_index()
    assert [*obs.columns, *table.var_names] == parquet.column_names
    features = dict(zip(table.var_names, table.X.T, strict=True))
    for name, column in (dict(obs) | features).items():
        np.testing.assert_array_equal(column, parquet[name].to_numpy(), name)


def test_what_is_there_is_kept_and_what_is_missing_made_again(config, tmp_path):
    task.run(config, tmp_path / 'out')
    files = sorted((tmp_path / 'out/features.parquet').iterdir())
    assert [pq.read_metadata(file).num_rows for file in files] == [10, 10, 10, 4, 9]
    whole = read_features(tmp_path / 'out').values
    kept = [file.stat().st_mtime_ns for file in files[1:]]
    files[0].unlink()
    task.run(config, tmp_path / 'out')
    assert [file.stat().st_mtime_ns for file in files[1:]] == kept
    np.testing.assert_array_equal(read_features(tmp_path / 'out').values, whole)
    config.pool = 'mean'
    with pytest.raises(ValueError, match="pool: 'max' there, 'mean' asked"):
        task.run(config, tmp_path / 'out')


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('source', None, 'Say --config.source'),
        ('layer', 'fc', "Unknown layer 'fc'"),
        ('splits', 'exam', "no split 'exam'"),
        ('channels', 'GFP', r'network: 2 \(GFP, RFP\)'),
        ('cells_per_file', 0, r'cells_per_file \(0\) must be at least 1'),
    ],
)
def test_a_wrong_field_is_an_error(config, tmp_path, field, value, message):
    config[field] = value
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')


def test_features_that_are_not_finished_are_refused(config, tmp_path):
    task.run(config, tmp_path / 'out')
    (tmp_path / 'out/run.json').unlink()
    with pytest.raises(ValueError, match=r'not finished: run configs/features.py'):
        read_features(tmp_path / 'out')


def test_a_mended_mistake_goes_on_in_the_same_workdir(config, tmp_path, monkeypatch):
    def fail(*args, **options):
        raise ValueError('found when cells are read')

    config.layer = 'conf'
    with pytest.raises(ValueError, match="Did you mean 'conv'"):
        task.run(config, tmp_path / 'out')
    config.layer, config.channels = 'conv', 'GPF,RFP'
    with pytest.raises(ValueError, match='has GFP, RFP'):
        task.run(config, tmp_path / 'out')
    config.channels, config.pool = 'GFP,RFP', 'max'
    with monkeypatch.context() as patch, pytest.raises(ValueError, match='found when'):
        patch.setattr(task, 'read_cells', fail)
        task.run(config, tmp_path / 'out')
    config.pool = 'mean'
    with pytest.raises(ValueError, match='another config'):  # it may still be running
        task.run(config, tmp_path / 'out')
    (tmp_path / 'out/error.log').write_text('as launch.py leaves it')
    task.run(config, tmp_path / 'out')
    assert not (tmp_path / 'out/error.log').exists()
    config.h5ad = True  # asked for later
    task.run(config, tmp_path / 'out')
    assert (tmp_path / 'out/features.h5ad').exists()


def test_another_network_in_the_same_place_does_not_go_on(config, tmp_path):
    task.run(config, tmp_path / 'out')
    network = read_weights(config.source)
    changed = jax.tree.map(lambda x: x + 1, network.variables)
    write_weights(config.source, changed, network.card)
    with pytest.raises(ValueError, match=r'other data:\n  inputs.source: '):
        task.run(config, tmp_path / 'out')


def test_features_have_conditions_and_those_of_earlier_versions_do_not(
    config, tmp_path, capsys
):
    config.h5ad = True
    task.run(config, tmp_path / 'out')
    made = read_features(tmp_path / 'out')
    assert set(made.metadata['condition']) == {'control', 'heat'}
    assert set(made.metadata['replicate']) == {*'01234'}
    obs = anndata.read_h5ad(tmp_path / 'out/features.h5ad').obs
    for name in ('condition', 'replicate'):
        assert list(obs[name].astype(str)) == made.metadata[name].tolist()

    def as_before(path):
        table = pq.read_table(path).drop_columns(['condition', 'replicate'])
        pq.write_table(table, path)

    first, *others = files_in(tmp_path / 'out/features.parquet')
    as_before(others[-1])
    mixed = read_features(tmp_path / 'out')
    old = pq.read_metadata(others[-1]).num_rows
    assert mixed.metadata['condition'][-old:].tolist() == [''] * old
    assert (mixed.metadata['condition'][:-old] != '').all()
    for path in (first, *others[:-1]):
        as_before(path)
    earlier = read_features(tmp_path / 'out')
    assert set(earlier.metadata['condition']) == set(earlier.metadata['replicate'])
    assert set(earlier.metadata['condition']) == {''}
    np.testing.assert_array_equal(earlier.values, made.values)
    assert size_of(tmp_path / 'out/features.parquet') == made.values.shape


def test_a_file_half_written_by_a_killed_run_is_passed_over(config, tmp_path):
    task.run(config, tmp_path / 'out')
    whole = read_features(tmp_path / 'out').values
    (tmp_path / 'out/features.parquet/.test-0-x.parquet').touch()
    task.run(config, tmp_path / 'out')
    np.testing.assert_array_equal(read_features(tmp_path / 'out').values, whole)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (
            lambda table: table.drop_columns(['plate', 'a']),
            '^{} lacks the .*plate, a.$',
        ),
        (
            lambda table: table.set_column(0, 'cell_id', [[1, 2]]),
            r'^{} has columns of another type: cell_id \(int64, not string\).$',
        ),
        (
            lambda table: table.replace_schema_metadata({ABOUT: '{"names": ["a"]}'}),
            '^{} is damaged: .*class_names',
        ),
    ],
)
def test_what_is_wrong_with_the_columns_is_said_as_it_is(tmp_path, change, words):
    path = tmp_path / 'features.parquet'
    values = np.ones((2, 1), np.float32)
    table = features_table(random_cells(2), 'test', ['a'], values, {})
    pq.write_table(table, path)
    assert read_features(path).names == ('a',)
    pq.write_table(change(table), path)
    with pytest.raises(ValueError, match=words.format(path)):
        read_features(path)


def test_other_tables_are_no_features(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'run configs/features.py'):
        read_features(tmp_path / 'none')
    pq.write_table(pa.table({'a': [1]}), tmp_path / 'other.parquet')
    with pytest.raises(ValueError, match='was not written by'):
        read_features(tmp_path / 'other.parquet')


def test_parts_cover_each_cell_once(data_dir):
    builder = prepare_screen(SpotScreen.name, data_dir)
    assert parts_of(builder, ['train[:50%]', 'test'], 7) == [
        ('train', 0, 7),
        ('train', 7, 12),
        ('test', 0, 7),
        ('test', 7, 10),
    ]
    assert sum(b - a for _, a, b in parts_of(builder, None, 6)) == 43
    with pytest.raises(
        ValueError, match=r"Split 'validation\[:1%\]' of .* has no cell"
    ):
        parts_of(builder, ['validation[:1%]'], 6)
    with pytest.raises(ValueError, match="2 cells of 'train' come twice"):
        parts_of(builder, ['train[:50%]', 'test', 'train[40%:]'], 6)
    with pytest.raises(ValueError, match="10 cells of 'test' come twice"):
        parts_of(builder, ['test', 'test'], 6)
    with pytest.raises(ValueError, match=r'cells_per_file \(0\) must be at least 1'):
        parts_of(builder, None, 0)


def test_measurements_of_a_screen(config, tmp_path):
    config.source, config.screen = 'measurements', SpotScreen.name
    config.splits, config.layer = 'test', None
    task.run(config, tmp_path / 'out')
    made = read_features(tmp_path / 'out')
    builder = prepare_screen(SpotScreen.name, config.data_dir)
    cells = read_cells(builder, 'test')
    one = measure_cell(cells.images[[0]][0], cells.channels, 1)
    assert list(made.names) == list(one) and len(one) > 500
    np.testing.assert_allclose(made.values[0], list(one.values()), rtol=1e-6)
    assert np.isfinite(made.values).all()
    run = json.loads((tmp_path / 'out/run.json').read_text())
    assert run['source'] == 'measurements'


def disc(radius, center=(31.5, 31.5)):
    rows, columns = np.indices((64, 64))
    return (np.hypot(rows - center[0], columns - center[1]) < radius).astype(np.float32)


def test_the_cell_alone_is_measured_without_its_neighbours():
    own, other = disc(14), disc(10, (31.5, 58))
    marker = np.clip(own + other, 0, 1)
    quiet = np.stack([own * 0.5, marker], -1)
    loud = np.stack([own * 0.5 + other, marker], -1)
    first, second = (measure_cell(x, ('GFP', 'RFP'), 1) for x in (quiet, loud))
    assert first['cell_GFP_mean'] == pytest.approx(second['cell_GFP_mean'], rel=0.05)
    assert second['crop_GFP_mean'] > 1.2 * first['crop_GFP_mean']
    assert first['cell_area'] == pytest.approx(np.pi * 16**2, rel=0.15)


def test_measurements_measure_what_they_are_named_for():
    spots = sum(disc(1.6, at) for at in ((20, 30), (40, 24), (34, 44)))
    cell = disc(22)
    many = measure_cell(np.stack([spots, cell], -1), ('GFP', 'RFP'), 1)
    filled = measure_cell(np.stack([cell, cell], -1), ('GFP', 'RFP'), 1)
    assert many['crop_GFP_spots_fine_number'] == 3
    assert many['crop_GFP_granularity_1'] > filled['crop_GFP_granularity_1'] + 0.2
    assert filled['crop_RFP_correlation_all'] == pytest.approx(1)
    assert many['crop_RFP_correlation_all'] < 0.3
    assert filled['cell_eccentricity'] < 0.1


def test_turning_a_cell_changes_few_measurements():
    image = np.random.default_rng(0).random((64, 64, 2)).astype(np.float32)
    image = np.stack([image[..., 0] * disc(20), disc(20)], -1)
    first, turned = (
        measure_cell(x, ('GFP', 'RFP'), 1) for x in (image, np.rot90(image).copy())
    )
    moved = [n for n in first if not np.isclose(first[n], turned[n], 0.02, 1e-3)]
    assert all('lbp' in name or 'coarse' in name or 'hu' in name for name in moved), (
        moved
    )


def test_no_marker_and_constant_planes_are_no_error():
    image = np.zeros((64, 64, 3), np.float32)
    values = measure_cell(image, ('RFP', 'brightfield', 'other'), -1)
    assert np.isfinite(list(values.values())).all()
    assert values['cell_area'] == pytest.approx(np.pi * 18**2, rel=0.02)


def test_measuring_in_processes_is_the_same(data_dir, monkeypatch):
    cells = read_cells(prepare_screen(SpotScreen.name, data_dir), 'test')
    names, few = measure_cells(cells, 1)
    monkeypatch.setattr('deeploc_jax.measurements.measure.FEW', 1)
    again, many = measure_cells(cells, 1)
    assert names == again
    np.testing.assert_array_equal(few, many)
