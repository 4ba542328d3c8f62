"""What programs write into columns, and what was meant."""

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.table_file import read_table
from deeploc_jax.data.own.table_values import sorted_names, tidy_column


def _csv(folder, text):
    (folder / 'cells.csv').write_text(text, encoding='utf-8')
    return read_table(folder / 'cells.csv')


def _parquet(folder, **columns):
    count = len(next(iter(columns.values())))
    columns = {'image': [f'{n}.tif' for n in range(count)]} | columns
    pq.write_table(pa.table(columns), folder / 'cells.parquet')
    return read_table(folder / 'cells.parquet')


def test_whole_numbers_beside_gaps_are_whole(tmp_path):
    text = 'image,label,field\na.tif,1.0,1.0\nb.tif,,\nc.tif,10.0,2.5\n'
    table = _csv(tmp_path, text)
    assert table.values('label') == ['1', '', '10']
    assert table.values('field') == ['1.0', '', '2.5']
    columns = {'label': [1.0, None, 10.0], 'field': [1.0, float('nan'), 2.5]}
    parquet = _parquet(tmp_path, **columns)
    assert parquet.values('label') == table.values('label')
    assert parquet.values('field') == table.values('field')
    assert tidy_column('plate', ['1,0', '2,0'], ';')[0] == ['1', '2']
    assert tidy_column('plate', ['1,000', '2,000'])[0] == ['1,000', '2,000']
    assert tidy_column('plate', ['01.0', 'x'])[0] == ['01.0', 'x']


def test_names_that_are_numbers_are_sorted_by_number():
    assert sorted_names({'10', '2', '1', '-3'}) == ['-3', '1', '2', '10']
    assert sorted_names({'10', '2', 'ER'}) == ['10', '2', 'ER']
    assert sorted_names(set()) == []


@pytest.mark.parametrize('unlabelled', ['-1', '-1.0', ' -1 ', 'NA', 'nan', '#N/A'])
def test_unlabelled_cells_are_no_class(tmp_path, unlabelled):
    table = _csv(tmp_path, f'image,label\na.tif,{unlabelled}\nb.tif,{unlabelled}\n')
    rows, _ = check_rows(table, ['GFP'])
    assert {(row.label, row.split) for row in rows} == {('', 'test')}
    mixed = _csv(tmp_path, f'image,label\na.tif,{unlabelled}\nb.tif,ER\n')
    assert mixed.values('label') == ['', 'ER']
    noted = "'NA' (2 rows)".replace('NA', unlabelled) in ' '.join(table.notes)
    assert noted != ('-1' in unlabelled)


def test_words_for_missing_values_are_counted_and_other_words_are_kept(tmp_path):
    text = 'image,plate,protein,x,note\na.tif,NA,None,NaN,NA\nb.tif,NA,nan,,NA\n'
    table = _csv(tmp_path, text + 'c.tif,null,none,1,NA\n')
    assert table.values('plate') == ['', '', '']
    assert table.values('protein') == ['None', '', 'none']
    notes = ' '.join(table.notes)
    assert "plate: 'NA' (2 rows), 'null' (1 rows) are taken as empty" in notes
    assert "protein: 'nan' (1 rows)" in notes
    assert 'x:' not in notes and 'note:' not in notes


def test_errors_of_a_spreadsheet_are_no_names(tmp_path):
    text = 'image,label,plate,split\na.tif,#REF!,#DIV/0!,train\n'
    _, bad = check_rows(_csv(tmp_path, text), ['GFP'])
    assert "label '#REF!'" in bad[0].reason and "plate '#DIV/0!'" in bad[0].reason


def test_numbers_that_lost_their_digits_are_noted(tmp_path):
    table = _csv(tmp_path, 'image,plate\na.tif,1.23457E+12\nb.tif,P1\n')
    assert 'plate: 1 value(s)' in table.notes[0] and '1.23457E+12' in table.notes[0]
    barcodes = _parquet(tmp_path, plate=[2.0**60, None])
    assert 'plate: 1 value(s)' in barcodes.notes[0]
    exact = _parquet(tmp_path, plate=[2**60 + 1, None])
    assert exact.values('plate') == ['1152921504606846977', ''] and not exact.notes


def test_every_column_of_parquet_that_can_be_is_text(tmp_path):
    day = datetime.date(2024, 1, 31)
    table = _parquet(
        tmp_path,
        label=pa.array(['ER', None]).dictionary_encode(),
        plate=pa.array([decimal.Decimal('1.00'), None]),
        well=pa.array([b'a1', None]),
        field=pa.array([True, None]),
        protein=pa.array([day, None]),
        small=pa.array([0.1, None], pa.float32()),
        number=pa.array([1.0, 3.0]).dictionary_encode(),
        time=pa.array([1, None], pa.timestamp('ns')),
        raw=pa.array([b'\xff\xfe', b'ab']),
        vector=pa.array([[1.0], [2.0]]),
    )
    _, values = table.rows[0]
    known = ('label', 'plate', 'well', 'field', 'protein')
    assert [values[n] for n in known] == ['ER', '1', 'A01', 'True', '2024-01-31']
    assert (values['small'], values['number']) == ('0.1', '1.0')
    assert values['time'].endswith('00.000000001')
    assert set(table.rows[1][1].values()) == {'1.tif', '3.0', ''}
    assert sorted(table.unusable) == ['raw', 'vector']
    with pytest.raises(ValueError, match="'vector' cannot group cells: .*list"):
        check_rows(table, ['GFP'], group_by='vector')


@pytest.mark.parametrize(
    ('column', 'words'),
    [
        (
            pa.array([b'ER', b'caf\xe9']),
            "column 'label': row 3: 'caf\xe9' is not UTF-8",
        ),
        (pa.array([['ER'], ['ER']]), "column 'label': it holds values of type list"),
    ],
)
def test_a_column_of_parquet_that_is_needed_must_be_text(tmp_path, column, words):
    with pytest.raises(ValueError, match=words):
        _parquet(tmp_path, label=column)


@pytest.mark.parametrize('delimiter', [';', '\t', ','])
def test_decimal_commas_are_numbers(tmp_path, delimiter):
    quote = '"' if delimiter == ',' else ''
    lines = [['image', 'x', 'split'], ['a.tif', '12,5', 'test'], ['b.tif', '', 'test']]
    lines += [['c.tif', '512,375', 'test'], ['d.tif', '7', 'test']]
    lines = [[f'{quote}{value}{quote}' for value in line] for line in lines]
    text = '\n'.join(delimiter.join(line) for line in lines)
    rows, bad = check_rows(_csv(tmp_path, text), ['GFP'])
    assert not bad
    found = [row.metadata['x'] for row in rows]
    np.testing.assert_equal(found, [12.5, np.nan, 512.375, 7])


def test_a_comma_that_may_be_of_thousands_is_not_guessed(tmp_path):
    text = 'image\tx\tsplit\na.tif\t1,234\ttest\nb.tif\t512,375\ttest\n'
    _, bad = check_rows(_csv(tmp_path, text), ['GFP'])
    assert [row.number for row in bad] == [2, 3]
    assert "x '1,234' is not a number; write a decimal point" in bad[0].reason
    rows, bad = check_rows(_csv(tmp_path, text.replace('\t', ';')), ['GFP'])
    assert not bad and rows[0].metadata['x'] == 1.234


def test_an_index_with_a_mark_of_thousands_is_not_guessed(tmp_path):
    text = 'image;index;x;split\na.tif;1.000;1.000;test\nb.tif;2.0;2.0;test\n'
    (row,), (bad,) = check_rows(_csv(tmp_path, text), ['GFP'])
    assert row.index == 2 and "index '1.000' may be in thousands" in bad.reason
    text = 'image,index,x,split\na.tif,"1,000","2,5",test\nb.tif,"2,0","2,5",test\n'
    text += 'c.tif,"2,5",,test\n'
    (row,), (bad, half) = check_rows(_csv(tmp_path, text), ['GFP'])
    assert row.index == 2 and "index '1.000' may be in thousands" in bad.reason
    assert 'not 0, 1, 2' in half.reason


@pytest.mark.parametrize('number', ['1_0', '1.234,5', '0x1', '1,2,3'])
def test_what_is_no_number_is_not_read_as_one(tmp_path, number):
    text = f'image;index;x;split\na.tif;{number};{number};test\n'
    _, (bad,) = check_rows(_csv(tmp_path, text), ['GFP'])
    assert f'index {number!r}' in bad.reason and f'x {number!r}' in bad.reason


def test_text_is_one_form_of_unicode_and_paths_are_as_they_are(tmp_path):
    text = 'image,label,plate\ncafe\u0301.tif,cafe\u0301,P\xa0 1\n'
    (_, values), *_ = _csv(tmp_path, text).rows
    assert values == {'image': 'cafe\u0301.tif', 'label': 'caf\xe9', 'plate': 'P 1'}


def test_columns_that_nobody_uses_are_out_of_the_way(tmp_path):
    text = ',image,area,area,,split,site,site\n0,a.tif,1,2,x,train,1,2\n'
    table = _csv(tmp_path, text)
    assert table.columns == ('image', 'split')
    assert table.rows == [(2, {'image': 'a.tif', 'split': 'train'})]
    with pytest.raises(ValueError, match="'site' cannot group cells: more than one"):
        check_rows(table, ['GFP'], group_by='site')
    for twice in ('split,split', 'image_GFP,image_GFP', 'well,well'):
        first = '' if 'image' in twice else 'image,'
        with pytest.raises(ValueError, match='more than one column'):
            _csv(tmp_path, f'{first}{twice}\na,b,c\n')
    ids = _csv(tmp_path, 'image,image_id,image_id\na.tif,1,2\n')
    assert ids.columns == ('image',)


def test_the_export_of_deeploc_has_a_column_without_a_name(tmp_path, shared_data):
    text = (shared_data('deeploc_sample') / 'SQL_data.csv').read_text()
    text = text.replace('Image_FileName_GFP', 'image_GFP', 1)
    table = _csv(tmp_path, text)
    assert text.startswith(',') and '' not in table.columns
    count = len(text.splitlines())
    assert [number for number, _ in table.misfits] == [count]  # the sample is cut there
    assert len(table.rows) == count - 2
