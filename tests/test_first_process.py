"""The first of several processes decides for all, and it alone writes and prints."""

import jax
import numpy as np
import pytest
from jax.experimental import multihost_utils

from configs import transfer as transfer_config
from deeploc_jax.models import MODELS
from deeploc_jax.tasks import transfer as transfer_task
from deeploc_jax.transfer import tuner
from deeploc_jax.weights.folder import write_weights
from tests.helpers.small import Small, make_card, random_variables
from tests.helpers.spot_screen import SpotScreen


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


@pytest.fixture
def transfer(weights, data_dir):
    config = transfer_config.get_config()
    config.source, config.screen, config.data_dir = weights, SpotScreen.name, data_dir
    config.modes, config.cells_per_class, config.draws = 'fine_tune', '4', 1
    config.steps, config.evaluation.batch_size = 2, 8
    return config


@pytest.fixture
def second_process(monkeypatch):
    """A call after which this process is the second one, and alone."""

    def become():
        monkeypatch.setattr(jax, 'process_index', lambda backend=None: 1)

    return become


def files(folder):
    return {path for path in folder.rglob('*') if path.is_file()}


def test_a_process_fits_what_the_first_one_misses(transfer, tmp_path, monkeypatch):
    """Here the first one has all fits, of which this one sees none."""
    monkeypatch.setattr(tuner.Tuner, 'fit', pytest.fail)
    seen = []

    def broadcast(found):
        seen.append(found)
        return np.zeros_like(found)

    monkeypatch.setattr(multihost_utils, 'broadcast_one_to_all', broadcast)
    monkeypatch.setattr(transfer_task, 'is_main', lambda: False)
    transfer_task.run(transfer, tmp_path / 'out')
    assert any(np.asarray(found).all() for found in seen)


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
