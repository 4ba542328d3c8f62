import warnings

import pytest
import tensorflow_datasets as tfds

from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.split_check import check_splits, rows_among
from tests.helpers.spot_screen import SpotScreen


@pytest.fixture(scope='module')
def builder(data_dir):
    return tfds.builder(SpotScreen.name, data_dir=data_dir)


@pytest.mark.parametrize(
    ('train', 'validation', 'shared'),
    [
        ('train', 'train[:5]', 5),
        ('train[:20]', 'train[16:]+validation', 4),
        ('train+validation', 'validation', 9),
        ('train[5:10]+train[20:]', 'train[8:22]', 4),
    ],
)
def test_splits_that_share_cells_raise_a_warning(builder, train, validation, shared):
    # As configs give them: sorted by name.
    splits = dict(test='test', train=train, validation=validation)
    with pytest.warns(UserWarning, match=f'^{shared} cells of spot_screen') as told:
        check_splits(builder, splits)
    assert len(told) == 1
    assert 'is measured on validation is too good' in str(told[0].message)


def test_the_test_split_is_no_test(builder):
    splits = dict(test='validation+test[:3]', train='train+test', validation='train')
    with pytest.warns(UserWarning) as told:
        check_splits(builder, splits)
    found = [str(warning.message).rpartition(': ')[2].split()[4] for warning in told]
    assert found == ['validation', 'test']
    assert str(told[1].message).startswith('3 cells')


@pytest.mark.parametrize(
    ('split', 'other'),
    [
        ('validation', 'train+validation'),
        ('train[80%:]', 'train[:90%]'),
        ('train[16:]+validation[2:4]', 'validation+train[:20]'),
        ('validation', 'train'),
        ('train', 'train[5:10]+train[20:]'),
    ],
)
def test_the_same_cells_are_found_in_another_split(builder, split, other):
    ids = [read_cells(builder, of).metadata['cell_id'] for of in (split, other)]
    rows = rows_among(builder, split, other)
    assert [ids[1][row] if row >= 0 else None for row in rows] == [
        name if name in ids[1] else None for name in ids[0]
    ]


def test_splits_without_common_cells_raise_no_warning(builder):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_splits(
            builder,
            dict(train='train[:90%]', validation='train[90%:]', test='validation+test'),
        )
