import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from deeploc_jax.fingerprint import MismatchError
from deeploc_jax.train.checkpoint import CheckpointError, Checkpoints
from deeploc_jax.train.state import TrainState

METRIC = 'validation/accuracy'


def make_state(step, width=64):
    params = dict(kernel=jax.random.normal(jax.random.key(step), (width, width)))
    opt_state = optax.adam(1.0).init(params)
    return TrainState(jnp.int32(step), params, dict(mean=jnp.zeros(3)), opt_state)


def fill(directory, accuracies):
    checkpoints = Checkpoints(directory, METRIC)
    for step, accuracy in accuracies.items():
        checkpoints.save(make_state(step), {METRIC: accuracy})
    checkpoints.manager.wait_until_finished()
    return checkpoints


def damage(checkpoints, step):
    """Flips one bit in the largest array file of a checkpoint."""
    checkpoints.close()
    files = [p for p in (checkpoints.directory / str(step)).rglob('d/*') if p.is_file()]
    path = max(files, key=lambda p: p.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_the_best_and_the_latest_two_are_kept(tmp_path):
    checkpoints = fill(tmp_path, {10: 0.5, 20: 0.9, 30: 0.6, 40: 0.7, 50: 0.8})
    assert checkpoints.best_step() == 20
    assert checkpoints.steps() == [20, 40, 50]
    step, state = checkpoints.restore_best(make_state(0))
    assert step == 20
    for a, b in zip(
        jax.tree.leaves(state), jax.tree.leaves(make_state(20)), strict=True
    ):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    checkpoints.close()


def test_the_lowest_loss_is_best(tmp_path):
    checkpoints = Checkpoints(tmp_path, 'validation/loss')
    for step, loss in {1: 0.5, 2: 0.1, 3: 0.4}.items():
        checkpoints.save(make_state(step), {'validation/loss': loss})
    assert checkpoints.best_step() == 2
    checkpoints.close()


LOSS = 'validation/loss'


@pytest.mark.parametrize(
    ('metric', 'improved'), [(METRIC, [1, 1, 1, 4, 4]), (LOSS, [1, 2, 2, 2, 2])]
)
def test_a_tie_is_no_improvement_also_over_a_resume(tmp_path, metric, improved):
    values = [(0.5, 0.9), (0.5, 0.7), (0.5, 0.7), (0.6, 0.7), (0.4, 2.0)]
    for step, (accuracy, loss) in enumerate(values, 1):
        # As if each step were a training of its own, resumed from the last one.
        with Checkpoints(tmp_path, metric) as checkpoints:
            checkpoints.restore_latest(make_state(0))
            checkpoints.save(make_state(step), {METRIC: accuracy, LOSS: loss})
            assert checkpoints.improvement.step == improved[step - 1]


def test_of_equals_the_lower_loss_is_kept_and_then_the_later(tmp_path):
    losses = {1: 0.9, 2: 0.7, 3: 0.7, 4: 0.8, 5: 0.8}
    with Checkpoints(tmp_path, METRIC) as checkpoints:
        for step, loss in losses.items():
            checkpoints.save(make_state(step), {METRIC: 0.5, LOSS: loss})
        checkpoints.wait()
        assert checkpoints.best_step() == 3
        assert checkpoints.steps() == [3, 4, 5]
        assert checkpoints.improvement.step == 1
    with Checkpoints(tmp_path, METRIC) as checkpoints:
        checkpoints.restore_latest(make_state(0))
        assert checkpoints.improvement.step == 1  # its checkpoint is gone


def test_the_last_improvement_of_earlier_versions_is_that_of_the_kept_checkpoints(
    tmp_path,
):
    fill(tmp_path, {10: 0.5, 20: 0.9, 30: 0.9, 40: 0.9}).close()
    for seal in tmp_path.glob('*/seal/metadata'):
        fields = json.loads(seal.read_text())
        del fields['improvement']
        seal.write_text(json.dumps(fields))
    with Checkpoints(tmp_path, METRIC) as checkpoints:
        checkpoints.restore_latest(make_state(0))
        assert checkpoints.improvement.step == checkpoints.steps()[0] == 30


def test_a_save_on_interruption_is_the_latest_but_never_the_best(tmp_path):
    checkpoints = fill(tmp_path, {10: 0.5})
    checkpoints.save(make_state(13))
    assert checkpoints.best_step() == 10
    assert int(checkpoints.restore_latest(make_state(0)).step) == 13
    checkpoints.close()


@pytest.mark.filterwarnings('ignore:Checkpoint .* Falling back')
def test_a_flipped_bit_is_found_and_the_one_before_is_taken(tmp_path):
    damage(fill(tmp_path, {10: 0.5, 20: 0.9}), 20)
    checkpoints = Checkpoints(tmp_path, METRIC)
    state = checkpoints.restore_latest(make_state(0))
    assert int(state.step) == 10
    assert checkpoints.steps() == [10]
    assert (tmp_path.parent / f'{tmp_path.name}-damaged').exists()
    checkpoints.save(make_state(20), {METRIC: 0.9})  # the place is free again
    assert int(checkpoints.restore_latest(make_state(0)).step) == 20
    checkpoints.close()


@pytest.mark.filterwarnings('ignore:Checkpoint .* Falling back')
def test_with_no_intact_checkpoint_the_best_is_an_error(tmp_path):
    damage(fill(tmp_path, {10: 0.5}), 10)
    checkpoints = Checkpoints(tmp_path, METRIC)
    with pytest.raises(CheckpointError, match='no intact checkpoint'):
        checkpoints.restore_best(make_state(0))
    checkpoints.close()


@pytest.mark.filterwarnings('ignore:Checkpoint .* Falling back')
@pytest.mark.filterwarnings('ignore:.* is damaged. Setting it aside')
@pytest.mark.parametrize(
    'part', ['state/manifest.ocdbt', 'seal/metadata', 'metrics/metrics']
)
def test_a_file_cut_short_by_a_power_cut_is_found(tmp_path, part):
    fill(tmp_path, {10: 0.5, 20: 0.9}).close()
    path = tmp_path / '20' / part
    path.write_bytes(path.read_bytes()[:-7])
    with Checkpoints(tmp_path, METRIC) as checkpoints:
        assert int(checkpoints.restore_latest(make_state(0)).step) == 10


def test_metrics_that_changed_on_disk_do_not_decide_which_is_best(tmp_path):
    fill(tmp_path, {10: 0.5, 20: 0.9, 30: 0.4}).close()
    path = tmp_path / '30' / 'metrics' / 'metrics'
    path.write_text(path.read_text().replace('0.4', '0.94'))
    with pytest.warns(UserWarning, match='30/metrics/metrics is damaged'):
        checkpoints = Checkpoints(tmp_path, METRIC)
    assert checkpoints.best_step() == 20
    assert checkpoints.metrics(20) == {METRIC: 0.9}
    checkpoints.close()


def test_a_killed_save_is_no_damage(tmp_path):
    fill(tmp_path, {10: 0.5}).close()
    half = tmp_path / '20.orbax-checkpoint-tmp'
    shutil.copytree(tmp_path / '10', half)
    shutil.rmtree(half / 'seal')
    with Checkpoints(tmp_path, METRIC) as checkpoints:
        assert checkpoints.steps() == [10]


@pytest.mark.filterwarnings('ignore:.* is damaged. Setting it aside')
def test_nothing_starts_anew_where_all_is_damaged(tmp_path):
    fill(tmp_path, {10: 0.5}).close()
    (tmp_path / '10' / 'metrics' / 'metrics').write_text('{}')
    with pytest.raises(CheckpointError, match='give another --workdir'):
        Checkpoints(tmp_path, METRIC)


def test_lack_of_permission_destroys_nothing(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError('not yours')

    with fill(tmp_path, {10: 0.5}) as checkpoints:
        monkeypatch.setattr(checkpoints.manager, 'restore', refuse)
        with pytest.raises(PermissionError):
            checkpoints.restore_latest(make_state(0))
        assert checkpoints.steps() == [10]


def test_another_network_does_not_fit(tmp_path):
    checkpoints = fill(tmp_path, {10: 0.5})
    with pytest.raises(
        MismatchError, match=r'kernel: float32 \[64, 64\] there, float32 \[32, 32\]'
    ):
        checkpoints.restore_latest(make_state(0, width=32))
    assert checkpoints.steps() == [10]  # nothing is deleted for that
    checkpoints.close()


def test_a_metric_that_is_no_number_is_refused(tmp_path):
    checkpoints = fill(tmp_path, {10: 0.5})
    with pytest.raises(CheckpointError, match='is nan'):
        checkpoints.save(make_state(20), {METRIC: float('nan')})
    assert checkpoints.steps() == [10]
    checkpoints.close()


def test_nothing_to_restore(tmp_path):
    checkpoints = Checkpoints(tmp_path, METRIC)
    assert checkpoints.restore_latest(make_state(0)) is None
    checkpoints.close()
