"""The command that `prepare` prints works, for every screen and as it is typed."""

import importlib
import re
import shlex
import warnings

import numpy as np
import pytest
import tensorflow_datasets as tfds
from test_deepyeast_release import Release
from test_release_validation import OTHERS, write_screen

import deeploc_jax.datasets  # noqa: F401
from configs import prepare
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.split_check import check_splits
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.names import split_names
from deeploc_jax.tasks import prepare as prepare_task
from deeploc_jax.weights.folder import read_weights
from tests.helpers.own_cells import STACK, stack_table
from tests.helpers.spot_screen import SpotScreen

pytestmark = pytest.mark.filterwarnings(
    'ignore:.*is prepared without',
    'ignore:.*the released file',
    'ignore:.*were set aside as one',
    'ignore:.*no cell in',
)


def parse(command):
    """The config that a printed command asks for; its options are text."""
    python, launch, *arguments = shlex.split(command)
    assert (python, launch) == ('python', 'launch.py')
    options = dict(argument.split('=', maxsplit=1) for argument in arguments)
    file, _, variant = options.pop('--config').partition(':')
    module = importlib.import_module(file.removesuffix('.py').replace('/', '.'))
    config = module.get_config(*[variant] if variant else [])
    config.update_from_flattened_dict(options, strip_prefix='--config.')
    return config


def run(capsys, screen, tmp_path, data_dir=None, **own):
    config = prepare.get_config(screen)
    config.data_dir, config.manual_dir = data_dir, str(tmp_path / 'manual')
    if own:
        config.own_screen.update(own)
    prepare_task.run(config, tmp_path / 'work')
    printed = capsys.readouterr().out
    command = re.search(r'(?:Train on it|Name its cells): +(.*)', printed)[1]
    load = re.search(r'Load it: +(.*)', printed)[1].split('; ')[1]
    assert len(eval(load, {'tfds': tfds}))
    return parse(command)


def check_training(config):
    """All that a training reads before its first step."""
    builder = prepare_screen(config.screen, config.data_dir)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_splits(builder, config.splits.to_dict())
    cells = {s: read_cells(builder, config.splits[s]) for s in config.splits}
    assert (cells['train'].labels >= 0).any() and cells['train'].class_names
    assert len({c.channels for c in cells.values()}) == 1
    return cells


@pytest.mark.parametrize('name', OTHERS)
@pytest.mark.parametrize('folder', ['data', "a folder, of 'mine' $HOME"])
def test_screens_of_the_release(tmp_path, capsys, name, folder):
    write_screen(tmp_path, name)
    config = run(capsys, name, tmp_path, str(tmp_path / folder))
    assert config.task == 'train' and config.screen == name
    assert len(check_training(config)['validation']) == 6


def test_deepyeast(tmp_path, capsys, monkeypatch):
    Release(tmp_path / 'manual', monkeypatch).write()
    config = run(capsys, 'deepyeast/main', tmp_path, str(tmp_path / 'data'))
    assert len(check_training(config)['test']) == 3


def test_the_default_folder_needs_no_data_dir(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, 'DATA_DIR', str(tmp_path / 'default'))
    config = run(capsys, SpotScreen.name, tmp_path)
    assert config.data_dir is None
    check_training(config)


@pytest.mark.parametrize(
    ('splits', 'sizes'),
    [
        (['train', 'train', 'validation', 'test'] * 10, [20, 10, 10]),
        (['train', 'test'] * 20, [18, 2, 20]),
        (['train', 'validation'] * 20, [18, 20, 2]),
        (['train'] * 40, [32, 4, 4]),
    ],
)
def test_splits_that_an_own_screen_has_not_are_cut_from_training(
    tmp_path, capsys, splits, sizes
):
    stack = np.concatenate([STACK] * 7)[:40]
    table = stack_table(
        tmp_path,
        stack,
        image=['stack.npy'] * 40,
        index=range(40),
        split=splits,
        label=['ER', 'VACUOLE'] * 20,
        cell_id=[f'c{n}' for n in range(40)],
    )
    own = dict(table=str(table), name='mine', channels='protein=GFP,marker=RFP')
    own |= dict(channel_names='RFP,GFP')
    config = run(capsys, 'own_screen', tmp_path, str(tmp_path / 'data'), **own)
    assert config.screen == 'own_screen/mine'
    cells = check_training(config)
    assert [len(cells[s]) for s in ('train', 'validation', 'test')] == sizes


@pytest.mark.parametrize('channels', ['protein=my GFP,marker=RFP', 'protein=my GFP'])
def test_unlabelled_cells_are_named(tmp_path, capsys, channels):
    table = stack_table(tmp_path, label=[''] * 6, split=['test'] * 6)
    own = dict(table=str(table), name='mine', channels=channels)
    own |= dict(channel_names='RFP,my GFP')
    config = run(capsys, 'own_screen', tmp_path, str(tmp_path / 'data'), **own)
    assert config.task == 'evaluate' and config.split == 'test'
    if 'marker' not in channels:  # no network of the package has one channel
        assert config.channels is None
        return
    card = read_weights(config.source).card
    cells = read_cells(
        prepare_screen(config.screen, config.data_dir),
        config.split,
        channels=split_names(config.channels),
    )
    assert cells.channels == ('my GFP', 'RFP') and len(card.channels) == 2
