"""Looks things up by name; the error for an unknown name suggests the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


def lookup(kind: str, name: str, table: Mapping[str, Any]) -> Any:
    """Looks up `table[name]`.

    Args:
        kind: Kind of thing in the table, in singular: 'model'.
        name: Key of the table.
        table: Things by name.

    Raises:
        ValueError: The name is unknown; the nearest one is suggested.
    """
    check_name(kind, name, table)
    return table[name]


def check_name(kind: str, name: str, names: Iterable[str]) -> None:
    """Raises a ValueError with the nearest name unless `name` is one of the names."""
    names = sorted(names)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1)
    hint = f'Did you mean {close[0]!r}?' if close else f'Known: {", ".join(names)}.'
    raise ValueError(f'Unknown {kind} {name!r}. {hint}')
