"""One well has one name."""

import pytest

from deeploc_jax.data.wells import canonical_well, name_well


@pytest.mark.parametrize(
    'name', ['A1', 'A01', 'a01', 'A 1', 'A-01', 'A_1', 'A001', ' a\xa01 ']
)
def test_spellings_of_a_well_are_one_well(name):
    assert canonical_well(name) == 'A01'


def test_wells_of_1536_and_nothing_else():
    assert canonical_well('af48') == 'AF48'
    assert canonical_well('p24') == 'P24'
    others = ['', 'A', '7', 'A0', 'A00', 'A49', 'A100', 'AG1', 'BA1', 'r01c02', 'A1-2']
    others += ['1A', 'A1.5', 'WT1', 'A-', '\xc41', 'blank']
    assert [canonical_well(name) for name in others] == others


@pytest.mark.parametrize(
    'row, column, name',
    [
        (1, 1, 'A01'),
        ('a', '12', 'A12'),
        ('02', '003', 'B03'),
        (26, 24, 'Z24'),
        (27, 48, 'AA48'),
        ('32', '1', 'AF01'),
    ],
)
def test_a_row_and_a_column_name_a_well(row, column, name):
    assert name_well(row, column) == name


@pytest.mark.parametrize('row, column', [(0, 1), (33, 1), (1, 49), ('A1', 1), (1, -1)])
def test_what_is_no_row_or_column_is_refused(row, column):
    with pytest.raises(ValueError, match=f"row '{row}', column '{column}'"):
        name_well(row, column)
