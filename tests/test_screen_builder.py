import errno
import os
import sys

import jax
import numpy as np
import pytest
import tensorflow_datasets as tfds
from jax.experimental import multihost_utils

from deeploc_jax.data import record_writer
from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.screen_builder import ScreenBuilder
from deeploc_jax.datasets import find_screen, open_screen, prepare_screen


class TinyScreen(ScreenBuilder):
    """Ten cells; a test sets what is odd about them."""

    VERSION = tfds.core.Version('1.0.0')
    dtype = np.uint16
    classes = ('nucleus', 'vacuole')
    keys = range(10)

    def _info(self):
        return self.screen_info(
            screen_features(self.classes, ['GFP', 'RFP'], self.dtype, 2),
            screen_metadata(['GFP', 'RFP'], 1, ['area', 'speed']),
            description='Ten cells.',
        )

    def _split_generators(self, dl_manager):
        return {'train': self._generate_examples()}

    def _generate_examples(self):
        for key in self.keys:
            yield (
                key,
                example(
                    tiny_image(key, self.dtype),
                    -1,
                    f'cell {key}',
                    protein='AAC1',
                    x=key,
                    measurements=np.array([key, np.nan]),
                ),
            )


def tiny_image(key, dtype):
    values = np.random.default_rng(key).random((64, 64, 2)) * 200
    return values.astype(dtype)


def read(builder, split='train'):
    cells = list(builder.as_data_source(split))
    return {cell['cell_id'].decode(): cell for cell in cells}


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32, np.float64])
def test_cells_come_back_as_they_were(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(TinyScreen, 'dtype', dtype)
    TinyScreen(data_dir=tmp_path).download_and_prepare()
    builder = TinyScreen(data_dir=tmp_path)
    cells = read(builder)
    assert len(cells) == 10
    for key in range(10):
        cell = cells[f'cell {key}']
        assert cell['image'].dtype == dtype
        np.testing.assert_array_equal(cell['image'], tiny_image(key, dtype))
        np.testing.assert_array_equal(cell['measurements'], [key, np.nan])
        assert cell['label'] == -1
        assert (cell['protein'], cell['plate'], cell['well']) == (b'AAC1', b'', b'')
        assert cell['x'] == key
        assert np.isnan(cell['y'])
    assert builder.info.features['label'].names == ['nucleus', 'vacuole']
    assert dict(builder.info.metadata) == {
        'channels': ['GFP', 'RFP'],
        'protein_channel': 0,
        'marker_channel': 1,
        'measurement_names': ['area', 'speed'],
        'simulated': False,
    }
    assert 'tensorflow' not in sys.modules


def test_what_is_on_disk_goes_before_the_code(tmp_path, monkeypatch):
    TinyScreen(data_dir=tmp_path).download_and_prepare()
    monkeypatch.setattr(TinyScreen, 'classes', ('something', 'else', 'now'))
    monkeypatch.setattr(TinyScreen, 'dtype', np.float64)
    builder = TinyScreen(data_dir=tmp_path)
    assert builder.info.features['label'].names == ['nucleus', 'vacuole']
    assert builder.as_data_source('train')[0]['image'].dtype == np.uint16


def test_a_screen_may_have_no_classes(tmp_path, monkeypatch):
    monkeypatch.setattr(TinyScreen, 'classes', ())
    TinyScreen(data_dir=tmp_path).download_and_prepare()
    builder = TinyScreen(data_dir=tmp_path)
    assert builder.info.features['label'].num_classes == 0
    assert builder.as_data_source('train')[0]['label'] == -1


def test_order_depends_on_the_keys_alone(tmp_path, monkeypatch):
    orders = []
    for name, keys in [('up', range(10)), ('down', range(9, -1, -1))]:
        monkeypatch.setattr(TinyScreen, 'keys', keys)
        builder = TinyScreen(data_dir=tmp_path / name)
        builder.download_and_prepare()
        orders.append(list(read(builder)))
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])


def test_big_splits_get_several_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(record_writer, '_SHARD_BYTES', 30_000)
    monkeypatch.setattr(record_writer, '_BLOCK', 2)
    builder = TinyScreen(data_dir=tmp_path)
    builder.download_and_prepare()
    split = builder.info.splits['train']
    assert len(split.shard_lengths) > 1
    assert len(list(builder.data_path.glob('*.array_record*'))) == split.num_shards
    assert read(builder).keys() == {f'cell {key}' for key in range(10)}
    assert len(builder.as_data_source('train[:30%]')) == 3


def test_debugging_limit_is_kept(tmp_path):
    builder = TinyScreen(data_dir=tmp_path)
    config = tfds.download.DownloadConfig(max_examples_per_split=4)
    builder.download_and_prepare(download_config=config)
    assert builder.info.splits['train'].num_examples == 4


@pytest.mark.parametrize(
    'keys, message', [((3, 4, 3), r'same key 3'), ((), "'train' has no cells")]
)
def test_failed_build_leaves_nothing(tmp_path, monkeypatch, keys, message):
    monkeypatch.setattr(TinyScreen, 'keys', keys)
    builder = TinyScreen(data_dir=tmp_path)
    with pytest.raises(ValueError, match=message):
        builder.download_and_prepare()
    assert not list((tmp_path / 'tiny_screen').iterdir())


def test_prepared_screen_is_used_at_once(tmp_path, monkeypatch):
    first = prepare_screen('tiny_screen', tmp_path)
    monkeypatch.setattr(TinyScreen, 'keys', None)  # generating again would fail
    second = prepare_screen('tiny_screen', tmp_path)
    assert read(first).keys() == read(second).keys()
    source = tfds.data_source('tiny_screen', split='train', data_dir=tmp_path)
    assert len(source) == 10


def test_where_the_first_process_fails_the_others_do_not_go_on_alone(
    tmp_path, monkeypatch
):
    sent = []  # by the first process, which runs first here

    def broadcast(value):
        sent.append(value)
        return sent[0]

    monkeypatch.setattr(multihost_utils, 'broadcast_one_to_all', broadcast)
    with monkeypatch.context() as first:
        first.setattr(TinyScreen, 'keys', None)
        with pytest.raises(TypeError, match='not iterable'):
            open_screen('tiny_screen', tmp_path)
    monkeypatch.setattr(jax, 'process_index', lambda: 1)
    with pytest.raises(RuntimeError, match='tiny_screen.*message of the first process'):
        open_screen('tiny_screen', tmp_path)
    assert not list((tmp_path / 'tiny_screen').iterdir())
    sent.clear()
    prepare_screen('tiny_screen', tmp_path)
    sent.append(np.array(True))
    assert open_screen('tiny_screen', tmp_path).is_prepared()


def test_taken_place_is_named(tmp_path):
    (tmp_path / 'tiny_screen' / '1.0.0').mkdir(parents=True)
    with pytest.raises(FileExistsError, match='tiny_screen/1.0.0'):
        prepare_screen('tiny_screen', tmp_path)


def test_two_screens_cannot_share_a_name(tmp_path, monkeypatch):
    path = tmp_path / 'other_file.py'
    path.write_text(
        'from deeploc_jax.data.screen_builder import ScreenBuilder\n'
        'class TinyScreen(ScreenBuilder):\n'
        '    def _info(self): ...\n'
        '    def _split_generators(self, dl_manager): ...\n'
        '    def _generate_examples(self): ...\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match='tiny_screen already registered'):
        __import__('other_file')


@pytest.mark.parametrize('find', [find_screen, prepare_screen])
@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('tiny_screen:0.9.0', r'no version 0.9.0 .*: 1.0.0. 1.0.0 can be prepared'),
        ('wt2017:1.0.0', r'no version 1.0.0 .*: none. 2.1.0 can be prepared'),
        ('yeast_sim/smoke:0.1.0', r'yeast_sim/smoke has no version 0.1.0'),
        ('own_screen/mine:0.9.0', r'own_screen/mine has no version 0.9.0'),
    ],
)
def test_errors_about_a_missing_version_name_those_that_exist(
    tmp_path, find, name, words
):
    TinyScreen(data_dir=tmp_path).download_and_prepare()
    with pytest.raises(ValueError, match=words):
        find(name, tmp_path)


def test_home_folder_may_be_written_as_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    builder = prepare_screen('tiny_screen', '~/screens')
    assert len(builder.as_data_source('train')) == 10
    assert [path.name for path in tmp_path.iterdir()] == ['screens']


def test_of_two_processes_the_first_to_finish_wins(tmp_path, monkeypatch):
    late = TinyScreen(data_dir=tmp_path)
    generate = TinyScreen._generate_examples

    def generate_meanwhile(self):
        monkeypatch.setattr(TinyScreen, '_generate_examples', generate)
        TinyScreen(data_dir=tmp_path).download_and_prepare()
        return generate(self)

    monkeypatch.setattr(TinyScreen, '_generate_examples', generate_meanwhile)
    with pytest.warns(UserWarning, match='Another process is preparing'):
        late.download_and_prepare()
    assert len(read(late)) == 10
    assert [path.name for path in (tmp_path / 'tiny_screen').iterdir()] == ['1.0.0']


def test_a_builder_made_before_the_screen_was_prepared_reads_it(tmp_path):
    late = TinyScreen(data_dir=tmp_path)
    TinyScreen(data_dir=tmp_path).download_and_prepare()
    late.download_and_prepare()
    assert len(read(late)) == 10


def test_what_a_killed_preparation_left_is_named(tmp_path):
    remains = tmp_path / 'tiny_screen' / 'incomplete.ABC123_1.0.0'
    remains.mkdir(parents=True)
    with pytest.warns(UserWarning, match=f'remove {remains}'):
        builder = prepare_screen('tiny_screen', tmp_path)
    assert len(read(builder)) == 10


@pytest.mark.parametrize('file_format', ['array_record', 'tfrecord'])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, file_format):
    def full(*args):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(record_writer, '_read', full)
    builder = TinyScreen(data_dir=tmp_path, file_format=file_format)
    with pytest.raises(OSError, match='No space left'):
        builder.download_and_prepare()
    assert not list((tmp_path / 'tiny_screen').iterdir())


@pytest.mark.parametrize('number', [errno.EPERM, errno.ENOTSUP])
def test_a_share_without_permissions_or_links_takes_screens(
    tmp_path, monkeypatch, number
):
    def refuse(*args, **kwargs):
        raise OSError(number, 'not here')

    for name in ('chmod', 'fchmod', 'link', 'symlink', 'utime', 'chown', 'fsync'):
        monkeypatch.setattr(os, name, refuse)
    assert len(read(prepare_screen('tiny_screen', tmp_path))) == 10


def test_a_screen_is_read_from_a_folder_that_cannot_be_written(tmp_path):
    prepare_screen('tiny_screen', tmp_path)

    def refuse(event, arguments):
        if not refuse.on or not str(arguments[:1]).count(str(tmp_path)):
            return
        assert event not in ('os.mkdir', 'os.rename', 'os.remove', 'os.utime')
        assert event != 'open' or not arguments[2] & (os.O_WRONLY | os.O_RDWR)

    refuse.on = True
    sys.addaudithook(refuse)
    try:
        builder = prepare_screen('tiny_screen', tmp_path)
        assert len(read(builder)) == len(read_cells(builder, 'train')) == 10
    finally:
        refuse.on = False  # a hook cannot be taken away
