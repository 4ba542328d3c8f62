"""The posterior of shares: means, intervals, and which is the largest."""

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import beta

from deeploc_jax import dirichlet


def test_certainty_of_two_classes_is_a_beta_tail():
    alpha = np.array([[3.0, 2.0], [1.5, 9.25], [400.0, 380.0], [1.0, 1.0], [1e5, 1.0]])
    low, high = alpha.min(axis=1), alpha.max(axis=1)
    expected = 1 - betainc(high, low, 0.5)
    found = dirichlet.certainty_of_largest(alpha)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_certainty_agrees_with_draws():
    rng = np.random.default_rng(0)
    alpha = 1 + rng.gamma(0.5, 8.0, size=(6, 19))
    found = dirichlet.certainty_of_largest(alpha)
    for row, certainty in zip(alpha, found, strict=True):
        draws = rng.dirichlet(row, size=20_000).argmax(axis=1)
        assert certainty == pytest.approx((draws == row.argmax()).mean(), abs=0.015)


def test_certainty_grows_with_cells():
    share = np.array([0.5, 0.3, 0.2])
    alpha = 1 + np.array([0, 1, 10, 100, 1000])[:, None] * share
    found = dirichlet.certainty_of_largest(alpha)
    assert found[0] == pytest.approx(1 / 3, abs=1e-6)
    assert (np.diff(found) > 0).all() and found[-1] > 0.999


def test_intervals_hold_the_share_as_often_as_they_say():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(4), size=4000)
    counts = np.stack([rng.multinomial(25, row) for row in shares])
    low, high = dirichlet.credible_interval(1.0 + counts, 0.9)
    assert ((low < shares) & (shares < high)).mean() == pytest.approx(0.9, abs=0.01)
    np.testing.assert_allclose(low[0], beta.ppf(0.05, 1 + counts[0], 28 - counts[0]))
    means = dirichlet.mean_share(1.0 + counts)
    assert ((low < means) & (means < high)).all()
    np.testing.assert_allclose(means.sum(axis=1), 1)
