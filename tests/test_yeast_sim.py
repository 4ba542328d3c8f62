"""The simulated screen as a TFDS data set."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from deeploc_jax import datasets
from deeploc_jax.simulate import CLASS_NAMES, SPLITS, screen_layout, simulate_cell

YeastSim = datasets.yeast_sim.YeastSim
YeastSimConfig = datasets.yeast_sim.YeastSimConfig


@pytest.fixture(scope='module')
def builder(tmp_path_factory):
    config = YeastSimConfig(name='tiny', description='57 cells', num_cells=57, seed=5)
    builder = YeastSim(data_dir=tmp_path_factory.mktemp('data'), config=config)
    builder.download_and_prepare()
    return builder


@pytest.fixture(scope='module')
def cells(builder):
    return {split: list(builder.as_data_source(split=split)) for split in SPLITS}


def test_configs():
    sizes = {name: c.num_cells for name, c in YeastSim.builder_configs.items()}
    assert sizes == {'wild_type': 20_000, 'small': 1_900, 'smoke': 380}
    assert YeastSim.name == 'yeast_sim'


def test_wild_type_is_the_default(tmp_path):
    builder = tfds.builder('yeast_sim', data_dir=tmp_path)
    assert builder.builder_config.name == 'wild_type'


def test_it_says_that_it_is_simulated(builder):
    assert builder.info.metadata['simulated'] is True
    assert 'SIMULATED' in builder.info.description


def test_channels_and_classes(builder):
    metadata = builder.info.metadata
    assert list(metadata['channels']) == ['GFP', 'RFP']
    assert (metadata['protein_channel'], metadata['marker_channel']) == (0, 1)
    assert tuple(builder.info.features['label'].names) == CLASS_NAMES
    assert builder.info.features['image'].np_dtype == np.uint16


def test_every_cell_is_there_once_with_its_metadata(cells):
    specs = {spec.cell_id: spec for spec in screen_layout(57, seed=5)}
    seen = []
    for split, rows in cells.items():
        for row in rows:
            spec = specs[row['cell_id'].decode()]
            seen.append(spec.cell_id)
            assert (spec.split, spec.label) == (split, row['label'])
            assert row['protein'].decode() == spec.protein.name
            assert row['plate'].decode() == spec.plate.name
            assert row['well'].decode() == spec.well
            assert row['field'].decode() == spec.field.name
            assert row['screen'] == b'yeast_sim'
            assert (row['x'], row['y']) == pytest.approx((spec.x, spec.y))
    assert sorted(seen) == sorted(specs)


def test_stored_pixels_are_the_simulated_ones(cells):
    specs = {spec.cell_id: spec for spec in screen_layout(57, seed=5)}
    row = cells['test'][0]
    image = simulate_cell(specs[row['cell_id'].decode()], 5)
    np.testing.assert_array_equal(row['image'], image)


def test_every_class_is_in_every_split(cells):
    for rows in cells.values():
        assert {int(row['label']) for row in rows} == set(range(19))
