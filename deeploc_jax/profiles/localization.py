"""Probabilities of the cells of a well or a protein become columns of its profile."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from deeploc_jax import dirichlet
from deeploc_jax.profiles.blend import Reference, blend_columns
from deeploc_jax.profiles.groups import Groups
from deeploc_jax.profiles.mixture import likeliest_shares, share_of_two, two_largest
from deeploc_jax.tables.cell_columns import by_class, names_of


@dataclasses.dataclass(frozen=True)
class Options:
    """How localizations are summed up.

    Attributes:
        prior: Share of each class among the cells that the probabilities are calibrated
            on, [k]; classes that are ignored have 0.
        level: Coverage of credible and bootstrap intervals.
        resamples: Draws behind a bootstrap interval.
        seed: Of these draws.
        reference: Labelled cells, for the columns `blend...`.
    """

    prior: np.ndarray
    level: float = 0.95
    resamples: int = 200
    seed: int = 0
    reference: Reference | None = None


def localization_columns(
    probabilities: Float[np.ndarray, 'n k'],
    groups: Groups,
    wells: Integer[np.ndarray, ' n'],
    class_names: Sequence[str],
    options: Options,
) -> dict[str, Any]:
    """Columns of `tables.PROFILES` that are made of probabilities, each [g].

    Args:
        probabilities: Of the usable cells.
        groups: Of these cells; a group without cells has masked numbers and empty text.
        wells: Number of the well of each cell, for the bootstrap.
        class_names: k names in index order.
        options: See there.
    """
    p = np.asarray(probabilities, np.float64)
    counts, means, alpha = groups.count(), groups.mean(p), 1 + groups.sum(p)
    known = counts > 0
    predicted = np.where(known, np.nan_to_num(means, nan=-1).argmax(axis=1), -1)
    weights = np.where(options.prior > 0, 1 / np.maximum(options.prior, 1e-9), 0)
    likelihoods = p * weights
    shares = likeliest_shares(likelihoods, groups)
    pairs = two_largest(shares, np.where(options.prior > 0, means, 0))
    low, high = dirichlet.credible_interval(alpha, options.level)
    columns: dict[str, Any] = {
        'predicted': np.ma.masked_array(predicted, ~known),
        'predicted_name': names_of(predicted, class_names),
        'confidence': np.where(known, means.max(axis=1), np.nan),
        'certainty': np.where(known, dirichlet.certainty_of_largest(alpha), np.nan),
        'first': names_of(np.where(known, pairs[:, 0], -1), class_names),
        'second': names_of(np.where(known, pairs[:, 1], -1), class_names),
        'heterogeneity': heterogeneity(p, groups),
        'uncertainty': groups.mean(1 - (p**2).sum(axis=1, keepdims=True))[:, 0],
    }
    columns |= _shares(likelihoods, groups, wells, pairs, options)
    columns |= blend_columns(
        p,
        groups,
        wells,
        tuple(class_names),
        options.reference,
        options.prior > 0,
        level=options.level,
        resamples=options.resamples,
        seed=options.seed,
    )
    return columns | {
        name: values
        for prefix, table in {
            'p_': means,
            'posterior_': np.where(known[:, None], dirichlet.mean_share(alpha), np.nan),
            'low_': np.where(known[:, None], low, np.nan),
            'high_': np.where(known[:, None], high, np.nan),
            'share_': shares,
        }.items()
        for name, values in by_class(prefix, table, class_names).items()
    }


def heterogeneity(
    probabilities: Float[np.ndarray, 'n k'], groups: Groups
) -> Float[np.ndarray, ' g']:
    """Half the mean squared distance of two cells of a group; NaN below two cells.

    It is the sum over the classes of the variance between cells. The Gini impurity of
    the mean, the probability that two cells are of different classes, is the sum of
    this and of the mean impurity of a cell, which is what the network leaves open.
    """
    counts = groups.count().astype(float)
    within = groups.sum(probabilities**2).sum(axis=1)
    between = (groups.sum(probabilities) ** 2).sum(axis=1)
    with np.errstate(divide='ignore', invalid='ignore'):
        found = (within - between / counts) / (counts - 1)
    return np.where(counts > 1, np.maximum(found, 0), np.nan)


def _shares(
    likelihoods: np.ndarray,
    groups: Groups,
    wells: np.ndarray,
    pairs: np.ndarray,
    options: Options,
) -> dict[str, np.ndarray]:
    """Columns share, share_low, share_high."""
    found = np.full((len(groups), 3), np.nan)
    rng = np.random.default_rng(options.seed)
    for group, rows in groups.members():
        one, two = likelihoods[rows][:, pairs[group]].T
        found[group] = share_of_two(
            one,
            two,
            wells[rows],
            level=options.level,
            resamples=options.resamples,
            rng=rng,
        )
    return dict(zip(('share', 'share_low', 'share_high'), found.T, strict=True))
