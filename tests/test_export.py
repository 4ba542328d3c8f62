import dataclasses
import importlib.util
import json
import subprocess
import sys

import jax.export
import numpy as np
import pytest

import deeploc_jax
from deeploc_jax.data.normalize import NORMALIZATIONS
from deeploc_jax.models import MODELS, get_model
from deeploc_jax.weights.folder import write_weights
from tests.helpers.small import Small, make_card, random_variables

RNG = np.random.default_rng(0)
ALONE = """
import sys
sys.modules['deeploc_jax'] = None  # not to be had
import jax, jax.export, numpy as np
program = jax.export.deserialize(open(sys.argv[1], 'rb').read())
np.save(sys.argv[3], program.call(np.load(sys.argv[2])))
"""


def test_a_program_says_what_the_network_says_without_the_package(tmp_path):
    # Wide enough for the convolutions that only this package has.
    model = dict(name='lean', widths=(16, 16))
    variables = random_variables(get_model(num_classes=3, **model), 16)
    weights = write_weights(tmp_path, variables, make_card(model=model))
    network = deeploc_jax.load(weights)
    images = RNG.integers(0, 4000, (5, 20, 20, 2), np.uint16)
    images[1, ..., 1] = 7  # a constant plane
    folder = network.export(tmp_path / 'exported')
    about = json.loads((folder / 'predict.json').read_text())
    assert about['class_names'] == ['A', 'B', 'C']

    np.save(tmp_path / 'images.npy', images.astype(np.float32))
    files = [folder / 'predict.jaxexport', tmp_path / 'images.npy', tmp_path / 'p.npy']
    subprocess.run([sys.executable, '-c', ALONE, *files], check=True)
    found = np.load(tmp_path / 'p.npy')
    np.testing.assert_allclose(found, network.predict(images), atol=1e-5)
    assert len(np.unique(found.round(3), axis=0)) == 5

    program = jax.export.deserialize(files[0].read_bytes())
    assert set(program.platforms) >= {'cpu', 'cuda', 'tpu'}
    one = program.call(images[:1].astype(np.float32))
    np.testing.assert_allclose(one, found[:1], atol=1e-6)


@pytest.fixture
def network(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Small)
    card = make_card(model=dict(name='small'), normalization='none', crops=1)
    variables = random_variables(Small(), 16)
    return deeploc_jax.load(write_weights(tmp_path, variables, card))


@pytest.mark.parametrize(
    ('name', 'white'), [(n, None) for n in NORMALIZATIONS] + [('unit', 150.0)]
)
def test_pixels_are_scaled_as_in_training(network, tmp_path, name, white):
    card = dataclasses.replace(network.card, normalization=name, white_level=white)
    write_weights(tmp_path, network.network.variables, card)
    if name == 'unit' and white is None:
        with pytest.raises(ValueError, match='the value of white. Give it: .*load'):
            deeploc_jax.load(tmp_path).export(tmp_path / 'exported')
        white = 255
    network = deeploc_jax.load(tmp_path, white_level=white)
    folder = network.export(tmp_path / 'exported')
    program = jax.export.deserialize((folder / 'predict.jaxexport').read_bytes())
    images = RNG.integers(0, 255, (2, 20, 20, 2)).astype(np.uint8)
    found = program.call(images.astype(np.float32))
    np.testing.assert_allclose(found, network.predict(images), atol=1e-6)


@pytest.mark.parametrize('name', ['deeploc', 'deepyeast'])
def test_every_network_can_be_exported(tmp_path, name):
    card = make_card(model=dict(name=name), side=8, crop=8, crops=1)
    variables = random_variables(get_model(name, num_classes=3), 8)
    network = deeploc_jax.load(write_weights(tmp_path, variables, card))
    folder = network.export(tmp_path / 'exported')
    program = jax.export.deserialize((folder / 'predict.jaxexport').read_bytes())
    assert [str(aval) for aval in program.in_avals] == ['float32[n,8,8,2]']
    assert [str(aval) for aval in program.out_avals] == ['float32[n,3]']


def test_the_extra_is_named(network, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match=r'\[export\]'):
        network.export(tmp_path / 'exported')
    assert not (tmp_path / 'exported').exists()
