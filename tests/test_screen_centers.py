"""Cells that another program found: tables of centers and label images."""

import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tifffile

from deeploc_jax.data.own import table_csv, table_parquet
from deeploc_jax.screens.cells import (
    cellprofiler,
    join_centers,
    read_centers,
    read_labels,
)
from deeploc_jax.screens.fields.field import BadFieldError, Field, Plane


def make_field(well, name='1', plate='P1', planes=None):
    planes = planes or {'GFP': Plane(Path(f'/data/{plate}/{well}_{name}_GFP.tif'))}
    return Field('s', '', '', plate, well, name, '', '', planes)


def write(path, *lines):
    path.write_text('\n'.join(lines) + '\n')
    return path


@pytest.mark.parametrize(
    ('header', 'row'),
    [
        ('x,y,plate,well,field', '10.5,20,P1,A1,1'),
        ('Well;Field;X;Y', 'a01;01;10.5;20'),
        ('Image Path,Center X,Center Y', 'P1/A01_1_GFP.tif,10.5,20'),
        ('center_x,center_y,file', r'10.5,20,C:\images\P1\A01_1_GFP.TIF'),
        (
            'Nuclei_Location_Center_X,Nuclei_Location_Center_Y,Metadata_Well',
            '10.5,20,A1',
        ),
        ('FileName_GFP,Location_Center_X,Location_Center_Y', 'A01_1_GFP.tiff,10.5,20'),
    ],
)
def test_tables_of_many_kinds(tmp_path, header, row):
    centers = read_centers(write(tmp_path / 'cells.csv', header, row))
    fields = [make_field('A01'), make_field('A02')]
    found, problems = join_centers(centers, fields)
    x, y = found[fields[0].place]
    assert (x.tolist(), y.tolist()) == ([10.5], [20])
    assert not found[fields[1].place][0].size
    assert problems == [f'{centers.path} has no cells in the fields P1-A02-1']


def test_what_joins_nothing_is_told(tmp_path):
    table = write(tmp_path / 'c.csv', 'x,y,well', '1,2,A1', '3,4,H9', ',4,A1')
    found, problems = join_centers(read_centers(table), [make_field('A01')])
    assert found[make_field('A01').place][0].tolist() == [1]
    assert 'c.csv: 1 rows have no center' in problems[0]
    assert 'c.csv: 1 rows join no field, the first of them: well H09' in problems[1]


def test_fields_that_a_table_does_not_tell_apart_have_no_cells(tmp_path):
    table = write(tmp_path / 'c.csv', 'x,y,well', '1,2,A1')
    fields = [make_field('A01', '1'), make_field('A01', '2')]
    found, problems = join_centers(read_centers(table), fields)
    assert not any(x.size for x, _ in found.values())
    assert 'does not tell apart the fields P1-A01-1' in problems[0]


@pytest.mark.parametrize('suffix', ['csv', 'parquet', 'db'])
def test_a_large_table_is_read_in_parts_like_a_small_one(tmp_path, monkeypatch, suffix):
    """Cells of two fields take turns, some rows are bad, and parts end anywhere."""
    rng, n = np.random.default_rng(0), 500
    columns = dict(
        x=[f'{value:.3f}' for value in rng.uniform(0, 99, n)],
        y=[f'{value:.3f}' for value in rng.uniform(0, 99, n)],
        well=[('A1', 'A02')[i % 2] for i in range(n)],
    )
    columns['x'][70] = ''
    path = tmp_path / f'cells.{suffix}'
    if suffix == 'csv':
        rows = [','.join(row) for row in zip(*columns.values(), strict=True)]
        rows[40:40] = ['"1",2', '']
        write(path, '\ufeff# made by hand', 'x,"y",well', *rows)
    elif suffix == 'parquet':
        pq.write_table(pa.table(columns), path)
    else:
        with sqlite3.connect(path) as database:
            database.executescript("""
                CREATE TABLE Per_Image (ImageNumber, Image_Metadata_Well);
                INSERT INTO Per_Image VALUES ('A1', 'A1'), ('A02', 'A02');
                CREATE TABLE Per_Cells (Cells_Location_Center_X,
                    Cells_Location_Center_Y, ImageNumber);
            """)
            rows = zip(*columns.values(), strict=True)
            database.executemany('INSERT INTO Per_Cells VALUES (?, ?, ?)', rows)
        database.close()
    whole = read_centers(path)
    monkeypatch.setattr(table_csv.read_csv_parts, '__defaults__', (700,))
    monkeypatch.setattr(table_parquet.read_parquet_parts, '__defaults__', (90,))
    monkeypatch.setattr(cellprofiler, 'ROWS', 33)
    parts = read_centers(path)
    fields = [make_field('A01'), make_field('A02')]
    found = [join_centers(centers, fields) for centers in (whole, parts)]
    assert found[0][1] == found[1][1] and len(whole) == n - 1
    assert found[0][1] == [
        *(
            [f'{path}, row 43 has 2 values, not as many as the header (3)']
            * (suffix == 'csv')
        ),
        f'{path}: 1 rows have no center',
    ]
    for field, offset in zip(fields, (0, 1), strict=True):
        wanted = [float(v) for i, v in enumerate(columns['x']) if v and i % 2 == offset]
        for joined, _ in found:
            assert joined[field.place][0].tolist() == wanted


def cellprofiler_csv(folder, prefix=''):
    write(
        folder / f'{prefix}Image.csv',
        'ImageNumber,FileName_GFP,Metadata_Plate,Metadata_Well,Metadata_Site',
        '1,A01_1_GFP.tif,P1,A01,1',
        '2,A02_1_GFP.tif,P1,A02,1',
    )
    return write(
        folder / f'{prefix}Cells.csv',
        'ImageNumber,ObjectNumber,Location_Center_X,Location_Center_Y',
        *('1,1,5,6', '1,2,7,8', '2,1,9,10'),
    )


def cellprofiler_database(folder):
    path = folder / 'plate.db'
    with sqlite3.connect(path) as database:
        database.executescript("""
            CREATE TABLE MyExpt_Per_Image (ImageNumber INTEGER,
                Image_FileName_GFP TEXT, Image_Count_Cells REAL);
            INSERT INTO MyExpt_Per_Image VALUES (1, 'A01_1_GFP.tif', 2),
                (2, 'A02_1_GFP.tif', 1);
            CREATE TABLE MyExpt_Per_Object (ImageNumber INTEGER, ObjectNumber INTEGER,
                Nuclei_Location_Center_X REAL, Nuclei_Location_Center_Y REAL,
                Cells_Location_Center_X REAL, Cells_Location_Center_Y REAL);
            INSERT INTO MyExpt_Per_Object VALUES (1, 1, 1, 1, 5, 6), (1, 2, 2, 2, 7, 8),
                (2, 1, 3, 3, 9, 10);
        """)
    database.close()
    return path


@pytest.mark.parametrize(
    'make',
    [cellprofiler_csv, lambda p: cellprofiler_csv(p, 'MyExpt_'), cellprofiler_database],
)
def test_cellprofiler_says_in_another_table_which_images(tmp_path, make):
    centers = read_centers(make(tmp_path))
    fields = [make_field('A01'), make_field('A02')]
    found, problems = join_centers(centers, fields)
    assert not problems
    assert [found[f.place][0].tolist() for f in fields] == [[5, 7], [9]]
    assert centers.x.tolist() == [5, 7, 9] and centers.y.tolist() == [6, 8, 10]


def test_objects_are_chosen_by_name(tmp_path):
    path = cellprofiler_database(tmp_path)
    before = path.read_bytes()
    assert read_centers(path, 'nuclei').x.tolist() == [1, 2, 3]
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match='no centers of speckles'):
        read_centers(path, 'speckles')


def test_tables_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'There is no table .*none.db'):
        read_centers(tmp_path / 'none.db')
    with pytest.raises(ValueError, match=r'a.db cannot be read as an SQLite file'):
        read_centers(write(tmp_path / 'a.db', 'x,y', *['1,2'] * 300))
    with pytest.raises(ValueError, match='has no centers: columns x and y'):
        read_centers(write(tmp_path / 'a.csv', 'well,area', 'A1,2'))
    with pytest.raises(ValueError, match='does not say which image'):
        read_centers(write(tmp_path / 'b.csv', 'x,y', '1,2'))


def test_an_image_that_has_no_row_is_named(tmp_path):
    path = cellprofiler_csv(tmp_path)
    write(path, *path.read_text().split(), '7,1,9,10')
    with pytest.raises(ValueError, match=r'Image.csv has no image of ImageNumber 7'):
        read_centers(path)


def test_the_export_of_deeploc(shared_data):
    """Its images are frames of one file: even ones green, odd ones red."""
    centers = read_centers(shared_data('deeploc_sample') / 'SQL_data.csv')
    path = Path('/screen/plate01/007020000.flex')
    fields = [
        make_field(
            'A01',
            str(n),
            planes={'GFP': Plane(path, 2 * n), 'RFP': Plane(path, 2 * n + 1)},
        )
        for n in range(4)
    ]
    found, problems = join_centers(centers, fields)
    assert len(problems) == 1 and 'row 361 has 23 values' in problems[0]
    counts = [len(x) for x, _ in found.values()]
    assert sum(counts) == len(centers) == 359 and min(counts) > 50
    assert centers.x[0] == 69.0454 and centers.y[0] == 179.591


LABELS = np.zeros((20, 30), np.uint16)
LABELS[3:9, 4:9], LABELS[10:15, 20:28] = 1, 7


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int32', 'float32'])
def test_labels_of_other_programs(tmp_path, dtype):
    np.save(tmp_path / 'a.npy', LABELS.astype(dtype))
    tifffile.imwrite(tmp_path / 'a.tif', LABELS.astype(dtype))
    for name in ('a.npy', 'a.tif'):
        labels = read_labels(tmp_path / name, (20, 30))
        assert labels.dtype == np.int32
        np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize(
    ('labels', 'words'),
    [
        (LABELS[:10], 'label image of 10x30 pixels, but the field has 20x30'),
        (LABELS.astype(np.int16) - 1, 'numbers from -1 to 6'),
        (LABELS / 2, 'has fractions'),
        (np.stack([LABELS, LABELS, LABELS], -1), 'cannot be read as a label image'),
    ],
)
def test_label_images_that_do_not_fit(tmp_path, labels, words):
    np.save(tmp_path / 'a.npy', labels)
    with pytest.raises(BadFieldError, match=f'a.npy: .*{words}'):
        read_labels(tmp_path / 'a.npy', (20, 30))
