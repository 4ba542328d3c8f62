"""What is found before a user's screen is built: bad images, channels, gaps."""

import csv
import tracemalloc

import numpy as np
import pytest
import tifffile

from deeploc_jax.data.own import image_formats
from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.channel_layout import Layout, parse_names, parse_roles
from deeploc_jax.data.own.checked_screen import check_screen
from deeploc_jax.data.own.image_check import check_images
from deeploc_jax.data.own.table_file import read_table
from tests.helpers.own_cells import (
    CHANNELS,
    SPLITS,
    STACK,
    ome_files,
    separate_files,
    stack_table,
    write_table,
)


def _check(table, channels=CHANNELS, channel_names='RFP,GFP', **kwargs):
    return check_screen(
        table,
        channels=parse_roles(channels),
        channel_names=parse_names(channel_names),
        **kwargs,
    )


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('missing.npy', None, 'no such file'),
        ('broken.npy', b'\x93NUMPY', 'unreadable'),
        ('small.npy', np.zeros((63, 64, 2)), '63x64 pixels, smaller than 64x64'),
        ('large.npy', np.zeros((64, 80, 2)), "64x80 pixels.*crop='center'"),
        ('grey.npy', np.zeros((64, 64)), r'shape \(64, 64\); expected 2 channels'),
        ('nan.npy', np.full((64, 64, 2), np.nan), '8192 pixel.*NaN or infinite'),
        ('inf.npy', np.full((64, 64, 2), -np.inf), 'NaN or infinite'),
        ('complex.npy', np.zeros((64, 64, 2), complex), 'complex128 are not supported'),
        ('huge.npy', np.full((64, 64, 2), 2**60), 'cannot be stored exactly'),
        (
            'stack.npz',
            np.zeros((9, 64, 64, 2)),
            'holds 9 images; give the index .*column "index"',
        ),
    ],
)
def test_bad_images_are_named(tmp_path, name, content, reason):
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        (np.savez if name.endswith('z') else np.save)(tmp_path / name, content)
    images = ['stack.npy'] * 5 + [name]
    table = stack_table(tmp_path, image=images, index=[*range(5), ''])
    with pytest.raises(ValueError, match=f'row 7: .*{name}.*: .*{reason}') as error:
        _check(table)
    assert '1 of 6 rows' in str(error.value)
    with (tmp_path / 'cells.csv.bad_rows.csv').open(newline='') as file:
        (bad,) = csv.DictReader(file)
    assert bad['row'] == '7' and bad['file'].endswith(name)


def test_a_missing_image_comes_with_the_nearest_name(tmp_path):
    columns = separate_files(tmp_path) | {'split': SPLITS}
    names = ['0_RED.tif', '../1_red.tif', 'n' * 300 + '.tif', *columns['image_RFP'][3:]]
    table = write_table(tmp_path, columns | {'image_RFP': names})
    with pytest.raises(ValueError, match='3 of 6 rows') as error:
        _check(table, channel_names=())
    text = str(error.value)
    assert 'row 2: ' in text and "RFP: no such file; did you mean '0_red.tif'?" in text
    assert "did you mean '1_red.tif'?" in text
    assert 'row 4: ' in text and 'too long' in text


def test_truncated_tiff_is_named(tmp_path):
    columns = separate_files(tmp_path) | {'split': SPLITS}
    data = (tmp_path / '3_red.tif').read_bytes()
    (tmp_path / '3_red.tif').write_bytes(data[:5000])
    tifffile.imwrite(tmp_path / '4_red.tif', np.zeros((70, 64), np.uint16))
    with pytest.raises(ValueError, match=r'row 5: (?s:.)*RFP: damaged') as error:
        _check(write_table(tmp_path, columns), channel_names=())
    assert 'row 6' in str(error.value) and 'differ in size' in str(error.value)


def test_nothing_is_left_when_every_row_is_bad(tmp_path):
    table = stack_table(tmp_path, image=['gone.npy'] * 6)
    with pytest.raises(ValueError, match='6 of 6 rows'):
        _check(table, skip_bad_rows=True)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (
            {'channels': None},
            r'Found: images of shape \(6, 64, 64, 2\) with no channel',
        ),
        ({'channels': {'marker': 'RFP'}}, 'protein among them'),
        ({'channels': 'protein=GFP,marker=GFP'}, 'each channel once'),
        ({'channels': 'GFP,RFP'}, 'must be like "protein=GFP'),
        ({'channel_names': ()}, 'channel_names="<first>,<second>".*shape'),
        ({'channel_names': 'RFP,YFP'}, r"channel_names \(RFP, YFP\) lacks 'GFP'"),
        ({'channel_names': 'RFP,GFP,DAPI'}, 'expected 3 channels'),
        ({'crop': 'left'}, "crop .'left'. must be"),
    ],
)
def test_channels_are_stated_not_guessed(tmp_path, arguments, words):
    with pytest.raises(ValueError, match=words):
        _check(stack_table(tmp_path), **arguments)


def test_file_and_statement_must_agree_on_the_channel_order(tmp_path):
    table = write_table(tmp_path, ome_files(tmp_path) | {'split': SPLITS})
    with pytest.raises(
        ValueError, match='3 of 6 rows.*(?s:.)*own channel order is GFP'
    ):
        _check(table)
    with pytest.raises(ValueError, match="no channel 'BF'; it has"):
        channels = {'protein': 'GFP', 'marker': 'BF'}
        _check(table, channels=channels, channel_names=())
    with pytest.raises(ValueError, match='Found: .* with GFP, RFP'):
        _check(table, channels=None, channel_names=())


@pytest.mark.parametrize('stated', ['GFP,RFP,Hoechst', 'RFP,Hoechst,GFP'])
def test_names_of_the_file_stand_where_the_statement_has_them(tmp_path, stated):
    for n, image in enumerate(STACK):
        planes = np.stack([image[..., 0], image[..., 1], image[..., 0]])
        metadata = {'axes': 'CYX', 'Channel': {'Name': ['RFP', 'GFP', 'DAPI']}}
        tifffile.imwrite(tmp_path / f'{n}.ome.tif', planes, ome=True, metadata=metadata)
    columns = {'image': [f'{n}.ome.tif' for n in range(6)], 'split': SPLITS}
    table = write_table(tmp_path, columns)
    with pytest.raises(ValueError, match='6 of 6 rows.*(?s:.)*own channel order is'):
        _check(table, channel_names=stated)
    assert len(_check(table, channel_names='RFP,GFP,Hoechst').rows) == 6


def test_thin_classes_and_torn_groups_are_warned_of(tmp_path):
    with pytest.warns(UserWarning) as caught:
        labels = ['ER'] * 5 + ['BUD']
        table = stack_table(tmp_path, split=[''] * 6, field=[*'aabbcc'], label=labels)
        _check(table, group_by='field')
    text = '\n'.join(str(warning.message) for warning in caught)
    assert 'class BUD are in a single group' in text
    table = stack_table(tmp_path, field=[*'abbcca'])
    with pytest.warns(UserWarning, match='divides 3 group.*near twins'):
        _check(table, group_by='field')


def test_wells_that_a_stated_split_tears_apart_are_seen(tmp_path):
    table = stack_table(tmp_path, well=['A1', 'B2', 'a01', 'B03', 'B04', 'A-01'])
    with pytest.warns(UserWarning, match=r'divides 1 group\(s\) .*first is A01'):
        _check(table, group_by='well')
    with pytest.warns(UserWarning, match=r'divides 1 well\(s\) .*first is A01'):
        _check(table)


def test_one_well_name_in_two_conditions_is_not_torn_apart(tmp_path):
    columns = dict(plate=['P1'] * 6, well=['A01'] * 6)
    with pytest.warns(
        UserWarning, match=r'divides 1 well\(s\) .*the first is P1/A01\)'
    ):
        _check(stack_table(tmp_path, **columns))
    for more in (dict(condition=[*'aabbcc']), dict(replicate=[*'112233'])):
        assert len(_check(stack_table(tmp_path, **columns | more)).rows) == 6
    columns |= dict(condition=['a'] * 6, replicate=[*'112211'])
    with pytest.warns(
        UserWarning, match=r'divides 1 well\(s\) .*first is a/1/P1/A01\)'
    ):
        _check(stack_table(tmp_path, **columns))


def test_an_error_of_the_spreadsheet_is_no_condition(tmp_path):
    table = stack_table(tmp_path, condition=['#REF!', *['heat'] * 5])
    with pytest.raises(
        ValueError, match="condition '#REF!' is an error message of the spread"
    ):
        _check(table)


def test_the_same_pixels_in_two_splits_are_warned_of(tmp_path):
    stack = np.random.default_rng(0).integers(0, 256, (9, 64, 64, 2), np.uint8)
    stack[[4, 6, 7]] = stack[1]  # rows 3 (train), 6, 8 (test) and 9 (validation)
    stack[5] = stack[3] = 7  # blank, in test and validation
    stack[2] = stack[0]  # twins in the same split
    np.save(tmp_path / 'stack.npy', stack[:6])
    np.save(tmp_path / 'wide.npy', stack[6:].astype(np.float64))
    splits = ['train', 'train', 'train', 'validation', 'test', 'test']
    columns = {'image': ['stack.npy'] * 6 + ['wide.npy'] * 3}
    columns |= {'index': [*range(6), *range(3)]}
    columns |= {'split': [*splits, 'test', 'validation', 'train']}
    words = (
        r'^\S+csv: 3 cell\(s\) have exactly the pixels of a cell in another split '
        r'\(2 in test and train, 1 in train and validation; first: row 3 in train and '
        r'row 6 in test\)'
    )
    with pytest.warns(UserWarning, match=words):
        _check(write_table(tmp_path, columns))


@pytest.mark.parametrize(
    ('column', 'names', 'shown'),
    [
        ('label', ['ER', 'Er', 'ER', 'er', 'VACUOLE', 'ER'], 'ER (3 rows) and Er (1 '),
        (
            'label',
            ['ER', 'ER\u200b', *['ER'] * 4],
            'ER (5 rows) and ER\\u200b (1 rows)',
        ),
        (
            'label',
            ['bud neck', 'bud_neck', *['bud-neck'] * 4],
            'bud neck (1 rows) and ',
        ),
        ('label', ['ER', 'ER"', *['ER'] * 4], 'ER (5 rows) and ER" (1 rows)'),
        ('plate', ['P1', 'P01', *['P1'] * 4], 'P01 (1 rows) and P1 (5 rows)'),
        ('condition', ['DMSO', *['dmso'] * 5], 'DMSO (1 rows) and dmso (5 rows)'),
        ('replicate', ['1', '01', *['1'] * 4], '01 (1 rows) and 1 (5 rows)'),
        ('protein', ['Sec61', *['SEC61'] * 5], 'SEC61 (5 rows) and Sec61 (1 rows)'),
        (
            'field',
            ['1', '1.0', '01', '2', '3', '4'],
            '01 (1 rows) and 1 (1 rows) and 1.0',
        ),
        (
            'dye',
            ['\u00b5', *['\u03bc'] * 5],
            'dye: \u00b5 (1 rows) and \u03bc (5 rows)',
        ),
    ],
)
def test_names_that_look_alike_are_warned_of(tmp_path, column, names, shown):
    table = stack_table(tmp_path, **{column: names})
    with pytest.warns(UserWarning) as caught:
        _check(table, group_by=column if column == 'dye' else None)
    text = '\n'.join(str(warning.message) for warning in caught)
    assert shown in text and 'look alike' in text


def test_wells_that_are_grouped_as_one_do_not_look_alike(tmp_path):
    wells = ['A1', 'A01', 'B2', 'b02', 'C3', 'C003']
    table = stack_table(tmp_path, Metadata_Well=wells)
    assert {row.group for row in _check(table, group_by='Metadata_Well').rows} == {
        'A01', 'B02', 'C03'
    }  # fmt: skip


def test_a_class_that_is_named_twice_is_an_error_before_images_are_read(tmp_path):
    table = stack_table(tmp_path)
    (tmp_path / 'stack.npy').unlink()
    with pytest.raises(ValueError, match='classes names ER, 1 more than once'):
        _check(table, classes=['ER', 'VAC', ' ER', '1', '1'])


def test_a_file_a_channel_is_opened_once_however_many_there_are(tmp_path, monkeypatch):
    opened, open_npy = [], image_formats.OPENERS['.npy']
    monkeypatch.setitem(
        image_formats.OPENERS,
        '.npy',
        lambda path, resources: opened.append(path) or open_npy(path, resources),
    )
    names = [f'C{n}' for n in range(9)]
    for n, name in enumerate(names):
        np.save(tmp_path / f'{name}.npy', STACK[..., 0] + np.uint16(n))
    columns = {f'image_{name}': [f'{name}.npy'] * 6 for name in names}
    columns |= {'index': range(6), 'split': SPLITS}
    roles = ','.join(['protein=C0', *(f'r{name}={name}' for name in names[1:])])
    screen = _check(write_table(tmp_path, columns), channels=roles, channel_names='')
    assert len(opened) == 9
    assert len(list(screen.read_split('train'))) == 2 and len(opened) == 18


def test_different_names_raise_no_warning_of_names_that_look_alike(tmp_path):
    names = ['-1', '1', '1.5', '1.05', 'P1-1', 'P11']
    table = stack_table(tmp_path, plate=names, protein=['ER-', 'ER', *'abcd'])
    assert len(_check(table).rows) == 6
    accents = ['caf\xe9', 'cafe\u0301', 'er ', 'er', 'a\xa0b', 'a b']
    table = stack_table(tmp_path, protein=accents)  # these are the same
    names = [row.metadata['protein'] for row in _check(table).rows]
    assert names == ['caf\xe9'] * 2 + ['er'] * 2 + ['a b'] * 2


def test_thousands_of_bad_rows_are_reported_within_bounds(tmp_path, monkeypatch):
    from deeploc_jax.data.own import image_check

    hints = []
    monkeypatch.setattr(image_check, 'missing_hint', lambda *_: hints.append(1) or '')
    names = [f'crops\\{n}.tif' for n in range(3000)]
    columns = {'image': names, 'label': [f'\x1b[31m{n}' for n in range(3000)]}
    columns |= {'split': ['train', 'tarin', 'test'] * 1000}
    with pytest.raises(ValueError, match='3000 of 3000 rows') as error:
        _check(write_table(tmp_path, columns), channels='protein=GFP', channel_names='')
    assert len(hints) == 20 and len(str(error.value)) < 20_000
    with (tmp_path / 'cells.csv.bad_rows.csv').open(newline='') as file:
        assert len(list(csv.DictReader(file))) == 3000


def test_messages_print_no_control_characters_and_no_endless_list(tmp_path):
    labels = ['ER', 'ER', 'a\x1b[2Jb', 'a, b', *['ER'] * 2]
    with pytest.warns(UserWarning) as caught:
        _check(stack_table(tmp_path, label=labels))
    text = str(caught[0].message)
    assert text.isprintable() and 'a\\x1b[2Jb' in text and '"a, b"' in text


def test_classes_that_are_numbers_are_sorted_by_number(tmp_path):
    table = stack_table(tmp_path, label=['10.0', '2.0', '', '-1.0', '10.0', '2.0'])
    with pytest.warns(UserWarning, match='no cell in validation of class 2, 10'):
        screen = _check(table)
    assert screen.classes == ('2', '10')
    with pytest.warns(UserWarning, match='no cell in validation of class 10, 2'):
        assert _check(table, classes=['10.0', '2.0']).classes == ('10', '2')


@pytest.mark.parametrize(('blank', 'told'), [(6, True), (4, True), (3, False)])
def test_a_channel_blank_in_most_cells_raises_a_warning(tmp_path, blank, told):
    stack = STACK.copy()
    stack[:blank, ..., 1] = 7  # GFP
    table = stack_table(tmp_path, stack)
    if told:
        words = rf'channel GFP is blank \(all pixels are equal\) in {blank} of 6 cells'
        with pytest.warns(UserWarning, match=words) as caught:
            _check(table)
        assert 'RFP' not in str(caught[0].message)
    else:
        _check(table)  # a warning would be an error


def test_what_is_cut_away_does_not_count_as_contrast(tmp_path):
    stack = np.pad(np.full((6, 64, 64, 2), 7), ((0, 0), (4, 4), (4, 4), (0, 0)))
    table = stack_table(tmp_path, stack)
    with pytest.warns(UserWarning, match='GFP is blank.*RFP is blank'):
        _check(table, crop='center')


def test_the_check_does_not_hold_the_images(tmp_path):
    stack = np.zeros((2000, 64, 64, 2), np.uint16)  # 33 MB
    stack[:] = np.arange(2000)[:, None, None, None]
    np.savez_compressed(tmp_path / 'stack.npz', image=stack)
    columns = {'image': ['stack.npz'] * len(stack), 'index': range(len(stack))}
    table = read_table(write_table(tmp_path, columns))
    rows, _ = check_rows(table, ['GFP', 'RFP'])
    layout = Layout(('GFP', 'RFP'), 1, False, ('RFP', 'GFP'), None)
    tracemalloc.start()
    images = check_images(rows, layout, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(images.good) == len(stack) and not images.bad
    assert peak < stack.nbytes / 4
