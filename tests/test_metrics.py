"""Metrics against scikit-learn, and where the two speak of classes differently."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError
from sklearn import metrics as sklearn_metrics

from deeploc_jax import metrics, precision_recall, reliability

CLASSES = 5


@pytest.fixture(params=['smooth', 'tied'])
def cells(request):
    """Probabilities [200, 5], labels and weights; tied: a few distinct values only."""
    rng = np.random.default_rng(7)
    labels = rng.choice(CLASSES, size=200, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    scores = rng.gamma(1.0, size=(200, CLASSES))
    scores[np.arange(200), labels] += 1.0
    if request.param == 'tied':
        scores = np.ceil(scores)
    weights = rng.integers(0, 4, size=200).astype(float)
    return scores / scores.sum(axis=1, keepdims=True), labels, weights


def one_hot(labels):
    return np.eye(CLASSES)[labels]


def test_log_loss_agrees(cells):
    p, y, w = cells
    assert metrics.log_loss(p, y) == pytest.approx(sklearn_metrics.log_loss(y, p))
    expected = sklearn_metrics.log_loss(y, p, sample_weight=w)
    assert metrics.log_loss(p, y, w) == pytest.approx(expected)


def test_log_loss_of_an_impossible_class_is_finite():
    p = np.array([[1.0, 0.0], [0.25, 0.75]])
    expected = sklearn_metrics.log_loss([1, 1], p, labels=[0, 1])
    assert metrics.log_loss(p, np.array([1, 1])) == pytest.approx(expected)
    low = metrics.log_loss(p.astype(np.float32), np.array([1, 1]))
    assert np.isfinite(low) and low < expected


def test_accuracies_agree(cells):
    p, y, w = cells
    called = p.argmax(axis=1)
    assert metrics.accuracy(p, y, w) == pytest.approx(
        sklearn_metrics.accuracy_score(y, called, sample_weight=w)
    )
    assert metrics.balanced_accuracy(p, y, w) == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(y, called, sample_weight=w)
    )


@pytest.mark.parametrize('k', [1, 2, 4])
def test_top_k_accuracy_agrees(k):
    rng = np.random.default_rng(3)
    p, y = rng.dirichlet(np.ones(CLASSES), size=100), rng.integers(CLASSES, size=100)
    expected = sklearn_metrics.top_k_accuracy_score(y, p, k=k)
    assert metrics.top_k_accuracy(p, y, k) == pytest.approx(expected)


def test_top_1_is_accuracy_even_with_ties(cells):
    p, y, w = cells
    assert metrics.top_k_accuracy(p, y, 1, w) == pytest.approx(
        metrics.accuracy(p, y, w)
    )
    assert metrics.top_k_accuracy(p, y, CLASSES + 1) == 1.0


def test_confusion_matrix_agrees(cells):
    p, y, w = cells
    called = p.argmax(axis=1)
    counts = metrics.confusion_matrix(p, y)
    assert counts.dtype.kind == 'i'
    np.testing.assert_array_equal(counts, sklearn_metrics.confusion_matrix(y, called))
    np.testing.assert_allclose(
        metrics.confusion_matrix(p, y, w),
        sklearn_metrics.confusion_matrix(y, called, sample_weight=w),
    )


def test_class_scores_agree(cells):
    p, y, w = cells
    expected = sklearn_metrics.precision_recall_fscore_support(
        y, p.argmax(axis=1), sample_weight=w, zero_division=0
    )
    for score, values in zip(
        (metrics.precision, metrics.recall, metrics.f1), expected, strict=False
    ):
        np.testing.assert_allclose(score(p, y, w), values, atol=1e-12)


def test_average_precision_agrees(cells):
    p, y, w = cells
    for weights in (None, w):
        expected = sklearn_metrics.average_precision_score(
            one_hot(y), p, average=None, sample_weight=weights
        )
        found = precision_recall.average_precision(p, y, weights)
        np.testing.assert_allclose(found, expected, atol=1e-12)
    macro = precision_recall.macro_average_precision(p, y, w)
    assert macro == pytest.approx(np.mean(expected))


def test_precision_recall_curve_agrees(cells):
    p, y, w = cells
    expected = sklearn_metrics.precision_recall_curve(y == 2, p[:, 2], sample_weight=w)
    found = precision_recall.precision_recall_curve(p, y, 2, w)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_signatures_are_checked_in_every_test():
    with pytest.raises(TypeCheckError, match='predicted'):
        metrics.certain(np.zeros(3), 2)  # classes are integers
    with pytest.raises(TypeCheckError, match='weights'):
        metrics.sum_by(np.zeros(3, int), np.ones((2, 1)), 1)  # three and two cells


def test_auroc_agrees(cells):
    p, y, _ = cells
    expected = sklearn_metrics.roc_auc_score(y == 0, p[:, 0])
    found = precision_recall.auroc(p[y != 0, 0], p[y == 0, 0])
    assert found == pytest.approx(expected)
    with pytest.raises(ValueError, match='nan'):
        precision_recall.auroc(np.array([0.1, np.nan]), p[:, 0])


def test_weight_is_repetition(cells):
    p, y, w = cells
    rows = np.repeat(np.arange(200), w.astype(int))
    scores = (
        metrics.log_loss,
        precision_recall.average_precision,
        metrics.f1,
        reliability.expected_calibration_error,
    )
    for score in scores:
        np.testing.assert_allclose(score(p, y, w), score(p[rows], y[rows]))


def test_many_weights_at_once(cells):
    p, y, _ = cells
    weights = np.random.default_rng(5).integers(0, 3, size=(2, 3, 200))
    scores = (
        metrics.log_loss,
        metrics.accuracy,
        metrics.balanced_accuracy,
        metrics.precision,
        precision_recall.average_precision,
        precision_recall.macro_average_precision,
        reliability.expected_calibration_error,
    )
    for score in scores:
        together = score(p, y, weights)
        np.testing.assert_allclose(together[1, 2], score(p, y, weights[1, 2]))
        assert together.shape[:2] == (2, 3)


def test_class_without_cells_is_nan_and_out_of_the_mean():
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    y = np.array([0, 1, 1])
    for score in (
        metrics.precision,
        metrics.recall,
        metrics.f1,
        precision_recall.average_precision,
    ):
        values = score(p, y)
        np.testing.assert_array_equal(np.isnan(values), [False, False, True])
        assert metrics.macro_mean(values) == pytest.approx(values[:2].mean())
    assert metrics.balanced_accuracy(p, y) == pytest.approx(0.75)


def test_class_never_called_has_precision_zero():
    p = np.array([[0.9, 0.1], [0.8, 0.2]])
    np.testing.assert_array_equal(metrics.precision(p, np.array([0, 1])), [0.5, 0.0])


def test_expected_calibration_error_by_hand():
    # Bins (0.6, 0.8] and (0.8, 1]: confidence 0.7 with half right, 0.9 with all right.
    p = np.array([[0.7, 0.3], [0.7, 0.3], [0.1, 0.9], [0.1, 0.9]])
    curve = reliability.reliability_curve(p, np.array([0, 1, 1, 1]), bins=5)
    np.testing.assert_allclose(curve.accuracy, [np.nan, np.nan, np.nan, 0.5, 1.0])
    np.testing.assert_allclose(curve.confidence[3:], [0.7, 0.9])
    np.testing.assert_array_equal(curve.count, [0, 0, 0, 2, 2])
    error = reliability.expected_calibration_error(p, np.array([0, 1, 1, 1]), bins=5)
    assert error == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)


def test_confidence_one_and_bin_edges_are_counted():
    p = np.array([[1.0, 0.0], [0.6, 0.4], [0.5, 0.5]])
    curve = reliability.reliability_curve(p, np.array([0, 0, 0]), bins=10)
    np.testing.assert_array_equal(np.flatnonzero(curve.count), [4, 5, 9])


def test_unlabelled_cells_are_named():
    p = np.full((3, 2), 0.5)
    with pytest.raises(ValueError, match=r'labels\[1\] is -1.*1 of 3.*labels >= 0'):
        metrics.accuracy(p, np.array([0, -1, 1]))


@pytest.mark.parametrize(
    ('p', 'y', 'w', 'message'),
    [
        ([[0.5, 0.5]], [2], None, 'not a class in 0..1'),
        ([[0.5, 0.5]], [0, 1], None, 'labels must be 1 integers'),
        ([[0.5, 0.5]], [0.0], None, 'float64'),
        ([[3.0, -1.0]], [0], None, 'not logits'),
        ([[np.nan, 0.5]], [0], None, 'without NaN'),
        (np.ones((0, 2)), np.zeros(0, int), None, 'at least one'),
        ([[0.5, 0.5]], [0], [-1.0], 'non-negative'),
        ([[0.5, 0.5]], [0], [0.0], 'nothing is left'),
    ],
)
def test_impossible_probabilities_labels_and_weights_are_errors(p, y, w, message):
    with pytest.raises(ValueError, match=message):
        metrics.accuracy(np.array(p), np.array(y), w and np.array(w))
