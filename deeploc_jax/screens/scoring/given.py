"""Cells that another program found are looked up for each field."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from deeploc_jax.screens.cells import join_centers, read_centers
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.scoring.asked import Given
from deeploc_jax.screens.scoring.parts import Part
from deeploc_jax.tables.scored_cells import PLACE


def with_given(
    parts: Sequence[Part], centers: str | None, labels: str | None, objects: str = ''
) -> tuple[tuple[Part, ...], list[str]]:
    """The parts with what other programs found, if any, and notes about that.

    Args:
        parts: Parts of the screen.
        centers: Table of centers, see `with_centers`.
        labels: Pattern of paths of label images, see `with_labels`.
        objects: Objects of CellProfiler that are the cells, '' for the usual ones.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: Both are given, or what is given cannot be used.
    """
    if centers and labels:
        raise ValueError('Give cells.centers or cells.labels, not both.')
    if centers:
        return with_centers(parts, centers, objects)
    return with_labels(parts, labels) if labels else tuple(parts), []


def with_centers(
    parts: Sequence[Part], path: str, objects: str
) -> tuple[tuple[Part, ...], list[str]]:
    """The parts with the centers of a table, and what is wrong with the table.

    Args:
        parts: Parts of the screen.
        path: The table, see `screens.cells.read_centers`.
        objects: Objects of CellProfiler that are the cells, '' for the usual ones.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It has no centers, or none of them is in a field of the screen.
    """
    centers = read_centers(path, objects)
    fields = [field for part in parts for field in part.fields]
    found, problems = join_centers(centers, fields)
    if fields and not any(len(x) for x, _ in found.values()):
        raise ValueError(
            f'No center of {path} is in a field of the screen: {problems[0]}.'
        )

    joined = tuple(
        dataclasses.replace(
            part, given=tuple(Given(*found[field.place]) for field in part.fields)
        )
        for part in parts
    )
    return joined, problems


def with_labels(parts: Sequence[Part], pattern: str) -> tuple[Part, ...]:
    """The parts with the paths of label images.

    Args:
        parts: Parts of the screen.
        pattern: Path in which {screen}, {plate}, {well}, {field}, {condition},
            {replicate} and {name}, the name of the protein's image file without its
            ending, stand for those of a field: 'masks/{plate}/{name}.tif'.

    Raises:
        ValueError: Another name is in braces.
    """
    return tuple(
        dataclasses.replace(
            part,
            given=tuple(Given(labels=label_path(pattern, f)) for f in part.fields),
        )
        for part in parts
    )


def label_path(pattern: str, field: Field) -> Path:
    """The path of the label image of a field."""
    image = next(iter(field.planes.values())).path
    name = image.name.removesuffix(image.suffix).removesuffix('.ome')
    known = {n: getattr(field, n) for n in PLACE} | {'name': name}
    try:
        return Path(pattern.format(**known))
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f'cells.labels ({pattern!r}) may have {", ".join(known)} in braces, '
            f'nothing else ({error}).'
        ) from None
