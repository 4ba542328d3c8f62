"""One page says what a screen came to, and leads to all that its stages have made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.report import html
from deeploc_jax.report.whole_screen.glance import movers_of, proteins_of
from deeploc_jax.report.whole_screen.plates import plates_of
from deeploc_jax.report.wording import count

STAGES = {
    'plates': 'The micrographs, simulated, and the truth about them.',
    'scored': 'Every cell that was found, with its localization.',
    'profiles': 'Every well and every protein, from all their cells.',
    'movers': 'The proteins that moved from one condition to the other.',
}
"""Folders, and what they hold; one of several comparisons has its condition after -."""
FILES = {
    'movers.html': 'the proteins that moved, with their cells: search, sort, compare',
    'proteins.html': 'every protein, with its cells: search, sort',
    'plates.html': 'the wells of each plate as heat maps, and what was flagged',
    'report.html': 'profiles as a heat map',
    'movers.parquet': 'the same as a table',
    'flux_ours.cyjs': 'who went from where to where, for Cytoscape',
    'profiles.parquet': 'a row for every protein, condition and replicate',
    'wells.parquet': 'a row for every well',
    'cells.parquet': 'a row for every cell',
    'fields.parquet': 'a row for every field',
    'set_aside.csv': 'fields that could not be used, and why',
    'README.txt': 'what the simulated plates are',
}
"""What a person opens first comes first."""


def write_screen_page(
    workdir: Path,
    folders: Sequence[str],
    simulated: bool = False,
    commands: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
) -> Path:
    """Writes `report.html`: what was found, and links to all pages and tables.

    Args:
        workdir: Folder of the screen.
        folders: Names of the folders of its stages in the order of the work; the last
            comes first on the page.
        simulated: Whether the cells are simulated.
        commands: What commands are for, and the commands.
        warnings: What a reader must know first.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: A stage has not written its tables.
        ValueError: A table is damaged, or of another kind.
    """
    movers = [movers_of(workdir, f) for f in reversed(folders) if _kind(f) == 'movers']
    before = movers[0]['before'] if movers else ''
    proteins = proteins_of(workdir, before) if 'profiles' in folders else None
    plates = plates_of(workdir / 'scored')
    return html.write_page(
        workdir,
        'whole_screen/screen.html.j2',
        {},
        title=f'Screen {workdir.name}',
        lead=_lead(plates, proteins),
        simulated=simulated,
        movers=movers,
        proteins=proteins,
        plates=plates,
        stages=[_stage(workdir, folder) for folder in reversed(folders)],
        commands=commands,
        warnings=warnings,
    )


def _kind(folder: str) -> str:
    return re.sub('-.*', '', folder)


def _lead(plates: dict[str, Any], proteins: dict[str, Any] | None) -> str:
    counts = [count(plates[f'n_{noun}s'], noun) for noun in ('plate', 'well', 'field')]
    text = f'{", ".join(counts)}, {count(plates["n_cells"], "cell")}'
    if not proteins:
        return f'{text}.'
    usable, number = proteins['n_cells'], count(proteins['n_proteins'], 'protein')
    share = f' ({usable / plates["n_cells"]:.0%})' if plates['n_cells'] else ''
    return f'{text}, of which {usable:,}{share} are usable: {number}.'


def _stage(workdir: Path, folder: str) -> dict[str, Any]:
    files = [
        dict(path=f'{folder}/{name}', meaning=meaning)
        for name, meaning in FILES.items()
        if (workdir / folder / name).exists()
    ]
    return dict(name=folder, meaning=STAGES[_kind(folder)], files=files)
