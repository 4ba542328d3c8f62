"""Tables of cells, as spreadsheets and data frames write them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.table_file import read_table


def _write(path, text):
    path.write_text(text, encoding='utf-8')
    return read_table(path)


@pytest.mark.parametrize('delimiter', [',', ';', '\t'])
def test_delimiters_byte_order_mark_and_trailing_empty_columns(tmp_path, delimiter):
    text = '\ufeffimage,label,,\na.png, ER ,,\n,,,\nb.png,"x,y",,\n'
    if delimiter != ',':
        text = text.replace('"x,y"', 'xy').replace(',', delimiter)
    table = _write(tmp_path / 'cells.csv', text)
    assert table.columns == ('image', 'label')
    assert [number for number, _ in table.rows] == [2, 4]
    assert table.rows[0][1] == {'image': 'a.png', 'label': 'ER'}


def test_csv_and_parquet_give_the_same_rows(tmp_path):
    columns = {'image': ['s.npy'] * 3, 'index': [0, 1, 2], 'label': ['A', None, 'B']}
    columns |= {'well': ['01', '02', '03'], 'x': [1.5, None, 3.0]}
    pq.write_table(pa.table(columns), tmp_path / 'cells.parquet')
    text = (
        'image,index,label,well,x\ns.npy,0,A,01,1.5\ns.npy,1,,02,\ns.npy,2,B,03,3.0\n'
    )
    table = _write(tmp_path / 'cells.csv', text)
    parquet = read_table(tmp_path / 'cells.parquet')
    expected, _ = check_rows(table, ['GFP'], group_by='well')
    rows, bad = check_rows(parquet, ['GFP'], group_by='well')
    assert not bad
    assert [str(row) for row in rows] == [str(row) for row in expected]  # NaN too
    assert [row.metadata['well'] for row in rows] == ['01', '02', '03']
    assert [row.metadata['cell_id'] for row in rows] == [
        's.npy#0',
        's.npy#1',
        's.npy#2',
    ]


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('picture,label\na,b\n', 'needs a column "image".*picture, label'),
        ('image,Label\na,b\n', "write the column 'Label' as 'label'"),
        ('image,image\na,b\n', 'more than one column .image'),
        ('image,label\n', 'no rows below'),
        ('', 'needs a column "image"'),
    ],
)
def test_unusable_tables_are_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        _write(tmp_path / 'cells.csv', text)


def test_unreadable_tables_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='no table'):
        read_table(tmp_path / 'cells.csv')
    (tmp_path / 'cells.csv').write_bytes('image,label\na,caf\xe9\n'.encode('latin-1'))
    with pytest.raises(ValueError, match='CSV UTF-8'):
        read_table(tmp_path / 'cells.csv')
    (tmp_path / 'cells.parquet').write_bytes(b'PAR1 not really PAR1')
    with pytest.raises(ValueError, match='cells.parquet cannot be read'):
        read_table(tmp_path / 'cells.parquet')
    (tmp_path / 'cells.xlsx').write_bytes(b'PK')
    with pytest.raises(ValueError, match='.txt or .parquet files. .*CSV UTF-8'):
        read_table(tmp_path / 'cells.xlsx')
