"""Intensities are explained by a mixture of Student t distributions."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy import special

DEGREES = 4.0  # of freedom: tails heavy enough for light that is neither
BINS = 512
ROUNDS = 60  # of expectation and maximization, at most
STILL = 1e-3  # change of means and scales, in scales, at which it is over
_NORM = np.exp(
    special.gammaln((DEGREES + 1) / 2) - special.gammaln(DEGREES / 2)
) / np.sqrt(np.pi * DEGREES)
SMALLEST_SCALE = 1e-3  # of a component, as a share of the range of the values


@dataclasses.dataclass(frozen=True)
class Mixture:
    """A mixture of Student t distributions, components from dark to bright.

    Attributes:
        shares: Share [k] of the values in each component; their sum is 1.
        means: Location [k] of each component.
        scales: Scale [k] of each component.
    """

    shares: Float[np.ndarray, ' k']
    means: Float[np.ndarray, ' k']
    scales: Float[np.ndarray, ' k']

    def densities(self, values: Float[np.ndarray, ' n']) -> Float[np.ndarray, 'n k']:
        """Density of each value in each component, times the component's share."""
        return self._densities(values[None])[0].T

    def _densities(
        self, at: Float[np.ndarray, '1 n']
    ) -> tuple[Float[np.ndarray, 'k n'], Float[np.ndarray, 'k n']]:
        """The densities, and 1 + t^2 / DEGREES of each value in each component."""
        far = 1 + ((at - self.means[:, None]) / self.scales[:, None]) ** 2 / DEGREES
        factor = _NORM * self.shares / self.scales
        # far ** -((DEGREES + 1) / 2), for which a power would take most of the time.
        return factor[:, None] / (far * far * np.sqrt(far)), far

    def threshold(self, component: int) -> float:
        """Value from which on brighter components are likelier than this and darker.

        Args:
            component: Number of a component that has a brighter one.
        """
        low, high = self.means[component], self.means[component + 1]
        values = np.linspace(low, high, 1024)
        densities = self.densities(values)
        dark = densities[:, : component + 1].sum(axis=1)
        brighter = densities.sum(axis=1) - dark > dark
        return float(values[brighter.argmax()]) if brighter.any() else float(high)


def fit_mixture(values: Float[np.ndarray, ' n'], components: int) -> Mixture:
    """Fits a mixture to the histogram of the values by expectation-maximization.

    Args:
        values: Values [n], finite and not all equal.
        components: Number of components, at least 1.

    Returns:
        The mixture. The first component begins at the mode of the values, the others
        at quantiles of what is clearly brighter, so the result is always the same.

    References:
        Nguyen & Wu 2012, IEEE Trans. Med. Imaging 31:103: Student t mixtures for
        images. Their prior over the neighborhood is left to the smoothing of the image.
    """
    counts, edges = np.histogram(values, BINS)
    at, counts = (edges[1:] + edges[:-1]) / 2, counts.astype(np.float64)
    mixture = _first_guess(at, counts, components)
    smallest = SMALLEST_SCALE * np.ptp(at)
    powers = np.stack([np.ones(BINS), at, at * at], axis=1)
    for _ in range(ROUNDS):
        densities, far = mixture._densities(at[None])
        weight = densities * (counts / (densities.sum(axis=0) + 1e-300))
        near = weight / far * ((DEGREES + 1) / DEGREES)
        total, first, second = (near @ powers).T
        means = first / (total + 1e-12)
        spread = second - 2 * means * first + means**2 * total
        share = weight.sum(axis=1)
        scales = np.sqrt(np.maximum(spread, 0) / (share + 1e-12))
        order, last = np.argsort(means), mixture
        mixture = Mixture(
            (share / counts.sum())[order],
            means[order],
            np.maximum(scales, smallest)[order],
        )
        moved = np.abs([mixture.means - last.means, mixture.scales - last.scales])
        if (moved < STILL * mixture.scales).all():
            break
    return mixture


def _first_guess(
    at: Float[np.ndarray, ' b'], counts: Float[np.ndarray, ' b'], components: int
) -> Mixture:
    """Background at the mode; the others where its tail has ended."""
    total = counts.cumsum() / counts.sum()
    mode = at[np.convolve(counts, np.ones(5), 'same').argmax()]
    low = at[np.searchsorted(total, 0.01)]
    scale = max((mode - low) / 2, SMALLEST_SCALE * np.ptp(at))
    brighter = counts * (at > mode + 4 * scale)
    if not brighter.any():
        brighter = counts
    within = brighter.cumsum() / brighter.sum()
    ranks = (np.arange(components - 1) + 0.5) / max(components - 1, 1)
    means = np.r_[mode, at[np.searchsorted(within, ranks)]]
    spread = np.sqrt((brighter * (at - means[-1]) ** 2).sum() / brighter.sum())
    scales = np.r_[scale, np.full(components - 1, max(spread, scale))]
    return Mixture(np.full(components, 1 / components), means, scales)
