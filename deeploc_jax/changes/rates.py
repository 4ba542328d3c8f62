"""Statistics become p and q, with null distributions that the screen itself gives.

Most proteins do not move, so the screen shows how statistics scatter without a change,
whatever makes them scatter: cells that are alike in a well, plates, shapes that the
network takes for something else. A theoretical null knows of none of these.

References:
    Efron 2004, Large-scale simultaneous hypothesis testing: the choice of a null
    hypothesis, J. Am. Stat. Assoc. 99:96. Benjamini & Hochberg 1995, Controlling the
    false discovery rate, J. R. Stat. Soc. B 57:289. Storey 2002, A direct approach to
    false discovery rates, J. R. Stat. Soc. B 64:479.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Bool, Float
from scipy import optimize, special, stats

FEWEST = 30  # proteins that a null distribution needs at least
LONGEST = np.sqrt(2.0)  # length of the change of a protein that goes all the way
# Lengths to this power follow a gamma distribution where nothing moves: chosen on a
# simulated screen, of another seed than those that rates are reported for.
POWER = 0.7
MOVED_PRIOR = (1.0, 10.0)  # beta prior of the share that moves: most do not
# Degrees of freedom of the scatter of intensities, a unit: some wells are odd. Chosen
# on simulated screens of other seeds than those that rates are reported for.
TAIL = 5.0
CHANGED = 1 / 3  # largest share of values beside which a scale can be told
CUTOFF = 0.5  # p above which proteins are counted to estimate the share unchanged
_ROUNDS = 500


@dataclasses.dataclass(frozen=True)
class LengthNull:
    """Distribution of the lengths of changes of proteins that do not move.

    Attributes:
        shape: Shape of the gamma distribution of lengths to the power `POWER`.
        scale: Its scale.
        moved: Estimated share of the proteins that do not follow it.
    """

    shape: float
    scale: float
    moved: float

    @property
    def median(self) -> float:
        """Median length without a move."""
        middle = stats.gamma.ppf(0.5, self.shape, scale=self.scale)
        return float(middle ** (1 / POWER))

    def p(self, lengths: Float[np.ndarray, ' n']) -> Float[np.ndarray, ' n']:
        """Chance of at least these lengths without a move."""
        return stats.gamma.sf(lengths**POWER, self.shape, scale=self.scale)


def fit_lengths(lengths: Float[np.ndarray, ' n']) -> LengthNull:
    """Fits a mixture of movers and others to the lengths of changes, by EM.

    The lengths of the others, to a power, follow a gamma distribution. Movers go any
    part of the way: their squared length is uniform up to its largest value. The paper
    mixes a Gaussian and a uniform distribution; here the share of movers is fitted too.

    Args:
        lengths: Hellinger lengths, 0 to about `LONGEST`.

    Raises:
        ValueError: There are fewer than `FEWEST` proteins.
    """
    check_number(len(lengths))
    x = np.maximum(lengths, 1e-6)
    power, slope = x**POWER, POWER * x ** (POWER - 1)
    movers, (before, after) = x / (LONGEST**2 / 2), MOVED_PRIOR
    moved, responsibility = 0.05, np.zeros(len(x))
    null = LengthNull(*_fit_gamma(power, 1 - responsibility), moved)
    for _ in range(_ROUNDS):
        others = slope * stats.gamma.pdf(power, null.shape, scale=null.scale)
        joint = null.moved * movers
        responsibility = joint / (joint + (1 - null.moved) * others)
        moved = (responsibility.sum() + before - 1) / (len(x) + before + after - 2)
        step = abs(moved - null.moved)
        null = LengthNull(*_fit_gamma(power, 1 - responsibility), float(moved))
        if step < 1e-7:
            break
    return null


def _fit_gamma(x: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Shape and scale of the weighted maximum of the likelihood."""
    mean = float(weights @ x / weights.sum())
    gap = np.log(mean) - float(weights @ np.log(x) / weights.sum())

    def excess(log_shape: float) -> float:
        shape = np.exp(log_shape)
        return float(np.log(shape) - special.digamma(shape)) - max(gap, 1e-6)

    shape = float(np.exp(optimize.brentq(excess, -12.0, 16.0)))
    return shape, mean / shape


def fit_scale(values: Float[np.ndarray, ' n']) -> tuple[float, float]:
    """Center and scale of the values of what does not change.

    Median and MAD of the values that are left when those beyond 2.5 scales are set
    aside, until no more are; the MAD of what is left is that of a normal distribution
    that is cut there. Where values heap up, as in plates of few wells of which the
    medians were taken off, that would shrink onto the heap: the scale is at least the
    one with which a share `CHANGED` of the values, far away, gives the MAD of them all.

    Raises:
        ValueError: There are fewer than `FEWEST` values.
    """
    check_number(len(values))
    kept = np.ones(len(values), bool)
    cut = 2.5
    inside = stats.norm.ppf(0.5 + (stats.norm.cdf(cut) - 0.5) / 2)  # its MAD
    center, scale = float(np.median(values)), np.inf
    quantile = 0.5 + 0.25 / (1 - CHANGED)
    least = stats.median_abs_deviation(values) / stats.norm.ppf(quantile)
    for round_ in range(50):
        center = float(np.median(values[kept]))
        spread = float(np.median(np.abs(values[kept] - center)))
        scale = spread / (stats.norm.ppf(0.75) if round_ == 0 else inside)
        scale = max(scale, least)
        now = np.abs(values - center) <= cut * scale
        if (now == kept).all() or now.sum() < FEWEST:
            break
        kept = now
    return center, float(scale)


def q_values(
    p: Float[np.ndarray, ' n'], unchanged: float | None = None
) -> Float[np.ndarray, ' n']:
    """False-discovery rates of Benjamini & Hochberg, times the share unchanged.

    Args:
        p: Chances without a change.
        unchanged: Share of proteins without one; by default estimated from the p above
            `CUTOFF`, as Storey does.
    """
    if unchanged is None:
        unchanged = (1 + (p > CUTOFF).sum()) / (len(p) * (1 - CUTOFF))
    return stats.false_discovery_control(p) * min(1.0, float(unchanged))


def check_number(proteins: int) -> None:
    """Raises a ValueError unless there are enough proteins for a null distribution."""
    if proteins < FEWEST:
        raise ValueError(
            f'{proteins} proteins can be compared, but it takes {FEWEST} to see how '
            'proteins scatter that do not change.'
        )


def spread_of(values: Float[np.ndarray, ' n'], kept: Bool[np.ndarray, ' n']) -> float:
    """Standard deviation of a normal distribution with the MAD of the kept values."""
    return float(stats.median_abs_deviation(values[kept], scale='normal'))
