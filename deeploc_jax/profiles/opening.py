"""Tables of cells are opened, with what their first part says of all of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import pyarrow as pa

from deeploc_jax.tables.cell_parts import cell_parts
from deeploc_jax.tables.parquet import channel_names, class_names

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
        ValueError: There is no cell, or a file is damaged or of another kind.
    """
    parts = itertools.chain.from_iterable(map(cell_parts, paths))
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
