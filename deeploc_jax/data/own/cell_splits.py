"""Splits cells as their table states, or by dealing out whole groups of cells."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.data.own.table_columns import known_columns
from deeploc_jax.names import show_name, show_names, split_names

SPLITS = ('train', 'validation', 'test')
OTHER_WORDS = {
    'training': 'train',
    'val': 'validation',
    'valid': 'validation',
    'dev': 'validation',
    'development': 'validation',
    'testing': 'test',
    'holdout': 'test',
    'hold-out': 'test',
    'heldout': 'test',
    'held-out': 'test',
}
"""Other words for a split, found in tables of other programs."""
HELD_OUT = 0.15
"""Share of the groups in validation, and the same share in test."""


def split_rows(
    table: CellTable, group_by: str | None, seed: int
) -> list[tuple[str, str]]:
    """Finds group and split of every row of a table.

    Args:
        table: Table from `read_table`; its columns in `group_by` are tidied.
        group_by: Column, or several with commas between them. Cells with equal values
            there are a group and stay in one split. None makes every group ''.
        seed: Seed that decides how the groups are dealt out.

    Returns:
        Group and split of each row. A split that the table states is not checked.

    Raises:
        ValueError: There is no such column, or no honest way to split the table.
    """
    columns = group_columns(table, group_by)
    known = known_columns(table.columns)  # the others are still as they are in the file
    table.tidy(name for name in columns if name not in known)
    groups = _join_groups(table, columns)
    if table.has('split'):
        splits = [_parse_split(text) for text in table.values('split')]
    elif columns:
        dealt = assign_splits(set(groups) - {''}, seed, f'{table.path}, {group_by}')
        splits = [dealt.get(group, 'train') for group in groups]
    elif table.has('label'):
        raise ValueError(_no_split_message(table))
    else:
        splits = ['test'] * len(groups)
    return list(zip(groups, splits, strict=True))


def group_columns(table: CellTable, group_by: str | None) -> list[str]:
    """Reads the columns that `group_by` names.

    Raises:
        ValueError: A column does not exist or cannot be used.
    """
    columns = split_names(group_by or '')
    for name in (name for name in columns if name not in table.columns):
        if name in table.unusable:
            raise ValueError(
                f'{table.path}: the column {name!r} cannot group cells: '
                f'{table.unusable[name]}.'
            )
        raise ValueError(
            f'{table.path} has no column {name!r} to group by; '
            f'it has: {show_names(table.columns)}.'
        )
    return columns


def _join_groups(table: CellTable, columns: list[str]) -> list[str]:
    """The group of every row, '' where a column has no value."""
    if not columns:
        return [''] * len(table.rows)
    rows = zip(*map(table.values, columns), strict=True)
    return ['/'.join(parts) if all(parts) else '' for parts in rows]


def _parse_split(text: str) -> str:
    word = re.sub(r'[\s_-]*set$', '', text.lower())
    word = re.sub(r'[\s_-]+', '-', word)
    return OTHER_WORDS.get(word, word if word in SPLITS else text)


def assign_splits(groups: Iterable[str], seed: int, where: str) -> dict[str, str]:
    """Deals whole groups out: 70 % of them to training, 15 % each to the others.

    The order is that of a hash of seed and name, so it depends neither on the order
    of the table nor on the machine.

    Args:
        groups: Names of the groups.
        seed: Seed that decides the order.
        where: Table and column, for the error.

    Returns:
        Split of each group.

    Raises:
        ValueError: There are fewer than three groups.
    """
    unique = sorted(set(groups))
    if len(unique) < len(SPLITS):
        raise ValueError(
            f'{where}: {len(unique)} group(s) ({show_names(unique)}) cannot fill '
            'train, validation and test. Group by a column with at least three '
            'values, or give a column "split".'
        )
    order = sorted(unique, key=lambda name: _hash(f'{seed}\n{name}'))
    held_out = max(1, round(HELD_OUT * len(order)))
    names = ['validation'] * held_out + ['test'] * held_out
    names += ['train'] * (len(order) - len(names))
    return dict(zip(order, names, strict=True))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _no_split_message(table: CellTable) -> str:
    """Explains why cells are not split at random, and what the table offers instead."""
    offers = []
    for column in table.columns:
        if column.startswith('image') or column in ('index', 'label', 'x', 'y'):
            continue
        count = len(table.distinct(column))
        if len(SPLITS) <= count < len(table.rows):
            offers.append(f'{show_name(column)} ({count} groups)')
    return (
        f'{table.path} has labels, but no column "split", and no group_by is given. '
        'Cells are never split at random: crops of one field overlap, and cells of one '
        'well share focus and stain, so a random test cell has a near twin in training '
        'and the accuracy measured on it is too good. Give group_by a column whose '
        f'groups stay together; this table offers: {", ".join(offers[:20]) or "none"}.'
    )
