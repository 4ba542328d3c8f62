"""Run by test_formats.py where TensorFlow is: `tfds.load` of every screen given.

python loads_with_tensorflow.py <data_dir> <name> ...
"""

import importlib
import os
import sys

data_dir, *screens = sys.argv[1:]
os.environ |= {'TFDS_DATA_DIR': data_dir, 'TF_CPP_MIN_LOG_LEVEL': '3'}

import numpy as np  # noqa: E402
import tensorflow_datasets as tfds  # noqa: E402

import deeploc_jax.datasets  # noqa: E402, F401
from deeploc_jax import tasks  # noqa: E402
from deeploc_jax.data import record_writer  # noqa: E402
from tests.helpers.spot_screen import SpotScreen  # noqa: E402


def check_equal(loaded, cells):
    """Cell by cell, in the order of the data source."""
    for one, other in zip(tfds.as_numpy(loaded), cells, strict=True):
        assert one.keys() == other.keys()
        for name, value in other.items():
            np.testing.assert_array_equal(one[name], value, err_msg=name)
        assert one['image'].dtype == other['image'].dtype


def check_options(name):
    """What TFDS can be asked for besides a split."""
    cells = tfds.data_source(name, split='train')
    check_equal(tfds.load(name, split='train[3:-2]'), list(cells)[3 : len(cells) - 2])
    both, info = tfds.load(name, split=['train', 'test[:3]'], with_info=True)
    assert [len(part) for part in both] == [len(cells), 3]
    assert info.supervised_keys == ('image', 'label')
    assert set(tfds.load(name)) == set(info.splits)
    pairs = list(tfds.load(name, split='train', as_supervised=True, batch_size=5))
    assert pairs[0][0].shape == (5, 64, 64, 2)
    labels = np.concatenate([label for _, label in pairs])
    np.testing.assert_array_equal(labels, [cell['label'] for cell in cells])
    whole = tfds.load(name, split='train', batch_size=-1)
    assert whole['image'].shape[0] == len(cells)
    skip = {'image': tfds.decode.SkipDecoding()}
    raw = next(iter(tfds.load(name, split='train', decoders=skip)))
    assert (
        raw['image'].numpy()
        == next(iter(tfds.data_source(name, split='train', decoders=skip)))['image']
    )
    config = tfds.ReadConfig(add_tfds_id=True, shuffle_seed=1)
    shuffled = tfds.load(name, split='train', shuffle_files=True, read_config=config)
    ids = [cell['cell_id'].numpy() for cell in shuffled]
    assert sorted(ids) == sorted(cell['cell_id'] for cell in cells)
    assert next(iter(shuffled))['tfds_id'].numpy().startswith(b'spot_screen-train')


def check_tfrecord(name):
    """The same cells in TFRecord files, which only `tfds.load` reads."""
    where = dict(data_dir=os.path.join(data_dir, 'tfrecord'))
    kwargs = dict(builder_kwargs={'file_format': 'tfrecord'}, **where)
    check_equal(
        tfds.load(name, split='train', read_config=IN_ORDER, **kwargs),
        tfds.data_source(name, split='train'),
    )
    files = os.listdir(tfds.builder(name, **where).data_dir)
    assert sum('train.tfrecord' in file for file in files) > 1
    assert not [file for file in files if 'array_record' in file]


for task in tasks.TASKS:
    importlib.import_module(f'deeploc_jax.tasks.{task}')
record_writer._SHARD_BYTES = 50_000
spots = SpotScreen()
spots.download_and_prepare()
assert spots.info.splits['train'].num_shards > 1
assert len(tfds.data_source('spot_screen', split='train')) == 24
assert not {'tensorflow', 'keras'} & set(sys.modules), 'only tfds.load needs it'

# TFDS takes 16 cells of a shard, then 16 of the next, unless it is told not to.
IN_ORDER = tfds.ReadConfig(interleave_cycle_length=1)
for screen in ('spot_screen', *screens):
    for split, loaded in tfds.load(screen, read_config=IN_ORDER).items():
        check_equal(loaded, tfds.data_source(screen, split=split))
check_options('spot_screen')
check_tfrecord('spot_screen')
