"""Attributions of cells for the classes they are called, and how good they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float32, Int

from deeploc_jax.explain.attribution import ATTRIBUTIONS
from deeploc_jax.explain.batches import in_batches
from deeploc_jax.explain.curves import area, make_curves, rank_correlation
from deeploc_jax.weights.folder import TrainedNetwork

BASELINES = ('brightness', 'random')
"""Orders of pixels in which no network has a part."""


def attributions(
    network: TrainedNetwork,
    images: Float32[np.ndarray, 'n s s c'],
    classes: Int[np.ndarray, ' n'],
    methods: Sequence[str],
    batch_size: int,
) -> dict[str, np.ndarray]:
    """Attributions of cells, float32 [n, s, s, c or 1], by the name of the method.

    Args:
        network: The network.
        images: Normalized crops, as large as those that the network looks at.
        classes: The class of each cell that is attributed.
        methods: Keys of `ATTRIBUTIONS`.
        batch_size: Cells at a time.
    """
    found = {}
    for name in methods:
        function = jax.jit(ATTRIBUTIONS[name](network.model, images.shape[1]))
        found[name] = in_batches(
            lambda x, k, f=function: f(network.variables, x, k),
            (images, classes.astype(np.int32)),
            batch_size,
            name,
        )
    return found


def judge(
    network: TrainedNetwork,
    images: Float32[np.ndarray, 'n s s c'],
    classes: Int[np.ndarray, ' n'],
    found: dict[str, np.ndarray],
    batch_size: int,
    seed: int,
    organelles: Bool[np.ndarray, 'n s s'] | None = None,
) -> list[dict[str, Any]]:
    """A row of `tables.EXPLANATIONS` for each method and each baseline.

    Args:
        network: The network.
        images: As in `attributions`.
        classes: As in `attributions`.
        found: Attributions by the name of the method.
        batch_size: Cells at a time.
        seed: Seed of the random weights and of the random order.
        organelles: Where the organelle of each cell lies, where that is known; cells
            without one are left out.
    """
    curves = jax.jit(make_curves(network.model))
    rng = np.random.default_rng(seed)
    noise = rng.random((*images.shape[:3], 1), np.float32)
    orders = found | dict(zip(BASELINES, (images[..., :1], noise), strict=True))
    random = _random_weights(network, images, seed)
    others = attributions(random, images, classes, [*found], batch_size)
    rows = []
    for name, order in orders.items():
        arrays = images, classes.astype(np.int32), order
        made = in_batches(
            lambda x, k, a: np.stack(curves(network.variables, x, k, a), 1),
            arrays,
            batch_size,
            f'judge {name}',
        )
        row: dict[str, Any] = dict(method=name, cells=len(images), random_weights=None)
        for place, curve in enumerate(('deletion', 'insertion')):
            areas = area(made[:, place])
            row[curve] = float(areas.mean())
            row[f'{curve}_error'] = float(areas.std() / np.sqrt(len(areas)))
        if organelles is not None:
            row['inside'] = share_inside(order, organelles)
        if name in found:
            same = rank_correlation(found[name].sum(-1), others[name].sum(-1))
            row['random_weights'] = float(np.nanmean(same))
        rows.append(row)
    best = max(rows[: len(found)], key=lambda row: row['insertion'] - row['deletion'])
    return [row | dict(shown=row is best) for row in rows]


def share_inside(
    attribution: Float32[np.ndarray, 'n s s d'], organelles: Bool[np.ndarray, 'n s s']
) -> float | None:
    """Mean share of what speaks for a class that lies inside the organelle.

    Args:
        attribution: Attribution by pixel and channel; what speaks against the class
            does not count.
        organelles: Where the organelle of each cell lies. Cells without one, or without
            anything that speaks for the class, are left out.

    Returns:
        The share, 0 to 1; None where no cell is left.
    """
    light = np.maximum(attribution.sum(-1), 0)
    total = light.sum((1, 2))
    some = organelles.any((1, 2)) & (total > 0)
    inside = (light * organelles).sum((1, 2))
    return float((inside[some] / total[some]).mean()) if some.any() else None


def _random_weights(
    network: TrainedNetwork, images: np.ndarray, seed: int
) -> TrainedNetwork:
    """The network as it is before any training."""
    key, one = jax.random.key(seed), images[:1]
    made = jax.jit(lambda k: network.model.init(k, one, train=False))(key)
    return TrainedNetwork(network.card, network.model, dict(made))
