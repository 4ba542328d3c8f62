import dataclasses
import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from deeploc_jax import metrics, sharding
from deeploc_jax.train.losses import cross_entropy
from deeploc_jax.train.optimizer import make_optimizer, make_schedule
from deeploc_jax.train.state import init_state
from deeploc_jax.train.step import make_train_step
from tests.helpers.run_steps import run_steps


def test_one_device_and_four_compute_the_same(make_cells):
    cells = make_cells(40, size=20)
    one, one_metrics = run_steps(cells, 20)
    four, four_metrics = run_steps(cells, 20, devices=4)
    losses = [[m['loss'] for m in rows] for rows in (one_metrics, four_metrics)]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(four), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_two_processes_compute_what_one_does(make_cells, tmp_path):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    module = 'tests.helpers.run_steps'
    command = [sys.executable, '-m', module, '20', str(tmp_path / 'two.npz')]
    common = dict(
        PYTHONPATH=str(Path(__file__).parents[1]),
        JAX_COORDINATOR_ADDRESS=f'127.0.0.1:{port}',
        JAX_NUM_PROCESSES='2',
    )
    both = [
        subprocess.Popen(command, env=os.environ | common | {'JAX_PROCESS_ID': i})
        for i in '01'
    ]
    assert [process.wait() for process in both] == [0, 0]
    state, metrics = run_steps(make_cells(40, size=20), 20)
    with np.load(tmp_path / 'two.npz') as two:
        losses = [m['loss'] for m in metrics]
        np.testing.assert_allclose(two['losses'], losses, rtol=1e-5)
        for i, leaf in enumerate(jax.tree.leaves(state)):
            np.testing.assert_allclose(two[f'arr_{i}'], leaf, rtol=1e-5, atol=1e-5)


def test_golden_steps(make_cells):
    tx = make_optimizer('adam', make_schedule('exponential', 0.1, 3))
    _, metrics = run_steps(make_cells(40, size=20), 3, tx=tx)
    found = [float(m[name]) for m in metrics for name in ('loss', 'gradient_norm')]
    # They cover sampling, augmentation, initialization, loss and Adam. Change them
    # only with a change that is meant to alter training, and say so in CHANGELOG.md.
    assert found == pytest.approx(GOLDEN, rel=1e-3)


GOLDEN = [1.1488, 0.2796, 1.0668, 0.1736, 1.2716, 0.6019]


def test_averaged_weights_follow_the_weights(make_cells):
    cells = make_cells(20, size=20)
    kernels = []
    for steps in range(3):
        state, _ = run_steps(cells, steps, ema=True, ema_decay=0.9)
        kernels.append(np.asarray(state.params['conv']['kernel']))
    expected = 0.81 * kernels[0] + 0.09 * kernels[1] + 0.1 * kernels[2]
    found = state.ema['params']['conv']['kernel']
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert state.variables is state.ema


def test_label_smoothing_mixes_in_the_mean_over_the_classes(make_cells):
    cells = make_cells(20, size=20)
    # All target mass spread evenly: the loss cannot depend on the labels.
    smooth = partial(cross_entropy, label_smoothing=1.0)
    same = [
        run_steps(dataclasses.replace(cells, labels=labels), 1, loss_fn=smooth)[1]
        for labels in (cells.labels, (cells.labels + 1) % 3)
    ]
    assert same[0][0]['loss'] == pytest.approx(same[1][0]['loss'], rel=1e-6)
    assert same[0][0]['accuracy'] != same[1][0]['accuracy']


def test_cross_entropy_agrees_with_the_metrics():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(30, 4)).astype(np.float32)
    labels = rng.integers(4, size=30).astype(np.int32)
    loss, found = cross_entropy(jnp.asarray(logits), dict(label=jnp.asarray(labels)))
    probabilities = np.asarray(jax.nn.softmax(logits))
    assert float(loss) == pytest.approx(metrics.log_loss(probabilities, labels))
    accuracy = metrics.accuracy(probabilities, labels)
    assert float(found['accuracy']) == pytest.approx(accuracy)


class EachPixel(nn.Module):
    """A network whose outputs are an image: one logit for each pixel."""

    @nn.compact
    def __call__(self, image, *, train):
        return nn.Conv(1, (3, 3))(image)[..., 0], {}


def pixel_loss(logits, batch):
    loss = optax.sigmoid_binary_cross_entropy(logits, batch['foreground']).mean()
    right = (logits > 0) == batch['foreground']
    return loss, dict(pixels=right.mean())


def test_a_step_trains_networks_with_other_targets_than_classes():
    image = np.random.default_rng(0).random((8, 16, 16, 2), np.float32)
    mesh, tx = sharding.make_mesh(), optax.adam(0.1)
    batch = dict(image=image, foreground=image[..., 1] > 0.5)
    batch = sharding.put_batch(batch, mesh)
    model = EachPixel()
    state = init_state(model, tx, (16, 16, 2), 0, mesh)
    whole = dict(crop=16, symmetries=False)  # the target lies where it did
    step = make_train_step(
        model, tx, mesh, seed=0, augmentation=whole, loss_fn=pixel_loss
    )
    for _ in range(60):
        state, found = step(state, batch)
    assert set(found) == {'loss', 'gradient_norm', 'pixels'}
    assert found['pixels'] > 0.9


@pytest.mark.parametrize(
    ('name', 'options', 'expected'),
    [
        ('exponential', {}, {0: 0.1, 24: 0.1, 25: 0.096, 9975: 0.1 * 0.96**399}),
        ('halving', dict(decay_every=100), {99: 0.1, 100: 0.05, 200: 0.025}),
        ('constant', {}, {0: 0.1, 9999: 0.1}),
        ('cosine', dict(warmup_steps=10), {0: 0.01, 9: 0.1, 10: 0.1, 10_000: 0.0}),
    ],
)
def test_schedules(name, options, expected):
    schedule = make_schedule(name, 0.1, 10_000, **options)
    for step, rate in expected.items():
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize('name', ['adam', 'adamw', 'sgd'])
def test_weight_decay_shrinks_kernels_only(name):
    params = dict(kernel=jnp.ones((2, 2)), bias=jnp.ones(2))
    tx = make_optimizer(name, optax.constant_schedule(0.1), weight_decay=0.5)
    updates, _ = tx.update(
        jax.tree.map(jnp.zeros_like, params), tx.init(params), params
    )
    assert (updates['kernel'] < 0).all()
    assert not updates['bias'].any()


def test_unknown_optimizers_and_schedules_are_named():
    with pytest.raises(ValueError, match="Unknown optimizer 'lion'. Known: adam"):
        make_optimizer('lion', optax.constant_schedule(1))
    with pytest.raises(ValueError, match="Unknown schedule 'linear'"):
        make_schedule('linear', 1, 1)


def test_batch_sizes_are_checked_against_devices():
    with pytest.raises(
        ValueError, match=r'batch_size \(6\) must be divisible .* \(4\)'
    ):
        sharding.check_batch_size(6, sharding.make_mesh())
