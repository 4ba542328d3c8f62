"""Splits keep groups together, or are refused."""

import pytest

from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.cell_splits import assign_splits
from deeploc_jax.data.own.table_file import read_table


def _rows(folder, text, **arguments):
    (folder / 'cells.csv').write_text(text, encoding='utf-8')
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


@pytest.mark.parametrize(
    ('word', 'split'),
    [
        ('TRAIN', 'train'),
        ('training', 'train'),
        ('Training set', 'train'),
        ('val', 'validation'),
        ('Valid', 'validation'),
        ('dev', 'validation'),
        ('validation_set', 'validation'),
        ('testing', 'test'),
        ('holdout', 'test'),
        ('hold out', 'test'),
        ('Held_Out', 'test'),
        ('test-set', 'test'),
    ],
)
def test_other_words_for_a_split_are_known(tmp_path, word, split):
    rows, bad = _rows(tmp_path, f'image,split\na.tif,{word}\n')
    assert not bad and rows[0].split == split


@pytest.mark.parametrize('word', ['eval', 'tset', '1', 'set', 'none'])
def test_a_word_that_may_be_any_split_is_refused_with_those_known(tmp_path, word):
    _, (bad,) = _rows(tmp_path, f'image,split\na.tif,{word}\nb.tif,train\n')
    assert (
        f"split '{word}' is not one of train, validation, test (or train" in bad.reason
    )
    assert 'dev' in bad.reason and 'held-out' in bad.reason


def test_a_well_lies_in_one_split_however_it_is_written(tmp_path):
    wells = ['A1', 'A01', 'a01', 'A 1', 'B2', 'b-02', 'C3', 'C003', 'D04', 'd4']
    text = 'image,label,plate,well\n'
    text += ''.join(f'{n}.tif,ER,1,{well}\n' for n, well in enumerate(wells))
    rows, bad = _rows(tmp_path, text, group_by='plate,well')
    assert not bad
    groups = {(row.group, row.split) for row in rows}
    assert len(groups) == 4
    assert {row.metadata['well'] for row in rows} == {'A01', 'B02', 'C03', 'D04'}


def test_wells_in_a_column_of_another_name_are_one_well_too(tmp_path):
    text = 'image,split,Metadata_Well\na.tif,train,A1\nb.tif,test,a01\n'
    rows, _ = _rows(tmp_path, text, group_by='Metadata_Well')
    assert {row.group for row in rows} == {'A01'}


def test_what_was_taken_otherwise_in_a_column_of_groups_is_noted_once(tmp_path):
    text = 'image,split,site,plate\na.tif,train,NA,NA\nb.tif,test,s2,1.2e+12\n'
    (tmp_path / 'cells.csv').write_text(text)
    table = read_table(tmp_path / 'cells.csv')
    _, (bad,) = check_rows(table, ['GFP'], group_by='site,plate')
    assert bad.number == 2 and 'no value in site' in bad.reason
    assert [note.split(':')[0] for note in table.notes] == ['plate', 'plate', 'site']


def test_groups_of_any_column_are_as_tidy_as_those_of_known_ones(tmp_path):
    text = 'image,label,site,"a, b"\na.tif,ER,1.0,P\xa01\nb.tif,ER,,P 1\n'
    text += 'c.tif,ER,2.0,P2\nd.tif,ER,NA,P  2\ne.tif,ER,3.0,P3\n'
    rows, bad = _rows(tmp_path, text, group_by='site')
    assert [row.group for row in rows] == ['1', '2', '3']
    assert [row.number for row in bad] == [3, 5]
    rows, _ = _rows(tmp_path, text, group_by='"a, b"')
    assert [row.group for row in rows] == ['P 1', 'P 1', 'P2', 'P 2', 'P3']
