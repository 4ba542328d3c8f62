"""Adapts a network to cells without labels, by the best of several shares."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import Int, Shaped

from deeploc_jax import sharding
from deeploc_jax.adapt.choice import SHARES, Tried, choose
from deeploc_jax.adapt.statistics import (
    Statistics,
    blended,
    shifts,
    statistics_of,
)
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import make_split_program
from deeploc_jax.predict.program import Program
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork


@dataclasses.dataclass(frozen=True)
class Adapted:
    """What adapting a network to cells came to.

    Attributes:
        network: The network, with a note on its card.
        tried: Every share of the new statistics, the network as it was first.
        chosen: The one of them that the network has.
        shifts: How far the cells are from those of the training, by layer.
    """

    network: TrainedNetwork
    tried: list[Tried]
    chosen: Tried
    shifts: dict[str, float]


def adapt(
    network: TrainedNetwork,
    cells: Cells,
    groups: Shaped[np.ndarray, ' n'],
    mesh: jax.sharding.Mesh,
    batch_size: int,
    name: str,
) -> Adapted:
    """Adapts a network, or leaves it as it is where that is not better for sure.

    Args:
        network: The network, for the channels of the cells.
        cells: The cells, well mixed; their labels are not looked at.
        groups: Protein, or well, of each cell.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        name: Name of the screen, for the card.
    """
    found = statistics_of(network, cells, mesh, batch_size)
    program = make_split_program(network, mesh, batch_size, crops=1)
    tried = [_try(program, network, found, s, cells, groups) for s in SHARES]
    chosen = choose(tried)
    note = (
        f'Batch norm has {chosen.share:.0%} of the statistics of {name}.'
        if chosen.share
        else f'Not changed: no adaptation to {name} was better for sure.'
    )
    made = blended(network, found, chosen.share)
    # Sets that were calibrated with other statistics do not hold with these.
    sets = None if chosen.share else made.card.prediction_sets
    card = dataclasses.replace(
        made.card, note=f'{made.card.note} {note}'.strip(), prediction_sets=sets
    )
    made = dataclasses.replace(made, card=card)
    return Adapted(made, tried, chosen, shifts(network, found))


def spread_rows(groups: Shaped[np.ndarray, ' n'], most: int) -> Int[np.ndarray, ' m']:
    """Rows of cells of known groups, as many of each as there is room for, well mixed.

    Args:
        groups: Group of each cell, '' where it is not known.
        most: Largest number of cells.

    Raises:
        ValueError: Fewer than two groups are known.
    """
    order = np.random.default_rng(0).permutation(np.flatnonzero(groups != ''))
    names, rows = np.unique(groups[order], return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f'The proteins, or wells, of the cells are {len(names)}. Whether an '
            'adaptation helps is judged by at least two.'
        )
    sorted_rows = np.argsort(rows, kind='stable')
    starts = np.searchsorted(rows[sorted_rows], np.arange(len(names)))
    place = np.empty(len(order), int)  # of a cell among those of its group
    place[sorted_rows] = np.arange(len(order)) - starts[rows[sorted_rows]]
    taken = order[np.argsort(place, kind='stable')[:most]]
    return np.random.default_rng(1).permutation(taken)


def _try(
    program: Program,
    network: TrainedNetwork,
    found: Statistics,
    share: float,
    cells: Cells,
    groups: Shaped[np.ndarray, ' n'],
) -> Tried:
    """What the network makes of the cells with a share of the new statistics."""
    variables: Any = blended(network, found, share).variables
    placed = sharding.put_replicated(variables, program.mesh)
    program = dataclasses.replace(program, variables=placed)
    logits, features = program(cells, f'share {share:g}')
    guesses = mean_crop_probabilities(logits, network.card.temperature)
    novelty = network.novelty.score(features) if network.novelty else None
    return Tried.of(share, guesses, novelty, groups)
