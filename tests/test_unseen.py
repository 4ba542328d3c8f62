"""Trainings are judged on proteins that they have not seen."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from deeploc_jax.data.screen_info import ScreenInfo
from deeploc_jax.transfer.draws import Draw
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.transfer.towards_start import towards_start
from deeploc_jax.transfer.unseen import Unseen, left_out
from tests.helpers.small import random_cells

SCREEN = ScreenInfo(
    name='a_screen',
    version='1.0.0',
    class_names=('A', 'B', 'C'),
    channels=('GFP', 'RFP'),
    default_channels=('GFP', 'RFP'),
    marker_channel=1,
    license='none',
    simulated=True,
    identity='',
    splits={},
)


def cells(text):
    """Cells like '0a 0b 1c', a class and a protein each; '-' is not labelled."""
    words = text.split()
    found = random_cells(len(words), size=2)
    labels = np.array([int(w[0]) if w[0] != '-' else -1 for w in words], np.int32)
    proteins = np.array([word[1:].replace('?', '') for word in words])
    metadata = found.metadata | dict(protein=proteins)
    return dataclasses.replace(found, labels=labels, metadata=metadata)


def judge(train, validation, as_is=None, group_by='protein', in_train=None):
    parts = dict(train=cells(train), validation=cells(validation))
    where = np.full(len(parts['validation']), -1) if in_train is None else in_train
    return Unseen(Target(SCREEN, parts, where), group_by, 0, as_is)


def test_validation_of_new_proteins_judges_the_training_itself():
    unseen = judge('0a 1b 0a 1b', '0c 1d 0a 1b -c')
    draw = Draw(2, 0, np.arange(4))
    apart = unseen.apart(draw)
    assert apart.draw is draw
    assert apart.cells.tolist() == [True, True, False, False, False]
    assert apart.classes == 2
    found = unseen.scores(apart, np.array([0, 0, 1, 1, 1]))
    assert found == dict(unseen=0.5, unseen_as_is=None, unjudged_classes=0)


def test_otherwise_one_protein_of_a_class_is_left_out():
    unseen = judge('0a 0b 1c 1d 1d', '0a 0b 1c 1d 1d')
    chosen = set()
    for number in range(20):
        draw = Draw(None, number, np.arange(5))
        apart = unseen.apart(draw)
        train = unseen.target.cells['train'].at(apart.draw.rows)
        used = set(train.metadata['protein'].tolist())
        assert len(used) == 2 and np.bincount(train.labels).tolist() == [2, 3]
        tested = unseen.target.cells['validation'].metadata['protein'][apart.cells]
        assert not used & set(tested.tolist()) and apart.classes == 2
        chosen.add(tuple(sorted(used)))
    assert len(chosen) == 4


def test_a_class_of_one_protein_is_judged_on_its_own_cells():
    unseen = judge('0a 0a 1c 1d', '0a 0a 1c 1d', in_train=np.array([0, -1, -1, -1]))
    apart = unseen.apart(Draw(None, 0, np.arange(4)))
    assert apart.classes == 1
    guesses = unseen.target.cells['validation'].labels
    assert unseen.scores(apart, guesses)['unjudged_classes'] == 1
    assert apart.cells[:2].tolist() == [False, True] and apart.cells[2:].sum() == 1


def test_nothing_is_judged_without_new_proteins():
    draw = Draw(None, 0, np.arange(2))
    for unseen in (
        judge('0a 1b', '0a 1b'),
        judge('0a 1b', '0? 1?'),
        judge('0a 1b', '0c 1d', group_by='cell_id'),
    ):
        assert unseen.apart(draw) is None
    found = unseen.scores(None, None)
    assert found == dict(unseen=None, unseen_as_is=None, unjudged_classes=2)


def test_no_class_loses_all_of_its_cells():
    labels, groups = np.array([0, 0, 1]), np.array(['a', 'b', 'a'])
    for seed in range(10):
        out = left_out(labels, groups, labels, groups, seed)
        assert out == ['b']


def test_the_source_is_judged_on_the_same_cells():
    unseen = judge('0a 1b', '0c 1d 0a 1b', lambda: np.array([0, 1, 1, 0]))
    apart = unseen.apart(Draw(1, 0, np.arange(2)))
    found = unseen.scores(apart, np.array([1, 0, 0, 1]))
    assert (found['unseen'], found['unseen_as_is']) == (0.0, 1.0)


def test_the_pull_ends_where_loss_and_penalty_balance():
    """(x - 3)^2 / 2 with a pull of 2 towards 0 is smallest at x = 1."""
    tx = optax.chain(towards_start(2.0), optax.sgd(0.1))
    x = jnp.zeros(())
    state = tx.init(x)
    for _ in range(100):
        updates, state = tx.update(x - 3, state, x)
        x = optax.apply_updates(x, updates)
    assert float(x) == pytest.approx(1, abs=1e-5)
