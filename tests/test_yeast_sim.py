"""The simulated screens as TFDS data sets."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from deeploc_jax import datasets, simulate
from deeploc_jax.data.cells import read_cells
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.groups import unit_names
from deeploc_jax.simulate import (
    CLASS_NAMES,
    SCREENS,
    SPLITS,
    screen_layout,
    simulate_crops,
)

YeastSim = datasets.yeast_sim.YeastSim
YeastSimConfig = datasets.yeast_sim.YeastSimConfig
BY_NAME = {screen.name: screen for screen in SCREENS}


def tiny(name, num_cells):
    screen = BY_NAME[name]
    instrument = dataclasses.replace(screen.instrument, field_shape=(192, 256))
    changes = dict(name=f'tiny_{name}', num_cells=num_cells, instrument=instrument)
    return dataclasses.replace(screen, **changes)


def prepared(screen, folder):
    builder = YeastSim(data_dir=folder, config=YeastSimConfig(screen))
    builder.download_and_prepare()
    return builder


@pytest.fixture(scope='module')
def builder(tmp_path_factory):
    return prepared(tiny('wild_type', 57), tmp_path_factory.mktemp('data'))


@pytest.fixture(scope='module')
def cells(builder):
    return {split: list(builder.as_data_source(split=split)) for split in SPLITS}


def test_configs():
    assert list(YeastSim.builder_configs) == list(BY_NAME)
    assert set(BY_NAME) >= {
        'wild_type',
        'replicate_1',
        'replicate_2',
        'replicate_3',
        'other_microscope',
        'manual_imaging',
        'alpha_factor',
        'mixtures',
        'neighbours',
    }
    assert YeastSim.name == 'yeast_sim'


def test_wild_type_is_the_default(tmp_path):
    builder = tfds.builder('yeast_sim', data_dir=tmp_path)
    assert builder.builder_config.name == 'wild_type'


def test_the_screen_is_marked_as_simulated(builder):
    assert builder.info.metadata['simulated'] is True
    assert 'SIMULATED' in builder.info.description


@pytest.mark.parametrize(
    ('name', 'channels', 'marker', 'classes', 'pixel_size'),
    [
        ('wild_type', ['GFP', 'RFP'], 1, 19, 0.12),
        ('other_microscope', ['GFP', 'far_red', 'nucleus'], 1, 22, 0.2),
        ('manual_imaging', ['RFP', 'brightfield'], -1, 11, 0.12 / 0.62),
    ],
)
def test_channels_and_classes(name, channels, marker, classes, pixel_size, tmp_path):
    info = tfds.builder(f'yeast_sim/{name}', data_dir=tmp_path).info
    assert list(info.metadata['channels']) == channels
    assert (info.metadata['protein_channel'], info.metadata['marker_channel']) == (
        0,
        marker,
    )
    assert info.metadata['pixel_size'] == pytest.approx(pixel_size)
    assert info.features['label'].num_classes == classes
    assert info.features['image'].np_dtype == np.uint16


def test_class_lists_are_those_of_the_real_screens(tmp_path):
    pairs = {
        'wild_type': 'chong2015',
        'other_microscope': 'wt2017',
        'manual_imaging': 'swat_rfp',
    }
    for simulated, real in pairs.items():
        names = [
            tfds.builder(name, data_dir=tmp_path).info.features['label'].names
            for name in (f'yeast_sim/{simulated}', real)
        ]
        assert names[0] == names[1]


def test_every_cell_is_there_once_with_its_metadata_and_truth(cells):
    specs = screen_layout(tiny('wild_type', 57))
    crops = {crop.index: crop for spec in specs for crop in simulate_crops(spec)}
    seen = []
    for split, rows in cells.items():
        for row in rows:
            crop = crops[int(row['cell_id'].decode().split('_')[-1])]
            seen.append(crop.index)
            assert crop.spec.split == split
            live = crop.truth['state'] == 'live'
            label = crop.truth['localization'] if live else crop.truth['state'].upper()
            assert row['label'] == CLASS_NAMES.index(label)
            assert row['protein'].decode() == crop.spec.protein.name
            assert row['plate'].decode() == crop.spec.plate.name
            assert row['well'].decode() == crop.spec.well
            assert row['screen'] == b'tiny_wild_type'
            assert row['condition'] == row['replicate'] == b''
            assert (row['second_label'], row['share'], row['fold_change']) == (-1, 1, 1)
            place = crop.truth['localization']
            assert row['origin'].decode() == row['destination'].decode() == place
            assert row['origin_label'] == row['destination_label']
            assert row['origin_label'] == CLASS_NAMES.index(place)
            assert row['brightness'] == np.float32(crop.truth['brightness'])
            assert list(row['brightness_factors']) == list(
                np.float32(crop.truth['brightness_factors'])
            )
            assert (row['x'], row['y']) == pytest.approx(
                (crop.truth['x'], crop.truth['y'])
            )
            np.testing.assert_array_equal(row['image'], crop.image)
            np.testing.assert_array_equal(row['mask'], crop.mask)
    assert sorted(seen) == sorted(crops)


def test_every_class_is_in_every_split(cells):
    for rows in cells.values():
        assert {int(row['label']) for row in rows} == set(range(19))


def test_effects_and_conditions_are_kept(tmp_path):
    builder = prepared(tiny('alpha_factor', 60), tmp_path)
    rows = [row for split in SPLITS for row in builder.as_data_source(split=split)]
    assert len(rows) == 180
    assert {row['screen'] for row in rows} == {b'tiny_alpha_factor'}
    assert {row['replicate'] for row in rows} == {b''}
    conditions = {row['condition'] for row in rows}
    assert conditions == {b'untreated', b'alpha_60', b'alpha_120'}
    living = [row for row in rows if row['label'] < CLASS_NAMES.index('DEAD')]
    shares = {b'untreated': 1, b'alpha_60': 0.55, b'alpha_120': 0.15}
    movers = [row for row in living if row['effect'] == b'moves']
    assert {row['condition'] for row in movers} == set(shares)
    for row in living:
        origin, destination = row['origin_label'], row['destination_label']
        moves = row['effect'] == b'moves'
        assert (origin != destination) == moves
        assert row['share'] == np.float32(shares[row['condition']] if moves else 1)
        assert row['label'] == (destination if row['share'] < 0.5 else origin)
        assert row['second_label'] == (destination if row['share'] < 1 else -1)
        assert (row['fold_change'] != 1) == (
            row['effect'] == b'abundance' and row['condition'] != b'untreated'
        )
    late = [row for row in rows if row['condition'] == b'alpha_120']
    assert {row['stage'] for row in late} > {b'shmoo'}
    metadata = read_cells(builder, 'train+validation+test').metadata
    wells = set(unit_names(metadata, 'well'))
    assert 'tiny_alpha_factor/untreated/untreated_P01' in {w[:-4] for w in wells}
    specs = screen_layout(tiny('alpha_factor', 60))
    assert len(wells) == len({(s.plate.name, s.well) for s in specs})


def test_a_replicate_is_numbered(tmp_path):
    builder = prepared(tiny('replicate_2', 57), tmp_path)
    metadata = read_cells(builder, 'train').metadata
    assert set(metadata['replicate']) == {'2'}
    assert set(metadata['condition']) == {''}
    assert set(metadata['screen']) == {'tiny_replicate_2'}


def test_cells_of_an_earlier_version_do_not_stand_in_for_those_of_today(tmp_path):
    screen = tiny('wild_type', 57)
    config = YeastSimConfig(screen)
    config.version = '5.0.0'
    YeastSim(data_dir=tmp_path, config=config).download_and_prepare()
    again = YeastSim(data_dir=tmp_path, config=YeastSimConfig(screen))
    assert not again.is_prepared()
    assert str(again.version) == simulate.VERSION


def test_an_earlier_version_on_disk_is_read_as_it_was(builder, cells, tmp_path):
    folder = tmp_path / 'yeast_sim' / builder.builder_config.name / '3.0.0'
    shutil.copytree(builder.data_path, folder)
    info = json.loads((folder / 'dataset_info.json').read_text())
    (folder / 'dataset_info.json').write_text(json.dumps(info | {'version': '3.0.0'}))
    features = json.loads((folder / 'features.json').read_text())
    gone = ('origin', 'origin_label', 'brightness', 'brightness_factors')
    for name in (*gone, 'condition', 'replicate'):
        del features['featuresDict']['features'][name]
    (folder / 'features.json').write_text(json.dumps(features))
    name = f'yeast_sim/{builder.builder_config.name}:3.0.0'
    opened = (tfds.builder(name, data_dir=tmp_path), prepare_screen(name, tmp_path))
    for old in (*opened, tfds.builder_from_directory(folder)):
        rows = list(old.as_data_source('test'))
        assert old.info.full_name == name.replace(':', '/')
        assert 'brightness' not in rows[0] and 'condition' not in rows[0]
        assert set(read_cells(old, 'test').metadata['condition']) == {''}
        for row, new in zip(rows, cells['test'], strict=True):
            assert row['cell_id'] == new['cell_id']
            np.testing.assert_array_equal(row['image'], new['image'])
