"""Things by name, and an answer to a name that nothing has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


def lookup(kind: str, name: str, table: Mapping[str, Any]) -> Any:
    """`table[name]`, or a ValueError with the nearest name.

    Args:
        kind: What the table holds, in singular: 'model'.
        name: A key of the table.
        table: Things by name.
    """
    check_name(kind, name, table)
    return table[name]


def check_name(kind: str, name: str, names: Iterable[str]) -> None:
    """Raises a ValueError with the nearest name unless `name` is one of the names."""
    names = sorted(names)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1)
    hint = f'Did you mean {close[0]!r}?' if close else f'There are: {", ".join(names)}.'
    raise ValueError(f'There is no {kind} {name!r}. {hint}')
