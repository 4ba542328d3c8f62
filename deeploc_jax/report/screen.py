"""One page leads to all that the stages of a screen have made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from deeploc_jax.report import html

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
    workdir: Path, folders: Sequence[str], simulated: bool = False
) -> Path:
    """Writes `report.html` with links to the pages and tables of all stages.

    Args:
        workdir: Folder of the screen.
        folders: Names of the folders of its stages in the order of the work; the last
            comes first on the page.
        simulated: Whether the cells are simulated.

    Returns:
        Path of the page.
    """
    stages = [
        dict(
            name=folder,
            meaning=STAGES[re.sub('-.*', '', folder)],
            files=[
                dict(path=f'{folder}/{name}', meaning=meaning)
                for name, meaning in FILES.items()
                if (workdir / folder / name).exists()
            ],
        )
        for folder in reversed(folders)
    ]
    return html.write_page(
        workdir,
        'screen.html.j2',
        {},
        title=f'Screen {workdir.name}',
        stages=stages,
        simulated=simulated,
    )
