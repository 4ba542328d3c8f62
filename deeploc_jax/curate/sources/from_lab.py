"""A lab's table of cells in field images is opened: image, center, phenotype.

It is the form that SingleCellTool takes in (Boone and Andrews labs): a row for each
cell with the columns `Image Path`, `Center X`, `Center Y` and, where the cells are
labelled, `Initial Label`. Further image columns, one a channel, may be named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.field_crops import FieldCrops
from deeploc_jax.data.own.channel_layout import parse_roles
from deeploc_jax.data.own.table_file import read_any_table
from deeploc_jax.data.own.table_values import sorted_names
from deeploc_jax.images import ImageError, ImageReader
from deeploc_jax.types import METADATA

IMAGE, X, Y, LABEL = 'image path', 'center x', 'center y', 'initial label'


def is_lab_table(path: Path) -> bool:
    """Whether a table has the columns of this form.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It is no table.
    """
    return {IMAGE, X, Y} <= {name.lower() for name in read_any_table(path).columns}


def open_lab_cells(
    path: Path,
    channels: str,
    channel_names: str | None = None,
    offset: tuple[float, float] = (0, 0),
) -> Curated:
    """Cells of such a table; crops are cut out of the fields when they are looked at.

    A cell is named by its image and place, `r05c05f01-273-544`. Rows whose image or
    place cannot be used are left out, and named.

    Args:
        path: The table; paths in it are relative to its folder.
        channels: Roles of the channels by name, 'protein=GFP,marker=RFP'.
        channel_names: Channels in the order of the image files; None for that of
            `channels`.
        offset: Pixels that are added to x and to y of the table for the centers.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: No row can be used.
    """
    roles = parse_roles(channels)
    names = list(roles.values())
    order = [n.strip() for n in channel_names.split(',')] if channel_names else names
    if set(names) - set(order):
        raise ValueError(f'channel_names ({channel_names}) lacks a channel of {names}.')
    with ImageReader() as reader:
        files, cells = _read_rows(path, reader, len(order))
    if not cells:
        raise ValueError(f'No row of {path} can be used.')
    picked = [order.index(name) for name in names]

    def read(number: int) -> np.ndarray:
        with ImageReader() as reader:
            image = reader.read(path.parent / files[number], None, len(order))
        return image[..., picked]

    numbers, x, y, labels = zip(*cells, strict=True)
    classes = tuple(sorted_names(set(labels) - {''}))
    fields, place = np.array(numbers), (np.array(x, float), np.array(y, float))
    centers = place[0] + offset[0], place[1] + offset[1]
    return Curated(
        FieldCrops(read, fields, *centers, channels=len(names)),
        _metadata(files, fields, *place),
        np.array([classes.index(n) if n else -1 for n in labels], np.int32),
        classes,
        tuple(names),
        list(roles).index('marker') if 'marker' in roles else -1,
    )


def _read_rows(
    path: Path, reader: ImageReader, channels: int
) -> tuple[list[str], list[tuple[int, float, float, str]]]:
    """Image files, and the number of its file, place and label of each usable cell."""
    table, files, cells = read_any_table(path), [], []
    shapes: dict[str, tuple[int, ...] | None] = {}
    for number, values in table.rows:
        row = {name.lower(): value.strip() for name, value in values.items()}
        file = row[IMAGE]
        try:
            x, y = float(row[X]), float(row[Y])
            if file not in shapes:
                shapes[file] = None
                shapes[file] = reader.read(path.parent / file, None, channels).shape
                files.append(file)
            height, width = (shapes[file] or (0, 0))[:2]
            if not (0 <= x < width and 0 <= y < height):
                raise ValueError(f'({x:g}, {y:g}) is not in the image {file}')
        except (ValueError, ImageError) as error:
            print(f'{path}, row {number} ({file}) left out: {error}')
            continue
        cells.append((files.index(file), x, y, row.get(LABEL, '')))
    for number, reason in table.misfits:
        print(f'{path}, row {number} left out: it {reason}')
    return files, cells


def _metadata(
    files: Sequence[str], fields: np.ndarray, x: np.ndarray, y: np.ndarray
) -> dict[str, np.ndarray]:
    stems = [Path(files[number]).stem for number in fields]
    columns: dict[str, np.ndarray] = {
        name: np.full(len(fields), '', '<U1') for name in METADATA
    }
    names = [f'{s}-{a:g}-{b:g}' for s, a, b in zip(stems, x, y, strict=True)]
    return columns | dict(cell_id=np.array(names), field=np.array(stems), x=x, y=y)
