"""The summary of a split: complete, ready for JSON, and right where it is known."""

import json

import numpy as np
import pytest

from deeploc_jax import metrics
from deeploc_jax.evaluate.proteins import proteins_table
from deeploc_jax.evaluate.summary import summarize
from deeploc_jax.groups import UNIT_COLUMNS

NAMES = ('ER', 'GOLGI', 'NUCLEI', 'GHOST')
WITH_INTERVAL = ('accuracy', 'balanced_accuracy', 'macro_average_precision')


def split(cells=80, unlabelled=10):
    """Cells of 8 proteins; GHOST has no cell, and the last cells have no label."""
    rng = np.random.default_rng(0)
    labels = np.arange(cells) % 8 % 3
    p = rng.dirichlet(np.ones(4), size=cells)
    p[np.arange(cells), labels] += 0.8
    p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    labels = np.where(np.arange(cells) < cells - unlabelled, labels, -1)
    metadata = {name: np.full(cells, '') for name in UNIT_COLUMNS}
    metadata['well'] = np.array([f'A{i % 8}' for i in range(cells)])
    metadata['protein'] = np.array([f'P{i % 8}' for i in range(cells)])
    return p, labels.astype(np.int32), metadata


def summary_of(p, labels, metadata, **options):
    cells = metadata, labels, p, NAMES
    return summarize(*cells, proteins_table(*cells), **options)


@pytest.fixture(scope='module')
def found():
    return summary_of(*split(), resamples=100)


def test_is_strict_json(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_unlabelled_cells_are_left_out_of_metrics_only(found):
    p, labels, _ = split()
    kept = labels >= 0
    assert (found['n_cells'], found['n_labelled']) == (80, 70)
    assert found['loss'] == pytest.approx(metrics.log_loss(p[kept], labels[kept]))
    assert np.sum(found['confusion']) == 70
    assert sum(row['n'] for row in found['per_class']) == 70
    assert sum(row['n_predicted'] for row in found['per_class']) == 80
    assert sum(found['reliability']['count']) == 70


def test_intervals_hold_their_values_and_name_their_unit(found):
    assert (found['resampled_by'], found['n_resampled']) == ('protein', 8)
    for name in WITH_INTERVAL:
        low, high = found[name]['interval']
        assert low <= found[name]['value'] <= high
        assert low < high


def test_class_without_cells_is_null_and_out_of_the_means(found):
    ghost = found['per_class'][3]
    assert ghost['name'] == 'GHOST' and ghost['n'] == 0
    assert ghost['recall'] is None and ghost['average_precision'] is None
    precisions = [row['precision'] for row in found['per_class'][:3]]
    assert found['macro_precision'] == pytest.approx(np.mean(precisions))


def test_the_confusion_matrix_has_row_fractions(found):
    counts = np.array(found['confusion'])
    for row, fractions in zip(counts, found['confusion_fractions'], strict=True):
        if row.sum():
            np.testing.assert_allclose(fractions, row / row.sum())
        else:
            assert fractions == [None] * 4  # GHOST has no cell


def test_proteins_by_number_of_cells(found):
    # The unlabelled tail covers every protein; each keeps 10 cells in all.
    assert found['proteins'] == {
        'unit': 'protein',
        'n': 8,
        'n_labelled': 8,
        'accuracy_1': 1.0,
        'n_10': 8,
        'accuracy_10': 1.0,
        'n_disagreeing': 0,
    }


def test_without_labels_only_counts_remain():
    p, labels, metadata = split()
    found = summary_of(p, np.full_like(labels, -1), metadata)
    json.dumps(found, allow_nan=False)
    assert (found['n_cells'], found['n_labelled']) == (80, 0)
    for name in WITH_INTERVAL:
        assert found[name] == {'value': None, 'interval': None}
    assert found['loss'] is None and found['confusion'] is None
    assert found['confusion_fractions'] is None
    assert sum(row['n_predicted'] for row in found['per_class']) == 80
    assert found['per_class'][0]['recall'] is None
    assert found['proteins']['n'] == 8 and found['proteins']['accuracy_1'] is None


def test_keys_are_the_same_with_and_without_labels(found):
    p, labels, metadata = split()
    bare = summary_of(p, np.full_like(labels, -1), metadata)
    assert set(bare) == set(found)


def test_split_without_cells_is_not_an_error():
    p, labels, metadata = split()
    empty = {name: column[:0] for name, column in metadata.items()}
    found = summary_of(p[:0], labels[:0], empty)
    json.dumps(found, allow_nan=False)
    assert found['n_cells'] == 0 and found['proteins']['n'] == 0


def test_no_metadata_resamples_cells():
    p, labels, metadata = split(unlabelled=0)
    blank = {name: np.full(80, '') for name in metadata}
    found = summary_of(p, labels, blank, resamples=20)
    assert (found['resampled_by'], found['n_resampled']) == ('cell', 80)
    assert found['proteins']['n'] == 0 and found['proteins']['unit'] is None


def test_seed_decides():
    arguments = split()
    first = summary_of(*arguments, seed=1, resamples=30)
    assert summary_of(*arguments, seed=1, resamples=30) == first
    assert summary_of(*arguments, seed=2, resamples=30) != first
