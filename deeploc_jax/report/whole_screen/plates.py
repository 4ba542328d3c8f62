"""Plates, wells, fields and cells are counted, and what could not be used is told."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.tables.scored_cells import CELL_FLAGS, FIELD_FLAGS
from deeploc_jax.tables.scored_parts import read_scored_fields

MOST_PLATES = 60
MOST_ASIDE = 20


def plates_of(scored: Path) -> dict[str, Any]:
    """What the fields of a scored screen came to, for the template.

    Args:
        scored: Workdir of configs/score.py.
    """
    rows = read_scored_fields(scored).to_pylist()
    plates: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        plates.setdefault((row['screen'], row['plate']), []).append(row)
    several = len({screen for screen, _ in plates}) > 1
    aside = _set_aside(scored / 'set_aside.csv')
    flags = Counter(flag for row in rows for flag in row['flags'] or ())
    meaning = FIELD_FLAGS | CELL_FLAGS
    return dict(
        rows=[
            _plate(' '.join(key) if several else key[1], own)
            for key, own in [*plates.items()][:MOST_PLATES]
        ],
        left=max(0, len(plates) - MOST_PLATES),
        n_plates=len(plates),
        n_wells=sum(_wells(own) for own in plates.values()),
        n_fields=len(rows) + sum(row['stage'] == 'list' for row in aside),
        n_cells=sum(row['n_cells'] or 0 for row in rows),
        n_border=sum(row['n_border'] or 0 for row in rows),
        aside=aside[:MOST_ASIDE],
        n_aside=len(aside),
        flags=[(name, meaning[name], number) for name, number in flags.most_common()],
    )


def _plate(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str | int]:
    def names(column: str) -> str:
        return ', '.join(dict.fromkeys(row[column] for row in rows if row[column]))

    return dict(
        name=name.strip() or 'without a name',
        conditions=names('condition'),
        replicates=names('replicate'),
        wells=_wells(rows),
        fields=len(rows),
        cells=sum(row['n_cells'] or 0 for row in rows),
        flagged=sum(bool(row['flags']) for row in rows),
        aside=sum(bool(row['reason']) for row in rows),
    )


def _wells(rows: Sequence[Mapping[str, Any]]) -> int:
    columns = ('condition', 'replicate', 'well')
    return len({tuple(row[name] for name in columns) for row in rows})


def _set_aside(path: Path) -> list[dict[str, str]]:
    """The fields that could not be used; cells at the border are counted elsewhere."""
    with path.open(newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['stage'] != 'border']
    names = ('screen', 'condition', 'replicate', 'plate', 'well', 'field')
    for row in rows:
        row['place'] = ' '.join(value for n in names if (value := row.get(n))) or '?'
    return rows
