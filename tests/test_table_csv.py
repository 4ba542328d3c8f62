"""Text tables: quotes, delimiters and encodings, as spreadsheets write them."""

import re

import pytest

from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.table_file import read_table

HEAD = 'image,label,protein,split,note\n'


def _table(folder, text, encoding='utf-8'):
    path = folder / 'cells.csv'
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_table(path)


def _lines(start, stop):
    return ''.join(f'{n}.tif,ER,P{n},train,\n' for n in range(start, stop))


@pytest.mark.parametrize(
    ('row', 'later', 'words'),
    [
        ('2.tif,ER,"SEC61,train,', '', "row 4, column 'protein': the quote is not"),
        ('2.tif,ER,"SEC61,train,', '7.tif,ER,"CPY1,train,', "row 4, column 'protein'"),
        (
            '2.tif,ER,"SEC61,train,',
            '7.tif,ER,CPY1",train,',
            "4, column 'protein'.*rows",
        ),
        (
            '2.tif,ER,SEC61,train,"see',
            '7.tif,ER,CPY1,train,b"',
            "4, column 'note'.*rows",
        ),
        ('2.tif,"ER\nbody",SEC61,train,', '', "row 4, column 'label': .*1 line"),
        (
            '2.tif,ER,"SEC61" x,train,',
            '',
            "row 4, column 'protein': .*after the closing",
        ),
        ('2.tif,ER,"SEC61"x",train,', '', "row 4, column 'protein'"),
        ('2.tif,"E, R",P,train,""a""', '', "row 4, column 'note'.*text after"),
    ],
)
@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_a_quote_that_swallows_rows_is_named(tmp_path, row, later, words, end):
    text = (
        HEAD + _lines(0, 2) + row + '\n' + _lines(3, 6) + later + '\n' + _lines(8, 12)
    )
    with pytest.raises(ValueError, match=words):
        _table(tmp_path, text.replace('\n', end))


def test_an_unclosed_quote_in_a_long_table_or_its_header_is_named(tmp_path):
    with pytest.raises(ValueError, match="row 3, column 'protein'"):
        _table(tmp_path, HEAD + _lines(0, 1) + '1.tif,ER,"a,train,\n' + _lines(2, 9000))
    for text in ('image,"label\na,b\n', 'image,"label,split\na,b",c\nd,e,f\n'):
        with pytest.raises(ValueError, match='row 1, column number 2'):
            _table(tmp_path, text)


def test_quotes_that_are_right_are_read(tmp_path):
    text = 'image, label ,"protein",split,"area, um2"\n'
    text += '0.tif,"E, ""R""",5" plate,train,"a\nb, c"\n'
    text += '1.tif, "E, R" ,"5"" plate" , "train",\n\n2.tif,ER,x,tset,"\n"\n'
    table = _table(tmp_path, text)
    assert table.columns == ('image', 'label', 'protein', 'split', 'area, um2')
    assert table.values('label') == ['E, "R"', 'E, R', 'ER']
    assert table.values('protein') == ['5" plate', '5" plate', 'x']
    rows, bad = check_rows(table, ['GFP'])
    assert [row.number for row in rows] == [2, 3]
    assert [row.number for row in bad] == [5]  # as a spreadsheet counts


def test_a_comment_of_two_lines_is_no_row(tmp_path):
    text = 'image,label,note\na.tif,ER,"faint, small,\nout of focus, see b.tif"\n'
    table = _table(tmp_path, text + 'b.tif,ER,"1,2,3\n4,5,6\n7,8,9"\n')
    assert table.values('image') == ['a.tif', 'b.tif'] and not table.misfits


@pytest.mark.parametrize(
    ('head', 'row', 'later'),
    [
        ('image,note,split', 'a.tif,"see,train', 'b.tif,x",train'),
        ('note,image,split', '"see,a.tif,train', 'x",b.tif,train'),
        ('image,split,note', 'a.tif,train,"see', 'b.tif,train,x"'),
        ('image,split,note,', 'a.tif,train,"see', 'b.tif,train,c\nd.tif,train,x"'),
        ('image_GFP,image_RFP,note', 'a.tif,b.tif,"see', 'c.tif,d.tif,x"'),
    ],
)
def test_a_quote_that_swallows_one_row_is_found_in_any_column(
    tmp_path, head, row, later
):
    with pytest.raises(ValueError, match="row 2, column 'note'.*with rows of the"):
        _table(tmp_path, f'{head}\n{row}\n{later}\n')


def test_values_without_a_column_name_are_out_of_the_way(tmp_path):
    text = 'image,label,split,,\na.tif,ER,train\nb.tif,ER,test,odd,\nc.tif,ER\n'
    table = _table(tmp_path, text + 'd.tif,ER,test,1,2,3\ne.tif,,,,,,,\n')
    assert table.columns == ('image', 'label', 'split')
    assert [number for number, _ in table.rows] == [2, 3, 6]
    assert [number for number, _ in table.misfits] == [4, 5]


@pytest.mark.parametrize('end', ['\n', '', ',x\n'])
def test_errors_about_too_long_values_do_not_blame_a_quote(tmp_path, end):
    text = f'image,label,note\na.tif,ER,"{"x" * 140_000}"{end}'
    with pytest.raises(ValueError, match='row 2: a value is longer than 131,072'):
        _table(tmp_path, text)


def test_a_line_break_of_another_kind_loses_no_row(tmp_path):
    table = _table(tmp_path, HEAD + '0.tif,E\rR,a,train,\n' + _lines(1, 2))
    assert [number for number, _ in table.misfits] == [2, 3]
    assert [number for number, _ in table.rows] == [4]
    doubled = _table(tmp_path, (HEAD + _lines(0, 3)).replace('\n', '\r\r\n'))
    assert doubled.values('protein') == ['P0', 'P1', 'P2']


@pytest.mark.parametrize('delimiter', [',', ';', '\t'])
@pytest.mark.parametrize(
    'encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-32', 'utf-16-be']
)
def test_encodings_that_say_what_they_are_give_the_same_table(
    tmp_path, encoding, delimiter
):
    text = 'image,label,split\n0.tif,Caf\xe9 \u00b5,train\n'.replace(',', delimiter)
    mark = '\ufeff' if encoding == 'utf-16-be' else ''
    table = _table(tmp_path, mark + text, encoding)
    assert table.columns == ('image', 'label', 'split')
    assert table.values('label') == ['Caf\xe9 \u00b5']


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        ((HEAD + _lines(0, 1) + '1.tif,ER,Caf\xe9,train,\n').encode('cp1252'),
         "row 3, column 'protein': 'Caf\xe9' is not UTF-8.*CSV UTF-8"),
        ((HEAD + '1.tif,ER,P,train,\n').encode('utf-16-le'), 'row 1.*NUL'),
        ((HEAD + '1.tif,ER,P\0,train,\n').encode(), "row 2, column 'protein'.*NUL"),
        ((HEAD + _lines(0, 2)).encode() + bytes(64), "row 4, column 'image'.*NUL"),
        ((HEAD + _lines(0, 2)).encode('utf-16')[:-1], 'cut off or damaged'),
        (b'PK\x03\x04 an xlsx by another name', 'spreadsheet.*CSV UTF-8'),
        (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'old Excel file.*CSV UTF-8'),
        (b'PAR1', 'name it .parquet'),
    ],
)  # fmt: skip
def test_bytes_that_are_no_certain_text_are_refused(tmp_path, data, words):
    with pytest.raises(ValueError, match=words):
        _table(tmp_path, data)


@pytest.mark.parametrize('first', ['sep=;', '"sep=;";;', 'SEP=;'])
def test_a_line_that_states_the_delimiter_is_no_row(tmp_path, first):
    table = _table(tmp_path, f'{first}\r\nimage;a,b,c,d\r\n0.tif;1\r\n')
    assert table.columns == ('image', 'a,b,c,d')
    assert table.rows[0][0] == 2


def test_lines_above_the_header_are_skipped_and_counted(tmp_path):
    table = _table(tmp_path, '\n,,\n# by, a, tool\n\nimage,split\n#1.tif,train\n')
    assert table.header == 5
    assert table.rows == [(6, {'image': '#1.tif', 'split': 'train'})]


@pytest.mark.parametrize(
    ('header', 'columns'),
    [
        ('image;"x, um";"y, um";"z, um"', ('image', 'x, um', 'y, um', 'z, um')),
        ('image\tx, y, z\tsplit', ('image', 'x, y, z', 'split')),
        ('image_GFP;x, um', ('image_GFP', 'x, um')),
        ('id,"a;b;c;d",image', ('id', 'a;b;c;d', 'image')),
    ],
)
def test_a_delimiter_in_a_column_name_is_no_delimiter(tmp_path, header, columns):
    mark = ';' if re.search('^image.*;', header) else '\t' if '\t' in header else ','
    table = _table(tmp_path, f'{header}\n{mark.join("a" * len(columns))}\n')
    assert table.columns == columns
