"""A config of `explain` for a small network on the screen of spots."""

import pytest

from configs import explain
from deeploc_jax.models import MODELS
from deeploc_jax.weights.folder import write_weights
from tests.helpers.small import Small, make_card, random_variables
from tests.helpers.spot_screen import SpotScreen


@pytest.fixture
def config(data_dir, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Small)
    card = make_card(model=dict(name='small'), side=64, crop=60)
    write_weights(tmp_path / 'source', random_variables(Small(), 60), card)
    config = explain.get_config()
    config.source, config.screen = str(tmp_path / 'source'), SpotScreen.name
    config.data_dir, config.cells, config.batch_size = data_dir, 6, 4
    return config
