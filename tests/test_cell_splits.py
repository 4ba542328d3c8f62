"""Splits keep groups together, or are refused."""

import pytest

from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.cell_splits import assign_splits
from deeploc_jax.data.own.cell_table import read_table


def _rows(folder, text, **arguments):
    (folder / 'cells.csv').write_text(text)
    return check_rows(read_table(folder / 'cells.csv'), ['GFP'], **arguments)


def test_whole_groups_go_to_the_splits():
    groups = [f'field {n}' for n in range(40)]
    assigned = assign_splits(groups, 0, 'here')
    counts = {
        split: list(assigned.values()).count(split) for split in set(assigned.values())
    }
    assert counts == {'train': 28, 'validation': 6, 'test': 6}
    assert assign_splits(groups[::-1] * 2, 0, 'here') == assigned
    assert assign_splits(groups, 1, 'here') != assigned
    assert set(assign_splits('abc', 0, 'here').values()) == {
        'train',
        'validation',
        'test',
    }


def test_groups_of_two_columns_stay_together(tmp_path):
    text = 'image,well,field,label\n' + ''.join(
        f'{well}{field}{n}.png,{well},{field},ER\n'
        for well in 'AB'
        for field in '12'
        for n in range(3)
    )
    rows, bad = _rows(tmp_path, text, group_by='well,field')
    assert not bad
    splits = {row.group: set() for row in rows}
    for row in rows:
        splits[row.group].add(row.split)
    assert set(splits) == {'A/1', 'A/2', 'B/1', 'B/2'}
    assert all(len(found) == 1 for found in splits.values())


def test_tables_without_an_honest_split_are_refused(tmp_path):
    head = 'image,label,plate,field\n'
    text = head + ''.join(f'{n}.png,ER,P1,{n % 4}\n' for n in range(8))
    with pytest.raises(
        ValueError, match=r'never split at random.*field \(4 groups\)\.'
    ):
        _rows(tmp_path, text)
    with pytest.raises(ValueError, match='1 group.*three'):
        _rows(tmp_path, text, group_by='plate')
    with pytest.raises(ValueError, match="no column 'feild'.*field"):
        _rows(tmp_path, text, group_by='feild')
    rows, bad = _rows(
        tmp_path, head + 'a.png,ER,P1,\n' + text[len(head) :], group_by='field'
    )
    assert len(rows) == 8 and bad[0].reason == 'no value in field'


def test_unlabelled_cells_without_groups_are_a_test_split(tmp_path):
    rows, bad = _rows(tmp_path, 'image,label\na.png,\nb.png,\n')
    assert not bad and {row.split for row in rows} == {'test'}
