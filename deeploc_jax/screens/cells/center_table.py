"""Centers of cells that another program found are read from its table."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, Shaped

from deeploc_jax.data.own.table_file import read_any_table_parts
from deeploc_jax.screens.cells import cellprofiler
from deeploc_jax.screens.cells.cellprofiler import Columns
from deeploc_jax.screens.cells.center_columns import (
    find_center,
    find_place,
    place_columns,
)


@dataclasses.dataclass(frozen=True)
class Centers:
    """Centers of the cells of many fields, those of an image one after the other.

    Attributes:
        path: The table.
        x: Centers [n] in pixels from the left, counted from 0.
        y: Centers [n] in pixels from the top.
        starts: Number of the first cell of each of g images, and n, [g + 1].
        place: What the table says of `plate`, `well` and `field` of an image, each text
            [g].
        files: Columns with names of image files, each text [g].
        problems: What is wrong with rows that were left out.
    """

    path: Path
    x: Float[np.ndarray, ' n']
    y: Float[np.ndarray, ' n']
    starts: Int[np.ndarray, ' g_and_1']
    place: dict[str, list[str]]
    files: dict[str, list[str]]
    problems: list[str]

    def __len__(self) -> int:
        return len(self.x)

    def of_images(
        self, images: Iterable[int]
    ) -> tuple[Float[np.ndarray, ' m'], Float[np.ndarray, ' m']]:
        """The centers x and y of the cells of some images; of one, without a copy."""
        runs = [slice(self.starts[i], self.starts[i + 1]) for i in sorted(set(images))]
        if len(runs) == 1:
            return self.x[runs[0]], self.y[runs[0]]
        none = self.x[:0]
        return (
            np.concatenate([none, *(self.x[run] for run in runs)]),
            np.concatenate([none, *(self.y[run] for run in runs)]),
        )


def read_centers(path: Path | str, objects: str = '') -> Centers:
    """Reads the centers of cells from a table, part by part.

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
    problems: list[str] = []
    images: dict[tuple[str, ...], int] = {}
    # Arrays grow in place, so that nothing is there twice.
    all_x, all_y, of_image = array('d'), array('d'), array('i')
    columns, lost = (), 0
    for found in _parts(path, objects, problems):
        columns = tuple(found)
        x_name, y_name = find_center(path, columns, objects)
        x, y = _numbers(found[x_name]), _numbers(found[y_name])
        kept = np.isfinite(x) & np.isfinite(y)
        lost += int((~kept).sum())
        said = [found[name][kept].tolist() for name in place_columns(columns)]
        rows = zip(*said, strict=True) if said else [()] * int(kept.sum())
        of_image.extend(images.setdefault(row, len(images)) for row in rows)
        all_x.frombytes(x[kept].tobytes())
        all_y.frombytes(y[kept].tobytes())
    place, files = find_place(place_columns(columns), images)
    if not files and 'well' not in place:
        raise ValueError(
            f'{path} does not say which image its cells are in: it has no column of '
            f'file names and no well. Its columns are {", ".join(columns)}.'
        )
    problems += [f'{path}: {lost} rows have no center'] if lost else []
    sorted_centers = _by_image(
        np.frombuffer(all_x, np.float64),
        np.frombuffer(all_y, np.float64),
        np.frombuffer(of_image, np.intc),
        len(images),
    )
    return Centers(path, *sorted_centers, place, files, problems)


def _parts(path: Path, objects: str, problems: list[str]) -> Iterator[Columns]:
    """The columns of the table part by part; adds what is wrong with its rows."""
    if path.suffix.lower() in cellprofiler.SUFFIXES:
        yield from cellprofiler.read_database(path, objects)
        return

    def tables() -> Iterator[Columns]:
        for table in read_any_table_parts(path):
            problems.extend(f'{path}, row {row} {why}' for row, why in table.misfits)
            yield {name: np.array(table.values(name)) for name in table.columns}

    yield from cellprofiler.join_image_csv(path, tables())


def _by_image(
    x: np.ndarray, y: np.ndarray, image: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centers x and y sorted by image, in the order of the table else, and `starts`."""
    if (image[1:] < image[:-1]).any():  # most tables are in order
        order = np.argsort(image, kind='stable')
        x, y, image = x[order], y[order], image[order]
    return x, y, np.searchsorted(image, np.arange(count + 1))


def _numbers(texts: Shaped[np.ndarray, ' n']) -> Float[np.ndarray, ' n']:
    """Numbers [n], NaN where the text is none."""

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([number(text) for text in texts], np.float64)
