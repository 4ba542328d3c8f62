import dataclasses
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow_datasets as tfds

import deeploc_jax
from configs import deeploc, evaluate
from deeploc_jax import tasks
from deeploc_jax.data.cells import unknown_classes, with_classes
from deeploc_jax.files import read_jsonl
from deeploc_jax.models import MODELS
from deeploc_jax.tasks import evaluate as evaluate_task
from deeploc_jax.tasks import train as train_task
from deeploc_jax.train import loop
from deeploc_jax.train.interrupt import Interrupted
from deeploc_jax.train.loop import TrainingDiverged
from deeploc_jax.weights.channels import ALONE
from tests.helpers.small import Small, random_cells
from tests.helpers.spot_screen import SpotScreen

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(0)
pytestmark = pytest.mark.usefixtures('no_pictures')


@pytest.fixture(scope='module', autouse=True)
def small_network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, 'small', Small)
        yield


def make_config(data_dir):
    config = deeploc.get_config('smoke')
    config.model = dict(name='small')
    config.screen = SpotScreen.name
    config.data_dir = data_dir
    config.augmentation.crop = 16
    config.total_steps, config.checkpoint_every = 6, 2
    config.schedule.learning_rate = 1e-3
    return config


@pytest.fixture
def config(data_dir):
    """Six steps of a small network, a checkpoint every second one."""
    return make_config(data_dir)


@pytest.fixture(scope='module')
def trained(data_dir, tmp_path_factory):
    """The workdir of `config`, for tests that leave it as it is."""
    workdir = tmp_path_factory.mktemp('trained')
    train_task.run(make_config(data_dir), workdir)
    return workdir


@pytest.fixture
def own_trained(trained, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(trained, tmp_path / 'trained')


def digest_of(workdir):
    files = sorted((workdir / 'checkpoints' / '6').rglob('seal/metadata'))
    return json.loads(files[0].read_text())['sha256']


def test_training_on_validation_cells_raises_a_warning(config, tmp_path):
    config.splits.train = 'train+validation'
    (tmp_path / 'config.json').write_text('{}')
    with (
        pytest.warns(UserWarning, match='^9 cells of spot_screen'),
        pytest.raises(ValueError, match='another config'),
    ):
        train_task.run(config, tmp_path)


def test_a_network_trained_without_the_marker_too_says_how_well_it_does(
    config, tmp_path, capsys
):
    config.augmentation.protein_alone = 0.5
    train_task.run(config, tmp_path / 'train')
    card = deeploc_jax.load(tmp_path / 'train').card
    alone = card.validation[f'validation/{ALONE}']
    again = evaluate.get_config()
    again.source, again.split = str(tmp_path / 'train'), 'validation'
    again.channels, again.evaluation.resamples = 'GFP,-', 10
    again.evaluation.crops = 1
    evaluate_task.run(again, tmp_path / 'again')
    assert f'RFP; {alone:.2f} of its validation cells' in capsys.readouterr().out
    metrics = tmp_path / 'again/evaluation/validation/metrics.json'
    found = json.loads(metrics.read_text())
    assert np.isclose(found['accuracy']['value'], alone)
    network = deeploc_jax.load(tmp_path / 'train', without=['RFP'])
    assert network.knows_novelty


NOT_CALIBRATED = 'not calibrated: all validation cells were trained on'


@pytest.mark.filterwarnings('ignore:.* cells of spot_screen')
def test_cells_that_were_trained_on_do_not_calibrate(config, tmp_path, capsys):
    config.splits.train = 'train+validation'
    train_task.run(config, tmp_path / 'all')
    assert f'Confidence: {NOT_CALIBRATED}' in capsys.readouterr().out
    network = deeploc_jax.load(tmp_path / 'all')
    assert network.card.calibration == NOT_CALIBRATED
    assert network.card.pixel_size == 0.2  # as the screen states it
    assert network.card.temperature == 1.0 and network.card.novelty_layer == ''
    run = json.loads((tmp_path / 'all/run.json').read_text())
    assert run['calibration'] == NOT_CALIBRATED
    page = (tmp_path / 'all/report.html').read_text()
    assert NOT_CALIBRATED in page and 'Temperature, not fitted' in page

    again = evaluate.get_config()
    again.source, again.evaluation.resamples = str(tmp_path / 'all'), 10
    evaluate_task.run(again, tmp_path / 'again')
    assert f'Confidence: {NOT_CALIBRATED}' in capsys.readouterr().out

    config.splits.update(train='train[:90%]', validation='train[80%:]')
    train_task.run(config, tmp_path / 'some')
    card = deeploc_jax.load(tmp_path / 'some').card
    assert card.calibration.startswith('temperature fitted on 2 validation cells, with')
    assert 'calibrated:' not in capsys.readouterr().out


def test_a_training_explains_itself(config, trained, tmp_path):
    run = json.loads((trained / 'run.json').read_text())
    assert run['splits'] == dict(train=24, validation=9, test=10)
    assert run['class_counts']['test'] == dict(LEFT=4, RIGHT=3, MIDDLE=3)
    assert not run['simulated'] and run['parameters'] == 99
    rows = read_jsonl(trained / 'metrics.jsonl')
    assert [r['step'] for r in rows if 'validation/loss' in r] == [2, 4, 6]
    metrics = json.loads((trained / 'evaluation/test/metrics.json').read_text())
    assert metrics['n_cells'] == 10 and metrics['proteins']['n'] == 4
    pairs = pq.read_table(trained / 'evaluation/test/confusion.parquet').to_pylist()
    assert sum(pair['cells'] for pair in pairs) == 10
    page = (trained / 'report.html').read_text()
    assert 'spot_screen' in page and 'src="http' not in page
    assert list((trained / 'tensorboard').iterdir())

    again = evaluate.get_config()
    again.source = str(trained)  # which knows the data_dir
    again.evaluation.update(batch_size=4, resamples=50)  # other padding, same cells
    evaluate_task.run(again, tmp_path / 'again')
    repeated = json.loads((tmp_path / 'again/evaluation/test/metrics.json').read_text())
    assert repeated['confusion'] == metrics['confusion']
    assert repeated['loss'] == pytest.approx(metrics['loss'], rel=1e-4)

    raw = tfds.data_source('spot_screen', split='test', data_dir=config.data_dir)
    network = deeploc_jax.load(trained)
    table = pq.read_table(trained / 'evaluation/test/predictions.parquet')
    expected = np.stack([table[f'p_{name}'] for name in network.class_names], axis=1)
    probabilities = network.predict(np.stack([cell['image'] for cell in raw]))
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    novelty = network.novelty(np.stack([cell['image'] for cell in raw]))
    np.testing.assert_allclose(novelty, table['novelty'], rtol=1e-4)
    assert metrics['unlike_training'] == (novelty > 1).mean()

    # The weights are all that another machine needs.
    elsewhere = shutil.copytree(trained / 'weights', tmp_path / 'elsewhere')
    again.source, again.data_dir = str(elsewhere), config.data_dir
    evaluate_task.run(again, tmp_path / 'by_weights')
    for name in ('predictions.parquet', 'metrics.json'):
        path = Path('evaluation', 'test', name)
        one, other = (tmp_path / run / path for run in ('again', 'by_weights'))
        assert one.read_bytes() == other.read_bytes()

    with pytest.raises(ValueError, match=r'batch_size: 8 there, 16 asked'):
        config.batch_size = 16
        train_task.run(config, trained)


@pytest.mark.parametrize(
    'names', [(), ('RIGHT', 'LEFT'), ('A', 'LEFT', 'B'), ('A',)], ids=len
)
def test_a_screen_need_not_have_the_classes_of_the_network(names):
    labels = RNG.integers(-1, len(names), 40).astype(np.int32)
    cells = random_cells(40, size=8)
    cells = dataclasses.replace(cells, labels=labels, class_names=names)
    of_network = ('LEFT', 'RIGHT', 'MIDDLE')
    found = with_classes(cells, of_network)
    assert found.class_names == of_network
    for label, number in zip(labels, found.labels, strict=True):
        known = label >= 0 and names[label] in of_network
        assert number == (of_network.index(names[label]) if known else -1)
    assert unknown_classes(cells, of_network) == {
        name: (labels == i).sum()
        for i, name in enumerate(names)
        if name not in of_network
    }


def test_an_evaluation_takes_the_crops_that_were_calibrated(config, tmp_path):
    task = evaluate.get_config()
    config.evaluation.crops = 1
    train_task.run(config, tmp_path / 'out')
    task.source = str(tmp_path / 'out')
    evaluate_task.run(task, tmp_path / 'again')
    table = 'evaluation/test/predictions.parquet'
    first, second = (pq.read_table(tmp_path / of / table) for of in ('out', 'again'))
    for name in ('p_LEFT', 'novelty'):
        np.testing.assert_allclose(first[name], second[name], rtol=1e-5)
    task.evaluation.crops = 3
    with pytest.raises(ValueError, match=r'crops \(3\) must be 1 or 5'):
        evaluate_task.run(task, tmp_path / 'again')


def test_an_interrupted_training_ends_the_same(config, trained, tmp_path, monkeypatch):
    parts = tmp_path / 'parts'
    for step in (1, 3, 4):  # before, beside and at a checkpoint
        with monkeypatch.context() as patch:
            patch.setattr(loop.Cadence, 'logs', interrupting(step))
            with pytest.raises(Interrupted, match=f'after step {step}'):
                train_task.run(config, parts)
    train_task.run(config, parts)
    assert digest_of(parts) == digest_of(trained)
    for name in ('predictions.parquet', 'metrics.json'):
        path = Path('evaluation', 'test', name)
        assert (parts / path).read_bytes() == (trained / path).read_bytes()
    written = [row['step'] for row in read_jsonl(parts / 'metrics.jsonl')]
    assert written == sorted(written)


def test_a_finished_training_without_its_checkpoints_is_left_alone(config, own_trained):
    kept = ('metrics.jsonl', 'weights/weights.safetensors')
    before = [(own_trained / name).read_bytes() for name in kept]
    shutil.rmtree(own_trained / 'checkpoints')
    with pytest.raises(ValueError, match='its checkpoints were deleted'):
        train_task.run(config, own_trained)
    assert [(own_trained / name).read_bytes() for name in kept] == before


def test_a_run_stopped_before_its_first_checkpoint_starts_again(
    config, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr('deeploc_jax.compilation.keep_programs', lambda: None)
    with monkeypatch.context() as patch:
        patch.setattr('deeploc_jax.train.fit.train_batches', interrupt)
        assert tasks.run(config, tmp_path) == 130
    assert 'Interrupted. Run the same command' in capsys.readouterr().err
    assert (tmp_path / 'config.json').exists()
    assert not list(tmp_path.glob('.run.lock*'))
    assert tasks.run(config, tmp_path) == 0
    assert (tmp_path / 'report.html').exists()


def interrupt(*unused, **options):
    raise KeyboardInterrupt


def test_a_profile_changes_nothing_but_leaves_a_trace(config, own_trained, tmp_path):
    config.profile = True
    train_task.run(config, tmp_path / 'profiled')
    assert digest_of(tmp_path / 'profiled') == digest_of(own_trained)
    train_task.run(config, own_trained)  # a finished run may be asked for more
    (trace,) = (tmp_path / 'profiled/profile').rglob('perfetto_trace.json.gz')
    assert b'train_step' in gzip.decompress(trace.read_bytes())


def test_a_screen_too_large_for_memory_trains_the_same(config, trained, tmp_path):
    config.memory_limit = 0.0  # every image is read from disk when it is needed
    train_task.run(config, tmp_path)
    assert digest_of(tmp_path) == digest_of(trained)


@pytest.mark.parametrize(
    ('field', 'value', 'answer'),
    [
        ('select_by', 'validation/acuracy', "Did you mean 'validation/accuracy'"),
        ('augmentation.crop', 70, 'must be 8 to 64'),
        ('evaluation.crops', 3, 'must be 1 or 5'),
        ('log_every', 0, 'at least 1'),
        ('batch_size', 0, 'batch_size'),
        ('splits.test', 'tset', "no split 'tset'; it has: train"),
        ('channels', 'GFP,YFP', 'has GFP,RFP'),
    ],
)
def test_a_wrong_field_is_an_error_before_training(
    config, tmp_path, field, value, answer
):
    config.update_from_flattened_dict({field: value})
    with pytest.raises(ValueError, match=answer):
        train_task.run(config, tmp_path)
    assert not (tmp_path / 'checkpoints').exists()


def interrupting(at):
    def logs(cadence, step):
        if step == at:
            os.kill(os.getpid(), signal.SIGTERM)
        return cadence.checkpoints(step)

    return logs


def test_a_loss_that_is_no_number_names_step_and_checkpoint(config, tmp_path):
    config.optimizer.name = 'sgd'
    config.schedule.update(name='constant', learning_rate=1e38)
    with pytest.raises(TrainingDiverged, match=r'not finite at step \d.*checkpoint:'):
        train_task.run(config, tmp_path)


@pytest.mark.parametrize('interrupted', [(), (3,), (4, 5)], ids=len)
def test_early_stopping_counts_no_tie_as_a_new_best(
    config, tmp_path, monkeypatch, interrupted
):
    """Nothing is learned, so that the accuracy of all checkpoints is the same."""
    config.patience, config.total_steps = 2, 20
    config.schedule.learning_rate = 0.0
    for step in interrupted:
        with monkeypatch.context() as patch, pytest.raises(Interrupted):
            patch.setattr(loop.Cadence, 'logs', interrupting(step))
            train_task.run(config, tmp_path)
    train_task.run(config, tmp_path)
    rows = read_jsonl(tmp_path / 'metrics.jsonl')
    assert [row['step'] for row in rows if 'validation/loss' in row] == [2, 4, 6]


@pytest.mark.parametrize(
    ('arguments', 'answer'),
    [
        (['--config=configs/deeploc.py', '--config.batchsize=1'], '"batch_size"'),
        (['--config=configs/deeploc.py:simm'], 'published, modern, small, sim, smoke'),
        (['--config=configs/evaluate.py'], '--config.source='),
    ],
)
def test_mistakes_on_the_command_line_end_without_a_traceback(
    arguments, answer, tmp_path
):
    command = [sys.executable, 'launch.py', f'--workdir={tmp_path}', *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert answer in done.stderr
    assert '  File "' not in done.stderr


@pytest.mark.skipif(sys.platform != 'linux', reason='glibc is asked for large pages')
@pytest.mark.parametrize(
    ('setting', 'seen'),
    [(None, ['None', 'glibc.malloc.hugetlb=1']), ('mine', ['mine'])],
)
def test_the_program_starts_anew_once_for_large_pages(setting, seen):
    code = (
        'import os, deeploc_jax.huge_pages\n'
        'print(os.environ.get("GLIBC_TUNABLES"), flush=True)\n'
        'deeploc_jax.huge_pages.use_huge_pages()'
    )
    environment = {k: v for k, v in os.environ.items() if k != 'GLIBC_TUNABLES'}
    if setting:
        environment['GLIBC_TUNABLES'] = setting
    command = [sys.executable, '-c', code]
    printed = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    assert printed.split() == seen
