"""The lengths of changes become p, by the lengths of proteins that do not move.

What counts is the tail: how many proteins look as if they had moved, and have not.
Short lengths tell nothing of it and are left out. Among the others, movers are mixed
with proteins that stay, and in a screen of a hundred proteins the same lengths can be
the end of the one distribution or the beginning of the other. No single fit is
therefore believed: p is a mean over all mixtures, weighted by how well each explains
the lengths. The fewer the proteins, the longer the tail that has to be reckoned with.

References:
    Efron 2004, Large-scale simultaneous hypothesis testing: the choice of a null
    hypothesis, J. Am. Stat. Assoc. 99:96. Gelman et al. 2013, Bayesian Data Analysis,
    ch. 1.3 and 3.7 (posterior predictive distribution, on a grid).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy import stats

from deeploc_jax.changes.rates import check_number

LONGEST = 2**0.5  # length of the change of a protein that goes all the way
# All that follows was chosen on simulated screens; docs/results/movers.md says which.
CUT = 1 / 3  # quantile of the lengths; shorter ones are left out
# Without a move, what a length has above the cut follows a Weibull distribution: with
# shape 1 the exponential one, with less a longer tail.
SHAPES = np.array([0.9, 1.1, 1.3, 1.5])
SCALES = np.geomspace(0.1, 1.5, 40)  # relative to the mean of all above the cut
# Movers go any part of the way: their density rises with a power of the length. With
# power 1, the squared length is uniform.
POWERS = np.array([0.5, 1.0, 2.0, 4.0])
SHARES = np.linspace(0, 1, 30, endpoint=False)  # of movers, above the cut
FEW_MOVE = 2.0  # the prior of these is the power of one minus the share
ENOUGH = 400  # lengths that mixtures are fitted to, at most
TINY = 1e-300  # keeps a density of 0 from having no logarithm


@dataclasses.dataclass(frozen=True)
class Chances:
    """What the lengths of the changes of n proteins say.

    Attributes:
        p: Chance of at least this length without a move.
        usual: Median length without a move.
    """

    p: Float[np.ndarray, ' n']
    usual: float


def chances(lengths: Float[np.ndarray, ' n']) -> Chances:
    """Chances of lengths without a move, means over mixtures of movers and others.

    Args:
        lengths: Hellinger lengths, 0 to about `LONGEST`.

    Raises:
        ValueError: There are fewer than `FEWEST` proteins.
    """
    check_number(len(lengths))
    x = np.minimum(lengths, LONGEST)
    cut = float(np.quantile(x, CUT))
    above = x > cut
    p = np.ones(len(x))
    if above.any():
        p[above] = _p_above(x[above], cut, float(above.mean()))
        # The others share evenly in what is left.
        rank = stats.rankdata(-x[~above]) / (~above).sum()
        p[~above] = p[above].max() + (1 - p[above].max()) * rank
    order = np.argsort(-p)
    return Chances(p, float(np.interp(-0.5, -p[order], x[order])))


def _p_above(
    x: Float[np.ndarray, ' m'], cut: float, above: float
) -> Float[np.ndarray, ' m']:
    """Chances of the lengths above the cut, which are a part `above` of all."""
    shape, scale = SHAPES[:, None, None], SCALES[:, None] * (x - cut).mean()
    some = x
    if len(x) > ENOUGH:  # as many quantiles tell as much
        some = np.quantile(x, (np.arange(ENOUGH) + 0.5) / ENOUGH)
    ratio = ((some - cut) / scale) ** shape
    others = shape * ratio / (some - cut) * np.exp(-ratio)  # [shapes, scales, m]
    power = POWERS[:, None] + 1
    movers = power * some ** (power - 1) / (LONGEST**power - cut**power)
    fit = np.stack(
        [
            np.log(s * movers + (1 - s) * others[:, :, None] + TINY).mean(axis=-1)
            for s in SHARES
        ],
        axis=-1,
    )  # [shapes, scales, powers, shares]
    fit = len(x) * fit + FEW_MOVE * np.log1p(-SHARES)
    weight = np.exp(fit - fit.max()).sum(axis=2)
    tail = np.exp(-(((x - cut) / scale) ** shape))
    # Part of the others that is above the cut, if all movers are.
    part = above * (1 - SHARES) / (1 - above * SHARES)
    return np.einsum('abs,abm,s->m', weight, tail, part) / weight.sum()
