"""Temperature scaling: recovers a known temperature and changes nothing else."""

import numpy as np
import pytest
from scipy.special import softmax

from deeploc_jax import metrics, reliability
from deeploc_jax.groups import NewCells
from deeploc_jax.predict import calibration


def overconfident(temperature, crops, cells=4000):
    """Labels drawn from softmax(logits), and those logits times a temperature."""
    rng = np.random.default_rng(1)
    logits = rng.normal(scale=2.0, size=(cells, 1, 4)).repeat(crops, axis=1)
    chance = softmax(logits[:, 0], axis=1)
    labels = (chance.cumsum(axis=1) < rng.random((cells, 1))).sum(axis=1)
    return logits * temperature, labels


@pytest.mark.parametrize('temperature', [0.5, 1.0, 3.0])
def test_recovers_the_temperature(temperature):
    logits, labels = overconfident(temperature, crops=2)
    found = calibration.fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.05)


def test_is_the_best_on_a_grid_for_unlike_crops():
    logits, labels = overconfident(3.0, crops=5, cells=500)
    logits += np.random.default_rng(2).normal(scale=2.0, size=logits.shape)
    found = calibration.fit_temperature(logits, labels)
    best = calibration.crop_loss(logits, labels, found)
    for other in np.geomspace(*calibration.TEMPERATURES, 60):
        assert best <= calibration.crop_loss(logits, labels, float(other)) + 1e-6


def test_lowers_calibration_error():
    logits, labels = overconfident(3.0, crops=1)
    before = calibration.mean_crop_probabilities(logits)
    found = calibration.fit_temperature(logits, labels)
    after = calibration.mean_crop_probabilities(logits, found)
    error = reliability.expected_calibration_error
    assert error(after, labels) < 0.5 * error(before, labels)
    assert metrics.accuracy(after, labels) == metrics.accuracy(before, labels)


def test_probabilities_are_the_mean_of_crop_softmax():
    logits = np.random.default_rng(3).normal(size=(6, 5, 3)).astype(np.float32)
    expected = np.mean([softmax(logits[:, c] / 2, axis=1) for c in range(5)], axis=0)
    found = calibration.mean_crop_probabilities(logits, 2.0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_loss_is_that_of_the_probabilities():
    logits, labels = overconfident(1.0, crops=3, cells=50)
    p = calibration.mean_crop_probabilities(logits, 1.5)
    found = calibration.crop_loss(logits, labels, 1.5)
    assert found == pytest.approx(metrics.log_loss(p, labels))


def test_extreme_logits_stay_finite():
    logits = np.array([[[1e4, -1e4]], [[-1e4, 1e4]]])
    assert np.isfinite(calibration.fit_temperature(logits, np.array([1, 1])))
    perfect = calibration.fit_temperature(logits, np.array([0, 1]))
    low, high = calibration.TEMPERATURES
    assert low <= perfect <= high


@pytest.mark.parametrize(
    ('logits', 'temperature', 'message'),
    [
        (np.zeros((4, 3)), 1.0, r'\[cells, crops, classes\]'),
        (np.full((4, 1, 3), np.nan), 1.0, r'logits\[0\] are not finite'),
        (np.zeros((4, 1, 3)), 0.0, r'temperature \(0.0\)'),
    ],
)
def test_unusable_input_is_an_error(logits, temperature, message):
    with pytest.raises(ValueError, match=message):
        calibration.mean_crop_probabilities(logits, temperature)


def test_cells_that_were_trained_on_do_not_calibrate():
    """The network is always right on them and would look surer than it is."""
    logits, labels = overconfident(3.0, crops=2)
    held_out = np.arange(len(labels)) % 2 == 0
    labels[5], logits[~held_out, 0] = -1, 100 * np.eye(4)[labels[~held_out]]
    unit = 'protein', held_out, np.array([f'p{i % 40}' for i in range(len(labels))])
    found = calibration.calibrate(logits, labels, NewCells(*unit))
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    assert found.words == (
        'temperature fitted on 2,000 validation cells, without 1,999 that were trained '
        'on or resemble these, of 20 proteins, none of which was trained on'
    )
    new = NewCells('cell', np.ones(len(labels), bool), np.arange(len(labels)))
    every = calibration.calibrate(logits, np.where(held_out, labels, -1), new)
    assert every.temperature == found.temperature
    assert every.words == (
        'temperature fitted on 2,000 validation cells; how far it holds for new '
        'proteins is not known'
    )


def test_with_no_cell_held_out_the_network_is_left_as_it_is():
    logits, labels = overconfident(3.0, crops=1, cells=50)
    none = NewCells('cell', np.zeros(50, bool), np.arange(50))
    found = calibration.calibrate(logits, labels, none)
    assert found == (1.0, 'not calibrated: all validation cells were trained on')


def test_unlabelled_cells_are_an_error():
    with pytest.raises(ValueError, match='unlabelled'):
        calibration.fit_temperature(np.zeros((2, 1, 3)), np.array([0, -1]))
