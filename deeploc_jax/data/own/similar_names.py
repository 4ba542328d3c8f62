"""Finds names in a table that look alike and are not the same."""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Iterable

from deeploc_jax.data.own.cell_table import CellTable
from deeploc_jax.names import show_name

_LISTED = 5  # groups of names shown for a column
_SEPARATORS = re.compile(r'[\s_\u2010-\u2015\u2212-]+')
_NUMBER = re.compile(r'-?\d+(\.\d+)?')
_QUOTES = re.compile(
    '["\'\u2018-\u201f\u00ab\u00bb]'
)  # left over from a quote that was never opened
_LEADING_ZEROS = re.compile(r'(?<![\d.])0+(?=\d)')


def describe_similar(table: CellTable, columns: Iterable[str]) -> list[str]:
    """Finds names of a column that hardly differ to the eye, with their counts.

    They differ only in case, spaces, hyphens and underscores, quotes, leading zeros,
    the `.0` at the end of a number, or characters that do not print.

    Returns:
        A sentence for each column with such names.
    """
    messages = []
    for column in (name for name in columns if name in table.columns):
        counts = collections.Counter(filter(None, table.values(column)))
        groups = collections.defaultdict(list)
        for name in sorted(counts):
            groups[fold_name(name)].append(f'{show_name(name)} ({counts[name]} rows)')
        alike = [' and '.join(names) for names in groups.values() if len(names) > 1]
        if alike:
            more = f'; and {len(alike) - _LISTED} more' if len(alike) > _LISTED else ''
            messages.append(
                f'{column}: {"; ".join(alike[:_LISTED])}{more} look alike and count as '
                'different names.'
            )
    return messages


def fold_name(name: str) -> str:
    """A name without case, quotes, separators, zeros and invisible characters."""
    name = unicodedata.normalize('NFKC', name).casefold()
    name = ''.join(c for c in name if unicodedata.category(c) not in ('Cf', 'Cc'))
    name = _QUOTES.sub('', name)
    if _NUMBER.fullmatch(name):
        return str(float(name))
    return _SEPARATORS.sub(' ', _LEADING_ZEROS.sub('', name.strip()))
