"""A protein that every cell has in two compartments has a share in each of them.

Probabilities say in which one compartment a cell is, and leap from one class to the
other as the light moves. Their logarithms move gradually: those of a cell in between
lie between those of cells that are in one place or the other. The mean of a protein is
therefore written as s * first + (1 - s) * second, where first and second are the means
of labelled cells of two classes; the two that fit best, by least squares, are taken.
Proteins of one class differ, too, and the interval allows for as much as the labelled
ones do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer

from deeploc_jax.metrics import sum_by
from deeploc_jax.profiles.cells import ProfiledCells
from deeploc_jax.profiles.groups import Groups, group_by
from deeploc_jax.profiles.mixture import FLOOR
from deeploc_jax.tables.cell_columns import names_of

BLEND = ('blend', 'blend_low', 'blend_high')


@dataclasses.dataclass(frozen=True)
class Reference:
    """What a network makes of labelled cells.

    Attributes:
        logs: Mean centered logarithms of the cells of each class, [k, j], of k classes
            and the j that are localizations; NaN for a class without cells.
        counts: Number of usable labelled cells of each class, [k].
        spread: Covariance, around its class, of the mean of the cells of a protein,
            [j, j].
    """

    logs: Float[np.ndarray, 'k j']
    counts: Integer[np.ndarray, ' k']
    spread: Float[np.ndarray, 'j j']


def make_reference(
    labelled: Iterable[ProfiledCells], kept: Bool[np.ndarray, ' k']
) -> Reference:
    """Sums up labelled cells, in parts, from the network whose cells are profiled.

    Args:
        labelled: The cells; those without a label are left out.
        kept: Which of the k classes are localizations.

    Raises:
        ValueError: Fewer than two classes have cells.
    """
    totals: dict[tuple[int, str], np.ndarray] = {}
    for cells in labelled:
        chosen = cells.usable & (cells.labels >= 0) & kept[cells.labels]
        columns = dict(
            label=cells.labels[chosen].astype(str).astype(object),
            protein=cells.keys['protein'].to_numpy(zero_copy_only=False)[chosen],
        )
        groups = group_by(columns, ('label', 'protein'))
        logs = centered_logs(cells.probabilities[chosen], kept)
        sums = groups.sum(np.pad(logs, ((0, 0), (0, 1)), constant_values=1))
        for label, protein, row in zip(*groups.keys.values(), sums, strict=True):
            key = int(label), protein
            totals[key] = totals.get(key, 0) + row
    if len({label for label, _ in totals}) < 2:
        raise ValueError('labelled: there must be labelled cells of two classes.')
    labels = np.array([label for label, _ in totals])
    rows = np.stack(list(totals.values()))
    by_class = sum_by(labels, rows, len(kept))
    counts = by_class[:, -1]
    with np.errstate(invalid='ignore'):
        means = by_class[:, :-1] / counts[:, None]
    apart = rows[:, :-1] / rows[:, -1:] - means[labels]
    free = max(1, len(labels) - len(np.unique(labels)))
    return Reference(means, counts.astype(int), apart.T @ apart / free)


def centered_logs(
    probabilities: Float[np.ndarray, 'n k'], kept: Bool[np.ndarray, ' k']
) -> Float[np.ndarray, 'n j']:
    """Logarithms of the probabilities of some classes, less their mean in each cell."""
    logs = np.log(np.maximum(probabilities[:, kept], FLOOR))
    return logs - logs.mean(axis=1, keepdims=True)


def best_pairs(
    logs: Float[np.ndarray, 'g j'], reference: Float[np.ndarray, 'k j']
) -> Integer[np.ndarray, 'g 2']:
    """The two classes between whose references each row lies, the larger part first.

    Args:
        logs: Mean centered logarithms of each group; rows of NaN give any pair.
        reference: Mean centered logarithms of each class.
    """
    known = np.flatnonzero(np.isfinite(reference).all(axis=1))
    pairs = np.array([(a, b) for a in known for b in known if a != b])
    first, second = reference[pairs[:, 0]], reference[pairs[:, 1]]
    found = np.empty((len(logs), 2), int)
    for row, point in enumerate(np.nan_to_num(logs)):
        across, away = first - second, point - second
        length = (across**2).sum(axis=1)
        share = np.clip((away * across).sum(axis=1) / length, 0.5, 1)
        error = ((away - share[:, None] * across) ** 2).sum(axis=1)
        found[row] = pairs[error.argmin()]
    return found


def blend_columns(
    probabilities: Float[np.ndarray, 'n k'],
    groups: Groups,
    wells: Integer[np.ndarray, ' n'],
    class_names: tuple[str, ...],
    reference: Reference | None,
    kept: Bool[np.ndarray, ' k'],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Columns `blend...` of `tables.PROFILES`, each [g]; empty without a reference.

    Args:
        probabilities: Of the usable cells.
        groups: Of these cells.
        wells: Number of the well of each cell.
        class_names: k names in index order.
        reference: Labelled cells, if there are any.
        kept: Which classes are localizations.
        level: Coverage of the interval.
        resamples: Draws of a Bayesian bootstrap of the wells, and of the cells in them.
        seed: Of these draws.
    """
    shares = np.full((len(groups), len(BLEND)), np.nan)
    first = second = np.full(len(groups), '', object)
    if reference is not None:
        logs, rng = centered_logs(probabilities, kept), np.random.default_rng(seed)
        pairs = best_pairs(groups.mean(logs), reference.logs)
        for group, rows in groups.members():
            one, two = reference.logs[pairs[group]]
            along = (one - two) / ((one - two) ** 2).sum()
            scores = (logs[rows] - two) @ along
            weights = random_weights(wells[rows], resamples, rng)
            drawn = weights @ scores / weights.sum(axis=1)
            own = np.sqrt(along @ reference.spread @ along)
            drawn = np.clip(drawn + own * rng.normal(size=resamples), 0, 1)
            ends = np.percentile(drawn, (50 * (1 - level), 50 * (1 + level)))
            shares[group] = np.clip(scores.mean(), 0, 1), *ends
        known = np.isfinite(shares[:, 0])
        first = names_of(np.where(known, pairs[:, 0], -1), class_names)
        mixed = known & (shares[:, 0] < 1)
        second = names_of(np.where(mixed, pairs[:, 1], -1), class_names)
    columns = dict(blend_first=first, blend_second=second)
    return columns | dict(zip(BLEND, shares.T, strict=True))


def random_weights(
    wells: Integer[np.ndarray, ' n'], resamples: int, rng: np.random.Generator
) -> Float[np.ndarray, 'r n']:
    """Weights of a Bayesian bootstrap of the wells, if several, and the cells in them.

    References:
        Rubin 1981, The Bayesian bootstrap, Annals of Statistics 9.
    """
    weights = rng.exponential(size=(resamples, len(wells)))
    names, of_cell = np.unique(wells, return_inverse=True)
    if len(names) > 1:
        weights *= rng.exponential(size=(resamples, len(names)))[:, of_cell]
    return weights
