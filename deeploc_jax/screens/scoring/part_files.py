"""A scored part is written whole or not at all, with what its rows depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deeploc_jax.screens.quality import flag_cells
from deeploc_jax.screens.scoring.cell_columns import cell_columns
from deeploc_jax.screens.scoring.field_cells import FieldCells
from deeploc_jax.screens.scoring.network import Scorer, Scores
from deeploc_jax.tables.feature_files import FEATURES, features_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.scored_cells import SCORED_CELLS, scored_cells_table
from deeploc_jax.types import METADATA, Cells

_ABOUT = b'part'


def cells_file(workdir: Path, name: str) -> Path:
    """Path of the scored cells of a part; where it is, the part is complete."""
    return workdir / SCORED_CELLS.path / f'{name}.parquet'


def features_file(workdir: Path, name: str) -> Path:
    """Path of the features of a part."""
    return workdir / FEATURES.path / f'{name}.parquet'


def read_about(path: Path) -> dict[str, Any] | None:
    """What `write_part` said of a part; None where there is none that is whole."""
    try:
        stored = (pq.read_schema(path).metadata or {})[_ABOUT]
        about = json.loads(stored)
        return about if {'depends', 'fields', 'passing'} <= about.keys() else None
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException):
        return None


def write_part(
    workdir: Path,
    name: str,
    fields: Sequence[FieldCells],
    scorer: Scorer,
    channels: Sequence[str],
    depends: Mapping[str, Any],
    not_cells: Sequence[str],
) -> None:
    """Scores the cells of the fields of a part and writes them, and features if any.

    Args:
        workdir: Workdir of the run.
        name: Name of the part.
        fields: Its fields.
        scorer: The network.
        channels: Channels that the cells were measured in, protein first.
        depends: What the rows depend on, as JSON allows.
        not_cells: Classes that are no living cells.

    Raises:
        OSError: The disk is full, or cannot be written.
    """
    scores = _score(fields, scorer)
    card = scorer.network.card
    scored = np.concatenate([np.zeros(0, bool), *(f.scored for f in fields)])
    columns = cell_columns(fields, channels, card.class_names)
    columns['flags'] = flag_cells(
        scored, scores.probabilities, card.class_names, not_cells
    )
    if scores.features:
        _write_features(workdir, name, columns, scored, scores, scorer)
    about = dict(
        depends=depends,
        passing=any(field.passing for field in fields),
        fields=[field.facts for field in fields],
    )
    table = scored_cells_table(
        columns,
        scored,
        scores.probabilities,
        scores.novelty,
        card.class_names,
        channels,
        {_ABOUT.decode(): json.dumps(about)},
        scores.members,
    )
    write_table(table, cells_file(workdir, name))


def _score(fields: Sequence[FieldCells], scorer: Scorer) -> Scores:
    """Scores of the cells of all fields, in one go where their pixels are of a type."""
    crops = [field.crops for field in fields if len(field.crops)]
    side, channels = scorer.network.card.side, scorer.network.card.channels
    none = np.zeros((0, side, side, len(channels)), np.float32)
    if len({crop.dtype for crop in crops}) <= 1:
        return scorer(np.concatenate(crops) if crops else none)
    parts = [scorer(crop) for crop in crops]
    novelty = [part.novelty for part in parts if part.novelty is not None]
    members = [part.members for part in parts if part.members is not None]
    return Scores(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate(novelty) if novelty else None,
        np.concatenate(members) if members else None,
        {n: np.concatenate([p.features[n] for p in parts]) for n in parts[0].features},
    )


def _write_features(
    workdir: Path,
    name: str,
    columns: Mapping[str, Any],
    scored: np.ndarray,
    scores: Scores,
    scorer: Scorer,
) -> None:
    card = scorer.network.card
    metadata = {n: np.asarray(columns[n])[scored] for n in METADATA}
    labels = np.asarray(columns['label'], np.int32)[scored]
    cells = Cells(np.zeros(0), labels, metadata, card.class_names, card.channels)
    names = [
        f'{layer}_{i}' for layer in scores.features for i in range(scorer.widths[layer])
    ]
    about = dict(
        layer=','.join(scores.features),
        pool='max',
        normalization=card.normalization,
        white_level=card.white_level,
        trained_on=card.screen,
        trained_classes=card.class_names,
    )
    values = np.concatenate(list(scores.features.values()), axis=1)
    table = features_table(cells, 'all', names, values, about)
    write_table(table, features_file(workdir, name))
