"""Statistics become p and q, with null distributions that the screen itself gives.

Most proteins do not move, so the screen shows how statistics scatter without a change,
whatever makes them scatter: cells that are alike in a well, plates, shapes that the
network takes for something else. A theoretical null knows of none of these.

References:
    Efron 2004, Large-scale simultaneous hypothesis testing: the choice of a null
    hypothesis, J. Am. Stat. Assoc. 99:96. Benjamini & Hochberg 1995, Controlling the
    false discovery rate, J. R. Stat. Soc. B 57:289.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

FEWEST = 30  # proteins that a null distribution needs at least
CHANGED = 1 / 3  # largest share of values beside which a scale can be told


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


def q_values(p: Float[np.ndarray, ' n']) -> Float[np.ndarray, ' n']:
    """False-discovery rates of Benjamini & Hochberg.

    The share of proteins that do not change is taken for 1: what a small screen says of
    it is noise.
    """
    return stats.false_discovery_control(p)


def check_number(proteins: int) -> None:
    """Raises a ValueError unless there are enough proteins for a null distribution."""
    if proteins < FEWEST:
        raise ValueError(
            f'{proteins} proteins can be compared, but it takes {FEWEST} to see how '
            'proteins scatter that do not change. configs/profile.py shows each of '
            'them in both conditions, with intervals.'
        )


def spread_of(values: Float[np.ndarray, ' n'], kept: Bool[np.ndarray, ' n']) -> float:
    """Standard deviation of a normal distribution with the MAD of the kept values."""
    return float(stats.median_abs_deviation(values[kept], scale='normal'))
