"""Prediction sets hold the true class for the stated share of the cells."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import log_softmax

from deeploc_jax.evaluate.confidence import confidence
from deeploc_jax.groups import NewCells, new_cells
from deeploc_jax.models import get_model
from deeploc_jax.predict.prediction_sets import (
    enough,
    fit_sets,
    smallest_probability,
)
from deeploc_jax.predict.predictor import Predictor
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import (
    PREDICTIONS,
    predictions_table,
    read_predictions,
)
from deeploc_jax.tables.scored_cells import SCORED_CELLS
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import CARD, TrainedNetwork, read_weights, write_weights
from deeploc_jax.weights.prediction_sets import PredictionSets
from tests.helpers.small import make_card, random_cells, random_variables

SETS = PredictionSets(
    least={'1': (0.25, 0.5, 0.0), '5': (0.125, 0.5, 0.0)},
    unit='protein',
    groups=(20, 9, 3),
    alone=(True, True, False),
)


def proteins(rng, number, spread, sizes=(1, 12)):
    """Scores of cells that resemble each other within a protein, and its number."""
    counts = rng.integers(*sizes, size=number)
    names = np.repeat(np.arange(number), counts)
    own = spread * rng.normal(size=number)
    return 1 / (1 + np.exp(-own[names] - rng.normal(size=len(names)))), names


@pytest.mark.parametrize(('number', 'spread'), [(9, 0.0), (20, 2.0), (60, 1.0)])
def test_a_cell_of_a_new_protein_is_covered_however_alike_its_cells_are(number, spread):
    """The mean over draws: at least 0.9, and above it by 1 / K at most."""
    rng, covered = np.random.default_rng(number), []
    for _ in range(400):
        true, names = proteins(rng, number + 25, spread)
        seen = names < number
        limit = smallest_probability(true[seen].astype(np.float32), names[seen])
        shares = [np.mean(true[names == n] >= limit) for n in set(names[~seen])]
        covered.append(np.mean(shares))
    error = np.std(covered) / np.sqrt(len(covered))
    assert 0.9 - 3 * error < np.mean(covered) < 0.9 + 1.0 / number + 3 * error


def test_each_protein_counts_once_whatever_its_number_of_cells():
    """19 proteins of a cell; a twentieth protein of many cells, all of them poor."""
    true = np.concatenate([np.linspace(0.5, 0.9, 19), np.full(500, 0.1)])
    names = np.concatenate([np.arange(19), np.full(500, 19)])
    # Of 21 weights one is the new protein's, one the poor one's: two of 21 are missed.
    assert smallest_probability(true.astype(np.float32), names) == np.float32(0.5)
    alone = smallest_probability(true.astype(np.float32), np.arange(519))
    assert alone == np.float32(0.1)


def test_equal_probabilities_are_missed_together_or_not_at_all():
    true = np.array([0.2] * 3 + [0.6] * 16, np.float32)
    assert smallest_probability(true, np.arange(19)) == np.float32(0.2)
    true = np.array([0.2] * 1 + [0.6] * 18, np.float32)
    assert smallest_probability(true, np.arange(19)) == np.float32(0.6)


def test_with_too_few_proteins_everything_is_in_the_set():
    assert not enough(8) and enough(9)
    assert smallest_probability(np.full(80, 0.99, np.float32), np.arange(80) % 8) == 0
    assert smallest_probability(np.zeros(0, np.float32), np.arange(0)) == 0


def three_classes(groups, cells=6, right=(0.95, 0.6, 0.8)):
    """Logits of one view, labels and proteins: each class with its own certainty."""
    rng, p, labels, names = np.random.default_rng(0), [], [], []
    for index, number in enumerate(groups):
        for protein in range(number):
            for _ in range(cells):
                true = right[index] + 0.04 * rng.random()
                row = np.full(3, (1 - true) / 2)
                row[index] = true
                p.append(row)
                labels.append(index)
                names.append(f'{index}-{protein}')
    return np.log(p)[:, None], np.array(labels), np.array(names)


def fitted(groups):
    logits, labels, names = three_classes(groups)
    new = NewCells('protein', np.ones(len(labels), bool), names)
    return fit_sets(logits, labels, new, 1.0)


def test_every_class_has_a_limit_of_its_own():
    sets = fitted((20, 20, 20))
    assert sets.alone == (True,) * 3 and sets.groups == (20, 20, 20)
    for limit, right in zip(sets.least['1'], (0.95, 0.6, 0.8), strict=True):
        assert right <= limit < right + 0.02
    assert sets.words() == 'have the true class for 90% of the cells of a new protein'


def test_classes_of_few_proteins_share_a_limit_or_are_always_in():
    sets = fitted((20, 5, 6))
    assert sets.alone == (True, False, False)
    assert sets.least['1'][1] == sets.least['1'][2] < 0.7  # that of the lesser class
    assert 'of 2 classes with few proteins in the mean over them' in sets.words()
    sets = fitted((20, 5, 3))
    assert sets.least['1'][1:] == (0, 0) and sets.least['1'][0] > 0.9
    assert '2 of 3 classes are in every set' in sets.words()
    assert fitted((20, 20, 0)).least['1'][2] == 0  # nothing is known of it


def test_views_have_limits_of_their_own_and_unlabelled_cells_do_not_count():
    logits, labels, names = three_classes((10, 10, 10))
    blurred = np.concatenate([logits, log_softmax(logits / 3, axis=2)], axis=1)
    new = NewCells('protein', np.ones(len(labels), bool), names)
    sets = fit_sets(blurred, labels, new, 1.0)
    assert set(sets.least) == {'1', '2'}
    assert sets.least['2'][0] < sets.least['1'][0]
    assert sets.members(np.full((2, 3), 1 / 3), 5) is None
    unknown = NewCells('protein', np.zeros(len(labels), bool), names)
    assert fit_sets(logits, labels, unknown, 1.0) is None
    assert fit_sets(logits, np.full(len(labels), -1), new, 1.0) is None


def test_a_class_is_in_from_its_limit_on():
    p = np.array([[0.25, 0.5, 0.25], [0.2, 0.45, 0.35], [0.9, 0.1, 0.0]], np.float32)
    expected = [[True, True, True], [False, False, True], [True, False, True]]
    np.testing.assert_array_equal(SETS.members(p, 1), expected)


@pytest.fixture
def network(tmp_path):
    """Folder of weights with limits, the model and its variables."""
    card = make_card(prediction_sets=SETS, proteins=('P1', 'P2'))
    model = get_model(num_classes=3, **card.model)
    variables = random_variables(model, 16)
    return write_weights(tmp_path / 'weights', variables, card), model, variables


def test_a_card_keeps_its_limits(network):
    card = read_weights(network[0]).card
    assert card.prediction_sets == SETS and card.proteins == ('P1', 'P2')
    fields = json.loads((network[0] / CARD).read_text())
    fields.pop('sha256')
    fields['prediction_sets'] = {'least': {'1': ['much']}}
    with pytest.raises(ValueError):
        Card.from_json(fields)
    fields['prediction_sets'] = [1]
    with pytest.raises(ValueError, match='prediction sets are damaged'):
        Card.from_json(fields)


def test_a_card_of_before_has_none_and_says_so(network):
    _, model, variables = network
    fields = dataclasses.asdict(make_card())
    del fields['prediction_sets'], fields['proteins']
    card = Card.from_json(fields)
    assert card.prediction_sets is None and card.proteins == ()
    old = TrainedNetwork(card, model, variables)
    assert old.facts()['prediction_sets'] == 'not calibrated'
    images = random_cells(2, size=20).images
    with pytest.raises(ValueError, match='no prediction sets for 5 views'):
        Predictor(old).prediction_sets(images)


def test_a_predictor_names_the_classes_by_the_limits_of_the_views(network):
    predictor = Predictor(read_weights(network[0]))
    images = random_cells(6, size=20).images
    for crops in (1, 5):
        members = SETS.members(predictor.predict(images, crops=crops), crops)
        expected = [tuple(np.array(('A', 'B', 'C'))[row]) for row in members]
        assert predictor.prediction_sets(images, crops=crops) == expected


def test_a_table_has_the_sets_and_those_of_before_are_read(tmp_path):
    cells = random_cells(4)
    members = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]], bool)
    p = np.full((4, 3), 1 / 3)
    given = cells.metadata, cells.labels, p, cells.class_names
    table = predictions_table(*given, None, members)
    assert table['set_90'].to_pylist() == [['A', 'C'], [], ['A', 'B', 'C'], ['B']]
    equal = predictions_table(*given, None, np.eye(4, 3, dtype=bool))
    assert equal['set_90'].to_pylist() == [['A'], ['B'], ['C'], []]
    without = predictions_table(*given)
    assert without['set_90'].to_pylist() == [None] * 4
    path = write_table(without.drop_columns(['set_90']), tmp_path / 'old.parquet')
    assert read_predictions(path)['set_90'].null_count == 4


def test_numbers_on_new_proteins_leave_the_trained_ones_out():
    """Sure and right on the protein that was trained on, sure and wrong on another."""
    p = np.repeat([[0.9, 0.1]], 4, axis=0)
    metadata = {'protein': np.array(['old', 'old', 'new', ''], object)}
    labels, members = np.array([0, 0, 1, 0]), np.tile([True, False], (4, 1))
    found = confidence(metadata, labels, p, ('A', 'B'), members, ('old',))
    assert found['ece_unseen_proteins'] == pytest.approx(0.9)
    assert found['n_unseen_proteins'] == 1
    assert found['set_90_coverage'] == 0.75 and found['set_90_size'] == 1
    assert found['set_90_per_class'] == {'A': 1.0, 'B': 0.0}
    unknown = confidence(metadata, labels, p, ('A', 'B'), None, ())
    assert set(unknown.values()) == {None}


def rows(**columns):
    n = len(columns['protein'])
    empty = np.full(n, '', object)
    names = ('screen', 'condition', 'replicate', 'plate', 'well', 'field')
    return dict.fromkeys(names, empty) | {
        name: np.array(values, object) for name, values in columns.items()
    }


def test_new_cells_are_of_new_proteins_where_every_class_has_one():
    trained = rows(protein=['P1', 'P2'], well=['A1', 'A2'])
    other = rows(protein=['P3', 'P4', 'P1'], well=['A3', 'A4', 'A1'])
    held_out = np.ones(3, bool)
    found = new_cells(trained, other, np.array([0, 1, 1]), held_out)
    assert found.unit == 'protein' and found.cells.tolist() == [True, True, False]
    # Only class 0 has a new protein; both have a new well.
    other = rows(protein=['P3', 'P2', 'P1'], well=['A3', 'A4', 'A1'])
    found = new_cells(trained, other, np.array([0, 1, 1]), held_out)
    assert found.unit == 'well' and found.cells.tolist() == [True, True, False]
    # Nothing is known of new ones: cells count, but none that was trained on.
    other = rows(protein=['', 'P2', 'P1'])
    held_out[0] = False
    found = new_cells(trained, other, np.array([0, 1, 1]), held_out)
    assert found.unit == 'cell' and found.cells.tolist() == [False, True, True]
    assert len(set(found.names)) == 3


def test_tables_of_single_cells_have_the_column():
    for schema in (PREDICTIONS, SCORED_CELLS):
        (column,) = (c for c in schema.columns if c.name == 'set_90')
        assert column.type == pa.list_(pa.string()) and not column.required
