"""A sheet is told to the page: its cells, what is known of each and decided of it."""

from __future__ import annotations

from typing import Any

from deeploc_jax.curate.page.sheets import Sheets


def describe(sheets: Sheets) -> dict[str, Any]:
    """The sheet as JSON: its number and cells, and how many cells were seen."""
    return dict(
        sheet=sheets.number,
        cells=[_describe_cell(sheets, int(row)) for row in sheets.rows],
        seen=sheets.seen,
        total=len(sheets.cells),
    )


def _describe_cell(sheets: Sheets, row: int) -> dict[str, Any]:
    cells = sheets.cells
    guess = int(cells.guesses[row])
    verdict = sheets.journal.verdict(sheets.annotator, str(cells.cell_ids[row]))
    sure = None if cells.probabilities is None else cells.probabilities[row, guess]
    return dict(
        row=row,
        label=cells.name(int(cells.labels[row])),
        guess=cells.name(guess),
        sure=None if sure is None else round(float(sure), 3),
        kind=verdict[0].kind if verdict else '',
        now=verdict[1] if verdict else '',
    )
