"""Variances of single proteins are squeezed towards that of all of them.

With two or three wells a condition, the variance of one protein is hardly known: some
are far too small by chance, and would make their proteins stand out. The variances of
thousands of proteins say what is usual.

References:
    Smyth 2004, Linear models and empirical Bayes methods for assessing differential
    expression in microarray experiments, Stat. Appl. Genet. Mol. Biol. 3(1):3.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy.special import polygamma, psi


@dataclasses.dataclass(frozen=True)
class Prior:
    """Scaled inverse chi-square distribution of the true variances.

    Attributes:
        variance: Usual variance.
        df: Degrees of freedom it is worth; infinite where all proteins have the same.
    """

    variance: float
    df: float

    def squeeze(
        self, variances: Float[np.ndarray, ' n'], df: Float[np.ndarray, ' n']
    ) -> tuple[Float[np.ndarray, ' n'], Float[np.ndarray, ' n']]:
        """Posterior variances and their degrees of freedom, each [n].

        Args:
            variances: Sample variances; ignored without degrees of freedom.
            df: Their degrees of freedom, 0 where nothing was repeated.
        """
        known = np.where(df > 0, variances, 0.0)
        if np.isinf(self.df):
            return np.full(len(df), self.variance), np.full(len(df), np.inf)
        total = self.df + df
        return (self.df * self.variance + df * known) / total, total


def fit_prior(variances: Float[np.ndarray, ' n'], df: Float[np.ndarray, ' n']) -> Prior:
    """Fits the distribution of variances by the moments of their logarithms.

    Args:
        variances: Sample variances. Zeros, which have no logarithm, are raised to a
            hundred thousandth of the median.
        df: Their degrees of freedom; those without any are left out.

    Raises:
        ValueError: Fewer than three variances are known, or all are zero.
    """
    known = (df > 0) & np.isfinite(variances)
    values, df = variances[known], df[known]
    if len(values) < 3 or not (values > 0).any():
        raise ValueError(
            'The replicates or wells of all proteins are equal: are they copies of one '
            'another? It takes three proteins that scatter.'
        )
    values = np.maximum(values, 1e-5 * np.median(values[values > 0]))
    logs = np.log(values) - psi(df / 2) + np.log(df / 2)
    extra = logs.var(ddof=1) - polygamma(1, df / 2).mean()
    if extra <= 0:
        return Prior(float(np.exp(logs.mean())), np.inf)
    half = float(_inverse_trigamma(extra))
    return Prior(float(np.exp(logs.mean() + psi(half) - np.log(half))), 2 * half)


def squeeze(
    squares: Float[np.ndarray, ' n'], df: Float[np.ndarray, ' n']
) -> tuple[Float[np.ndarray, ' n'], Float[np.ndarray, ' n']]:
    """Moderated variances and their degrees of freedom, each [n].

    Args:
        squares: Sums of squared differences from a mean.
        df: Degrees of freedom, 0 where nothing was repeated; three are not 0.
    """
    variances = np.divide(squares, df, out=np.zeros(len(df)), where=df > 0)
    return fit_prior(variances, df).squeeze(variances, df)


def _inverse_trigamma(value: float) -> float:
    """The x at which trigamma(x) is the value, by Newton's method (Smyth 2004)."""
    x = 0.5 + 1 / value
    for _ in range(50):
        now = float(polygamma(1, x))
        step = now * (1 - now / value) / float(polygamma(2, x))
        x += step
        if -step / x < 1e-10:
            break
    return x
