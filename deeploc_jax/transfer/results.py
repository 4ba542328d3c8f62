"""The rows of all fits become a table, a page and the advice which mode to take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deeploc_jax.class_map import ClassMap
from deeploc_jax.files import write_json
from deeploc_jax.report.learning_curve_table import in_markdown, mean_and_spread
from deeploc_jax.report.learning_curves import write_learning_curves
from deeploc_jax.report.transfer import MODES, advice, mapping_in_words
from deeploc_jax.tables.fits import transfers_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.workdir.record import describe_splits, environment, short


def write_results(
    workdir: Path,
    trained_on: str,
    target: Target,
    classes: ClassMap,
    rows: list[dict[str, Any]],
    *,
    test_split: str,
    crops: int,
    group_by: str,
    confusion_at: list[int] | list[None],
) -> None:
    """Writes `transfer.parquet`, `run.json` and the page, and prints the advice.

    Args:
        workdir: Folder that the files are written to.
        trained_on: Full name of the screen that the source was trained on.
        target: The screen that it was transferred to.
        classes: Its classes in terms of those of the source.
        rows: A row for each fit.
        test_split: Name of the split that was tested.
        crops: Views of each cell in testing.
        group_by: Column by which cells were drawn together.
        confusion_at: Cells of each class at which confusion matrices are drawn.
    """
    train = target.cells['train']
    group = '' if group_by == 'cell_id' else group_by
    words = f'{advice(rows, group)} {mapping_in_words(classes)}'
    tested = dict(test_split=test_split, crops=crops)
    table = transfers_table([row | tested for row in rows], train.class_names)
    path = write_table(table, workdir / 'transfer.parquet')
    record = dict(
        environment(),
        trained_on=trained_on,
        **target.screen.facts(),
        class_names=train.class_names,
        advice=words,
        **describe_splits(target.cells),
    )
    write_json(workdir / 'run.json', record)
    page = write_learning_curves(
        workdir,
        f'Transfer to {target.screen.full_name}',
        rows,
        MODES,
        lead=words,
        class_names=train.class_names,
        confusion_at=confusion_at,
    )
    print(f'\n{in_markdown(mean_and_spread(rows))}\n\n{words}\nTable:   {path}')
    weights = workdir / 'weights'
    if weights.exists():
        of = 'fine-tuned on the largest number of cells, draw 0'
        print(f'Weights: {short(weights)}, {of}')
    print(f'Report:  {short(page)}')
