"""CellProfiler writes two tables: one of cells, one of the images that hold them."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from deeploc_jax.data.own.table_file import read_any_table

Columns = dict[str, np.ndarray]
SUFFIXES = ('.db', '.db3', '.sqlite', '.sqlite3')
KEY = 'ImageNumber'
ROWS = 20_000
"""Rows of a database that are read at a time."""
_OF_AN_IMAGE = re.compile(
    r'(image_)?(filename_|pathname_|url_|metadata_).*', re.IGNORECASE
)
_OF_A_CELL = re.compile(rf'.*location_center_[xy]|{KEY}', re.IGNORECASE)


def join_image_csv(path: Path, parts: Iterable[Columns]) -> Iterator[Columns]:
    """Adds what `Image.csv` beside a table of CellProfiler says of each cell's image.

    Args:
        path: Table of cells, such as `Cells.csv` or `MyExpt_Cells.csv`.
        parts: Its columns, part by part.

    Raises:
        ValueError: There is no row in `Image.csv` for the image of a cell.
    """
    before, mark, _ = path.stem.rpartition('_')
    beside = path.with_name(f'{before}{mark}Image{path.suffix}')
    images: Columns = {}
    for cells in parts:
        named = any(_OF_AN_IMAGE.fullmatch(name) for name in cells)
        if named or KEY not in cells or not beside.is_file():
            yield cells
            continue
        if not images:
            table = read_any_table(beside)
            images = {name: np.array(table.values(name)) for name in table.columns}
        yield cells | _look_up(beside, images, cells[KEY])


def read_database(path: Path, objects: str) -> Iterator[Columns]:
    """Reads the cells of CellProfiler's SQLite file, and the images they are in.

    They come part by part.

    Args:
        path: The file, which is opened for reading only.
        objects: Objects that are the cells, as in `Per_Cells`; '' for any.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no SQLite file, or has no table of cells.
    """
    if not path.is_file():
        raise FileNotFoundError(f'There is no table {path}.')
    uri = f'{path.absolute().as_uri()}?mode=ro'
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            names = [name for (name,) in database.execute(query)]
            table = _cell_table(path, names, objects)
            of_images = _read_table(database, _image_table(names), _OF_AN_IMAGE)
            images = _joined(list(of_images))
            for cells in _read_table(database, table, _OF_A_CELL):
                known = KEY in images
                yield cells | _look_up(path, images, cells[KEY]) if known else cells
    except sqlite3.Error as error:
        raise ValueError(f'{path} cannot be read as an SQLite file: {error}') from error


def _cell_table(path: Path, names: list[str], objects: str) -> str:
    for wanted in (objects, 'object', 'cells', 'nuclei'):
        for name in names:
            if wanted and re.fullmatch(rf'(.*_)?per_{wanted}', name, re.IGNORECASE):
                return name
    raise ValueError(
        f'{path} has no table of cells, such as Per_Object or Per_Cells; its tables '
        f'are {", ".join(names)}.'
    )


def _image_table(names: list[str]) -> str:
    found = (n for n in names if re.fullmatch(r'(.*_)?per_image', n, re.IGNORECASE))
    return next(found, '')


def _read_table(
    database: sqlite3.Connection, name: str, wanted: re.Pattern[str]
) -> Iterator[Columns]:
    """The columns of a table that are wanted, as text, and the number of the image."""
    if not name:
        return
    quoted = name.replace('"', '""')
    described = database.execute(f'PRAGMA table_info("{quoted}")').fetchall()
    columns = [c for _, c, *_ in described if wanted.fullmatch(c) or c == KEY]
    chosen = ', '.join('"' + column.replace('"', '""') + '"' for column in columns)
    found = database.execute(f'SELECT {chosen} FROM "{quoted}"')
    rows = found.fetchmany(ROWS)
    while True:  # one part at least, which names the columns
        texts = np.array([['' if v is None else str(v) for v in row] for row in rows])
        texts = texts.reshape(len(rows), len(columns))
        yield {column: texts[:, n] for n, column in enumerate(columns)}
        if not (rows := found.fetchmany(ROWS)):
            return


def _joined(parts: list[Columns]) -> Columns:
    if not parts:
        return {}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _look_up(path: Path, images: Columns, wanted: np.ndarray) -> Columns:
    """The rows of the table of images for these image numbers."""
    rows = {number: row for row, number in enumerate(images[KEY])}
    missing = sorted({str(number) for number in wanted} - rows.keys())
    if missing:
        raise ValueError(
            f'{path} has no image of {KEY} {", ".join(missing[:5])}, but the table of '
            'cells has.'
        )
    order = np.array([rows[number] for number in wanted], np.int64)
    return {name: values[order] for name, values in images.items() if name != KEY}
