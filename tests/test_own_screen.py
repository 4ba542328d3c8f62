"""A user's own crops: from a table to a prepared screen and back."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.own import table_file
from deeploc_jax.data.own.bad_rows import bad_rows_path
from deeploc_jax.datasets import own_screen, prepare_screen
from deeploc_jax.types import LATER, METADATA
from tests.helpers.earlier import earlier
from tests.helpers.own_cells import (
    CHANNELS,
    SPLITS,
    STACK,
    ome_files,
    release_files,
    separate_files,
    stack_table,
    write_table,
)


def _screen(folder, table, **kwargs):
    kwargs = {'channels': CHANNELS, 'channel_names': 'RFP,GFP'} | kwargs
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
    builder = _prepare(tmp_path, write_table(tmp_path, columns), group_by='field')
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


@pytest.mark.parametrize(
    ('save', 'arguments'),
    [
        (separate_files, {'channel_names': None}),
        (ome_files, {'channel_names': None}),
        (release_files, {}),
    ],
)
def test_every_source_gives_the_same_cells(tmp_path, save, arguments):
    columns = save(tmp_path) | {'split': SPLITS, 'cell_id': [*'012345']}
    columns |= {'x': ['', '1.5', *'2345'], 'well': ['A01'] * 6}
    _prepare(tmp_path, write_table(tmp_path, columns), **arguments)
    cells = _read(tmp_path, 'train') | _read(tmp_path, 'test')
    assert sorted(cells) == ['0', '1', '4', '5']
    for cell_id, cell in cells.items():
        np.testing.assert_array_equal(cell['image'], STACK[int(cell_id)][..., [1, 0]])
        assert (cell['label'], cell['well'], cell['screen']) == (-1, b'A01', b'mine')
    assert cells['1']['x'] == 1.5 and np.isnan(cells['0']['x'])


def test_bad_rows_can_be_left_out(tmp_path):
    images = ['stack.npy', 'gone.npy', *['stack.npy'] * 4]
    table = stack_table(tmp_path, image=images, split=[*SPLITS[:5], 'tset'])
    with pytest.warns(UserWarning) as caught:
        _prepare(tmp_path, table, skip_bad_rows=True)
    text = '\n'.join(str(warning.message) for warning in caught)
    assert '2 of 6 rows' in text and 'left out' in text
    assert 'row 3' in text and 'row 7' in text
    assert 'no cell in train of class VACUOLE' in text
    assert [*_read(tmp_path, 'train'), *_read(tmp_path, 'test')] == ['c0', 'c4']
    assert (tmp_path / 'cells.csv.bad_rows.csv').exists()


def test_a_mended_table_takes_the_list_of_bad_rows_away(tmp_path):
    table = stack_table(tmp_path, index=[*range(5), 99])
    with pytest.raises(ValueError, match='index 99 is out of range'):
        _screen(tmp_path, table)
    assert bad_rows_path(table).exists()
    assert not (tmp_path / 'prepared').exists()
    _prepare(tmp_path, stack_table(tmp_path))
    assert not bad_rows_path(table).exists()


def test_protein_only_and_further_channels(tmp_path):
    stack = np.random.default_rng(0).integers(0, 255, (6, 64, 64, 3), dtype=np.uint8)
    table = stack_table(tmp_path, stack)
    roles = 'protein=GFP,nucleus=DAPI,marker=RFP'
    builder = _prepare(tmp_path, table, channels=roles, channel_names='RFP,DAPI,GFP')
    assert builder.info.metadata['channels'] == ['GFP', 'RFP', 'DAPI']
    cell = _read(tmp_path, 'train')['c1']
    np.testing.assert_array_equal(cell['image'], stack[1][..., [2, 0, 1]])
    grey = tmp_path / 'grey'
    grey.mkdir()
    table = stack_table(grey, stack[..., 0])
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
        np.save(tmp_path / f'{n}.npy', (STACK[n] % 2).astype(kind))
    names = [f'{n}.npy' for n in range(6)]
    table = stack_table(tmp_path, image=names, index=[''] * 6)
    builder = _prepare(tmp_path, table)
    assert builder.info.features['image'].np_dtype == stored
    cell = _read(tmp_path, 'validation')['c3']
    assert cell['image'].dtype == stored
    np.testing.assert_array_equal(cell['image'], STACK[3][..., [1, 0]] % 2)


def test_larger_images_are_cropped_only_on_request(tmp_path):
    large = np.pad(STACK, ((0, 0), (3, 3), (8, 9), (0, 0)))
    _prepare(tmp_path, stack_table(tmp_path, large), crop='center')
    cell = _read(tmp_path, 'test')['c5']
    np.testing.assert_array_equal(cell['image'], STACK[5][..., [1, 0]])


def test_class_order_is_as_given(tmp_path):
    table = stack_table(tmp_path)
    with pytest.warns(UserWarning, match='no cell in test of class ACTIN'):
        builder = _prepare(tmp_path, table, classes='VACUOLE,ACTIN,ER')
    assert builder.info.features['label'].names == ['VACUOLE', 'ACTIN', 'ER']
    cells = _read(tmp_path, 'train')
    assert (cells['c0']['label'], cells['c1']['label']) == (2, 0)


def test_unlabelled_cells_make_a_test_split(tmp_path):
    table = stack_table(tmp_path, label=[''] * 6, split=[''] * 6)
    builder = _prepare(tmp_path, table)
    assert list(builder.info.splits) == ['test']
    cells = _read(tmp_path, 'test')
    assert len(cells) == 6 and {int(cell['label']) for cell in cells.values()} == {-1}


def test_a_prepared_screen_is_not_mistaken_for_another_table(tmp_path):
    table = stack_table(tmp_path)
    _prepare(tmp_path, table)
    assert _screen(tmp_path, table).is_prepared()
    with pytest.raises(ValueError, match='already prepared.*other settings'):
        _screen(tmp_path, table, classes='VACUOLE,ER')
    with pytest.raises(ValueError, match='already prepared.*another table'):
        _screen(tmp_path, stack_table(tmp_path, label=['ER'] * 6))


def test_reading_needs_neither_table_nor_our_arguments(tmp_path):
    table = stack_table(tmp_path)
    data_dir = tmp_path / 'prepared'
    arguments = {'channels': CHANNELS, 'channel_names': ['RFP', 'GFP']}
    prepare_screen('own_screen/mine', data_dir, table=str(table), **arguments)
    table.unlink()
    (tmp_path / 'stack.npy').unlink()
    again = prepare_screen('own_screen/mine', data_dir)
    assert again.info.splits['train'].num_examples == 2
    assert (
        len(own_screen.OwnScreen(data_dir=data_dir, name='mine').as_data_source('test'))
        == 2
    )
    folder = data_dir / 'own_screen' / 'mine' / '1.2.0'
    assert len(tfds.builder_from_directory(folder).as_data_source('test')) == 2
    with pytest.raises(FileNotFoundError, match='own_screen/yours is not prepared'):
        prepare_screen('own_screen/yours', data_dir)
    with pytest.raises(ValueError, match='needs a name'):
        prepare_screen('own_screen', data_dir)


def _refuse(path):
    raise ValueError('row 4')


def _as_version(monkeypatch, folder, table, version):
    with monkeypatch.context() as older:
        older.setattr(own_screen.OwnScreen, 'VERSION', tfds.core.Version(version))
        return _prepare(folder, table)


@pytest.mark.filterwarnings('ignore:.*divides 1 well')
def test_a_screen_of_an_earlier_version_is_read_with_and_without_its_table(
    tmp_path, monkeypatch
):
    table = stack_table(tmp_path, well=['a1'] * 6)
    _as_version(monkeypatch, tmp_path, table, '1.0.0')
    data_dir = tmp_path / 'prepared'
    without = own_screen.OwnScreen(data_dir=data_dir, name='mine')
    assert str(without.version) == '1.0.0' and without.is_prepared()
    assert len(without.as_data_source('test')) == 2
    assert prepare_screen('own_screen/mine', data_dir).version == '1.0.0'
    assert sorted(_read(tmp_path, 'train')) == ['c0', 'c1']
    words = r'prepared as version 1.0.0 and is used as it .*1.1.0 has: .*1.2.0 has: '
    with pytest.warns(UserWarning, match=words):
        with_table = _screen(tmp_path, table)
    with_table.download_and_prepare()
    monkeypatch.setattr(table_file, 'READERS', {'.csv': _refuse})
    with pytest.warns(UserWarning, match='may lack cells of the table: row 4'):
        _screen(tmp_path, table)
    assert [path.name for path in with_table.data_path.parent.iterdir()] == ['1.0.0']
    with pytest.raises(ValueError, match='already prepared.*1.0.0, from another table'):
        _screen(tmp_path, stack_table(tmp_path))


def test_condition_and_replicate_stay_with_the_cell(tmp_path):
    conditions = ['untreated', 'untreated', ' heat ', 'heat', 'NA', '']
    replicates = ['1.0', '2.0', '1.0', '2.0', '1.0', '2.0']
    table = stack_table(tmp_path, condition=conditions, replicate=replicates)
    with pytest.warns(
        UserWarning, match=r"condition: 'NA' \(1 rows\) are taken as emp"
    ):
        builder = _prepare(tmp_path, table)
    cells = {k: c for s in builder.info.splits for k, c in _read(tmp_path, s).items()}
    found = [
        [cells[f'c{n}'][name].decode() for n in range(6)]
        for name in ('condition', 'replicate')
    ]
    assert found[0] == ['untreated', 'untreated', 'heat', 'heat', '', '']
    assert found[1] == ['1', '2', '1', '2', '1', '2']
    assert read_cells(builder, 'test').metadata['replicate'].tolist() in (
        ['1', '2'],
        ['2', '1'],
    )


@pytest.mark.filterwarnings('ignore:.*no cell in')
@pytest.mark.filterwarnings('ignore:.*all cells lie in one group')
@pytest.mark.parametrize('column', ['condition', 'replicate'])
def test_whole_conditions_and_replicates_go_to_one_split(tmp_path, column):
    table = stack_table(tmp_path, split=[''] * 6, **{column: [*'aabbcc']})
    builder = _prepare(tmp_path, table, group_by=column)
    splits = [read_cells(builder, s).metadata[column] for s in builder.info.splits]
    assert sorted(map(len, splits)) == [2, 2, 2]
    assert all(len(set(values)) == 1 for values in splits)


def test_a_screen_of_before_there_were_conditions_is_read_without_them(
    tmp_path, monkeypatch, recwarn
):
    table = stack_table(tmp_path)
    with earlier(monkeypatch, own_screen.OwnScreen, '1.1.0'):
        assert 'condition' not in _prepare(tmp_path, table).info.features
    builder = _screen(tmp_path, table)  # it has all that the table says
    assert not recwarn.list
    assert str(builder.version) == '1.1.0' and 'condition' not in builder.info.features
    metadata = read_cells(builder, 'test').metadata
    assert list(metadata) == list(METADATA)
    for name in ('condition', 'replicate'):
        assert metadata[name].tolist() == ['', '']
        assert metadata[name].dtype.kind == 'U'


def test_a_screen_of_before_there_were_conditions_lacks_those_of_its_table(
    tmp_path, monkeypatch
):
    table = stack_table(tmp_path, condition=['heat'] * 6)
    with earlier(monkeypatch, own_screen.OwnScreen, '1.1.0'):
        _prepare(tmp_path, table)
    with pytest.warns(UserWarning, match='Version 1.2.0 has: The columns condition'):
        builder = _screen(tmp_path, table)
    assert set(read_cells(builder, 'train').metadata['condition']) == {''}
    with pytest.raises(ValueError, match=r'1.0.0 is not prepared in .* only be read'):
        _prepare(tmp_path, table, version='1.0.0')


@pytest.mark.parametrize('column', ['Condition', 'Replicate'])
def test_a_column_that_was_free_in_an_earlier_version_loses_no_cells(
    tmp_path, monkeypatch, recwarn, column
):
    table = stack_table(tmp_path, **{column: ['heat'] * 6})
    with earlier(monkeypatch, own_screen.OwnScreen, '1.1.0') as before:
        known = table_file.KNOWN_COLUMNS
        before.setattr(
            table_file, 'KNOWN_COLUMNS', [n for n in known if n not in LATER]
        )
        _prepare(tmp_path, table)
    builder = _screen(tmp_path, table)
    [warning] = map(str, (w.message for w in recwarn.list))
    assert f"write the column '{column}' as '{column.lower()}'" in warning
    assert 'may lack cells' not in warning
    assert sum(split.num_examples for split in builder.info.splits.values()) == 6


@pytest.mark.filterwarnings('ignore:.*divides 1 well')
def test_the_newest_version_on_disk_is_read(tmp_path, monkeypatch):
    table = stack_table(tmp_path, well=['a1'] * 6)
    _as_version(monkeypatch, tmp_path, table, '1.0.0')
    newest = _prepare(tmp_path, table, version='1.2.0')
    folders = sorted(path.name for path in newest.data_path.parent.iterdir())
    assert folders == ['1.0.0', str(newest.canonical_version)]
    assert _screen(tmp_path, table).version == newest.canonical_version
    assert {cell['well'] for cell in _read(tmp_path, 'train').values()} == {b'A01'}


def test_an_image_that_changes_after_the_check_leaves_nothing(tmp_path):
    builder = _screen(tmp_path, stack_table(tmp_path))
    np.save(tmp_path / 'stack.npy', STACK[:5])
    with pytest.raises(ValueError, match='Row 7 .*was usable when it was checked'):
        builder.download_and_prepare()
    assert not list(builder.data_path.parent.glob('*'))
