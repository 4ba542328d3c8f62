import itertools
import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pyarrow.parquet as pq
import pytest

import deeploc_jax
from configs import transfer as transfer_config
from deeploc_jax import sharding
from deeploc_jax.class_map import make_class_map
from deeploc_jax.data.cells import read_cells
from deeploc_jax.datasets import open_screen
from deeploc_jax.groups import NewCells
from deeploc_jax.models import MODELS, get_model
from deeploc_jax.report.transfer import advice
from deeploc_jax.tables.fits import read_fits
from deeploc_jax.tasks import transfer as task
from deeploc_jax.train.step import make_update
from deeploc_jax.transfer import prober, trainer, tuner
from deeploc_jax.transfer.scores import score_logits
from deeploc_jax.transfer.stacked import (
    make_stacked_init,
    make_stacked_step,
    transferred,
)
from deeploc_jax.transfer.steps import (
    batch_and_steps,
    draws_together,
    steps_of_paper,
)
from deeploc_jax.weights.folder import write_weights
from tests.helpers.small import Small, make_card, random_cells, random_variables
from tests.helpers.spot_screen import SpotScreen

pytestmark = pytest.mark.usefixtures('no_pictures')
SLOW = 1e-6  # as a learning rate: rounding does not grow; draws differ in their start
SMALLEST = {
    'deeploc': dict(),
    'deepyeast': dict(depth=5),
    'lean': dict(widths=(4, 8)),
}


@pytest.mark.parametrize('name', SMALLEST)
def test_all_but_the_last_layer_is_taken(name):
    model = get_model(name, num_classes=5, **SMALLEST[name])
    source = random_variables(model.clone(num_classes=3), 8, seed=1)
    fresh = random_variables(model, 8)
    found = transferred(source, fresh, model.HEAD)
    assert jax.tree.structure(found) == jax.tree.structure(fresh)
    for layer, arrays in found['params'].items():
        origin = fresh if layer == model.HEAD else source
        for a, b in zip(
            jax.tree.leaves(arrays),
            jax.tree.leaves(origin['params'][layer]),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize('name', SMALLEST)
def test_mapped_classes_start_from_the_columns_of_the_source(name):
    classes = make_class_map('ABC', 'UVWXY', 'V=B,X=A+C')
    model = get_model(name, num_classes=5, **SMALLEST[name])
    source = random_variables(model.clone(num_classes=3), 8, seed=1)
    fresh = random_variables(model, 8)
    found = transferred(source, fresh, model.HEAD, classes)
    for kind in found:
        for path, new in jax.tree.leaves_with_path(found[kind].get(model.HEAD, {})):
            key = jax.tree_util.keystr(path)
            (old, start) = (
                dict(
                    (jax.tree_util.keystr(p), np.asarray(x))
                    for p, x in jax.tree.leaves_with_path(tree[kind][model.HEAD])
                )[key]
                for tree in (source, fresh)
            )
            more = np.log(2) if key == "['bias']" else 0
            np.testing.assert_array_equal(new[..., [0, 2, 4]], start[..., [0, 2, 4]])
            np.testing.assert_array_equal(new[..., 1], old[..., 1])
            both = (old[..., 0] + old[..., 2]) / 2 + more
            np.testing.assert_allclose(new[..., 3], both, rtol=1e-5)


def test_weights_for_other_channels_are_refused_and_the_layer_is_named():
    model = get_model('lean', num_classes=3, widths=(4,))
    wider = jax.eval_shape(
        lambda: dict(
            model.init(jax.random.key(0), jnp.zeros((1, 8, 8, 3)), train=False)
        )
    )
    with pytest.raises(
        ValueError, match=r'params/down_1/conv/kernel is \(3, 3, 3, 4\)'
    ):
        transferred(wider, random_variables(model, 8), model.HEAD)


@pytest.mark.usefixtures('native_convolutions')
@pytest.mark.parametrize('name', SMALLEST)
def test_frozen_convolutions_stay_as_they_are(name):
    model = get_model(
        name, num_classes=3, frozen_convolutions=True, dropout=0.5, **SMALLEST[name]
    )
    before = random_variables(model, 8)
    tx, mesh = optax.adam(1e-2), sharding.make_mesh(jax.devices()[:1])
    states = make_stacked_init(model, tx, (8, 8, 2), mesh)(np.array([3]), before, None)
    step = make_stacked_step(model, tx, mesh, augmentation=dict(crop=8))
    cells = random_cells(8, size=8)
    rows = np.arange(8, dtype=np.int32)[None]
    data = dict(images=cells.images, labels=cells.labels, rows=rows)
    start = jax.device_get(states.variables)
    for _ in range(3):
        states = step(states, data, np.array([3]))
    after = jax.device_get(states.variables)
    moved = {
        path[1].key
        for (path, a), b in zip(
            jax.tree.leaves_with_path(start), jax.tree.leaves(after), strict=True
        )
        if not np.array_equal(a, b)
    }
    dense = {'deeploc': {'fc_1', 'fc_2', 'final_layer'}, 'lean': {'final_layer'}}
    assert moved == dense.get(name, {'fc_1', 'fc_2', 'fc_3'})


def test_draws_trained_together_are_those_trained_alone():
    model = get_model('lean', num_classes=3, widths=(4,), dropout=0.5)
    tx, mesh = optax.sgd(1e-2), sharding.make_mesh()
    cells = random_cells(20, size=10)
    rows = np.stack([np.arange(8), np.arange(8, 16)]).astype(np.int32)
    seeds = np.array([5, 6])
    options = dict(augmentation=dict(crop=8))
    together = make_stacked_init(model, tx, (8, 8, 2), mesh)(seeds, None, None)
    firsts = jax.device_get(together)
    step = make_stacked_step(model, tx, mesh, **options)
    data = dict(images=cells.images, labels=cells.labels)
    for number in range(3):
        together = step(together, data | dict(rows=np.roll(rows, number, 1)), seeds)
    update = jax.jit(make_update(model, tx, **options))
    for index, seed in enumerate(seeds.tolist()):
        alone = jax.tree.map(lambda x, i=index: jnp.asarray(x[i]), firsts)
        for number in range(3):
            own = np.roll(rows, number, 1)[index]
            batch = dict(image=cells.images[own], label=cells.labels[own])
            alone, _ = update(alone, batch, jax.random.key(seed))
        for a, b in zip(
            jax.tree.leaves(together.variables),
            jax.tree.leaves(alone.variables),
            strict=True,
        ):
            np.testing.assert_allclose(a[index], b, rtol=2e-4, atol=2e-5)


def test_confidence_is_calibrated_on_validation():
    rng = np.random.default_rng(0)
    cells = {name: random_cells(400, size=2) for name in ('validation', 'test')}
    logits = {}
    for name, sure in dict(validation=8.0, test=16.0).items():  # right in 70 %
        labels = cells[name].labels
        said = np.where(rng.random(400) < 0.7, labels, (labels + 1) % 3)
        logits[name] = sure * np.eye(3)[said][:, None]
    everyone = np.ones(len(cells['validation'].labels), bool)
    new = NewCells('cell', everyone, np.arange(400))
    found = score_logits(logits, cells, everyone, new)
    assert 0.65 < found['accuracy'] < 0.75
    right = found['validation']  # e^z / (e^z + 2) for z = 8 / temperature
    z = np.log(2 * right / (1 - right))
    assert 8 / found['temperature'] == pytest.approx(z, rel=0.05)
    assert found['ece_before_temperature'] == pytest.approx(0.3, abs=0.05)
    assert 0.1 < found['ece'] < 0.28  # test is surer than validation was


def test_batches_are_divisible_by_the_devices():
    recipe = task.recipe_of(transfer_config.get_config())
    assert batch_and_steps(recipe, 1, 22, 1) == (22, 500)
    assert batch_and_steps(recipe, 1, 22, 4) == (20, 550)
    assert batch_and_steps(recipe, 1, 3, 8) == (8, 500)
    assert batch_and_steps(recipe, 100, 2200, 1) == (128, 1718)


def test_steps_are_those_of_the_paper():
    assert steps_of_paper(1, 22, 22) == 500
    assert steps_of_paper(10, 220, 128) == 859
    assert steps_of_paper(100, 2200, 128) == 1718
    assert steps_of_paper(500, 11_000, 128) == 4296
    assert steps_of_paper(None, 11_000, 128) == 4296


def test_small_draws_share_an_accelerator():
    assert draws_together(5, 102, 'gpu') == 5
    assert draws_together(5, 103, 'gpu') == 1
    assert draws_together(5, 2, 'cpu') == 1


UNSEEN = (0.4, 0.5, 0.6, 0.3, 0.7, 0.95)


def test_advice_goes_by_validation():
    rows = [
        dict(series=mode, cells_per_class=size, n_train=0, n_test=0, validation=value)
        | dict(accuracy=1 - value, balanced_accuracy=1 - value, confusion=[[], []])
        for mode, values in dict(a=(0.5, 0.85, 1.0), b=(0.6, 0.7, 0.8)).items()
        for size, value in zip((1, 10, 100), values, strict=True)
    ]
    text = advice(rows)
    assert (
        ': b with 1 cell (0.600; a 0.500); a with 10 cells (0.850; b 0.700), ' in text
    )
    assert '10 cells of each class for 80% of that and 100 cells' in text
    as_is = rows[0] | dict(series='as_is', cells_per_class=0, validation=0.8)
    text = advice([as_is, *rows])
    assert ': as_is with 1 cell (0.800; b 0.600); a with 10 cells (0.850; as' in text
    assert advice([as_is]).endswith('a balanced accuracy of 0.800.')
    pairs = zip(rows, UNSEEN, strict=True)
    new = [row | dict(unseen=v, unseen_as_is=0.9) for row, v in pairs]
    new = [row | dict(unjudged_classes=0) for row in new]
    text = advice(new, 'protein')
    assert 'new proteins' in text and ': as_is with 1 cell (0.900; a 0.400), 10' in text
    assert 'b with 100 cells (0.950; as_is 0.900)' in text and 'Warning' not in text
    text = advice([row | dict(unjudged_classes=1) for row in new], 'protein')
    assert 'were not trained on is unknown for 1 class, ' in text
    assert '100 cells (0.900; b 0.950)' in text  # what b may lose is more than it gains
    assert 'is unknown for 2 classes, ' in advice(rows, 'protein')
    low = as_is | dict(validation=0.6)
    assert 'a with 100 cells (1.000; as_is 0.600)' in advice([low, *rows], 'protein')
    everything = advice([row | dict(cells_per_class=None) for row in rows[:1]])
    assert ': a with all cells (0.500).' in everything


@pytest.fixture
def config(data_dir, tmp_path, monkeypatch):
    class Dropping(Small):
        dropout: float = 0.0
        frozen_convolutions: bool = False

    monkeypatch.setitem(MODELS, 'small', Dropping)
    model = Dropping(num_classes=2)
    card = make_card(
        model=dict(name='small'), side=64, crop=60, class_names=('X', 'Y'), crops=1
    )
    variables = random_variables(model, 60)
    config = transfer_config.get_config()
    config.source = str(write_weights(tmp_path / 'weights', variables, card))
    config.screen, config.data_dir = SpotScreen.name, data_dir
    config.cells_per_class, config.draws, config.steps = '1,4', 2, 3
    config.group_by = 'cell_id'  # each network is trained once
    config.evaluation.batch_size = 8
    return config


@pytest.fixture
def workdir(tmp_path):
    return tmp_path / 'out'


def read_table(workdir):
    return pq.read_table(workdir / 'transfer.parquet').to_pylist()


@pytest.mark.pictures
def test_modes_are_compared_in_a_table_and_on_a_page(config, workdir, capsys):
    task.run(config, workdir)
    rows = read_table(workdir)
    assert len(rows) == 4 * 2 * 2
    assert {row['n_train'] for row in rows} == {3, 12}
    assert {row['n_test'] for row in rows} == {10}
    assert all(np.sum(row['confusion']) == 10 for row in rows)
    made = json.loads((workdir / 'fits.jsonl').read_text().splitlines()[0])
    assert (made['job'] | made['result']).keys() <= rows[0].keys()
    assert all((row['ece'] is None) == (row['mode'] == 'probe') for row in rows)
    out, progress = capsys.readouterr()
    assert 'transfer: 100%' in progress
    assert 'Channels (network = screen): GFP = GFP, RFP = RFP' in out
    assert '| calibration error |' in out
    assert '| scratch | 4 | 12 | 10 | 2 | ' in out and 'Advice: ' in out
    page = (workdir / 'report.html').read_text()
    assert 'fine_tune, 4 a class' in page and 'Advice: ' in page
    names = {path.name for path in (workdir / 'figures').iterdir()}
    assert {'sizes.png', 'confusion_probe_4.png'} <= names


def test_the_tuned_network_can_be_used(config, workdir):
    config.modes, config.cells_per_class, config.draws = 'fine_tune', '4', 1
    task.run(config, workdir)
    network = deeploc_jax.load(workdir)
    assert network.class_names == ('LEFT', 'RIGHT', 'MIDDLE')
    assert network.card.screen.startswith('spot_screen')
    assert network.card.license.endswith('(tuned from a_screen/1.0.0)')
    assert (network.card.step, network.card.marker_channel) == (3, 1)
    assert network.novelty(np.zeros((1, 64, 64, 2))) >= 0


@pytest.mark.parametrize(
    ('channels', 'kept'), [('GFP,-', ('GFP',)), ('GFP,-,RFP', ('GFP', 'RFP'))]
)
def test_a_network_is_tuned_without_its_marker_or_with_another(
    config, workdir, capsys, channels, kept
):
    config.modes, config.cells_per_class, config.draws = 'probe,fine_tune', '4', 1
    config.channels = channels
    task.run(config, workdir)
    assert 'works without RFP' in capsys.readouterr().out
    card = deeploc_jax.load(workdir).card
    assert card.channels == kept and card.marker_channel == len(kept) * 2 - 3


def test_the_source_comes_first_as_it_is(config, workdir, capsys):
    config.modes, config.draws, config.cells_per_class = 'probe', 1, '4'
    task.run(config, workdir)
    assert [row['mode'] for row in read_table(workdir)] == ['probe']
    assert "--config.class_map='LEFT=X'" in capsys.readouterr().out
    config.class_map = 'LEFT=Y,MIDDLE=X'
    task.run(config, workdir)  # the probe is kept
    first, second = read_table(workdir)
    assert second['unseen'] is None
    assert (first['mode'], second['mode']) == ('as_is', 'probe')
    assert (first['cells_per_class'], first['n_train'], first['steps']) == (0, 0, 0)
    network = deeploc_jax.load(config.source)
    cells = read_cells(open_screen(config.screen, data_dir=config.data_dir), 'test')
    x = network.predict(cells.images)[:, 0] > 0.5
    called = np.bincount(np.where(x, 2, 0)[cells.labels == 0], minlength=3)
    assert first['confusion'][0] == called.tolist()
    out = capsys.readouterr().out
    assert 'Nothing is mapped to RIGHT: counted as wrong.' in out
    assert '| as_is | 0 | 0 | 10 | 1 |' in out
    assert (workdir / 'figures/confusion_as_is_0.png').exists()
    again = read_fits(workdir / 'transfer.parquet').to_pylist()
    assert [row['cells_per_class'] for row in again] == [0, 4]


def test_new_proteins_judge_the_network_and_the_source(config, workdir, capsys):
    config.modes, config.draws, config.cells_per_class = 'fine_tune,probe', 1, '4'
    config.class_map, config.group_by = 'LEFT=X,MIDDLE=Y', 'protein'
    task.run(config, workdir)
    as_is, *learned = read_table(workdir)
    assert as_is['unseen'] is None and 0 <= as_is['validation'] <= 1
    assert [row['unjudged_classes'] for row in learned] == [0, 0]
    assert len({row['unseen_as_is'] for row in learned}) == 1
    assert all(0 <= row['unseen'] <= 1 for row in learned)
    assert 'on validation cells of new proteins' in capsys.readouterr().out


def test_fits_from_another_start_are_kept_beside(config, workdir, monkeypatch):
    config.modes, config.draws, config.cells_per_class = 'fine_tune', 1, '4'
    task.run(config, workdir)
    before = (workdir / 'fits.jsonl').read_text()
    weights = (workdir / 'weights/weights.safetensors').read_bytes()
    config.class_map = 'LEFT=X'
    task.run(config, workdir)
    assert (workdir / 'fits.jsonl').read_text().startswith(before)
    assert [row['class_map'] for row in read_table(workdir)] == ['LEFT=X']
    assert (workdir / 'weights/weights.safetensors').read_bytes() != weights
    config.head = 'fresh'  # which is what the first run did, and earlier versions
    monkeypatch.setattr(tuner.Tuner, 'fit', pytest.fail)
    task.run(config, workdir)


def test_confusions_can_be_shown_at_another_size_later(config, workdir, monkeypatch):
    config.modes = 'probe'
    task.run(config, workdir)
    assert not (workdir / 'figures/confusion_probe_1.png').exists()
    monkeypatch.setattr(prober.Prober, 'fit', pytest.fail)  # the report alone
    config.confusion_at = '1'
    task.run(config, workdir)
    assert (workdir / 'figures/confusion_probe_1.png').exists()


def test_the_network_tuned_on_most_cells_is_kept(config, workdir):
    config.modes, config.draws, written = 'fine_tune', 1, []
    for config.cells_per_class in ('2', '4', '1', '', '3'):  # '': all cells
        task.run(config, workdir)
        written.append((workdir / 'weights/weights.safetensors').read_bytes())
        (row,) = read_table(workdir)
        assert row['cells_per_class'] == (int(config.cells_per_class or 0) or None)
    replaced = [before != after for before, after in itertools.pairwise(written)]
    assert replaced == [True, False, True, False]


def test_what_is_missing_is_fitted_with_the_same_result(config, workdir):
    config.modes, config.cells_per_class = 'fine_tune,probe', '4'
    task.run(config, workdir)
    fits = workdir / 'fits.jsonl'
    lines = fits.read_text().splitlines()
    assert len(lines) == 4
    kept = [lines[0], lines[3]]
    fits.write_text('\n'.join(kept) + '\n{"job": {"mo')
    task.run(config, workdir)
    *before, first, second = map(json.loads, fits.read_text().splitlines())
    assert before == [json.loads(line) for line in kept]
    for row, line in ((first, lines[1]), (second, lines[2])):
        lost = json.loads(line)
        for each in (row, lost):
            each['result'].pop('seconds')
        assert row == lost


def test_a_tested_draw_is_kept_whatever_happens_to_the_next(
    config, tmp_path, monkeypatch
):
    config.modes, config.cells_per_class = 'fine_tune', '4'
    config.learning_rate = SLOW
    monkeypatch.setattr(tuner, 'draws_together', lambda *_: 2)
    task.run(config, tmp_path / 'whole')
    tests = []

    def interrupted(*tested):
        tests.append(tested)
        if len(tests) == 2:
            raise KeyboardInterrupt
        return score_logits(*tested)

    monkeypatch.setattr(tuner, 'score_logits', interrupted)
    with pytest.raises(KeyboardInterrupt):
        task.run(config, tmp_path / 'parts')
    assert len((tmp_path / 'parts/fits.jsonl').read_text().splitlines()) == 1
    task.run(config, tmp_path / 'parts')
    assert len(tests) == 3  # the first draw is not tested again
    whole, parts = (read_table(tmp_path / name) for name in ('whole', 'parts'))
    for row in whole + parts:
        row.pop('seconds')
    assert whole == parts


def test_fits_on_all_cells_of_earlier_versions_are_found(config, workdir, monkeypatch):
    config.modes, config.cells_per_class, config.draws = 'fine_tune,probe', '', 1
    task.run(config, workdir)
    jobs = [
        json.loads(line)['job']
        for line in (workdir / 'fits.jsonl').read_text().splitlines()
    ]
    # Written like this since the first version.
    assert jobs == [
        dict(mode=mode, cells_per_class=0, draw=0) for mode in ('fine_tune', 'probe')
    ]
    first = (workdir / 'transfer.parquet').read_bytes()
    for method in (tuner.Tuner, prober.Prober):
        monkeypatch.setattr(method, 'fit', pytest.fail)
    task.run(config, workdir)
    assert (workdir / 'transfer.parquet').read_bytes() == first


@pytest.mark.parametrize('column', ['condition', 'replicate'])
def test_labels_are_spread_over_conditions(config, workdir, column):
    config.modes, config.cells_per_class, config.draws = 'probe', '2', 1
    config.group_by = column
    task.run(config, workdir)
    (row,) = read_table(workdir)
    assert (row['n_train'], row['n_test']) == (6, 10)


def test_another_test_deletes_no_fit(config, tmp_path, capsys, monkeypatch):
    config.modes, config.cells_per_class = 'scratch,fine_tune', '4'
    workdir = tmp_path / 'out'
    task.run(config, workdir)
    first = (workdir / 'transfer.parquet').read_bytes()
    config.draws, config.splits.test, config.evaluation.crops = 1, 'test[:6]', 5
    task.run(config, workdir)
    rows = read_table(workdir)
    found = [(row['n_test'], row['test_split'], row['crops']) for row in rows]
    assert found == [(6, 'test[:6]', 5)] * 2
    assert len((workdir / 'fits.jsonl').read_text().splitlines()) == 6
    config.draws, config.splits.test, config.evaluation.crops = 2, 'test', 1
    monkeypatch.setattr(tuner.Tuner, 'fit', pytest.fail)
    capsys.readouterr()
    task.run(config, workdir)
    assert 'All 4 fits are finished already' in capsys.readouterr().out
    assert (workdir / 'transfer.parquet').read_bytes() == first


def test_the_rate_falls_to_zero_unless_told_otherwise(config, tmp_path, monkeypatch):
    config.modes, config.cells_per_class, config.draws = 'fine_tune', '4', 1
    config.steps, config.learning_rate = 2, 0.1
    rates = []

    def adam(schedule):
        rates.append([float(schedule(step)) for step in range(3)])
        raise KeyboardInterrupt  # before anything is compiled

    monkeypatch.setattr(trainer.optax, 'adam', adam)
    for name in ('cosine', 'constant'):
        with pytest.raises(KeyboardInterrupt):
            task.run(config, tmp_path / name)
        config.schedule = 'constant'
    np.testing.assert_allclose(rates, [[0.1, 0.05, 0], [0.1] * 3], atol=1e-8)


def test_draws_can_share_a_program(config, tmp_path, monkeypatch):
    config.modes, config.cells_per_class = 'fine_tune', '4'
    config.learning_rate = SLOW
    groups = []
    for name, together in (('alone', 1), ('together', 2)):
        monkeypatch.setattr(tuner, 'draws_together', lambda *_, n=together: n)
        task.run(config, tmp_path / name)
        groups.append(read_table(tmp_path / name))
    for alone, together in zip(*groups, strict=True):
        assert alone['confusion'] == together['confusion']
        assert alone['temperature'] == pytest.approx(together['temperature'], rel=0.01)


def test_all_cells_can_be_used(config, tmp_path):
    config.cells_per_class, config.modes, config.draws = '', 'probe,fine_tune', 1
    config.splits.train = 'trian'
    with pytest.raises(ValueError, match="no split 'trian'"):
        task.run(config, tmp_path / 'out')
    config.splits.train, config.splits.validation = 'train', 'train'
    with pytest.warns(UserWarning, match='24 cells of spot_screen'):
        task.run(config, tmp_path / 'out')
    rows = read_table(tmp_path / 'out')
    assert [row['n_train'] for row in rows] == [24, 24]
    assert [row['ece'] is None for row in rows] == [True, False]
    told = 'not calibrated: all validation cells were trained on'
    assert [row['calibration'] for row in rows] == ['', told]
    assert rows[1]['ece'] == rows[1]['ece_before_temperature']
    card = deeploc_jax.load(tmp_path / 'out').card
    assert (card.calibration, card.temperature) == (told, 1.0)
    assert card.novelty_layer == ''


@pytest.mark.filterwarnings('ignore:.* cells of spot_screen')
def test_validation_cells_that_were_drawn_do_not_calibrate(config, tmp_path):
    config.cells_per_class, config.modes, config.draws = '4', 'fine_tune', 2
    config.splits.train = 'train+validation'
    task.run(config, tmp_path / 'out')
    rows = read_table(tmp_path / 'out')
    for row in rows:
        used, drawn = map(int, re.findall(r'\d+', row['calibration']))
        assert used + drawn == 9 and 0 < drawn < 9
    assert deeploc_jax.load(tmp_path / 'out').card.calibration == rows[0]['calibration']


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('source', None, 'Say --config.source'),
        ('screen', None, 'Say --config.screen'),
        (
            'modes',
            'fine_tune,frozen',
            "Unknown mode 'frozen'. Did you mean 'frozen_conv'",
        ),
        ('probe', 'rigde', "Unknown probe 'rigde'. Did you mean 'ridge'"),
        ('memory_limit', 1e-9, 'raise memory_limit'),
        ('group_by', 'plates', "Unknown group_by 'plates'. Did you mean 'plate'"),
        ('cells_per_class', '5,x', 'must be like 1,5,25'),
        ('confusion_at', '4;1', r'confusion_at \(4;1\) must be like 1,5,25'),
        ('confusion_at', '5', r'confusion_at \(5\) must be among cells_per_class'),
        ('channels', 'GFP', r'screen:  1 \(GFP\)\n  network: 2 \(GFP, RFP\)'),
        ('channels', 'GFP,"RFP', 'a double quote is not closed'),
        ('draws', 0, r'draws \(0\) must be at least 1'),
        ('l2_sp', -1.0, r'l2_sp \(-1.0\) must be at least 0'),
        ('head', 'map', "Unknown head 'map'. Did you mean 'mapped'"),
        ('class_map', 'LEFT=Z', "Unknown class of the network 'Z'. Known: X, Y"),
        ('schedule', 'cosin', "Unknown schedule 'cosin'. Did you mean 'cosine'"),
        ('evaluation', dict(crops=3), r'crops \(3\) must be 1 or 5'),
    ],
)
def test_mistakes_in_the_config_are_errors(config, tmp_path, field, value, message):
    config[field] = value
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')
