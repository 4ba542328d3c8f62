"""The fields of a screen: described by a table, a pattern and a map, and read."""

import re
from concurrent import futures

import numpy as np
import pytest
import tifffile

from deeploc_jax.images import ImageReader, write_ome_tiff
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.field import BadFieldError
from deeploc_jax.screens.fields.listing import DOUBLED, MISSING, UNMATCHED, UNUSABLE
from deeploc_jax.screens.fields.read import read_field

ROLES = 'protein=GFP,marker=RFP'


def grey(value, shape=(6, 8)):
    return np.full(shape, value, np.uint16)


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels, photometric='minisblack')


def write_plate(folder, wells=('A01', 'A02'), fields=(1, 2), channels=('GFP', 'RFP')):
    """A file a channel: `<folder>/P1/A01_1_GFP.tif`; every one has its own value."""
    value = 0
    for well in wells:
        for field in fields:
            for channel in channels:
                value += 1
                write(folder / 'P1' / f'{well}_{field}_{channel}.tif', grey(value))


def by_kind(inventory, kind):
    return [problem for problem in inventory.problems if problem.kind == kind]


def describe(folder, pattern='{plate}/{well}_{field}_{channel}.tif', **options):
    return describe_fields(f'{folder}/{pattern}', **{'channels': ROLES, **options})


def write_table(folder, text):
    path = folder / 'fields.csv'
    path.write_text(text)
    return str(path)


def test_a_pattern_finds_plate_well_field_and_channel(tmp_path):
    write_plate(tmp_path)
    inventory = describe(tmp_path, screen='S', pixel_size=0.2)
    assert [f.name for f in inventory.fields] == [
        'P1-A01-1',
        'P1-A01-2',
        'P1-A02-1',
        'P1-A02-2',
    ]
    assert inventory.channels == ('GFP', 'RFP') and not inventory.problems
    image = read_field(inventory.fields[3])
    assert image.pixels[0, 0].tolist() == [7, 8]
    assert image.pixels.shape == (6, 8, 2) and image.pixels.dtype == np.uint16
    assert (image.channels, image.pixel_size) == (('GFP', 'RFP'), 0.2)
    assert {field.screen for field in inventory.fields} == {'S'}


def test_the_protein_comes_first_whatever_the_order_of_the_files(tmp_path):
    write_plate(tmp_path)
    inventory = describe(tmp_path, channels='marker=GFP,protein=RFP')
    assert inventory.channels == ('RFP', 'GFP')
    assert read_field(inventory.fields[0]).pixels[0, 0].tolist() == [2, 1]


def test_rows_columns_and_channels_are_numbers_too(tmp_path):
    for channel in (1, 2, 3):
        write(tmp_path / f'r02c03f10p01-ch{channel}sk1.tiff', grey(channel))
    (tmp_path / 'LICENSE').write_text('text')
    pattern = 'r{row:02}c{column:02}f{field:02}p01-ch{channel:1}{*}.tiff'
    inventory = describe(tmp_path, pattern, channel_names='1=GFP,3=RFP')
    (field,) = inventory.fields
    assert (field.well, field.field) == ('B03', '10')
    assert read_field(field).pixels[0, 0].tolist() == [1, 3]
    (left,) = by_kind(inventory, UNMATCHED)
    assert left.file == 'LICENSE' and not inventory.set_aside
    assert any('2' in note for note in inventory.notes)  # a channel without a role


def test_letters_are_rows(tmp_path):
    for n, well in enumerate([('A', '01'), ('AB', '24')]):
        for channel in (1, 2):
            write(tmp_path / f'Channel{channel}-{n}-{"-".join(well)}.tif', grey(n))
    inventory = describe(
        tmp_path,
        'Channel{channel}-{n}-{row}-{column}.tif',
        channel_names='1=GFP,2=RFP',
    )
    assert [field.well for field in inventory.fields] == ['A01', 'AB24']


def test_a_name_that_can_be_read_in_two_ways_is_not_guessed(tmp_path):
    write_plate(tmp_path, wells=('A01',), fields=(1,))
    write(tmp_path / 'P1' / 'A01_1_2_GFP.tif', grey(1))
    inventory = describe(tmp_path)
    (left,) = by_kind(inventory, UNMATCHED)
    assert 'two ways' in left.reason and "'1'" in left.reason and "'1_2'" in left.reason
    assert len(inventory.fields) == 1


def test_a_part_that_occurs_twice_has_one_value(tmp_path):
    for folder in ('P1', 'P2'):
        for channel in ('GFP', 'RFP'):
            write(tmp_path / folder / f'P1_A1_{channel}.tif', grey(1))
    inventory = describe(tmp_path, '{plate}/{plate}_{well}_{channel}.tif')
    assert [field.plate for field in inventory.fields] == ['P1']
    assert len(by_kind(inventory, UNMATCHED)) == 2


def test_what_is_missing_doubled_or_empty_is_named_and_the_rest_is_kept(tmp_path):
    write_plate(tmp_path)
    folder = tmp_path / 'P1'
    (folder / 'A01_1_RFP.tif').unlink()
    write(folder / 'A1_2_GFP.tif', grey(1))  # A01, written otherwise
    (folder / 'A02_1_GFP.tif').write_bytes(b'')
    inventory = describe(tmp_path)
    assert [field.name for field in inventory.fields] == ['P1-A02-2']
    (missing,) = by_kind(inventory, MISSING)
    assert (missing.well, missing.field) == ('A01', '1') and 'RFP' in missing.reason
    (doubled,) = by_kind(inventory, DOUBLED)
    assert 'A01_2_GFP.tif' in doubled.reason and 'A1_2_GFP.tif' in doubled.reason
    (empty,) = by_kind(inventory, UNUSABLE)
    assert empty.file.endswith('A02_1_GFP.tif') and 'empty' in empty.reason
    text = inventory.describe()
    assert '1 plate x 1 well x 1 field' in text
    for problem in inventory.problems:
        assert str(problem) in text


@pytest.mark.parametrize(
    'pattern, message',
    [
        ('{plate}/*_{channel}.tif', 'no file-name pattern'),
        ('{plate/{well}.tif', 'no'),
        ('{plate name}/{well}.tif', 'no part'),
        ('{plate}/{well}-{field}-{channel}.tif', 'A01_1_GFP'),
        ('missing/{well}.tif', 'no folder'),
        ('{plate}/{well}_{field}_{channel}.tif', "channel 'DNA'.*GFP, RFP"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(tmp_path, pattern, message):
    write_plate(tmp_path)
    with pytest.raises(ValueError, match=message):
        describe(tmp_path, pattern, channels='protein=GFP,nucleus=DNA')


@pytest.mark.parametrize(
    'channels, channel_names, message',
    [
        ('marker=RFP', None, 'protein among them'),
        ('protein', None, 'must be like'),
        ('protein=GFP', 'RFP,DNA', "lacks 'GFP'"),
        ('protein=GFP', '1=GFP,2=GFP', 'more than once'),
    ],
)
def test_roles_are_stated_by_name(tmp_path, channels, channel_names, message):
    write_plate(tmp_path)
    with pytest.raises(ValueError, match=message):
        describe(tmp_path, channels=channels, channel_names=channel_names)


def test_a_table_with_a_file_a_channel(tmp_path):
    write(tmp_path / 'g.tif', np.stack([grey(1), grey(2)]))
    write(tmp_path / 'r.tif', grey(3))
    table = write_table(
        tmp_path,
        'plate;well;field;condition;protein;image_GFP;index_GFP;image_RFP\n'
        'P1;b3;2;alpha;STE2;g.tif;1;r.tif\n',
    )
    (field,) = describe_fields(table, channels=ROLES).fields
    assert (field.well, field.protein, field.condition) == ('B03', 'STE2', 'alpha')
    assert read_field(field).pixels[0, 0].tolist() == [2, 3]


def test_a_table_with_one_file_that_names_its_channels(tmp_path):
    pixels = np.stack([grey(1), grey(2), grey(3)], -1)
    write_ome_tiff(tmp_path / 'a.ome.tif', pixels, ['RFP', 'DIC', 'GFP'], (0.1, 0.1))
    table = write_table(tmp_path, 'plate,row,column,image\nP1,2,12,a.ome.tif\n')
    (field,) = describe_fields(table, channels=ROLES).fields
    image = read_field(field)
    assert field.well == 'B12' and image.pixel_size == 0.1
    assert image.pixels[0, 0].tolist() == [3, 1]


def test_channels_of_a_file_that_does_not_name_them_are_stated(tmp_path):
    write(tmp_path / 'a.tif', np.stack([grey(1), grey(2), grey(3)]))
    table = write_table(tmp_path, 'well,image\nA1,a.tif\n')
    inventory = describe_fields(table, channels=ROLES, channel_names='RFP,DIC,GFP')
    assert read_field(inventory.fields[0]).pixels[0, 0].tolist() == [3, 1]
    with pytest.raises(ValueError, match='No field .*\n.*(?s:.*)does not say'):
        describe_fields(table, channels=ROLES)


def test_a_table_names_the_rows_that_it_cannot_use(tmp_path):
    write(tmp_path / 'a.tif', grey(1))
    write(tmp_path.parent / 'b.tif', grey(2))
    (tmp_path / 'c.tif').touch()
    table = write_table(
        tmp_path,
        'plate,well,field,image_GFP,index_GFP\n'
        'P1,A1,1,a.tif,\nP1,A2,1,../b.tif,\nP1,A3,1,c.tif,\nP1,A4,1,d.tif,\n'
        'P1,A5,1,,\nP1,A6,1,a.tif,x\nP1,A7,1,a.tif,\nP1,a07,01,a.tif,\nP1,A8\n',
    )
    inventory = describe_fields(table, channels='protein=GFP')
    assert [field.well for field in inventory.fields] == ['A01']
    reasons = {p.row: f'{p.kind}: {p.reason}' for p in inventory.set_aside}
    expected = {
        3: 'unusable: points outside',
        4: 'unusable: is empty',
        5: 'missing: no such file',
        6: 'missing: no file in image_GFP',
        7: "unusable: index_GFP 'x'",
        8: 'doubled: rows 8, 9',
        10: 'unusable: has 2 values',
    }
    assert set(reasons) == set(expected)
    for row, start in expected.items():
        assert reasons[row].startswith(start), reasons[row]


def test_simulated_plates_are_taken_as_they_are(tmp_path):
    pixels = np.stack([grey(1), grey(2)], -1)
    write_ome_tiff(tmp_path / 'images' / 'a.ome.tif', pixels, ['GFP', 'RFP'])
    (tmp_path / 'images.csv').write_text(
        'screen,condition,replicate,plate,well,field,image,mask\n'
        'S,,,P1,B02,1,images/a.ome.tif,masks/a.ome.tif\n'
    )
    (tmp_path / 'wells.csv').write_text(
        'screen,condition,replicate,plate,well,split,label,protein\n'
        'S,,,P1,B02,train,ER,SIM1\n'
    )
    for source in (tmp_path, tmp_path / 'images.csv'):
        inventory = describe_fields(str(source), channels=ROLES)
        (field,) = inventory.fields
        assert (field.screen, field.protein, field.label) == ('S', 'SIM1', 'ER')
        assert not inventory.problems


def make_map(folder, text):
    path = folder / 'map.csv'
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    'text',
    [
        'well,protein\nA1,FUS1\na02,STE2\n',
        'Plate;Well;protein;label\nP1;A-1;FUS1;ER\nP1;A 2;STE2;ER\n',
        'row,column,protein\nA,1,FUS1\n1,02,STE2\n',
        'ORF,Gene,Plate,Row,Column,wellId\nY1,FUS1,P1,1,1,7\nSTE2,0,P1,1,2,8\n',
        'ORF,Gene,wellId\nY1,FUS1,r01c01\n,STE2,r1c2\n',
        'ORF,Plate,Row,Column\nFUS1,P1,1,1\nSTE2,P1,1,2\n',
    ],
)
def test_a_plate_map_is_joined_by_well_however_it_is_written(tmp_path, text):
    write_plate(tmp_path / 'images')
    inventory = describe(tmp_path / 'images', plate_map=make_map(tmp_path, text))
    proteins = {(field.well, field.protein) for field in inventory.fields}
    assert proteins == {('A01', 'FUS1'), ('A02', 'STE2')}
    assert not inventory.problems


def test_a_map_among_the_images_is_no_file_that_matched_nothing(tmp_path):
    folder = tmp_path / 'images'
    write_plate(folder)
    (folder / 'notes.csv').write_text('text')
    plate_map = make_map(folder, 'well,protein\nA1,FUS1\nA2,STE2\n')
    inventory = describe(folder, plate_map=plate_map)
    (left,) = by_kind(inventory, UNMATCHED)
    assert left.file == 'notes.csv'


def test_wells_and_map_rows_without_each_other_are_named(tmp_path):
    write_plate(tmp_path / 'images')
    text = 'plate,well,protein,condition\nP1,A1,FUS1,alpha\nP2,A2,STE2,\n'
    inventory = describe(tmp_path / 'images', plate_map=make_map(tmp_path, text))
    assert len(inventory.fields) == 4 and not inventory.set_aside
    assert {f.condition for f in inventory.fields} == {'alpha', ''}
    (well,) = by_kind(inventory, UNMATCHED)
    assert (well.plate, well.well) == ('P1', 'A02')
    (row,) = by_kind(inventory, MISSING)
    assert (row.row, row.plate, row.well) == (3, 'P2', 'A02')


def test_a_map_tells_conditions_apart_where_fields_do(tmp_path):
    for condition in ('alpha', 'none'):
        write_plate(tmp_path / 'images' / condition, wells=('A01',))
    text = 'condition,well,protein\nalpha,A1,FUS1\nnone,A1,STE2\n'
    inventory = describe(
        tmp_path / 'images',
        '{condition}/{plate}/{well}_{field}_{channel}.tif',
        plate_map=make_map(tmp_path, text),
    )
    proteins = {(field.condition, field.protein) for field in inventory.fields}
    assert proteins == {('alpha', 'FUS1'), ('none', 'STE2')}
    assert '2 plates x 2 wells x 4 fields' in inventory.describe()


@pytest.mark.parametrize(
    'text, message',
    [
        ('well,protein\nA1,X\nB1,Y\nA01,Z\n', 'A01 in row 2 and in row 4'),
        ('well,dose\nA1,3\n', 'no plate map.*well, dose'),
        ('gene\nFUS1\n', 'no plate map'),
        ('row,column,protein\nA,99,FUS1\n', "row 2.*column '99'"),
        ('well,protein\n,FUS1\n', 'row 2: there is no well'),
    ],
)
def test_a_map_that_cannot_be_used_says_why(tmp_path, text, message):
    write_plate(tmp_path / 'images')
    with pytest.raises(ValueError, match=message):
        describe(tmp_path / 'images', plate_map=make_map(tmp_path, text))


def spoil(folder, pixels):
    write_plate(folder)
    if pixels is None:
        whole = (folder / 'P1' / 'A02_1_GFP.tif').read_bytes()
        (folder / 'P1' / 'A02_1_GFP.tif').write_bytes(whole[:-40])
    else:
        write(folder / 'P1' / 'A02_1_GFP.tif', pixels)


@pytest.mark.parametrize(
    'pixels, message',
    [
        (None, '(?s)A02_1_GFP.*GFP'),
        (np.full((6, 8), np.nan, np.float32), 'A02_1_GFP.*NaN'),
        (grey(1, (8, 6)), 'differ in size: 6x8, 8x6'),
        (np.stack([grey(1)] * 3), 'A02_1_GFP.*3, 6, 8'),
    ],
)
def test_a_bad_field_is_set_aside_and_the_others_are_read(tmp_path, pixels, message):
    spoil(tmp_path, pixels)
    inventory = describe(tmp_path)
    reasons = [str(problem) for problem in inventory.set_aside]
    good = 0
    for field in inventory.fields:
        try:
            read_field(field)
            good += 1
        except BadFieldError as error:
            reasons.append(str(error))
    assert good == 3 and len(reasons) == 1
    assert re.search(message, reasons[0]), reasons[0]


def test_a_field_of_another_size_than_its_plate_is_refused(tmp_path):
    write_plate(tmp_path)
    for channel in ('GFP', 'RFP'):
        write(tmp_path / 'P1' / f'A02_2_{channel}.tif', grey(1, (8, 6)))
    *same, other = describe(tmp_path).fields
    for field in same:
        read_field(field)
    with pytest.raises(
        BadFieldError, match='8x6 pixels, other fields of its plate 6x8'
    ):
        read_field(other)


def test_a_file_that_says_it_is_another_channel_is_refused(tmp_path):
    for channel, said in (('GFP', 'RFP'), ('RFP', 'GFP')):
        path = tmp_path / f'A01_1_{channel}.ome.tif'
        write_ome_tiff(path, grey(1)[..., None], [said])
    with pytest.raises(ValueError, match="file says that channel 0 is 'RFP'"):
        describe(tmp_path, '{well}_{field}_{channel}.ome.tif')


def test_pixel_sizes_of_channels_agree_or_are_stated(tmp_path):
    for channel, size in (('GFP', 0.1), ('RFP', 0.2)):
        path = tmp_path / f'A01_1_{channel}.ome.tif'
        write_ome_tiff(path, grey(1)[..., None], [channel], (size, size))
    pattern = '{well}_{field}_{channel}.ome.tif'
    with pytest.raises(BadFieldError, match='pixel size: 0.1, 0.2'):
        read_field(describe(tmp_path, pattern).fields[0])
    inventory = describe(tmp_path, pattern, pixel_size=0.1)
    assert read_field(inventory.fields[0]).pixel_size == 0.1
    assert '0.1 or 0.2' in inventory.describe()


def test_every_option_that_is_no_description_says_so(tmp_path):
    with pytest.raises(ValueError, match='describes no fields'):
        describe_fields(str(tmp_path), channels=ROLES)
    with pytest.raises(FileNotFoundError):
        describe_fields(str(tmp_path / 'fields.csv'), channels=ROLES)
    with pytest.raises(ValueError, match='pixel_size'):
        describe_fields(str(tmp_path), channels=ROLES, pixel_size=-1.0)


def test_threads_read_fields_at_the_same_time(tmp_path):
    write_plate(tmp_path, wells=[f'A{n:02d}' for n in range(1, 13)])
    fields = describe(tmp_path).fields
    with futures.ThreadPoolExecutor(4) as pool:
        images = list(pool.map(read_field, fields))
    for image, field in zip(images, fields, strict=True):
        np.testing.assert_array_equal(image.pixels, read_field(field).pixels)
    values = [image.pixels[0, 0].tolist() for image in images]
    assert values == [[2 * n + 1, 2 * n + 2] for n in range(24)]


def test_only_the_planes_that_are_used_are_read(tmp_path, monkeypatch):
    pixels = np.stack([grey(1), grey(2), grey(3)], -1)
    write_ome_tiff(tmp_path / 'A01.ome.tif', pixels, ['RFP', 'DIC', 'GFP'])
    inventory = describe(tmp_path, '{well}.ome.tif')
    read = []
    plane = ImageReader.read_plane

    def watch(reader, path, channel, *rest):
        read.append(channel)
        return plane(reader, path, channel, *rest)

    monkeypatch.setattr(ImageReader, 'read_plane', watch)
    read_field(inventory.fields[0])
    assert read == [2, 0]


def test_real_plates_are_understood(shared_data):
    folder = shared_data('sbs_plate') / 'images'
    inventory = describe(
        folder,
        'Channel{channel}-{n}-{row}-{column}.tif',
        channels='protein=GFP,nucleus=DNA',
        channel_names='1=GFP,2=DNA',
    )
    assert len(inventory.fields) == 48 and not inventory.problems
    assert inventory.fields[-1].well == 'D12'
    assert read_field(inventory.fields[-1]).pixels.shape == (640, 640, 2)


def test_the_sizes_of_real_fields_are_found(shared_data):
    folder = shared_data('wt2017_fields') / 'images'
    pattern = 'r{row:02}c{column:02}f{field:02}p01-ch{channel:1}{*}.tiff'
    inventory = describe(folder, pattern, channels='protein=1,marker=3')
    assert [field.name for field in inventory.fields] == ['A01-1', 'A01-2', 'A01-3']
    assert {field.size for field in inventory.fields} == {(1080, 1080)}


def test_a_stated_pixel_size_overrules_the_files(tmp_path):
    write_ome_tiff(tmp_path / 'A1.ome.tif', grey(1)[..., None], ['GFP'], (0.1, 0.2))
    with pytest.raises(ValueError, match='not square: 0.1 x 0.2'):
        describe(tmp_path, '{well}.ome.tif', channels='protein=GFP')
    inventory = describe(
        tmp_path, '{well}.ome.tif', channels='protein=GFP', pixel_size=0.15
    )
    assert read_field(inventory.fields[0]).pixel_size == 0.15


def test_a_file_with_other_channels_than_stated_is_refused(tmp_path):
    pixels = np.stack([grey(1), grey(2)], -1)
    write_ome_tiff(tmp_path / 'A1.ome.tif', pixels)
    with pytest.raises(ValueError, match='has 2 channels, but channel_names names 3'):
        describe(tmp_path, '{well}.ome.tif', channel_names='GFP,RFP,DIC')


def test_the_name_of_a_field_is_the_name_of_a_file(tmp_path):
    write(tmp_path / 'a.tif', grey(1))
    table = write_table(
        tmp_path, 'condition,plate,well,image_GFP\n5 g/l,../p,A1,a.tif\n'
    )
    (field,) = describe_fields(table, channels='protein=GFP').fields
    assert field.condition == '5 g/l' and field.name == '5 g_l-.._p-A01-1'


def test_a_map_of_several_plates_needs_plates_in_the_fields(tmp_path):
    write(tmp_path / 'images' / 'A1_GFP.tif', grey(1))
    text = 'plate,well,protein\nP1,A1,FUS1\nP2,A1,STE2\n'
    with pytest.raises(ValueError, match='row 2 and in row 3 .the fields name no pl'):
        describe(
            tmp_path / 'images',
            '{well}_{channel}.tif',
            channels='protein=GFP',
            plate_map=make_map(tmp_path, text),
        )
