"""Simulated truth tells whether the light of a made image lies in the organelle."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32

from deeploc_jax.explain.invented import Invented
from deeploc_jax.explain.organelles import BRIGHT
from deeploc_jax.explain.outlines import cell_mask
from deeploc_jax.explain.sample import Sample

DRAWS = 8
"""How often each organelle is drawn in each cell."""


def inside_columns(
    sample: Sample,
    made: Invented,
    cells: np.ndarray,
    lights: Float32[np.ndarray, 'n k d s s'],
) -> list[dict[str, Any]]:
    """Columns `inside...` of `tables.MAXIMAL`, for each image.

    Args:
        sample: The cells that images were made in.
        made: Images for classes.
        cells: Rows of the n cells that organelles were drawn in.
        lights: Light of the organelles of all k classes in these cells, drawn several
            times; 0: there is none.
    """
    marker = sample.network.card.marker_channel
    real = sample.images
    places = {int(row): place for place, row in enumerate(cells)}
    masks = {row: cell_mask(real[row], marker) for row in places}
    added = np.maximum(made.images - made.before, 0)[..., 0]
    return [
        shares_inside(light, lights[places[row], target], masks[row])
        for light, row, target in zip(
            added, made.cells.tolist(), made.targets.tolist(), strict=True
        )
    ]


def shares_inside(
    added: Float[np.ndarray, 's s'],
    organelle: Float[np.ndarray, 'd s s'],
    cell: Bool[np.ndarray, 's s'],
) -> dict[str, float]:
    """Share of the light in an organelle, beside those of its own light and of chance.

    What has no one place in a cell is drawn several times. The image is compared with
    each of them, and so is the light of each with all others: a protein of the class
    has no larger a share either.

    Args:
        added: Light that was added to the cell.
        organelle: Light of the organelle, one of d draws each.
        cell: Where light may be added.

    Returns:
        `inside`, `inside_simulated` and `inside_chance`, each 0 to 1; {} where there is
        no organelle in reach, or no light was added.
    """
    most = organelle.max((1, 2), keepdims=True)
    masks = (organelle > BRIGHT * most) & cell
    own = organelle * cell
    there = masks.any((1, 2))
    if there.sum() < 2 or not added.sum():
        return {}
    masks, own = masks[there], own[there]
    shares = np.einsum('aij,bij->ab', own, masks) / own.sum((1, 2))[:, None]
    others = ~np.eye(len(masks), dtype=bool)
    return dict(
        inside=float((added * masks).sum((1, 2)).mean() / added.sum()),
        inside_simulated=float(shares[others].mean()),
        inside_chance=float(masks.sum((1, 2)).mean() / cell.sum()),
    )
