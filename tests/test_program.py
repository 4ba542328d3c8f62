"""A program runs a network over cells: all of them once, whatever the batch size."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest

from deeploc_jax import sharding
from deeploc_jax.evaluate.evaluation import evaluate_split
from deeploc_jax.predict.features import (
    make_cell_features,
    make_scoring_program,
    make_split_program,
)
from deeploc_jax.predict.logits import make_logits, make_outputs
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.predict.program import make_program
from deeploc_jax.predict.views import Views
from deeploc_jax.train.validation import calibrated
from deeploc_jax.weights.folder import TrainedNetwork
from deeploc_jax.weights.novelty import Novelty
from tests.helpers.small import Small, make_card, random_cells, random_variables

CLASSES = ('A', 'B', 'C')
PASSES = []


class Counting(nn.Module):
    """Notes how many crops go through the network."""

    @nn.compact
    def __call__(self, image, *, train):
        jax.debug.callback(PASSES.append, jnp.array(len(image)))
        return Small()(image, train=train)


@pytest.fixture
def mesh():
    return sharding.make_mesh(jax.devices()[:1])  # one callback a crop and batch


def make_network(model):
    card = make_card(model=dict(name='small'), crop=16, side=20, class_names=CLASSES)
    return TrainedNetwork(card, model, random_variables(model, 16))


def count(run):
    """Crops that go through the network while something runs."""
    PASSES.clear()
    run()
    jax.effects_barrier()
    return sum(int(number) for number in PASSES)


@pytest.mark.parametrize('batch_size', [4, 8, 64])
def test_every_cell_comes_once_and_in_order(batch_size):
    network, cells = make_network(Small()), random_cells(21, size=20)
    everywhere = sharding.make_mesh()
    logits = make_logits(network.model, Views(16))
    program = make_program(logits, network.variables, everywhere, batch_size)
    expected = jax.jit(logits)(network.variables, cells.images)
    found = program(cells)
    assert found.shape == (21, 5, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    parts = [len(batch) for batch in program.batches(cells, 'predict')]
    assert parts == [min(batch_size, 21 - i) for i in range(0, 21, batch_size)]


def test_one_pass_gives_the_logits_and_features_of_two(mesh):
    network, cells = make_network(Small()), random_cells(21, size=20)
    outputs = make_split_program(network, mesh, 8, crops=5, layer='conv')(cells)
    logits = make_logits(network.model, Views(16))
    alone = make_program(logits, network.variables, mesh, 8)(cells)
    np.testing.assert_allclose(outputs.logits, alone, rtol=1e-5)
    features = make_cell_features(network, mesh, 8)(cells)
    np.testing.assert_allclose(outputs.features, features, rtol=1e-5)
    whole = make_outputs(network.model, 'conv', Views(16, 1))
    single = jax.jit(whole)(network.variables, cells.images)
    assert single.logits.shape == (21, 1, 3)
    np.testing.assert_allclose(single.features, features, rtol=1e-5)


def test_a_split_is_evaluated_in_one_pass(mesh, tmp_path):
    """Five crops a cell: the novelty features are those of the central one."""
    network = make_network(Counting())
    train, cells = random_cells(24, size=20), random_cells(16, size=20, seed=1)
    novelty = fit_novelty(network, train, train, mesh, 8)
    assert novelty
    network = dataclasses.replace(network, novelty=novelty)
    outputs = make_split_program(network, mesh, 8, crops=5)
    options = dict(seed=0, resamples=10)
    found = []

    def run():
        folder = tmp_path / 'test'
        found.append(evaluate_split(folder, network, outputs, cells, **options))

    assert count(run) == 5 * len(cells)
    assert found[0]['unlike_training'] is not None


def test_a_scoring_program_gives_logits_and_novelty(mesh):
    network, cells = make_network(Small()), random_cells(21, size=20)
    novelty = fit_novelty(network, cells, random_cells(24, size=20, seed=1), mesh, 8)
    assert novelty and make_scoring_program(network, mesh, 8)(cells)[1] is None
    network = dataclasses.replace(network, novelty=novelty)
    logits, distances = make_scoring_program(network, mesh, 8, crops=5)(cells)
    outputs = make_split_program(network, mesh, 8, crops=5)(cells)
    np.testing.assert_allclose(logits, outputs.logits, rtol=1e-5)
    np.testing.assert_allclose(distances, novelty.score(outputs.features), rtol=1e-3)


def test_without_novelty_there_are_logits_alone(mesh, tmp_path):
    network, cells = make_network(Small()), random_cells(21, size=20)
    outputs = make_split_program(network, mesh, 8, crops=5)
    found = outputs(cells)
    assert found.logits.shape == (21, 5, 3) and found.features is None
    options = dict(seed=0, resamples=10)
    summary = evaluate_split(tmp_path / 'test', network, outputs, cells, **options)
    assert summary and summary['unlike_training'] is None


def test_novelty_is_scored_batch_by_batch_with_the_same_numbers(
    mesh, tmp_path, monkeypatch
):
    network, cells = make_network(Small()), random_cells(21, size=20)
    novelty = fit_novelty(network, cells, random_cells(24, size=20, seed=1), mesh, 8)
    assert novelty
    network = dataclasses.replace(network, novelty=novelty)
    outputs = make_split_program(network, mesh, 8, crops=1)
    expected = novelty.score(outputs(cells).features)
    lengths, score = [], Novelty.score

    def scored(self, features):
        lengths.append(len(features))
        return score(self, features)

    monkeypatch.setattr(Novelty, 'score', scored)
    options = dict(seed=0, resamples=10)
    evaluate_split(tmp_path / 'test', network, outputs, cells, **options)
    assert lengths == [8, 8, 5]
    table = pq.read_table(tmp_path / 'test/predictions.parquet')
    np.testing.assert_allclose(table['novelty'], expected, rtol=1e-4, atol=1e-6)


def test_calibrating_looks_at_validation_once(mesh):
    network = make_network(Counting())
    train, validation = random_cells(24, size=20), random_cells(16, size=20, seed=1)
    outputs = make_split_program(network, mesh, 8, crops=5, layer='conv')
    held_out = np.arange(16) > 3
    cells = dict(train=train, validation=validation)
    found = []
    # Five crops of validation, the central one of the cells that were seen.
    passes = count(lambda: found.append(calibrated(network, outputs, cells, held_out)))
    assert passes == 5 * len(validation) + len(train)
    assert (
        found[0].card.calibration == 'temperature fitted on 12 validation cells, '
        'without 4 that were trained on; how far it holds for new proteins is not '
        'known'
    )
    expected = fit_novelty(network, train, validation, mesh, 8, held_out=held_out)
    np.testing.assert_array_equal(found[0].novelty.seen, expected.seen)
    assert found[0].novelty.limit == pytest.approx(expected.limit, rel=1e-4)
