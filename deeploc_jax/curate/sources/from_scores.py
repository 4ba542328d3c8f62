"""Cells of a scored screen of micrographs are opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.field_crops import FieldCrops
from deeploc_jax.screens.fields.describe import describe_asked
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.tables.parquet import class_names, class_values
from deeploc_jax.tables.scored_cells import PLACE
from deeploc_jax.tables.scored_parts import scored_parts
from deeploc_jax.types import METADATA
from deeploc_jax.workdir.claim import read_claim

_COLUMNS = (*METADATA, 'label', 'novelty', 'p_<CLASS>')


def open_scored_cells(scored: Path) -> Curated:
    """Cells that a network has named; crops are cut out when they are looked at.

    Cells without probabilities, at the border of a field, are left out.

    Args:
        scored: Workdir of configs/score.py, whose `config.json` says where its fields
            are.

    Raises:
        FileNotFoundError: The screen is not scored, or its fields are gone.
        ValueError: The scores are not finished, or no cell has probabilities.
    """
    parts = [_with_probabilities(part) for part in scored_parts(scored, _COLUMNS)]
    table = pa.concat_tables(parts)
    if not len(table):
        raise ValueError(f'No cell of {scored} has probabilities.')
    names = class_names(table)
    metadata = {
        name: np.array(table[name].to_pylist(), None if name in 'xy' else str)
        for name in METADATA
    }
    config = read_claim(scored)
    if 'fields' not in config:
        raise ValueError(f'{scored} is no workdir of configs/score.py.')
    inventory = describe_asked(config)
    marker = inventory.roles.get('marker')
    channels = (inventory.channels[0], *([marker] if marker else []))
    fields = {tuple(getattr(f, n) for n in PLACE): f for f in inventory.fields}
    places = list(zip(*(metadata[name].tolist() for name in PLACE), strict=True))
    distinct = {place: number for number, place in enumerate(dict.fromkeys(places))}
    lost = [place for place in distinct if place not in fields]
    if lost:
        raise FileNotFoundError(f'{scored}: the field {"/".join(lost[0])} is gone.')
    images = FieldCrops(
        _reader([fields[place] for place in distinct], channels),
        np.array([distinct[place] for place in places]),
        metadata['x'].astype(float),
        metadata['y'].astype(float),
        channels=len(channels),
    )
    novelty = table['novelty'].to_numpy()
    cells = Curated(
        images,
        metadata,
        table['label'].to_numpy().astype(np.int32),
        names,
        channels,
        len(channels) - 1 or -1,
    )
    known = None if np.isnan(novelty).any() else novelty.astype(np.float32)
    return cells.with_network(class_values(table), names, known)


def _with_probabilities(part: pa.Table) -> pa.Table:
    first = next(name for name in part.column_names if name.startswith('p_'))
    return part.filter(part[first].is_valid())


def _reader(fields: Sequence[Field], channels: Sequence[str]):
    """A function that reads the field of a number, [h, w, c]."""

    def read(number: int) -> np.ndarray:
        image = read_field(fields[number])
        return image.pixels[..., [image.channels.index(name) for name in channels]]

    return read
