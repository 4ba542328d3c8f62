import jax
import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import spatial

from configs import novelty as novelty_config
from deeploc_jax.data.cells import without_classes
from deeploc_jax.predict.neighbors import kth_largest, make_distance
from deeploc_jax.probe.novelty import NOVELTIES, Mahalanobis
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tasks import novelty as task
from deeploc_jax.weights.novelty import Novelty, threshold
from tests.helpers.small import random_cells

RNG = np.random.default_rng(0)


def clouds(n, k=3, f=6, seed=0):
    """Classes far apart, each longer in one direction."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    spread = np.array([4.0, *np.ones(f - 1)])
    return (rng.normal(size=(n, f)) * spread + 12 * np.eye(k, f)[y]), y


def test_mahalanobis_is_the_distance_to_the_nearest_class():
    x, y = clouds(3000)
    found = Mahalanobis.fit(x, y)
    centered = x - np.stack([x[y == k].mean(0) for k in range(3)])[y]
    spread = centered.T @ centered / len(x)
    points = RNG.normal(size=(20, 6)) * 5
    expected = [
        min(
            (p - m) @ np.linalg.solve(spread, p - m)
            for m in (x[y == k].mean(0) for k in range(3))
        )
        for p in points
    ]
    np.testing.assert_allclose(found.score(points), expected, rtol=0.05)


def test_novelty_is_the_angle_to_the_tenth_nearest_cell():
    seen, usual, x = (RNG.normal(size=(n, 6)) for n in (300, 100, 20))
    found = Novelty.fit('mean', seen, np.arange(300) % 3, usual)
    away = np.sort(spatial.distance.cdist(x, seen, 'cosine'), axis=1)
    np.testing.assert_allclose(found.score(x), away[:, 9] / found.limit, atol=2e-3)
    assert (found.score(usual) > 1).mean() == pytest.approx(0.05, abs=0.01)
    few = Novelty.fit(
        'mean', seen, (np.arange(300) < 297) + 0, usual
    )  # a class of three
    np.testing.assert_allclose(few.score(x), away[:, 2] / few.limit, atol=2e-3)


@pytest.mark.parametrize(('m', 'k'), [(4000, 10), (300, 1), (37, 20), (7, 7), (16, 3)])
def test_the_kth_largest_is_found_wherever_the_largest_lie(m, k):
    spread = RNG.normal(size=(6, m))
    ordered, ties = np.sort(spread), np.round(spread)
    for rows in (spread, ordered, ordered[:, ::-1], ties):
        found = jax.jit(kth_largest, static_argnums=1)(np.float32(rows), k)
        expected = np.sort(np.float32(rows), axis=1)[:, -k]
        np.testing.assert_array_equal(found, expected)


def test_a_device_scores_as_the_host_does():
    seen, usual, x = (RNG.random((n, 6), np.float32) for n in (300, 100, 20))
    found = Novelty.fit('mean', seen, np.arange(300) % 3, usual)
    x = np.concatenate([x, 1e4 * x, usual, np.zeros((1, 6), np.float32)])
    scores = jax.jit(make_distance(found))(found.directions, x)
    np.testing.assert_allclose(scores, found.score(x), rtol=1e-5, atol=1e-4)
    assert scores[-1] == pytest.approx(1 / found.limit)


def test_features_that_are_all_alike_turn_nothing_round():
    alike = np.ones((40, 6)) + 1e-4 * RNG.normal(size=(40, 6))
    found = Novelty.fit('mean', alike, np.zeros(40, int), alike)
    scores = found.score(np.concatenate([alike, np.eye(6), np.zeros((1, 6))]))
    assert (scores[:40] <= 1).all() and (scores[40:] > 1).all()


@pytest.mark.parametrize('name', ['neighbours', 'mahalanobis'])
def test_what_was_never_seen_scores_higher(name):
    novelty = NOVELTIES[name].fit(*clouds(300))
    known, _ = clouds(100, seed=1)
    new = RNG.normal(size=(100, 6)) - 8
    limit = threshold(novelty.score(clouds(200, seed=2)[0]))
    assert (novelty.score(known) > limit).mean() < 0.15
    assert (novelty.score(new) > limit).mean() > 0.9


def test_the_threshold_flags_the_share_asked_for():
    scores = RNG.random(1000)
    assert (scores > threshold(scores, 0.2)).mean() == pytest.approx(0.2, abs=2e-3)


def test_a_class_left_out_is_unlabelled():
    cells = random_cells(60)
    found = without_classes(cells, ['B'])
    assert found.class_names == ('A', 'C')
    expected = {0: 0, 1: -1, 2: 1}
    assert found.labels.tolist() == [expected[label] for label in cells.labels.tolist()]
    unlabelled = random_cells(3)
    unlabelled.labels[:] = -1
    assert (without_classes(unlabelled, ['A']).labels == -1).all()
    with pytest.raises(ValueError, match="Unknown class 'D'"):
        without_classes(cells, ['D'])
    with pytest.raises(ValueError, match='No class is left'):
        without_classes(cells, ['A', 'B', 'C'])


@pytest.fixture
def config(tmp_path):
    for number, (split, n) in enumerate(dict(train=90, validation=60, test=60).items()):
        cells = random_cells(n, size=8, seed=number)
        noise = np.random.default_rng(number).normal(size=(n, 5))
        values = (noise + 6 * np.eye(3, 5)[cells.labels]).astype(np.float32)
        about = dict(trained_classes=['C'])
        table = features_table(cells, split, list('abcde'), values, about)
        write_table(table, tmp_path / f'f/features.parquet/{split}.parquet')
    (tmp_path / 'f/run.json').write_text('{}')
    config = novelty_config.get_config()
    config.features, config.new = str(tmp_path / 'f'), 'B'
    return config


def test_new_classes_score_higher_than_known_ones(config, tmp_path, capsys):
    task.run(config, tmp_path / 'out')
    rows = pq.read_table(tmp_path / 'out/novelty.parquet').to_pylist()
    assert [row['name'] for row in rows] == ['known', 'all new', 'B'] * 3
    for row in rows:
        if row['name'] == 'known':
            assert row['flagged'] < 0.2 and row['auroc'] is None
        else:
            assert row['auroc'] > 0.95 and row['flagged'] > 0.7
    assert '| f | mahalanobis | B | ' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('features', None, 'Say --config.features'),
        ('new', None, 'Say --config.new'),
        ('new', 'E', "Unknown class 'E'"),
        ('new', 'B,C', 'was trained on C; train one with'),
        ('new', 'A,B', 'f must have cells of at least two classes that are not'),
        ('splits', dict(train='train', validation='no', test='test'), "split 'no'"),
        ('methods', 'mahalanobi', "Did you mean 'mahalanobis'"),
        ('flagged', 5.0, r'flagged .5.0. must be between 0 and 1'),
        (
            'splits',
            dict(train='train', validation='test', test='test'),
            r'splits.validation \(test\) and splits.test \(test\) share cells',
        ),
    ],
)
def test_a_wrong_field_is_an_error(config, tmp_path, field, value, message):
    config[field] = value
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')
