"""Centers of cells that another program found are read from its table."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from deeploc_jax.data.own.table_file import read_any_table
from deeploc_jax.data.wells import canonical_well
from deeploc_jax.screens.cells import cellprofiler
from deeploc_jax.screens.cells.cellprofiler import Columns

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


@dataclasses.dataclass(frozen=True)
class Centers:
    """Centers of the cells of many fields.

    Attributes:
        path: The table.
        x: Centers [n] in pixels from the left, counted from 0.
        y: Centers [n] in pixels from the top.
        place: What the table says of `plate`, `well` and `field`, each text [n].
        files: Columns with names of image files, each text [n].
        problems: What is wrong with rows that were left out.
    """

    path: Path
    x: Float[np.ndarray, ' n']
    y: Float[np.ndarray, ' n']
    place: dict[str, Shaped[np.ndarray, ' n']]
    files: dict[str, Shaped[np.ndarray, ' n']]
    problems: list[str]

    def __len__(self) -> int:
        return len(self.x)


def read_centers(path: Path | str, objects: str = '') -> Centers:
    """Reads the centers of cells from a table.

    The table may be CellProfiler's `Cells.csv`, beside which `Image.csv` says which
    images they are, or its SQLite file; an export of DeepLoc's database; or any table
    with columns x and y (pixels, counted from 0) and either the names of image files or
    plate, well and field.

    Args:
        path: A table (.csv, .tsv, .txt, .parquet), or .db, .sqlite or .sqlite3.
        objects: Objects of CellProfiler that are the cells, such as 'cells'. '': cells,
            or nuclei where there are no cells.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read, or has no centers, or does not say which image
            they are in.
    """
    path = Path(path)
    if path.suffix.lower() in cellprofiler.SUFFIXES:
        columns, problems = cellprofiler.read_database(path, objects), []
    else:
        table = read_any_table(path)
        columns = {name: np.array(table.values(name)) for name in table.columns}
        columns = cellprofiler.join_image_csv(path, columns)
        problems = [f'{path}, row {row} {why}' for row, why in table.misfits]
    x_name, y_name = _find_center(path, tuple(columns), objects)
    x, y = _numbers(columns[x_name]), _numbers(columns[y_name])
    kept = np.isfinite(x) & np.isfinite(y)
    columns = {name: values[kept] for name, values in columns.items()}
    place, files = _find_place(columns)
    if not files and 'well' not in place:
        raise ValueError(
            f'{path} does not say which image its cells are in: it has no column of '
            f'file names and no well. Its columns are {", ".join(columns)}.'
        )
    lost = int((~kept).sum())
    problems += [f'{path}: {lost} rows have no center'] if lost else []
    return Centers(path, x[kept], y[kept], place, files, problems)


def _find_center(path: Path, names: Sequence[str], objects: str) -> tuple[str, str]:
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


def _find_place(columns: Columns) -> tuple[Columns, Columns]:
    place = {
        part: np.array([*map(_TIDY[part], columns[name])])
        for part, pattern in PLACES.items()
        for name in reversed(columns)
        if re.fullmatch(pattern, name, re.IGNORECASE)
    }
    files = {
        name: values
        for name, values in columns.items()
        if re.fullmatch(FILE, name, re.IGNORECASE) and any(values)
    }
    return place, files


def tidy_field(name: str) -> str:
    """A number of a field without zeros before it, so that '01' and '1' are alike."""
    return str(int(name)) if name.strip().isdecimal() else name.strip()


_TIDY: dict[str, Callable[[str], str]] = dict(
    plate=str.strip, well=canonical_well, field=tidy_field
)


def _numbers(texts: Shaped[np.ndarray, ' n']) -> Float[np.ndarray, ' n']:
    """Numbers [n], NaN where the text is none."""

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([number(text) for text in texts], np.float64)
