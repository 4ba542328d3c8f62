"""Tables of cells are opened, with what their first part says of all of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deeploc_jax.tables.cell_parts import cell_parts
from deeploc_jax.tables.parquet import channel_names, class_names
from deeploc_jax.types import WELL

QUALITY = ('DEAD', 'GHOST')
"""Classes that are no localizations, ignored unless others are named."""


@dataclasses.dataclass(frozen=True)
class OpenCells:
    """The cells of several workdirs, read once and part by part.

    Attributes:
        parts: Tables as `cell_parts` yields them.
        class_names: Class names of the first part, in index order.
        ignored: Classes whose cells are not used.
        channel: Channel that abundance is measured in; '' where none is measured.
    """

    parts: Iterator[pa.Table]
    class_names: tuple[str, ...]
    ignored: list[str]
    channel: str


def open_cells(
    paths: Sequence[str], ignored: Sequence[str] | None, channel: str | None
) -> OpenCells:
    """Opens the cells of workdirs, see `cell_parts`.

    Args:
        paths: The workdirs or tables.
        ignored: Classes whose cells are not used; None for those of `QUALITY` that the
            network has.
        channel: Channel of abundance; None for the first that was measured.

    Raises:
        FileNotFoundError: A workdir has no cells.
        ValueError: There is no cell, a file is damaged or of another kind, or the same
            cells are there twice.
    """
    parts = _parts(paths)
    first = next(parts, None)
    if first is None:
        raise ValueError(f'cells: there is no cell in {", ".join(paths)}.')
    names = class_names(first)
    if ignored is None:
        ignored = [name for name in QUALITY if name in names]
    measured = any(name.startswith('mean_') for name in first.column_names)
    return OpenCells(
        parts=itertools.chain([first], parts),
        class_names=names,
        ignored=list(ignored),
        channel=channel or (channel_names(first)[0] if measured else ''),
    )


def check_once(field: str, paths: Sequence[str]) -> None:
    """Raises a ValueError where two paths are the same workdir or file.

    Args:
        field: Field of the config, for the error.
        paths: What it names.
    """
    found: dict[Path, str] = {}
    for path in paths:
        first = found.setdefault(Path(path).resolve(), path)
        if first is not path:
            also = '' if first == path else f', also as {path}'
            raise ValueError(
                f'{field}: {first} is named twice{also}; its cells would count twice.'
            )


def _parts(paths: Sequence[str]) -> Iterator[pa.Table]:
    """Parts of all workdirs; raises an error where two of them have the same cells."""
    earlier: dict[str, np.ndarray] = {}
    for path in paths:
        hashes = [np.zeros(0, np.int64)]
        for part in cell_parts(path):
            if len(paths) > 1:
                hashes.append(_hashes(part))
                for other, known in earlier.items():
                    _check_new(part, hashes[-1], path, known, other)
            yield part
        earlier[path] = np.sort(np.concatenate(hashes))


def _hashes(cells: pa.Table) -> np.ndarray:
    """A number [n] for the well and name of each cell."""
    columns = (cells[name].to_pylist() for name in (*WELL, 'cell_id'))
    return np.array([hash(row) for row in zip(*columns, strict=True)], np.int64)


def _check_new(
    part: pa.Table, hashes: np.ndarray, path: str, known: np.ndarray, other: str
) -> None:
    """Raises a ValueError where cells of a part are among those known, sorted."""
    same = np.isin(hashes, known)
    names = [part['cell_id'][int(row)].as_py() for row in np.flatnonzero(same)]
    if not any(names):  # some tables do not name their cells
        return
    name = next(filter(None, names))
    raise ValueError(
        f'cells: {path} has cells that {other} has too, for example {name!r} of the '
        'same screen, condition, replicate, plate and well: they would count twice. If '
        'they are others, score them with another name for one of these.'
    )
