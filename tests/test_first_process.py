"""The first of several processes decides for all, and it alone writes and prints."""

import jax
import numpy as np
import pytest
from jax.experimental import multihost_utils

from configs import evaluate as evaluate_config
from configs import features as features_config
from configs import transfer as transfer_config
from deeploc_jax import tasks
from deeploc_jax.models import MODELS
from deeploc_jax.tasks import evaluate as evaluate_task
from deeploc_jax.tasks import features as features_task
from deeploc_jax.tasks import transfer as transfer_task
from deeploc_jax.transfer import tuner
from deeploc_jax.weights.folder import write_weights
from tests.helpers.small import Small, make_card, random_variables
from tests.helpers.spot_screen import SpotScreen

pytestmark = pytest.mark.usefixtures('no_pictures')


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Weights for the crops of the screen, but for classes that it does not have."""

    class Dropping(Small):
        dropout: float = 0.0
        frozen_convolutions: bool = False

    monkeypatch.setitem(MODELS, 'small', Dropping)
    card = make_card(
        model=dict(name='small'),
        side=64,
        crop=60,
        class_names=('X', 'Y'),
        crops=1,
        screen=f'{SpotScreen.name}/1.0.0',
    )
    variables = random_variables(Dropping(num_classes=2), 60)
    return str(write_weights(tmp_path / 'weights', variables, card))


def be_second(monkeypatch, heard=np.asarray):
    """Makes this process the second one; the first prepares the screen.

    Args:
        monkeypatch: The fixture.
        heard: What the first one says where this one has found an array of facts.
    """

    def broadcast(found):
        return heard(found) if np.ndim(found) else np.True_

    monkeypatch.setattr(jax, 'process_index', lambda backend=None: 1)
    monkeypatch.setattr(multihost_utils, 'broadcast_one_to_all', broadcast)


@pytest.fixture
def transfer(weights, data_dir):
    config = transfer_config.get_config()
    config.source, config.screen, config.data_dir = weights, SpotScreen.name, data_dir
    config.modes, config.cells_per_class, config.draws = 'fine_tune', '4', 1
    config.steps, config.evaluation.batch_size = 2, 8
    return config


@pytest.fixture
def evaluate(weights, data_dir):
    config = evaluate_config.get_config()
    config.source, config.data_dir = weights, data_dir
    config.evaluation.update(batch_size=8, resamples=10)
    return config


@pytest.fixture
def features(weights, data_dir):
    config = features_config.get_config()
    config.source, config.data_dir = weights, data_dir
    config.batch_size = 8
    return config


def test_a_process_fits_what_the_first_one_misses(transfer, tmp_path, monkeypatch):
    """Here the first one has all fits, of which this one sees none."""
    monkeypatch.setattr(tuner.Tuner, 'fit', pytest.fail)
    be_second(monkeypatch, np.zeros_like)
    transfer_task.run(transfer, tmp_path / 'out')
    assert not (tmp_path / 'out/fits.jsonl').exists()


def test_the_network_is_kept_that_the_first_one_keeps(transfer, tmp_path, monkeypatch):
    """Every process works on the kept network, so that none may leave it out."""
    fits = tmp_path / 'out/fits.jsonl'
    transfer_task.run(transfer, tmp_path / 'out')
    fits.write_text(
        fits.read_text().replace('"cells_per_class": 4', '"cells_per_class": 9')
    )
    written = []
    monkeypatch.setattr(tuner.Tuner, 'write', lambda *_: written.append(1))
    monkeypatch.setattr(multihost_utils, 'broadcast_one_to_all', np.ones_like)
    transfer_task.run(transfer, tmp_path / 'out')
    assert written


@pytest.mark.parametrize(
    ('name', 'task', 'says'),
    [
        ('transfer', transfer_task, 'Channels (network = screen): GFP = GFP'),
        ('evaluate', evaluate_task, 'Classes that the network does not know'),
        ('features', features_task, 'files are there already'),
    ],
)
def test_the_first_process_alone_prints(
    name, task, says, request, tmp_path, capsys, monkeypatch
):
    config = request.getfixturevalue(name)
    for _ in range(2):  # the second time there are files already
        capsys.readouterr()
        task.run(config, tmp_path / 'out')
    assert says in capsys.readouterr().out
    be_second(monkeypatch)
    task.run(config, tmp_path / 'out')
    assert not capsys.readouterr().out


def test_an_error_of_another_process_is_printed_in_full(
    features, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr('deeploc_jax.compilation.keep_programs', lambda: None)
    be_second(monkeypatch)
    features.layer = 'convv'
    assert tasks.run(features, tmp_path / 'out') == 1
    printed = capsys.readouterr().err
    assert "Did you mean 'conv'" in printed and 'Traceback' in printed
    assert not (tmp_path / 'out/error.log').exists()


def test_an_error_before_any_device_is_reached_is_kept(features, tmp_path, monkeypatch):
    def unreachable(backend=None):
        raise RuntimeError("Unable to initialize backend 'cuda'")

    monkeypatch.setattr('deeploc_jax.compilation.keep_programs', lambda: None)
    monkeypatch.setattr(jax, 'process_index', unreachable)
    assert tasks.run(features, tmp_path / 'out') == 1
    assert 'cuda' in (tmp_path / 'out/error.log').read_text()
