"""Describes what is thin in a user's screen: worth a warning, not an error."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence

from deeploc_jax.data.own.cell_row import CellRow
from deeploc_jax.data.own.cell_splits import SPLITS
from deeploc_jax.names import show_name, show_names
from deeploc_jax.types import WELL


def describe_gaps(rows: Sequence[CellRow], classes: Sequence[str]) -> list[str]:
    """Finds classes missing in a split or in one group only, and groups in two splits.

    Without `group_by`, the cells of a well are a group.

    Args:
        rows: Usable rows.
        classes: Class names in index order.

    Returns:
        A sentence for each finding.
    """
    messages = _absent_classes(rows, classes)
    if any(row.group for row in rows):
        return messages + _lone_classes(rows, classes) + _torn(rows, 'group', _group)
    labelled = any(row.label for row in rows)
    return messages + (_torn(rows, 'well', _well) if labelled else [])


def _absent_classes(rows: Sequence[CellRow], classes: Sequence[str]) -> list[str]:
    pairs = {(row.label, row.split) for row in rows}
    if not any(label for label, _ in pairs):
        return []
    used = {split for _, split in pairs}
    messages = []
    for split in (split for split in SPLITS if split in used):
        absent = [name for name in classes if (name, split) not in pairs]
        if absent:
            messages.append(f'no cell in {split} of class {show_names(absent)}.')
    return messages


def _lone_classes(rows: Sequence[CellRow], classes: Sequence[str]) -> list[str]:
    groups = collections.defaultdict(set)
    for row in rows:
        groups[row.label].add(row.group)
    lone = show_names(name for name in classes if len(groups[name]) == 1)
    if not lone:
        return []
    return [
        f'all cells of class {lone} are in a single group, and so in a single split.'
    ]


def _group(row: CellRow) -> str:
    return row.group


def _well(row: CellRow) -> str:
    parts = [row.metadata[name] for name in WELL if name != 'screen']  # one here
    return '/'.join(parts).lstrip('/') if row.metadata['well'] else ''


def _torn(
    rows: Sequence[CellRow], kind: str, name_of: Callable[[CellRow], str]
) -> list[str]:
    splits = collections.defaultdict(set)
    for row in rows:
        splits[name_of(row)].add(row.split)
    torn = [name for name, several in splits.items() if name and len(several) > 1]
    if not torn:
        return []
    return [
        f'the column "split" divides {len(torn)} {kind}(s) between splits (the first '
        f'is {show_name(torn[0])}): test cells then have near twins in training.'
    ]
