"""Judges the names of cells without labels: do they tell one protein from another?

Cells of one protein should be called alike, and those of different proteins differently
where they are in different places. Names that depend on the microscope alone, or on
chance, say nothing about the protein.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Shaped


def information(
    probabilities: Float[np.ndarray, 'n k'], groups: Shaped[np.ndarray, ' n']
) -> Float64[np.ndarray, ' g']:
    """How much better the other cells of its group foretell a cell than all others do.

    For a cell with probabilities p it is the sum of p log(m / q) over the classes: m is
    the mean over the other cells of its group, q the mean over all other cells (of
    which one counts with the group's, so that a small group is not too sure). Its mean
    over the cells estimates the mutual information of class and group.

    Args:
        probabilities: Class probabilities of the cells.
        groups: Protein, or well, of each cell; at least two.

    Returns:
        Mean over the cells of each group, in nats, in the order of the sorted names.
    """
    p = np.asarray(probabilities, np.float64)
    names, rows = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(names), p.shape[1]))
    np.add.at(sums, rows, p)
    sizes = np.bincount(rows)
    everywhere = (p.sum(0) - p + 1e-9) / (len(p) - 1)
    alike = (sums[rows] - p + everywhere) / sizes[rows][:, None]
    gained = (p * np.log(alike / everywhere)).sum(1)
    return np.bincount(rows, gained) / sizes


def agreement(
    called: Shaped[np.ndarray, ' n'], groups: Shaped[np.ndarray, ' n']
) -> float:
    """Mean over the groups of the share of cells with the group's most frequent class.

    Groups of one cell do not count.
    """
    shares = []
    for name in np.unique(groups):
        counts = np.unique(called[groups == name], return_counts=True)[1]
        if counts.sum() > 1:
            shares.append(counts.max() / counts.sum())
    return float(np.mean(shares)) if shares else float('nan')
