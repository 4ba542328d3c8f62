"""Replicates of a protein agree if they correlate, and if they find each other.

A profile retrieves the others of its group well if they are more similar to it than all
other profiles are: its average precision is 1 if they come first. The mean over the
profiles of a group has a p-value against random rankings (Kalinin et al. 2025). The
ranking is done here, block by block, as a whole screen has more pairs than memory;
`copairs` does the rest.

References:
    Kalinin et al. 2025, A versatile information retrieval framework for evaluating
    profile strength and similarity, Nature Communications 16, 5181.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

BLOCK = 256
"""Profiles that are compared with all others at once."""
NULL_SIZE = 10_000
"""Random rankings behind a p-value, which is at least 1 / (NULL_SIZE + 1)."""


def average_precisions(
    profiles: Float[np.ndarray, 'n f'], groups: Integer[np.ndarray, ' n']
) -> Float[np.ndarray, ' n']:
    """Average precision with which each profile retrieves those of its group.

    Profiles are ranked by cosine similarity; of equally similar ones those of the group
    come last.

    Args:
        profiles: Finite numbers; a row of zeros is similar to none.
        groups: Number of each profile's group.

    Returns:
        float64 [n] in 0..1; NaN for the only profile of a group.
    """
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    units = profiles / np.where(lengths > 0, lengths, 1)
    found = np.full(len(units), np.nan)
    for start in range(0, len(units), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(units)))
        similar = units[rows] @ units.T
        same = groups[rows][:, None] == groups
        similar[same] -= 1e-12
        similar[np.arange(len(rows)), rows] = -np.inf  # itself: the last one
        order = np.argsort(-similar, axis=1, kind='stable')[:, :-1]
        hits = np.take_along_axis(same, order, axis=1)
        precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
        others = hits.sum(axis=1)
        sums = (precision * hits).sum(axis=1)
        found[rows] = np.divide(
            sums, others, out=np.full(len(rows), np.nan), where=others > 0
        )
    return found


def replicate_correlations(
    profiles: Float[np.ndarray, 'n f'], groups: Integer[np.ndarray, ' n']
) -> Float[np.ndarray, ' g']:
    """Mean Pearson correlation of two profiles of a group; NaN for a single one.

    Correlation is over the features; a constant profile has none and is left out.
    """
    centered = profiles - profiles.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centered, axis=1, keepdims=True)
    found = np.full(groups.max(initial=-1) + 1, np.nan)
    for group in range(len(found)):
        rows = np.flatnonzero((groups == group) & (lengths[:, 0] > 0))
        if len(rows) > 1:
            units = centered[rows] / lengths[rows]
            total = (units @ units.T).sum() - len(rows)
            found[group] = total / (len(rows) * (len(rows) - 1))
    return found


def agreement_rows(
    profiles: Float[np.ndarray, 'n f'],
    groups: Integer[np.ndarray, ' n'],
    names: Sequence[dict[str, Any]],
    *,
    null_size: int = NULL_SIZE,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """A row for each group of at least two profiles; `tables.REPLICATES` explains it.

    Args:
        profiles: Finite features of each profile, normalized.
        groups: Number of each profile's group in 0..g-1.
        names: What names each of the g groups.
        null_size: Random rankings behind a p-value.
        seed: Of these rankings.

    Raises:
        ImportError: The extra `profiles` is not installed.
        ValueError: No group has two profiles, or there is one group only.
    """
    sizes = np.bincount(groups, minlength=len(names))
    if sizes.max(initial=0) < 2 or (sizes > 0).sum() < 2:
        raise ValueError(
            'Agreement takes two proteins, one of them in two replicates; name '
            'replicates in the column `replicate`.'
        )
    precision = average_precisions(profiles, groups)
    correlation = replicate_correlations(profiles, groups)
    scored = _with_p_values(precision, groups, sizes, null_size, seed)
    return [
        dict(
            names[group],
            n_profiles=int(sizes[group]),
            correlation=correlation[group],
            **values,
        )
        for group, values in scored.items()
    ]


def _with_p_values(
    precision: np.ndarray,
    groups: np.ndarray,
    sizes: np.ndarray,
    null_size: int,
    seed: int,
) -> dict[int, dict[str, float]]:
    """Mean average precision and its p- and q-value of each group, by its number."""
    try:
        import pandas
        from copairs.map import mean_average_precision
        from copairs.map.normalization import normalize_ap
    except ImportError as error:
        raise ImportError(
            "Agreement needs copairs: pip install -e '.[profiles]'"
        ) from (error)
    positive = sizes[groups] - 1
    negative = len(groups) - sizes[groups]
    scores = pandas.DataFrame(
        dict(
            group=groups,
            average_precision=precision,
            normalized_average_precision=normalize_ap(precision, positive, negative),
            n_pos_pairs=positive,
            n_total_pairs=positive + negative,
        )
    )
    with tempfile.TemporaryDirectory() as cache:  # by default it is in the home folder
        found = mean_average_precision(
            scores,
            ['group'],
            null_size,
            0.05,
            seed,
            progress_bar=False,
            cache_dir=cache,
        )
    return {
        int(row['group']): dict(
            mean_average_precision=float(row['mean_average_precision']),
            normalized_precision=float(row['mean_normalized_average_precision']),
            p_value=float(row['p_value']),
            q_value=float(row['corrected_p_value']),
        )
        for row in found.to_dict('records')
    }
