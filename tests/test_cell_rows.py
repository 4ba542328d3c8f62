"""Rows of a table: which can be used, and what is said of the others."""

import csv
import re

import pytest

from deeploc_jax.data.own.bad_rows import describe_bad_rows
from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.table_file import read_table


def _write(folder, text):
    (folder / 'cells.csv').write_text(text, encoding='utf-8')
    return read_table(folder / 'cells.csv')


def _rows(folder, text, **arguments):
    return check_rows(_write(folder, text), ['GFP'], **arguments)


@pytest.mark.parametrize(
    ('cells', 'reason'),
    [
        ('b.png,,ER,tset,,,', "split 'tset' is not one of train, validation, test"),
        ('b.png,,ER,,,,', "split '' is not one of"),
        ('b.png,,Er,test,,,', "unknown class 'Er'; classes: ER, VACUOLE"),
        ('b.png,one,ER,test,,,', "index 'one' is not a number"),
        ('b.png,-1,ER,test,,,', "index '-1' is not 0, 1, 2"),
        ('b.png,0.5,ER,test,,,', "index '0.5' is not 0, 1, 2"),
        (
            'b.png,1.000,ER,test,,,',
            "index '1.000' may be in thousands; write only digits",
        ),
        ('b.png,"12,000.000",ER,test,,,', "index '12,000.000' is not a number"),
        ('b.png,,ER,test,left,,', "x 'left' is not a number"),
        ('b.png,,ER,test,,inf,', 'y is infinite'),
        ('b.png,,ER,test,,,a.png', "cell_id 'a.png' is already in row 2"),
        ('a.png,,ER,test,,,', "cell_id 'a.png' is already in row 2"),
        (',,ER,test,,,', 'no file in image'),
        ('b.png,,ER,test', r'has 4 values, not as many as the header \(7\)'),
        ('b.png,,X,tset,left,,', "x 'left'.*split 'tset'.*unknown class 'X'"),
    ],
)
def test_bad_rows_are_named(tmp_path, cells, reason):
    text = f'image,index,label,split,x,y,cell_id\na.png,,ER,train,,,\n{cells}\n'
    rows, bad = _rows(tmp_path, text, classes=['ER', 'VACUOLE'])
    assert [row.number for row in rows] == [2]
    assert [row.number for row in bad] == [3]
    assert re.search(reason, bad[0].reason)


def test_all_bad_rows_go_to_a_file_and_twenty_to_the_message(tmp_path):
    text = 'image,split\n' + ''.join(f'{n}.png,no\n' for n in range(25))
    table = _write(tmp_path, text)
    _, bad = check_rows(table, ['GFP'])
    message = describe_bad_rows(table, bad)
    assert '25 of 25 rows' in message and 'header is row 1' in message
    assert 'row 21: 19.png' in message and 'row 22' not in message
    assert '5 more' in message
    with (tmp_path / 'cells.csv.bad_rows.csv').open(newline='') as file:
        written = list(csv.DictReader(file))
    assert [int(row['row']) for row in written] == list(range(2, 27))
    assert written[0]['file'] == '0.png' and "'no'" in written[0]['reason']


def test_a_channel_needs_its_column(tmp_path):
    table = _write(tmp_path, 'image_GFP,image_BF\na,b\n')
    with pytest.raises(ValueError, match='no column image_RFP.*GFP, BF'):
        check_rows(table, ['GFP', 'RFP'])
    rows, _ = check_rows(table, ['BF', 'GFP'])
    assert [path.name for path in rows[0].files] == ['b', 'a']
    assert not _write(tmp_path, 'image,image_id\na,b\n').image_channels
