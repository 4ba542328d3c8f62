"""What a screen is stored as, and how TFDS reads it: with TensorFlow and without."""

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorflow_datasets as tfds

from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.tfrecord import TFRecordWriter
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.datasets.own_screen import OwnScreen
from tests.helpers.own_cells import CHANNELS, stack_table
from tests.helpers.spot_screen import SpotScreen

ARRAY_RECORD = tfds.core.FileFormat.ARRAY_RECORD
TFRECORD = tfds.core.FileFormat.TFRECORD
REGISTERED = [
    'chong2015',
    'wt2017',
    'swat_rfp',
    'deepyeast/main',
    'deepyeast/transfer',
    'yeast_sim/smoke',
    'yeast_sim',
]


@pytest.fixture
def default_dir(tmp_path, monkeypatch):
    """TFDS's own place for data sets, as TFDS_DATA_DIR sets it."""
    monkeypatch.setattr(tfds.core.constants, 'DATA_DIR', str(tmp_path / 'default'))
    return tmp_path / 'default'


@pytest.mark.parametrize('file_format', [None, 'array_record', ARRAY_RECORD])
def test_a_data_source_needs_no_data_dir(default_dir, file_format):
    kwargs = dict(builder_kwargs={'file_format': file_format}) if file_format else {}
    for _ in range(2):  # unprepared, and prepared
        source = tfds.data_source('spot_screen', split='train', **kwargs)
        assert len(source) == 24 and source[0]['image'].shape == (64, 64, 2)
    assert (default_dir / 'spot_screen/1.0.0').is_dir()


@pytest.mark.parametrize('name', REGISTERED)
@pytest.mark.parametrize('file_format', [None, 'array_record', ARRAY_RECORD])
def test_every_screen_is_opened_at_once_without_network_or_remains(
    default_dir, tmp_path, monkeypatch, name, file_format
):
    def refuse(*args, **kwargs):
        raise AssertionError('the network was asked')

    (tmp_path / 'temporary').mkdir()
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path / 'temporary'))
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    monkeypatch.setattr(socket.socket, 'connect', refuse)
    monkeypatch.setattr(tfds.core.utils.gcs_utils, '_is_gcs_disabled', False)
    builder = tfds.builder(name, file_format=file_format)
    assert builder.info.file_format == ARRAY_RECORD
    assert builder.info.supervised_keys == ('image', 'label')
    assert not builder.is_prepared()
    assert not list((tmp_path / 'temporary').iterdir())


@pytest.mark.parametrize('file_format', ['parquet', tfds.core.FileFormat.RIEGELI])
def test_formats_that_lose_cells_are_refused(tmp_path, file_format):
    with pytest.raises(ValueError, match='as array_record or tfrecord, not'):
        SpotScreen(data_dir=tmp_path, file_format=file_format)
    with pytest.raises(ValueError, match='as array_record or tfrecord, not'):
        SpotScreen(data_dir=tmp_path).download_and_prepare(file_format=file_format)
    with pytest.raises(ValueError, match="array_record', 'parquet"):
        SpotScreen(data_dir=tmp_path, file_format='ArrayRecord')


@pytest.mark.parametrize('when', ['opened', 'prepared'])
def test_tfrecord_says_what_reads_it(tmp_path, when):
    if when == 'opened':
        SpotScreen(data_dir=tmp_path, file_format='tfrecord').download_and_prepare()
    else:
        SpotScreen(data_dir=tmp_path).download_and_prepare(file_format=TFRECORD)
    builder = prepare_screen('spot_screen', tmp_path)
    assert builder.info.splits['train'].num_examples == 24
    names = [path.name for path in builder.data_path.iterdir()]
    assert 'spot_screen-train.tfrecord-00000-of-00001' in names
    for read in (
        lambda: tfds.data_source('spot_screen', split='train', data_dir=tmp_path),
        lambda: read_cells(builder, 'train'),
        lambda: SpotScreen(data_dir=tmp_path, file_format=ARRAY_RECORD),
        lambda: builder.download_and_prepare(file_format='array_record'),
    ):
        with pytest.raises(ValueError, match='as tfrecord, which tfds.load reads'):
            read()


def test_tfrecord_of_a_version_that_is_named_says_what_reads_it(tmp_path):
    SpotScreen(data_dir=tmp_path, file_format='tfrecord').download_and_prepare()
    builder = prepare_screen(f'spot_screen:{SpotScreen.VERSION}', tmp_path)
    assert not isinstance(builder, SpotScreen)
    with pytest.raises(ValueError, match='as tfrecord, which tfds.load reads'):
        read_cells(builder, 'train')


def test_what_is_stored_as_array_record_is_not_called_tfrecord(tmp_path):
    SpotScreen(data_dir=tmp_path).download_and_prepare()
    with pytest.raises(ValueError, match='remove that folder and prepare'):
        SpotScreen(data_dir=tmp_path, file_format='tfrecord')


def test_a_tfrecord_file_is_framed_with_checksums(tmp_path):
    writer = TFRecordWriter(tmp_path / 'a.tfrecord')
    for record in (b'cell', b''):
        writer.write(record)
    writer.close()
    assert (tmp_path / 'a.tfrecord').read_bytes().hex() == (  # TensorFlow 2.21
        '04000000000000004245520463656c6cd65459e2000000000000000029039807d8ea82a2'
    )


def test_without_tensorflow_another_way_is_shown(tmp_path, monkeypatch):
    SpotScreen(data_dir=tmp_path).download_and_prepare()
    monkeypatch.setitem(sys.modules, 'tensorflow', None)
    with pytest.raises(ImportError, match=r'tfds\.data_source\(\.\.\.\) reads'):
        tfds.load('spot_screen', split='train', data_dir=tmp_path)


def write_release(folder):
    """Labels and measurements of the test split, as they were released."""
    folder.mkdir()
    with h5py.File(folder / 'Chong_test_set.hdf5', 'w') as file:
        file['data1'] = np.random.default_rng(0).random((5, 2 * 4096))
        file['Index1'] = np.eye(19, dtype=np.uint8)[:5]
        file['Info1'] = np.array([[1.0, np.nan, 0.0]] * 5)


@pytest.mark.skipif(
    importlib.util.find_spec('tensorflow') is None, reason='TensorFlow is not here'
)
@pytest.mark.filterwarnings('ignore:.*prepared without', 'ignore:.*the released file')
def test_tensorflow_loads_the_same_cells_as_a_data_source(tmp_path):
    data_dir = tmp_path / 'data'
    write_release(tmp_path / 'manual')
    prepare_screen('chong2015', data_dir, tmp_path / 'manual')
    table = stack_table(tmp_path, label=['ER', ''] * 3)
    OwnScreen(
        data_dir=data_dir,
        table=table,
        name='mine',
        channels=CHANNELS,
        channel_names='RFP,GFP',
    ).download_and_prepare()
    module = 'tests.helpers.loads_with_tensorflow'
    command = [sys.executable, '-m', module, data_dir]
    done = subprocess.run(
        [*command, 'chong2015', 'own_screen/mine'],
        env=os.environ | {'PYTHONPATH': str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
