"""The table of a user's own screen, and the image files it points to."""

import csv
import re

import h5py
import imagecodecs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tifffile

from deeploc_jax.data import cell_table
from deeploc_jax.data.images import ImageError, ImageReader


def _write(path, text):
    path.write_text(text, encoding='utf-8')
    return cell_table.read_table(path)


def _rows(folder, text, **arguments):
    return cell_table.check_rows(
        _write(folder / 'cells.csv', text), ['GFP'], **arguments
    )


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
    parquet = cell_table.read_table(tmp_path / 'cells.parquet')
    expected, _ = cell_table.check_rows(table, ['GFP'], group_by='well')
    rows, bad = cell_table.check_rows(parquet, ['GFP'], group_by='well')
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
        ('image,image\na,b\n', 'more than one column image'),
        ('image,label\n', 'no row below'),
        ('', 'needs a column "image"'),
    ],
)
def test_unusable_tables_are_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        _write(tmp_path / 'cells.csv', text)


def test_unreadable_tables_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='no table'):
        cell_table.read_table(tmp_path / 'cells.csv')
    (tmp_path / 'cells.csv').write_bytes('image,label\na,caf\xe9\n'.encode('latin-1'))
    with pytest.raises(ValueError, match='CSV UTF-8'):
        cell_table.read_table(tmp_path / 'cells.csv')
    (tmp_path / 'cells.parquet').write_bytes(b'PAR1 not really PAR1')
    with pytest.raises(ValueError, match='cells.parquet cannot be read'):
        cell_table.read_table(tmp_path / 'cells.parquet')
    (tmp_path / 'cells.xlsx').write_bytes(b'PK')
    with pytest.raises(ValueError, match='.csv, .tsv or .parquet'):
        cell_table.read_table(tmp_path / 'cells.xlsx')


@pytest.mark.parametrize(
    ('cells', 'reason'),
    [
        ('b.png,,ER,tset,,,', "split 'tset' is none of train, validation, test"),
        ('b.png,,ER,,,,', "split '' is none of"),
        ('b.png,,Er,test,,,', "unknown class 'Er'; classes: ER, VACUOLE"),
        ('b.png,one,ER,test,,,', "index 'one' is not a number"),
        ('b.png,-1,ER,test,,,', "index '-1' is not 0, 1, 2"),
        ('b.png,0.5,ER,test,,,', "index '0.5' is not 0, 1, 2"),
        ('b.png,,ER,test,left,,', "x 'left' is not a number"),
        ('b.png,,ER,test,,inf,', 'y is infinite'),
        ('b.png,,ER,test,,,a.png', "cell_id 'a.png' is already in row 2"),
        ('a.png,,ER,test,,,', "cell_id 'a.png' is already in row 2"),
        (',,ER,test,,,', 'no file in image'),
        ('b.png,,ER,test', 'not as many values as the header'),
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
    table = _write(tmp_path / 'cells.csv', text)
    _, bad = cell_table.check_rows(table, ['GFP'])
    message = cell_table.describe_bad_rows(table, bad)
    assert '25 of 25 rows' in message and 'header is row 1' in message
    assert 'row 21: 19.png' in message and 'row 22' not in message
    assert '5 more' in message
    with (tmp_path / 'cells.csv.bad_rows.csv').open(newline='') as file:
        written = list(csv.DictReader(file))
    assert [int(row['row']) for row in written] == list(range(2, 27))
    assert written[0]['file'] == '0.png' and "'no'" in written[0]['reason']


def test_whole_groups_go_to_the_splits():
    groups = [f'field {n}' for n in range(40)]
    assigned = cell_table.assign_splits(groups, 0, 'here')
    counts = {
        split: list(assigned.values()).count(split) for split in set(assigned.values())
    }
    assert counts == {'train': 28, 'validation': 6, 'test': 6}
    assert cell_table.assign_splits(groups[::-1] * 2, 0, 'here') == assigned
    assert cell_table.assign_splits(groups, 1, 'here') != assigned
    assert set(cell_table.assign_splits('abc', 0, 'here').values()) == {
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


def test_a_channel_needs_its_column(tmp_path):
    table = _write(tmp_path / 'cells.csv', 'image_GFP,image_BF\na,b\n')
    with pytest.raises(ValueError, match='no column image_RFP.*GFP, BF'):
        cell_table.check_rows(table, ['GFP', 'RFP'])
    rows, _ = cell_table.check_rows(table, ['BF', 'GFP'])
    assert [path.name for path in rows[0].files] == ['b', 'a']
    assert cell_table.image_channels(['image', 'image_id']) == []


# Images.

_STACK = np.random.default_rng(0).integers(0, 60000, (5, 64, 64, 2), dtype=np.uint16)


def _save_npz(path, stack):
    np.savez_compressed(path, other=np.zeros(3), image=stack)


def _save_hdf5(path, stack):
    with h5py.File(path, 'w') as file:
        file.create_dataset('image', data=stack)


def _save_release(path, stack):
    planes = np.moveaxis(stack, -1, 1).reshape(len(stack), -1).astype(np.float64)
    with h5py.File(path, 'w') as file:
        file['data1'], file['data2'] = planes[:3], planes[3:]
        file['Index1'], file['Index2'] = np.eye(5)[:3], np.eye(5)[3:]


def _save_tiff(path, stack, axes='TCYX', **kwargs):
    stack = np.moveaxis(stack, -1, 0 if axes[0] == 'C' else 1)
    tifffile.imwrite(path, stack, metadata={'axes': axes}, **kwargs)


_SAVERS = {
    's.npy': np.save,
    's.npz': _save_npz,
    's.h5': _save_hdf5,
    's.hdf5': _save_release,
    's.ome.tif': lambda path, stack: _save_tiff(path, stack, ome=True),
    's.z.ome.tif': lambda path, stack: _save_tiff(path, stack, 'CZYX', ome=True),
    's.zlib.tiff': lambda path, stack: _save_tiff(
        path, stack, 'CZYX', ome=True, compression='zlib'
    ),
    's.imagej.tif': lambda path, stack: _save_tiff(path, stack, imagej=True),
}


@pytest.mark.parametrize('name', _SAVERS)
def test_stacks_give_single_images(tmp_path, name):
    _SAVERS[name](tmp_path / name, _STACK)
    with ImageReader() as reader:
        for index in (3, 0, 4):
            image = reader.read(tmp_path / name, index, 2)
            np.testing.assert_array_equal(image, _STACK[index])
        with pytest.raises(ImageError, match='index 5 is out of range.*5 images'):
            reader.read(tmp_path / name, 5, 2)
        with pytest.raises(ImageError, match='holds 5 images.*"index"'):
            reader.read(tmp_path / name, None, 2)
        with pytest.raises(ImageError, match='expected 3 channels'):
            reader.read(tmp_path / name, 0, 3)


@pytest.mark.parametrize('name', _SAVERS)
@pytest.mark.parametrize('part', [0.02, 0.4, 0.7, 0.95])
def test_truncated_stacks_are_errors(tmp_path, name, part):
    _SAVERS[name](tmp_path / name, _STACK)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * part)])
    with ImageReader() as reader, pytest.raises(ImageError):
        reader.read(tmp_path / name, 4, 2)


def test_a_flipped_byte_in_an_npz_is_an_error(tmp_path):
    np.savez(tmp_path / 's.npz', image=_STACK)
    data = bytearray((tmp_path / 's.npz').read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / 's.npz').write_bytes(data)
    with ImageReader() as reader, pytest.raises(ImageError, match='checksum'):
        reader.read(tmp_path / 's.npz', 0, 2)


def test_single_images_of_all_kinds(tmp_path):
    rgb = np.stack(
        [_STACK[0, :, :, 0], _STACK[0, :, :, 1], _STACK[1, :, :, 0]], axis=-1
    )
    (tmp_path / 'rgb.png').write_bytes(imagecodecs.png_encode(rgb))
    (tmp_path / 'grey.png').write_bytes(imagecodecs.png_encode(rgb[..., 0].copy()))
    tifffile.imwrite(tmp_path / 'rgb.tif', rgb, photometric='rgb')
    tifffile.imwrite(
        tmp_path / 'first.tif', np.moveaxis(rgb, -1, 0), photometric='minisblack'
    )
    np.save(tmp_path / 'last.npy', rgb)
    with ImageReader(capacity=2) as reader:
        for name in ('rgb.png', 'rgb.tif', 'first.tif', 'last.npy', 'rgb.png'):
            np.testing.assert_array_equal(reader.read(tmp_path / name, None, 3), rgb)
        grey = reader.read(tmp_path / 'grey.png', None, 1)
        np.testing.assert_array_equal(grey, rgb[..., :1])
        np.testing.assert_array_equal(reader.read(tmp_path / 'grey.png', 0, 1), grey)
        with pytest.raises(ImageError, match='out of range.*1 image,'):
            reader.read(tmp_path / 'rgb.tif', 1, 3)


def test_truncated_png_is_an_error(tmp_path):
    data = imagecodecs.png_encode(_STACK[0, :, :, 0].copy())
    for length in (20, len(data) // 2, len(data) - 13):
        (tmp_path / 'cut.png').write_bytes(data[:length])
        with ImageReader() as reader, pytest.raises(ImageError):
            reader.read(tmp_path / 'cut.png', None, 1)


def test_files_that_hold_no_images_are_errors(tmp_path):
    np.save(tmp_path / 'objects.npy', np.array([{}, {}], dtype=object))
    np.savez(tmp_path / 'two.npz', a=_STACK, b=_STACK)
    np.save(tmp_path / 'line.npy', np.zeros(5))
    (tmp_path / 'words.tif').write_text('hello')
    (tmp_path / 'folder.png').mkdir()
    reasons = {
        'objects.npy': 'Python objects',
        'two.npz': 'no array named "image".*a, b',
        'line.npy': 'holds no images',
        'words.tif': 'not a TIFF',
        'folder.png': 'is a folder',
        'none.png': 'no such file',
        'cell.jpg': 'unknown kind.*known are .tif',
    }
    with ImageReader() as reader:
        for name, reason in reasons.items():
            with pytest.raises(ImageError, match=reason):
                reader.read(tmp_path / name, None, 1)


def test_ome_channel_names(tmp_path):
    metadata = {'axes': 'CYX', 'Channel': {'Name': ['RFP', 'GFP']}}
    planes = np.moveaxis(_STACK[0], -1, 0)
    tifffile.imwrite(tmp_path / 'a.ome.tif', planes, ome=True, metadata=metadata)
    with ImageReader() as reader:
        assert reader.open(tmp_path / 'a.ome.tif').channel_names == ('RFP', 'GFP')
        image = reader.read(tmp_path / 'a.ome.tif', None, 2)
        np.testing.assert_array_equal(image, _STACK[0])
        with pytest.raises(ImageError, match='1 image,'):
            reader.read(tmp_path / 'a.ome.tif', 1, 2)
