"""A user's own crops: from a table to a prepared screen and back."""

import csv
import tracemalloc

import h5py
import imagecodecs
import numpy as np
import pytest
import tensorflow_datasets as tfds
import tifffile

from deeploc_jax.data import cell_table
from deeploc_jax.data.screen_builder import prepare_screen
from deeploc_jax.datasets import own_screen

_MODULE = own_screen.own_screen
_CHANNELS = {'protein': 'GFP', 'marker': 'RFP'}
_RNG = np.random.default_rng(0)
_STACK = _RNG.integers(0, 4096, (6, 64, 64, 2), dtype=np.uint16)  # RFP, GFP
_SPLITS = ('train', 'train', 'validation', 'validation', 'test', 'test')


def _table(folder, columns, name='cells.csv'):
    with (folder / name).open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return folder / name


def _stack_table(folder, stack=_STACK, **columns):
    """Six labelled cells in one npy file, two a split."""
    np.save(folder / 'stack.npy', stack)
    count = range(6)
    base = {'image': ['stack.npy'] * 6, 'index': count, 'split': _SPLITS}
    base |= {'label': ['ER', 'VACUOLE'] * 3, 'cell_id': [f'c{n}' for n in count]}
    return _table(folder, base | columns)


def _screen(folder, table, **kwargs):
    kwargs = {'channels': _CHANNELS, 'channel_names': 'RFP,GFP'} | kwargs
    return own_screen.OwnScreen(
        data_dir=folder / 'prepared', table=table, name='mine', **kwargs
    )


def _prepare(folder, table, **kwargs):
    builder = _screen(folder, table, **kwargs)
    builder.download_and_prepare()
    return builder


def _read(folder, split):
    """Cells by id, read without the table."""
    source = tfds.data_source(
        'own_screen/mine', split=split, data_dir=folder / 'prepared'
    )
    return {cell['cell_id'].decode(): cell for cell in source}


def test_real_cells_come_back_protein_first(tmp_path, shared_data):
    path = shared_data('yeast_wt2') / 'cells.npz'
    cells = dict(np.load(path, allow_pickle=False))
    rows = range(0, len(cells['image']), 10)
    columns = {name: cells[name][::10] for name in ('protein', 'field')}
    columns |= {'label': cells['localization'][::10], 'cell_id': cells['name'][::10]}
    columns |= {'image': [path] * len(rows), 'index': rows}
    builder = _prepare(tmp_path, _table(tmp_path, columns), group_by='field')
    assert builder.info.features['label'].names == ['cytoplasm', 'mitochondria']
    assert builder.info.metadata['channels'] == ['GFP', 'RFP']
    assert builder.info.metadata['marker_channel'] == 1
    fields = {}
    seen = 0
    for split in ('train', 'validation', 'test'):
        found = _read(tmp_path, split)
        fields[split] = {cell['field'] for cell in found.values()}
        for row, cell_id in zip(rows, columns['cell_id'], strict=True):
            if cell_id in found:
                cell, seen = found[cell_id], seen + 1
                expected = cells['image'][row][..., [1, 0]]
                np.testing.assert_array_equal(cell['image'], expected)
                assert cell['image'].dtype == np.uint16
                name = builder.info.features['label'].int2str(int(cell['label']))
                assert name == cells['localization'][row]
                assert cell['protein'].decode() == cells['protein'][row]
    assert seen == len(rows)
    assert sorted(len(found) for found in fields.values()) == [1, 1, 1]
    assert len(set.union(*fields.values())) == 3


def _separate(folder):
    for n, image in enumerate(_STACK):
        tifffile.imwrite(folder / f'{n}_red.tif', image[..., 0])
        green = imagecodecs.png_encode(image[..., 1].copy())
        (folder / f'{n}_green.png').write_bytes(green)
    return {
        'image_RFP': [f'{n}_red.tif' for n in range(6)],
        'image_GFP': [f'{n}_green.png' for n in range(6)],
    }


def _ome(folder):
    """Every file names its channels, and not in the same order."""
    for n, image in enumerate(_STACK):
        order = [0, 1] if n % 2 else [1, 0]
        names = [['RFP', 'GFP'][channel] for channel in order]
        tifffile.imwrite(
            folder / f'{n}.ome.tif',
            np.moveaxis(image[..., order], -1, 0),
            ome=True,
            metadata={'axes': 'CYX', 'Channel': {'Name': names}},
        )
    return {'image': [f'{n}.ome.tif' for n in range(6)]}


def _release(folder):
    with h5py.File(folder / 'train.hdf5', 'w') as file:
        file['data1'] = np.moveaxis(_STACK[:4], -1, 1).reshape(4, -1)
        file['data2'] = np.moveaxis(_STACK[4:], -1, 1).reshape(2, -1)
    return {'image': ['train.hdf5'] * 6, 'index': range(6)}


@pytest.mark.parametrize(
    ('save', 'arguments'),
    [
        (_separate, {'channel_names': None}),
        (_ome, {'channel_names': None}),
        (_release, {}),
    ],
)
def test_every_source_gives_the_same_cells(tmp_path, save, arguments):
    columns = save(tmp_path) | {'split': _SPLITS, 'cell_id': [*'012345']}
    columns |= {'x': ['', '1.5', *'2345'], 'well': ['A01'] * 6}
    _prepare(tmp_path, _table(tmp_path, columns), **arguments)
    cells = _read(tmp_path, 'train') | _read(tmp_path, 'test')
    assert sorted(cells) == ['0', '1', '4', '5']
    for cell_id, cell in cells.items():
        np.testing.assert_array_equal(cell['image'], _STACK[int(cell_id)][..., [1, 0]])
        assert (cell['label'], cell['well'], cell['screen']) == (-1, b'A01', b'mine')
    assert cells['1']['x'] == 1.5 and np.isnan(cells['0']['x'])


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('missing.npy', None, 'no such file'),
        ('broken.npy', b'\x93NUMPY', 'unreadable'),
        ('small.npy', np.zeros((63, 64, 2)), '63x64 pixels, smaller than 64x64'),
        ('large.npy', np.zeros((64, 80, 2)), "64x80 pixels.*crop='center'"),
        ('grey.npy', np.zeros((64, 64)), r'shape \(64, 64\); expected 2 channels'),
        ('rgb.npy', np.zeros((64, 64, 3)), 'expected 2 channels'),
        ('nan.npy', np.full((64, 64, 2), np.nan), '8192 pixel.*NaN or infinite'),
        ('inf.npy', np.full((64, 64, 2), -np.inf), 'NaN or infinite'),
        ('complex.npy', np.zeros((64, 64, 2), complex), 'complex128 are not supported'),
        ('huge.npy', np.full((64, 64, 2), 2**60), 'cannot be stored exactly'),
        ('stack.npz', np.zeros((9, 64, 64, 2)), 'holds 9 images; say which'),
    ],
)
def test_bad_images_are_named_and_nothing_is_built(tmp_path, name, content, reason):
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        (np.savez if name.endswith('z') else np.save)(tmp_path / name, content)
    images = ['stack.npy'] * 5 + [name]
    table = _stack_table(tmp_path, image=images, index=[*range(5), ''])
    with pytest.raises(ValueError, match=f'row 7: .*{name}.*: .*{reason}') as error:
        _screen(tmp_path, table)
    assert '1 of 6 rows' in str(error.value)
    assert not (tmp_path / 'prepared').exists()
    with (tmp_path / 'cells.csv.bad_rows.csv').open(newline='') as file:
        (bad,) = csv.DictReader(file)
    assert bad['row'] == '7' and bad['file'].endswith(name)


def test_truncated_tiff_is_named(tmp_path):
    columns = _separate(tmp_path) | {'split': _SPLITS}
    data = (tmp_path / '3_red.tif').read_bytes()
    (tmp_path / '3_red.tif').write_bytes(data[:5000])
    tifffile.imwrite(tmp_path / '4_red.tif', np.zeros((70, 64), np.uint16))
    with pytest.raises(ValueError, match=r'row 5: (?s:.)*RFP: damaged') as error:
        _screen(tmp_path, _table(tmp_path, columns), channel_names=None)
    assert 'row 6' in str(error.value) and 'differ in size' in str(error.value)


def test_bad_rows_can_be_left_out(tmp_path):
    images = ['stack.npy', 'gone.npy', *['stack.npy'] * 4]
    table = _stack_table(tmp_path, image=images, split=[*_SPLITS[:5], 'tset'])
    with pytest.warns(UserWarning) as caught:
        _prepare(tmp_path, table, skip_bad_rows=True)
    text = '\n'.join(str(warning.message) for warning in caught)
    assert '2 of 6 rows' in text and 'left out' in text
    assert 'row 3' in text and 'row 7' in text
    assert 'no cell in train of class VACUOLE' in text
    assert [*_read(tmp_path, 'train'), *_read(tmp_path, 'test')] == ['c0', 'c4']
    assert (tmp_path / 'cells.csv.bad_rows.csv').exists()


def test_nothing_is_left_when_every_row_is_bad(tmp_path):
    table = _stack_table(tmp_path, image=['gone.npy'] * 6)
    with pytest.raises(ValueError, match='6 of 6 rows'):
        _screen(tmp_path, table, skip_bad_rows=True)


def test_a_mended_table_takes_the_list_of_bad_rows_away(tmp_path):
    table = _stack_table(tmp_path, index=[*range(5), 99])
    with pytest.raises(ValueError, match='index 99 is out of range'):
        _screen(tmp_path, table)
    assert cell_table.bad_rows_path(table).exists()
    _prepare(tmp_path, _stack_table(tmp_path))
    assert not cell_table.bad_rows_path(table).exists()


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (
            {'channels': None},
            r'Found: images of shape \(6, 64, 64, 2\) with no channel',
        ),
        ({'channels': {'marker': 'RFP'}}, 'protein among them'),
        ({'channels': 'protein=GFP,marker=GFP'}, 'each channel once'),
        ({'channels': 'GFP,RFP'}, 'write it like "protein=GFP'),
        ({'channel_names': None}, 'channel_names="<first>,<second>".*shape'),
        ({'channel_names': 'RFP,YFP'}, r"channel_names \(RFP, YFP\) has no 'GFP'"),
        ({'channel_names': 'RFP,GFP,DAPI'}, 'expected 3 channels'),
        ({'crop': 'left'}, "crop is 'left'"),
    ],
)
def test_channels_are_stated_not_guessed(tmp_path, arguments, words):
    with pytest.raises(ValueError, match=words):
        _screen(tmp_path, _stack_table(tmp_path), **arguments)


def test_file_and_statement_must_agree_on_the_channel_order(tmp_path):
    table = _table(tmp_path, _ome(tmp_path) | {'split': _SPLITS})
    with pytest.raises(
        ValueError, match='3 of 6 rows.*(?s:.)*own channel order is GFP'
    ):
        _screen(tmp_path, table)
    with pytest.raises(ValueError, match="no channel 'BF'; it has"):
        channels = {'protein': 'GFP', 'marker': 'BF'}
        _screen(tmp_path, table, channels=channels, channel_names=None)
    with pytest.raises(ValueError, match='Found: .* with GFP, RFP'):
        _screen(tmp_path, table, channels=None, channel_names=None)


def test_protein_only_and_further_channels(tmp_path):
    stack = _RNG.integers(0, 255, (6, 64, 64, 3), dtype=np.uint8)
    table = _stack_table(tmp_path, stack)
    roles = 'protein=GFP,nucleus=DAPI,marker=RFP'
    builder = _prepare(tmp_path, table, channels=roles, channel_names='RFP,DAPI,GFP')
    assert builder.info.metadata['channels'] == ['GFP', 'RFP', 'DAPI']
    cell = _read(tmp_path, 'train')['c1']
    np.testing.assert_array_equal(cell['image'], stack[1][..., [2, 0, 1]])
    grey = tmp_path / 'grey'
    grey.mkdir()
    table = _stack_table(grey, stack[..., 0])
    builder = _prepare(grey, table, channels='protein=GFP', channel_names=None)
    assert builder.info.metadata['marker_channel'] == -1
    np.testing.assert_array_equal(_read(grey, 'test')['c4']['image'], stack[4][..., :1])


@pytest.mark.parametrize(
    ('found', 'stored'),
    [
        ([bool, np.uint8], 'uint8'),
        ([np.uint8, np.uint16], 'uint16'),
        ([np.int16], 'float32'),
        ([np.uint16, np.float16], 'float32'),
        ([np.int32], 'float64'),
        ([np.dtype('>u2')], 'uint16'),
        ([np.uint8, np.float64], 'float64'),
    ],
)
def test_pixels_are_stored_in_a_type_that_holds_them(tmp_path, found, stored):
    kinds = (found * 6)[:6]
    for n, kind in enumerate(kinds):
        np.save(tmp_path / f'{n}.npy', (_STACK[n] % 2).astype(kind))
    names = [f'{n}.npy' for n in range(6)]
    table = _stack_table(tmp_path, image=names, index=[''] * 6)
    builder = _prepare(tmp_path, table)
    assert builder.info.features['image'].np_dtype == stored
    cell = _read(tmp_path, 'validation')['c3']
    assert cell['image'].dtype == stored
    np.testing.assert_array_equal(cell['image'], _STACK[3][..., [1, 0]] % 2)


def test_larger_images_are_cropped_only_on_request(tmp_path):
    large = np.pad(_STACK, ((0, 0), (3, 3), (8, 9), (0, 0)))
    _prepare(tmp_path, _stack_table(tmp_path, large), crop='center')
    cell = _read(tmp_path, 'test')['c5']
    np.testing.assert_array_equal(cell['image'], _STACK[5][..., [1, 0]])


def test_class_order_is_as_given(tmp_path):
    table = _stack_table(tmp_path)
    with pytest.warns(UserWarning, match='no cell in test of class ACTIN'):
        builder = _prepare(tmp_path, table, classes='VACUOLE,ACTIN,ER')
    assert builder.info.features['label'].names == ['VACUOLE', 'ACTIN', 'ER']
    cells = _read(tmp_path, 'train')
    assert (cells['c0']['label'], cells['c1']['label']) == (2, 0)


def test_thin_classes_and_torn_groups_are_warned_of(tmp_path):
    with pytest.warns(UserWarning) as caught:
        labels = ['ER'] * 5 + ['BUD']
        table = _stack_table(tmp_path, split=[''] * 6, field=[*'aabbcc'], label=labels)
        _screen(tmp_path, table, group_by='field')
    text = '\n'.join(str(warning.message) for warning in caught)
    assert 'in one group, so in one split, of class BUD' in text
    table = _stack_table(tmp_path, field=[*'abbcca'])
    with pytest.warns(UserWarning, match='tears 3 group.*near twins'):
        _screen(tmp_path, table, group_by='field')


def test_unlabelled_cells_make_a_test_split(tmp_path):
    table = _stack_table(tmp_path, label=[''] * 6, split=[''] * 6)
    builder = _prepare(tmp_path, table)
    assert list(builder.info.splits) == ['test']
    cells = _read(tmp_path, 'test')
    assert len(cells) == 6 and {int(cell['label']) for cell in cells.values()} == {-1}


def test_a_prepared_screen_is_not_mistaken_for_another_table(tmp_path):
    table = _stack_table(tmp_path)
    _prepare(tmp_path, table)
    assert _screen(tmp_path, table).is_prepared()
    with pytest.raises(ValueError, match='already prepared.*other settings'):
        _screen(tmp_path, table, classes='VACUOLE,ER')
    with pytest.raises(ValueError, match='already prepared.*another table'):
        _screen(tmp_path, _stack_table(tmp_path, label=['ER'] * 6))


def test_reading_needs_neither_table_nor_our_arguments(tmp_path):
    table = _stack_table(tmp_path)
    data_dir = tmp_path / 'prepared'
    arguments = {'channels': _CHANNELS, 'channel_names': ['RFP', 'GFP']}
    prepare_screen('own_screen/mine', data_dir, table=str(table), **arguments)
    table.unlink()
    (tmp_path / 'stack.npy').unlink()
    again = prepare_screen('own_screen/mine', data_dir)
    assert again.info.splits['train'].num_examples == 2
    assert (
        len(own_screen.OwnScreen(data_dir=data_dir, name='mine').as_data_source('test'))
        == 2
    )
    folder = data_dir / 'own_screen' / 'mine' / '1.0.0'
    assert len(tfds.builder_from_directory(folder).as_data_source('test')) == 2
    with pytest.raises(FileNotFoundError, match='own_screen/yours is not prepared'):
        prepare_screen('own_screen/yours', data_dir)
    with pytest.raises(ValueError, match='needs a name'):
        prepare_screen('own_screen', data_dir)


def test_an_image_that_changes_after_the_check_leaves_nothing(tmp_path):
    builder = _screen(tmp_path, _stack_table(tmp_path))
    np.save(tmp_path / 'stack.npy', _STACK[:5])
    with pytest.raises(ValueError, match='Row 7 .*was fine when it was checked'):
        builder.download_and_prepare()
    assert not list(builder.data_path.parent.glob('*'))


def test_the_check_does_not_hold_the_images(tmp_path):
    stack = np.zeros((2000, 64, 64, 2), np.uint16)  # 33 MB
    stack[:] = np.arange(2000)[:, None, None, None]
    np.savez_compressed(tmp_path / 'stack.npz', image=stack)
    columns = {'image': ['stack.npz'] * len(stack), 'index': range(len(stack))}
    table = cell_table.read_table(_table(tmp_path, columns))
    rows, _ = cell_table.check_rows(table, ['GFP', 'RFP'])
    layout = _MODULE.Layout(('GFP', 'RFP'), 1, False, ('RFP', 'GFP'), None)
    tracemalloc.start()
    good, bad, _ = _MODULE.check_images(rows, layout)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(good) == len(stack) and not bad
    assert peak < stack.nbytes / 4
