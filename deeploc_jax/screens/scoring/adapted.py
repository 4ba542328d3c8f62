"""The network of a screen is adapted to some of its cells before all are scored."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import jax
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.adapt.run import adapt, spread_rows
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.processes import map_in_processes
from deeploc_jax.progress import progress_bar
from deeploc_jax.screens.scoring.asked import Asked
from deeploc_jax.screens.scoring.field_cells import FieldCells, read_field_cells
from deeploc_jax.screens.scoring.job import Job
from deeploc_jax.screens.scoring.parts import Part
from deeploc_jax.types import Cells
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import CARD, TrainedNetwork, read_weights, write_weights

FOLDER = 'adapted'
"""Folder of the adapted weights in the workdir of a scoring."""
MOST_CELLS, MOST_FIELDS = 4_000, 200
"""Cells that are looked at, and fields that they are from, at most."""
BATCH = 512


def with_adapted(
    job: Job, network: TrainedNetwork, parts: Sequence[Part]
) -> tuple[Job, TrainedNetwork]:
    """The job with the network adapted to its screen, which is made once and kept.

    Args:
        job: The job.
        network: Its network.
        parts: All parts of the screen.

    Raises:
        ValueError: Fewer than two proteins, or wells, are known, or no cell is found.
    """
    folder = job.workdir / FOLDER
    if not (folder / CARD).exists():
        if job.source.channels:
            network = fit_channels(network, job.source.channels)
        cells, groups = _some_cells(job, network, parts)
        mesh = sharding.make_mesh(jax.local_devices())
        size = -(-BATCH // mesh.devices.size) * mesh.devices.size
        made = adapt(network, cells, groups, mesh, size, 'the fields').network
        write_weights(folder, made.variables, made.card, made.novelty)
    made = read_weights(folder, white_level=job.source.white_level)
    source = dataclasses.replace(
        job.source, weights=str(folder), sha256=made.sha256, channels=None
    )
    return dataclasses.replace(job, source=source), made


def _some_cells(
    job: Job, network: TrainedNetwork, parts: Sequence[Part]
) -> tuple[Cells, np.ndarray]:
    """Cells of fields all over the screen, and the protein, or well, of each."""
    images, names = [], []
    normalize = make_normalize(network.card.normalization, network.card.white_level)
    for field in _read(job, parts):
        if len(field.crops):
            images.append(normalize(field.crops))
            names.append((field.field.protein, '/'.join(_well(field))))
    sizes = [len(crops) for crops in images]
    if not sizes:
        raise ValueError('No cell is found in the fields to adapt the network to.')
    # Where a protein is known of any field, the others do not count.
    column = 0 if any(protein for protein, _ in names) else 1
    groups = np.repeat([name[column] for name in names], sizes)
    rows = spread_rows(groups, MOST_CELLS)
    card = network.card
    cells = Cells(
        np.concatenate(images)[rows],
        np.full(len(rows), -1, np.int32),
        {},
        card.class_names,
        card.channels,
    )
    return cells, groups[rows]


def _well(field: FieldCells) -> tuple[str, ...]:
    place = field.field
    return place.condition, place.replicate, place.plate, place.well


def _read(job: Job, parts: Sequence[Part]) -> Iterator[FieldCells]:
    """Fields spread over the screen, as long as more cells are wanted."""
    asked: list[Asked] = [one for part in parts for one in part.asked()]
    order = np.random.default_rng(0).permutation(len(asked))[:MOST_FIELDS]
    cutting = dataclasses.replace(job.cutting, outlines=None)
    read = functools.partial(read_field_cells, cutting=cutting)
    found = map_in_processes(read, [asked[i] for i in order], job.workers)
    count = 0
    for field in progress_bar(found, len(order), 'adapt', unit='field'):
        yield field
        count += len(field.crops)
        if count >= 2 * MOST_CELLS:
            return
