"""Training again: what is learned, what is doubted then, and how far it is."""

import dataclasses

import jax
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.order import order_cells
from deeploc_jax.curate.sources.named import name_by
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.curate.training import (
    held_out,
    learning_curve,
    linear,
    material,
    refit,
)
from deeploc_jax.curate.training.keep_network import keep_network
from deeploc_jax.curate.training.learning_file import (
    append_points,
    points_of,
    read_points,
)
from deeploc_jax.curate.training.new_head import with_head
from deeploc_jax.curate.training.round import Round
from deeploc_jax.curate.training.round_words import round_words
from deeploc_jax.curate.training.run_round import run_round
from deeploc_jax.models import MODELS
from deeploc_jax.models.layer import Layer
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from tests.helpers.curated import CLASSES, curated_cells
from tests.helpers.plain import Plain, plain_weights
from tests.helpers.small import Small, make_card, random_variables


def nothing(*_):
    """Is told how far it is."""


@pytest.fixture
def book(tmp_path):
    return Journal(tmp_path / 'journal.jsonl')


def decide(book, cells, rows, label=None):
    """Labels cells, one decision after the other."""
    for row in rows:
        name = label or cells.name(int(cells.guesses[row]))
        book.append('anna', 'relabel', [str(cells.cell_ids[row])], [name], {})


def test_labels_are_those_of_any_time_before(book):
    cells = curated_cells(20)
    decide(book, cells, [7, 3], 'NUCLEUS')
    book.append('anna', 'discard', [str(cells.cell_ids[5])], [''], {})
    found = material.collect(cells, book)
    assert found.decided == 3 and found.rows.tolist() == list(range(20))
    np.testing.assert_array_equal(found.labels_after(0), cells.labels)
    one, two, now = (found.labels_after(n) for n in (1, 2, 3))
    assert one[7] == 2 and one[3] == cells.labels[3] and two[3] == 2
    assert now[5] == -1 and two[5] == cells.labels[5]
    np.testing.assert_array_equal(now, found.labels)


@pytest.mark.parametrize(('proteins', 'unit'), [(4, 'protein'), (1, 'cell')])
def test_the_largest_groups_that_every_class_has_two_of(book, proteins, unit):
    cells = curated_cells(40)
    names = np.array([f'P{row % proteins}' for row in range(40)])
    cells = dataclasses.replace(cells, metadata=cells.metadata | dict(protein=names))
    found = material.collect(cells, book)
    assert found.unit == unit
    assert len(set(found.groups)) == (proteins if proteins > 1 else 40)


def test_too_few_labels_are_said_in_words(book):
    cells = curated_cells(40, labelled=False)
    with pytest.raises(ValueError, match='so far: none'):
        material.collect(cells, book).check()
    decide(book, cells, np.flatnonzero(cells.guesses == 0)[:6])
    decide(book, cells, np.flatnonzero(cells.guesses == 1)[:4])
    with pytest.raises(ValueError, match='need 5 .* so far: ER 6, GOLGI 4'):
        material.collect(cells, book).check()
    decide(book, cells, np.flatnonzero(cells.guesses == 1)[4:5])
    material.collect(cells, book).check()


def test_of_too_many_labels_those_decided_on_are_kept(book, monkeypatch):
    monkeypatch.setattr(material, 'MOST', 12)
    cells = curated_cells(40)
    decide(book, cells, range(30, 40))
    found = material.collect(cells, book)
    assert len(found.rows) == 12 and set(range(30, 40)) < set(found.rows.tolist())


@pytest.mark.parametrize('count', [2, 3])
def test_a_linear_classifier_is_that_of_scikit_learn(count):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)), rng.integers(count, size=60)
    known = LogisticRegression(C=linear.PENALTY, max_iter=300, tol=1e-3).fit(x, 2 * y)
    logits = linear.fit(x, 2 * y, 6)(x)
    p = softmax(logits, axis=1)
    np.testing.assert_allclose(p[:, ::2][:, :count], known.predict_proba(x), atol=1e-6)
    assert not p[:, 1::2].any()  # classes without a cell


def random_material(n=90, k=3, groups=30, seed=0):
    rng = np.random.default_rng(seed)
    group = rng.integers(groups, size=n)
    labels = (group % k).astype(np.int32)
    about = np.full(n, -1), rng.permutation(n), group.astype(str), 'protein', CLASSES
    return material.Material(np.arange(n), labels, *about)


def test_what_only_a_group_tells_is_not_counted_as_learned(monkeypatch):
    monkeypatch.setattr(learning_curve, 'REPEATS', 1)
    found = random_material()
    groups = np.eye(30)[found.groups.astype(int)]  # says which group a cell is of
    (*_, last) = refit.learn(groups, found, [], nothing).points
    assert last.accuracy < 0.5 and last.cells == 90
    alone = dataclasses.replace(found, groups=np.arange(90).astype(str))
    (*_, last) = refit.learn(groups, alone, [], nothing).points
    assert last.accuracy > 0.9


def test_the_curve_rises_with_labels_and_says_how_far_it_is():
    rng = np.random.default_rng(0)
    found, said = random_material(), []
    x = np.eye(3)[found.labels] + rng.normal(size=(90, 3))
    learned = refit.learn(x, found, [60], lambda *n: said.append(n))
    assert [p.decided for p in learned.points] == [15, 30, 60, 90]
    assert [p.cells for p in learned.points] == [15, 30, 60, 90]
    assert learned.points[-1].accuracy > learned.points[0].accuracy
    assert all(0.01 < p.error < 0.2 for p in learned.points)
    first, *others = learned.points
    assert first.gain_error is None and all(0 < p.gain_error < 0.2 for p in others)
    fits = len(learned.points) * held_out.FOLDS * learning_curve.REPEATS
    assert said == [(n, fits) for n in range(1, fits + 1)]
    labelled = dataclasses.replace(found, before=found.labels)
    sizes = learning_curve.sizes(labelled, range(1, 80))
    assert sizes[0] == 0 and sizes[-1] == 90
    assert len(sizes) == learning_curve.POINTS


def test_the_standard_error_is_by_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    values = rng.normal(size=20)[groups]  # all cells of a group are alike
    by_group = np.std(values[::5], ddof=1) / np.sqrt(20)
    assert np.isclose(held_out.standard_error(values, groups), by_group)
    alone = held_out.standard_error(values, np.arange(100))
    assert np.isclose(alone, np.std(values, ddof=1) / 10)
    assert held_out.standard_error(values, np.zeros(100)) is None


class Layered(Plain):
    """A network whose last layer has batch norm, as that of DeepLoc."""

    def head(self, x, train):
        options = dict(relu=False, train=train, name=self.HEAD, bias=0.0)
        return Layer(self.num_classes, **options)(x)


def test_a_last_layer_with_batch_norm_computes_what_the_classifier_does(monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Layered)
    card = make_card(model=dict(name='small'), class_names=('X', 'LEFT'), crop=8)
    made = Layered(num_classes=2)
    network = TrainedNetwork(card, made, random_variables(made, 8))
    rng = np.random.default_rng(0)
    found = linear.Linear(rng.normal(size=(8, 3)), rng.normal(size=3))
    new = with_head(network, found, CLASSES, temperature=2.0)
    assert new.card.class_names == CLASSES and new.card.temperature == 2
    image = rng.random((5, 8, 8, 2), np.float32)
    apply = jax.jit(lambda image: new.model.apply(new.variables, image, train=False))
    logits, layers = apply(image)
    expected = found(np.asarray(layers['mean']))
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_a_network_whose_last_layer_is_a_map_is_refused():
    variables, card = random_variables(Small(num_classes=2), 8), make_card(crop=8)
    network = TrainedNetwork(card, Small(num_classes=2), variables)
    with pytest.raises(ValueError, match='is a map, not the vector'):
        with_head(network, linear.Linear(np.ones((4, 3)), np.ones(3)), CLASSES)


@pytest.fixture(scope='module')
def named(tmp_path_factory):
    """Cells that a network has named, and the network."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(MODELS, 'small', Plain)
        folder = tmp_path_factory.mktemp('named')
        weights, cells = plain_weights(folder / 'weights'), curated_cells(60, False)
        options = dict(channels=(), batch_size=32, about=dict(screen='mine'))
        about = read_weights(weights), cells, folder, str(weights), None
        yield name_by(*about, **options)


def relabelled(cells, book, classes):
    """The material when the first cells got these classes."""
    for row, number in enumerate(classes):
        name = CLASSES[number]
        book.append('anna', 'relabel', [str(cells.cell_ids[row])], [name], {})
    return material.collect(cells, book)


def test_a_round_doubts_the_wrong_labels_that_it_learned_from(named, book, tmp_path):
    cells, source = named
    assert keep_network(tmp_path, source) == keep_network(tmp_path, None) == ''
    truth = curated_cells(60).guesses
    labels = relabelled(cells, book, truth[:10])
    work = Round(tmp_path, 1, source.predictions, source.key, labels)
    run_round(work, nothing)
    new = with_predictions(cells, work.folder / 'predictions.parquet')
    wrong = cells.labels != truth
    wrong[:10] = False
    first = order_cells(new, 'suspicion')
    found = wrong[first[~np.isin(first, range(10))][: wrong.sum()]].mean()
    assert wrong.sum() > 3 and found > 0.7
    points = read_points(tmp_path)
    assert [row['decided'] for row in points] == [0, 2, 5, 10]
    assert points[-1]['tested'] == 10 and points[-1]['left_out'] == 'protein'
    assert 'each protein left out in turn' in round_words(points)
    assert keep_network(tmp_path, source) == 'weights: round 1.'
    network = read_weights(tmp_path)
    assert network.card.class_names == CLASSES and network.card.screen == 'mine'
    assert network.card.validation == {'validation/accuracy': points[-1]['accuracy']}
    assert set(network.card.proteins) == {'P0', 'P1', 'P2', 'P3'}


def test_the_network_of_a_round_says_what_its_predictions_say(named, book, tmp_path):
    cells, source = named
    cells = dataclasses.replace(cells, labels=np.full(60, -1, np.int32))
    truth = curated_cells(60).guesses
    labels = relabelled(cells, book, truth[:30])
    work = Round(tmp_path, 1, source.predictions, source.key, labels)
    run_round(work, nothing)
    new = with_predictions(cells, work.folder / 'predictions.parquet')
    assert (new.guesses[30:] == truth[30:]).mean() > 0.9
    options = dict(channels=(), batch_size=32, about={})
    keep_network(tmp_path, source)
    network, apart = read_weights(tmp_path), tmp_path / 'apart'
    again, _ = name_by(network, cells, apart, 'new', None, **options)
    np.testing.assert_allclose(
        again.probabilities[30:], new.probabilities[30:], atol=2e-3
    )


def test_rounds_of_another_network_are_left_alone(tmp_path):
    row = dict(
        classes=2,
        tested=1,
        left_out='cell',
        accuracy=None,
        error=None,
        gain_error=None,
        time='',
    )
    for number, network in enumerate(('one', 'other', 'one'), start=1):
        points = [dict(decided=n, cells=n, round=number) for n in (1, number + 1)]
        append_points(tmp_path, [row | dict(network=network) | p for p in points])
    found = [(p['round'], p['decided']) for p in points_of(tmp_path, 'one')]
    assert found == [(1, 2), (3, 4)]
    assert 'not known' in round_words(read_points(tmp_path))
    assert round_words([]) == ''
