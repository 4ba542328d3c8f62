"""Reads lists of names from a command line and shows names in messages."""

from __future__ import annotations

import csv
from collections.abc import Iterable


def split_names(text: str) -> list[str]:
    """Reads a list of names with commas between them.

    A name that contains a comma is put in double quotes: `"cytoplasm, diffuse",ER`.
    A double quote in such a name is written twice.

    Args:
        text: List as typed; '' is an empty list.

    Returns:
        The names without the spaces around them; empty names are left out.

    Raises:
        ValueError: A double quote is not closed, or is followed by more text.
    """
    try:
        (names,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError):
        raise ValueError(
            f'{text!r} is not a list of names: a double quote is not closed or has '
            'text after it, or there is a line break. Separate names by commas and put '
            'a name that contains a comma in double quotes: "cytoplasm, diffuse",ER'
        ) from None
    return [name.strip() for name in names if name.strip()]


def split_sizes(
    asked: str | None, field: str = 'cells_per_class'
) -> list[int] | list[None]:
    """Reads numbers of cells of each class, such as '1,5,25'.

    Returns:
        The numbers from few to many; [None], which stands for all cells, when none are
        asked for.

    Raises:
        ValueError: They have another form; the field of the config is named.
    """
    if not asked:
        return [None]
    parts = asked.split(',')
    if not all(part.isdecimal() and int(part) for part in parts):
        raise ValueError(f'{field} ({asked}) must be like 1,5,25.')
    return sorted({int(part) for part in parts})


def show_name(name: str, width: int = 60) -> str:
    """Shows a name in a message: short, on one line, with nothing invisible.

    Characters that do not print are escaped, and a name with a comma is put in double
    quotes, as `split_names` reads it.
    """
    shown = name if name.isprintable() else repr(name)[1:-1]
    if len(shown) > width:
        shown = shown[: width - 3] + '...'
    return f'"{shown}"' if ',' in name or name != name.strip() or not name else shown


def show_names(names: Iterable[str], limit: int = 20) -> str:
    """Shows names with commas between them; beyond `limit`, how many more there are."""
    names = list(names)
    shown = [show_name(name) for name in names[:limit]]
    if len(names) > limit:
        shown.append(f'... and {len(names) - limit} more')
    return ', '.join(shown)
