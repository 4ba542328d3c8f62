"""How well annotators agree beyond what chance alone would give.

References:
    Cohen 1960, A coefficient of agreement for nominal scales.
    Fleiss 1971, Measuring nominal scale agreement among many raters.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Integer

from deeploc_jax.curate.decisions.journal import Journal

DISCARDED = ''
"""What an annotator calls a cell that was discarded."""


def cohen_kappa(
    one: Integer[np.ndarray, ' n'], other: Integer[np.ndarray, ' n']
) -> float:
    """Cohen's kappa of two annotators: 1 is agreement, 0 is chance.

    Args:
        one: Class of each cell, int [n] from 0.
        other: The same cells, as the other calls them.

    Returns:
        NaN without a cell, or where both use a single class for all.
    """
    if not len(one):
        return float('nan')
    k = int(max(one.max(), other.max())) + 1
    shares = [np.bincount(x, minlength=k) / len(x) for x in (one, other)]
    return _beyond_chance(float((one == other).mean()), float(shares[0] @ shares[1]))


def fleiss_kappa(counts: Integer[np.ndarray, 'n k']) -> float:
    """Fleiss' kappa of a number of annotators who all saw all cells.

    Args:
        counts: How many annotators gave cell i class j, int [n, k]; all rows have one
            sum, at least 2.

    Returns:
        NaN without a cell, or where all use a single class.

    Raises:
        ValueError: The sums differ, or are below 2.
    """
    if not len(counts):
        return float('nan')
    raters = counts.sum(axis=1)
    if raters.min() < 2 or raters.min() != raters.max():
        raise ValueError('All cells need one number of annotators, at least 2.')
    m = int(raters[0])
    agreed = ((counts**2).sum(axis=1) - m) / (m * (m - 1))
    shares = counts.sum(axis=0) / counts.sum()
    return _beyond_chance(float(agreed.mean()), float((shares**2).sum()))


def _beyond_chance(agreed: float, expected: float) -> float:
    if expected >= 1:
        return float('nan')
    return (agreed - expected) / (1 - expected)


def agreement_rows(journal: Journal) -> list[dict[str, Any]]:
    """Agreement of each two annotators and, of three or more, of all of them.

    Compared are the cells that all of them decided on; a discarded cell is a class of
    its own, a skipped one is not compared.

    Returns:
        Rows of `tables.curation.AGREEMENT`.
    """
    called = {name: _called(journal, name) for name in journal.annotators}
    groups = list(itertools.combinations(called, 2))
    rows = [_row(pair, [called[name] for name in pair]) for pair in groups]
    if len(called) > 2:
        rows.append(_row(tuple(called), list(called.values())))
    return rows


def _called(journal: Journal, annotator: str) -> dict[str, str]:
    found = {
        cell: journal.verdict(annotator, cell) for cell in journal.cells_of(annotator)
    }
    return {c: v[1] for c, v in found.items() if v is not None and v[0].kind != 'skip'}


def _row(names: Sequence[str], called: Sequence[dict[str, str]]) -> dict[str, Any]:
    cells = sorted(set.intersection(*map(set, called)))
    values = [own[cell] for own in called for cell in cells]
    classes, numbers = np.unique(np.array(values, str), return_inverse=True)
    numbers = numbers.reshape(len(called), len(cells))
    if len(names) == 2:
        kappa = cohen_kappa(*numbers)
    else:
        counts = (numbers[..., None] == np.arange(len(classes))).sum(axis=0)
        kappa = fleiss_kappa(counts)
    same = (numbers == numbers[:1]).all(axis=0)
    return dict(
        annotators=', '.join(names),
        method='Cohen' if len(names) == 2 else 'Fleiss',
        cells=len(cells),
        agreed=float(same.mean()) if len(cells) else None,
        kappa=None if np.isnan(kappa) else kappa,
    )
