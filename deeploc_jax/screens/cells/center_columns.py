"""Programs call the columns of centers, and of the images they are in, many names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from deeploc_jax.data.wells import canonical_well

X = (r'x', r'(.*[ _])?center[ _]x', r'cent(er|re|roid)[ _]?(x|1)', r'pos_?x')
"""How programs call the column of x, without regard to case; y likewise."""
FILE = r'(image[ _])?(file ?name|path)(_.*)?|(image_)?url_.*|image|file'
PLACES = dict(
    plate=r'((image_)?metadata_)?plate(_?(name|barcode))?',
    well=r'((image_)?metadata_)?well(_?name)?',
    field=r'((image_)?metadata_)?(field|site|fov)(_?(index|name|id))?',
)
OBJECTS = ('cells', 'nuclei', '')
"""Which objects of CellProfiler are taken where a table has several."""


def find_center(path: Path, names: Sequence[str], objects: str) -> tuple[str, str]:
    """The columns of x and y.

    Args:
        path: Path of the table, for the error.
        names: Names of its columns.
        objects: Objects of CellProfiler that are the cells, '' for the usual ones.

    Raises:
        ValueError: There are none.
    """
    for wanted in (objects,) if objects else OBJECTS:
        prefix = re.escape(wanted) + '_' if wanted else '(.*_)?'
        for pattern in (f'{prefix}location_center_x', *(() if wanted else X)):
            for name in names:
                if re.fullmatch(pattern, name, re.IGNORECASE):
                    other = _y_of(name)
                    if other in names:
                        return name, other
    raise ValueError(
        f'{path} has no centers{f" of {objects}" if objects else ""}: columns x and y, '
        f'or Location_Center_X and Location_Center_Y. Its columns are '
        f'{", ".join(names)}.'
    )


def _y_of(name: str) -> str:
    """The name of the column of y beside that of x."""
    last = name[-1]
    return name[:-1] + {'x': 'y', 'X': 'Y', '1': '0'}.get(last, last)


def place_columns(columns: Sequence[str]) -> list[str]:
    """The columns that may say which image a cell is in."""
    patterns = (*PLACES.values(), FILE)
    return [
        name
        for name in columns
        if any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in patterns)
    ]


def find_place(
    columns: Sequence[str], images: Collection[tuple[str, ...]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What is said of each of g images: its place, and the names of its files.

    Args:
        columns: Columns that say it, see `place_columns`.
        images: Their values for each image.

    Returns:
        `plate`, `well` and `field` as far as they are there, and columns with names of
        files, each [g].
    """
    said = {name: [row[n] for row in images] for n, name in enumerate(columns)}
    place = {
        part: [*map(_TIDY[part], said[name])]
        for part, pattern in PLACES.items()
        for name in reversed(said)
        if re.fullmatch(pattern, name, re.IGNORECASE)
    }
    files = {
        name: values
        for name, values in said.items()
        if re.fullmatch(FILE, name, re.IGNORECASE) and any(values)
    }
    return place, files


def tidy_field(name: str) -> str:
    """A number of a field without zeros before it, so that '01' and '1' are alike."""
    return str(int(name)) if name.strip().isdecimal() else name.strip()


_TIDY: dict[str, Callable[[str], str]] = dict(
    plate=str.strip, well=canonical_well, field=tidy_field
)
