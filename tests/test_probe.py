import dataclasses
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn import linear_model

from configs import probe as probe_config
from deeploc_jax.files import read_jsonl
from deeploc_jax.names import split_sizes
from deeploc_jax.probe import fit as fitting
from deeploc_jax.probe.classifiers import PROBES, Probe
from deeploc_jax.probe.fit import Labelled, choose, fit, score_on
from deeploc_jax.probe.ridge import Ridge
from deeploc_jax.probe.sampling import draw_cells, group_names
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.features import read_features
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tasks import probe as task
from tests.helpers.small import random_cells

RNG = np.random.default_rng(0)
pytestmark = pytest.mark.usefixtures('no_pictures')


def blobs(n=90, f=6, k=3, seed=0):
    """Classes a little apart, in groups of five."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    x = rng.normal(size=(n, f)) + 3 * np.eye(k, f)[y]
    return Labelled(x.astype(np.float32), y, np.array([f'g{i // 5}' for i in range(n)]))


@pytest.mark.parametrize(('n', 'f'), [(60, 5), (12, 40)])
def test_ridge_is_that_of_scikit_learn(n, f):
    x = RNG.normal(size=(n, f)).astype(np.float32)
    y = RNG.choice(3, n, p=(0.7, 0.2, 0.1))
    y[:3] = 0, 1, 2
    ours = Ridge(3.0).fit(x, y)
    weights = n / 3 / np.bincount(y)[y]
    theirs = linear_model.Ridge(3.0).fit(x, np.eye(3)[y], sample_weight=weights)
    np.testing.assert_allclose(ours.coef_.T, theirs.coef_, atol=2e-5)
    np.testing.assert_allclose(ours.scores(x), theirs.predict(x), atol=5e-5)


def test_ridge_knows_classes_that_are_not_counted_from_0():
    cells = blobs()
    names = np.array(['a', 'c', 'z'])[cells.y]
    assert set(Ridge(1.0).fit(cells.x, names).predict(cells.x)) <= {'a', 'c', 'z'}


@pytest.mark.parametrize('name', PROBES)
def test_every_probe_learns_what_is_easy(name):
    train, test = blobs(), blobs(seed=1)
    probe = PROBES[name]
    value, score = choose(probe, train, blobs(seed=2), 0)
    assert len(probe.values) > 1 and value in probe.values
    assert score > 0.8
    classifier = fit(probe, value, train, 0)
    assert score_on(classifier, test) > 0.8
    again = fit(probe, value, train, 0)
    np.testing.assert_array_equal(classifier.predict(test.x), again.predict(test.x))
    few = train.where(np.arange(3))  # one cell of each class
    assert fit(probe, choose(probe, few, None, 0)[0], few, 0).predict(test.x).shape == (
        90,
    )


def test_the_nearest_of_one_cell_a_class_decides():
    one = blobs().where(np.arange(3))
    assert score_on(fit(PROBES['knn'], 31, one, 0), one) == 1


def test_a_handful_is_spread_over_the_groups_and_grows():
    labels = np.array([0] * 30 + [1] * 4 + [-1] * 5)
    groups = np.array([f'p{i % 10}' for i in range(30)] + ['q'] * 4 + ['r'] * 5)
    ten = draw_cells(labels, groups, 10, 0)
    assert (labels[ten] == 0).sum() == (labels[ten] == 1).sum() == 10
    assert len(set(groups[ten[:10]])) == 10
    assert len(set(ten[:10])) == 10 and len(set(ten[10:])) == 4
    assert set(draw_cells(labels, groups, 5, 0)) <= set(ten)
    assert list(draw_cells(labels, groups, 10, 1)) != list(ten)
    twelve = draw_cells(labels, groups, 12, 0)[:12]
    assert sorted(np.unique(groups[twelve], return_counts=True)[1]) == [1] * 8 + [2] * 2


def test_a_parameter_is_chosen_without_seeing_a_group_twice(monkeypatch):
    seen = []

    class Spy:
        def __init__(self, value):
            self.value = value

        def fit(self, x, y):
            self.rows = set(x[:, 0])
            return self

        def predict(self, x):
            seen.append((self.rows, set(x[:, 0])))
            return np.full(len(x), 0 if self.value == 1 else 9)

    groups = np.arange(30) // 3 % 5
    cells = Labelled(np.arange(30.0)[:, None], np.arange(30) % 2, groups)
    value, score = choose(Probe(lambda v, s: Spy(v), (0.0, 1.0), ''), cells, None, 0)
    assert value == 1.0 and score == 0.5
    assert len(seen) == 2 * fitting.FOLDS
    for trained, tested in seen:
        assert not set(groups[[*map(int, trained)]]) & set(groups[[*map(int, tested)]])


def test_too_few_groups_take_the_middle_value():
    cells = Labelled(np.zeros((4, 1)), np.array([0, 0, 1, 1]), np.array([1, 1, 2, 2]))
    value, score = choose(PROBES['ridge'], cells, None, 0)
    assert value == 100.0 and np.isnan(score)


@pytest.fixture
def config(tmp_path):
    """Two sets of features: one tells the classes apart, the other does not."""
    sizes = dict(train=60, validation=24, test=30)
    for name, apart in (('good', 3.0), ('bad', 0.0)):
        for number, (split, n) in enumerate(sizes.items()):
            cells = random_cells(n, size=8, seed=number)
            cells.labels[0] = -1
            noise = np.random.default_rng(number).normal(size=(n, 5))
            values = (noise + apart * np.eye(3, 5)[cells.labels]).astype(np.float32)
            about = dict(screen='a', layer=None)
            table = features_table(cells, split, list('abcde'), values, about)
            write_table(table, tmp_path / name / f'features.parquet/{split}.parquet')
        (tmp_path / name / 'run.json').write_text('{}')
    config = probe_config.get_config()
    config.features = f'{tmp_path}/good,{tmp_path}/bad'
    config.probes = 'ridge,knn'
    config.draws = 2
    return config


def recalled(row):
    return [one['class_name'] for one in row['recall']]


@pytest.mark.pictures
def test_probes_are_compared_and_what_is_done_is_kept(config, tmp_path, capsys):
    config.cells_per_class = '2,8'
    workdir = tmp_path / 'out'
    task.run(config, workdir)
    rows = pq.read_table(workdir / 'probe.parquet').to_pylist()
    assert len(rows) == 2 * 2 * 2 * 2
    best = [r for r in rows if r['features'] == 'good' and r['cells_per_class'] == 8]
    assert min(row['balanced_accuracy'] for row in best) > 0.8
    worst = [r['balanced_accuracy'] for r in rows if r['features'] == 'bad']
    assert np.mean(worst) < 0.5
    assert {row['n_test'] for row in rows} == {29}  # one has no label
    assert {row['n_train'] for row in rows} == {6, 24}
    assert recalled(rows[0]) == ['A', 'B', 'C']
    made = read_jsonl(workdir / 'fits.jsonl')[0]  # nothing of it is lost
    assert (made['job'] | made['result']).keys() <= rows[0].keys()
    out = capsys.readouterr().out
    assert '| good ridge | 8 | 24 | 29 | 2 | ' in out
    page = (workdir / 'report.html').read_text()
    assert 'good ridge' in page and 'closed form' in page and 'src="http' not in page
    assert (workdir / 'figures/sizes.png').stat().st_size > 5000

    lines = (workdir / 'fits.jsonl').read_text().splitlines()
    (workdir / 'fits.jsonl').write_text('\n'.join(lines[:9]) + '\n' + lines[9][:20])
    task.run(config, workdir)
    assert (workdir / 'fits.jsonl').read_text().splitlines() == lines
    assert pq.read_table(workdir / 'probe.parquet').to_pylist() == rows


def test_few_cells_are_drawn_from_every_condition(config, tmp_path):
    """The conditions of these cells are groups of the same cells as the proteins."""
    config.features, config.cells_per_class = f'{tmp_path}/good', '2'
    results = []
    for config.group_by in ('protein', 'condition', 'replicate'):
        task.run(config, tmp_path / config.group_by)
        table = pq.read_table(tmp_path / config.group_by / 'probe.parquet')
        results.append(table.to_pylist())
    assert results[0] == results[1] == results[2]


def test_another_test_split_is_tested_anew_and_deletes_nothing(
    config, tmp_path, capsys
):
    config.features, config.probes = str(tmp_path / 'good'), 'ridge'
    task.run(config, tmp_path / 'out')
    first = (tmp_path / 'out/probe.parquet').read_bytes()
    config.splits.test = 'validation'
    task.run(config, tmp_path / 'out')
    rows = pq.read_table(tmp_path / 'out/probe.parquet').to_pylist()
    assert [(row['n_test'], row['test_split']) for row in rows] == [(23, 'validation')]
    config.splits.test = 'test'
    capsys.readouterr()
    task.run(config, tmp_path / 'out')
    assert 'All 1 fits are finished already' in capsys.readouterr().out
    assert (tmp_path / 'out/probe.parquet').read_bytes() == first
    assert len((tmp_path / 'out/fits.jsonl').read_text().splitlines()) == 2


def test_sizes_are_in_order_and_once():
    assert split_sizes('25,1,25,5') == [1, 5, 25]
    assert split_sizes('') == split_sizes(None) == [None]


def test_cells_of_unknown_groups_are_alone():
    names = group_names(np.array(['a', '', 'a', ''], object))
    assert names[0] == names[2] and len(set(names)) == 3


def test_all_cells_and_some_classes(config, tmp_path, capsys):
    config.classes = 'C,A'
    config.features = f'{tmp_path}/good'
    task.run(config, tmp_path / 'out')
    rows = pq.read_table(tmp_path / 'out/probe.parquet').to_pylist()
    assert [row['probe'] for row in rows] == ['ridge', 'knn']  # nothing is drawn
    assert [row['cells_per_class'] for row in rows] == [None, None]
    for row in read_jsonl(tmp_path / 'out/fits.jsonl'):
        assert row['job']['cells_per_class'] == 0  # all, since the first version
    good = read_features(tmp_path / 'good')
    kept = np.isin(good.labels, (0, 2)) & (good.metadata['split'] == 'train')
    assert rows[0]['n_train'] == kept.sum()
    assert recalled(rows[0]) == ['C', 'A']
    assert rows[0]['chosen_by'] > 0.8
    assert '| ridge | all |' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('features', None, 'Say --config.features'),
        ('probes', 'ridge,tree', "Unknown probe 'tree'"),
        ('classes', 'A,D', "Unknown class 'D'"),
        ('cells_per_class', '1,0', r'cells_per_class \(1,0\) must be like'),
        ('draws', 0, r'draws \(0\) must be at least 1'),
        ('group_by', 'proteins', "Unknown group_by 'proteins'. Did you mean 'protein'"),
    ],
)
def test_a_wrong_field_is_an_error(config, tmp_path, field, value, message):
    config[field] = value
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')


def test_a_class_with_a_comma_stands_in_quotes(config, tmp_path):
    names = ('A, diffuse', 'B', 'C')
    for number, split in enumerate(('train', 'validation', 'test')):
        cells = dataclasses.replace(random_cells(30, size=8), class_names=names)
        values = np.eye(3, 5, dtype=np.float32)[cells.labels]
        about = dict(screen='a', layer=None)
        table = features_table(cells, split, list('abcde'), values, about)
        write_table(table, tmp_path / f'comma/features.parquet/{number}.parquet')
    (tmp_path / 'comma/run.json').write_text('{}')
    config.features, config.probes = f'{tmp_path}/comma', 'ridge'
    config.classes = '"A, diffuse", B'
    task.run(config, tmp_path / 'out')
    (row,) = pq.read_table(tmp_path / 'out/probe.parquet').to_pylist()
    assert recalled(row) == ['A, diffuse', 'B']


def test_a_split_without_labelled_cells_is_an_error(config, tmp_path):
    config.splits.train = 'train+validaton'
    with pytest.raises(ValueError, match="no labelled cell in split 'validaton'"):
        task.run(config, tmp_path / 'out')
    config.splits.train = 'train'
    config.splits.test = 'exam'
    with pytest.raises(ValueError, match=r"no labelled cell in split 'exam'; it has"):
        task.run(config, tmp_path / 'out')


def test_splits_can_be_joined_and_then_choose_by_cross_validation(config, tmp_path):
    config.features, config.probes = f'{tmp_path}/good', 'knn'
    config.splits.train = 'train+validation'
    task.run(config, tmp_path / 'out')
    (row,) = pq.read_table(tmp_path / 'out/probe.parquet').to_pylist()
    good = read_features(tmp_path / 'good').of_classes('ABC')
    joined = good.where(good.metadata['split'] != 'test')
    assert row['n_train'] == len(joined) and row['n_test'] == len(good) - len(joined)
    groups = group_names(joined.metadata['protein'])
    cells = Labelled(joined.values, joined.labels, groups)
    assert row['chosen_by'] == choose(PROBES['knn'], cells, None, 0)[1]


def test_testing_on_what_was_trained_on_is_refused(config, tmp_path):
    config.splits.train = 'train+test'
    with pytest.raises(
        ValueError, match=r'splits.test \(test\) shares cells with splits'
    ):
        task.run(config, tmp_path / 'out')


def test_one_class_cannot_be_learned(config, tmp_path):
    config.classes = 'B'
    with pytest.raises(ValueError, match='Only one class to learn'):
        task.run(config, tmp_path / 'out')


def test_a_finished_comparison_can_be_asked_for_more(config, tmp_path):
    config.probes, config.cells_per_class, config.draws = 'ridge', '2', 1
    task.run(config, tmp_path / 'out')
    lines = (tmp_path / 'out/fits.jsonl').read_text().splitlines()
    config.probes, config.cells_per_class, config.draws = 'ridge,knn', '2,8', 2
    task.run(config, tmp_path / 'out')
    assert (tmp_path / 'out/fits.jsonl').read_text().splitlines()[:2] == lines
    assert pq.read_table(tmp_path / 'out/probe.parquet').num_rows == 2 * 2 * 2 * 2
    config.seed = 1
    with pytest.raises(ValueError, match='seed: 0 there, 1 asked'):
        task.run(config, tmp_path / 'out')
    (tmp_path / 'good').rename(tmp_path / 'config')  # any name of a folder will do
    config.seed, config.features = 0, f'{tmp_path}/config'
    task.run(config, tmp_path / 'other')
    shutil.rmtree(tmp_path / 'config')
    (tmp_path / 'bad').rename(tmp_path / 'config')
    with pytest.raises(ValueError, match=r'other data:\n  inputs.config: '):
        task.run(config, tmp_path / 'other')


def test_two_workdirs_of_one_name_are_refused(config, tmp_path):
    config.features = f'{tmp_path}/good,{tmp_path}/x/good'
    with pytest.raises(ValueError, match='the same name'):
        task.run(config, tmp_path / 'out')
