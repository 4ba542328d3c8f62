"""Cells that were chosen are cut out of their fields once more, as they were saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeploc_jax.processes import available_processors, map_in_processes
from deeploc_jax.progress import progress_bar
from deeploc_jax.screens.cells.crops import cut_crops
from deeploc_jax.screens.examples.choose import Chosen, choose_cells
from deeploc_jax.screens.examples.pictures import SHOWN, ProteinCells, write_pictures
from deeploc_jax.screens.fields.describe import describe_asked
from deeploc_jax.screens.fields.field import BadFieldError, Field
from deeploc_jax.screens.fields.inventory import Inventory
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.tables.scored_cells import PLACE
from deeploc_jax.tables.scored_parts import Place
from deeploc_jax.workdir.claim import read_claim

_MANY = 200  # fields from which several processes are worth their start


@dataclasses.dataclass(frozen=True)
class _Work:
    """A protein's chosen cells, their fields by place, and the channels shown."""

    chosen: Chosen
    fields: dict[Place, Field]
    channels: tuple[str, ...]


def write_examples(
    scored: Sequence[Path | str],
    path: Path | str,
    proteins: Collection[str],
    conditions: Collection[str] | None = None,
    count: int = SHOWN,
    processes: int | None = None,
) -> Path:
    """Writes `examples.parquet`, pictures of typical cells of proteins.

    Cells of a field that cannot be read any more are left out.

    Args:
        scored: Workdirs of configs/score.py, whose `config.json` says where their
            fields are.
        path: The file to write.
        proteins: The proteins wanted, the most important first.
        conditions: The conditions wanted; None for all.
        count: Number of cells of a protein in a condition.
        processes: Number of processes; None for one a processor where there is much
            to do.

    Returns:
        `path` as a `Path`.

    Raises:
        FileNotFoundError: The screen is not scored, or its fields are gone.
        ValueError: No field can be used any more, a table is damaged, or the screens
            have other channels.
    """
    found = [_inventory(Path(folder)) for folder in scored]
    kinds = {_shown_channels(inventory) for inventory in found}
    if len(kinds) != 1:
        raise ValueError(f'Screens of one page have one set of channels, not {kinds}.')
    (channels,) = kinds
    fields = {_place(field): field for one in found for field in one.fields}
    work = [
        _Work(chosen, _fields_of(chosen, fields), channels)
        for chosen in choose_cells(scored, proteins, conditions, count)
    ]
    if processes is None:
        many = sum(len(one.fields) for one in work) >= _MANY
        processes = available_processors() if many else 1
    made = _in_progress(map_in_processes(_cut, work, processes), len(work))
    return write_pictures(path, made, marker=len(channels) - 1 or -1)


def try_examples(
    scored: Sequence[Path | str],
    path: Path | str,
    proteins: Collection[str],
    conditions: Collection[str] | None = None,
    **options: Any,
) -> list[str]:
    """Writes pictures where the fields are still there; a page does without else.

    Args:
        scored: Workdirs of configs/score.py.
        path: The file to write; one of an earlier run is removed.
        proteins: The proteins wanted, the most important first.
        conditions: The conditions wanted; None for all.
        **options: Options of `write_examples`.

    Returns:
        Why there are no pictures, as a warning for the page; empty if there are.
    """
    Path(path).unlink(missing_ok=True)
    try:
        write_examples(scored, path, proteins, conditions, **options)
    except (OSError, ValueError) as error:
        return [f'There are no pictures of cells: {error}']
    return []


def _in_progress(cells: Iterator[ProteinCells], total: int) -> Iterator[ProteinCells]:
    with progress_bar(cells, total, 'pictures of cells', unit='protein') as bar:
        yield from bar


def _inventory(scored: Path) -> Inventory:
    """The fields of a scored screen, as its config describes them."""
    config = read_claim(scored)
    if 'fields' not in config:
        raise ValueError(f'{scored} is no workdir of configs/score.py.')
    return describe_asked(config)


def _shown_channels(inventory: Inventory) -> tuple[str, ...]:
    """The protein's channel, and the marker's if there is one."""
    marker = inventory.roles.get('marker')
    return (inventory.channels[0], *([marker] if marker else []))


def _place(field: Field) -> Place:
    return tuple(getattr(field, name) for name in PLACE)


def _fields_of(chosen: Chosen, fields: dict[Place, Field]) -> dict[Place, Field]:
    places = {place for own in chosen.places.values() for place in own}
    return {place: fields[place] for place in sorted(places) if place in fields}


def _cut(work: _Work) -> ProteinCells:
    """Reads the fields of a protein one after the other and cuts its cells out."""
    chosen, found = work.chosen, {}
    for place, field in work.fields.items():
        try:
            image = read_field(field)
        except BadFieldError:
            continue
        numbers = [image.channels.index(name) for name in work.channels]
        pixels = image.pixels[..., numbers]
        for condition, places in chosen.places.items():
            rows = np.flatnonzero([own == place for own in places])
            x, y = chosen.centers[condition][rows].T
            crops, inside = cut_crops(pixels, x, y, chosen.side)
            keys = [(condition, int(row)) for row in rows[inside]]
            found |= dict(zip(keys, crops, strict=True))
    crops = {
        condition: [
            found[key] for i in range(len(own)) if (key := (condition, i)) in found
        ]
        for condition, own in chosen.places.items()
    }
    stacked = {name: np.stack(own) for name, own in crops.items() if own}
    return ProteinCells(chosen.protein, stacked, chosen.n_cells)
