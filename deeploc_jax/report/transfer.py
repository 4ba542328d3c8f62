"""What a transfer leaves in its workdir, and what it advises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections

from deeploc_jax.files import write_json
from deeploc_jax.names import split_sizes
from deeploc_jax.report.learning_curve_table import in_markdown
from deeploc_jax.report.learning_curves import write_sizes_page
from deeploc_jax.tables.fits import transfers_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.transfer.plan import advice
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.weights.card import Card
from deeploc_jax.workdir.record import describe_splits, environment, short

MODES = {
    'fine_tune': 'all layers are trained further',
    'frozen_conv': 'only the layers after the convolutions are trained further',
    'probe': 'a simple classifier on the last layer of the network as it is',
    'scratch': 'the same network, trained from random values',
}
NEEDED = ('n_train', 'n_test', 'accuracy', 'balanced_accuracy', 'confusion')
NEEDED += ('validation',)  # what the table and the advice are made of


def write_transfer_report(
    config: ml_collections.ConfigDict,
    workdir: Path,
    source: Card,
    target: Target,
    rows: list[dict[str, Any]],
) -> None:
    """Writes `transfer.parquet`, `run.json` and the page, and says what to do."""
    tested = dict(test_split=config.splits.test, crops=config.evaluation.crops)
    words, train = advice(rows), target.cells['train']
    table = transfers_table([row | tested for row in rows], train.class_names)
    write_table(table, workdir / 'transfer.parquet')
    record = dict(
        environment(),
        trained_on=source.screen,
        dataset=target.dataset,
        class_names=train.class_names,
        channels=train.channels,
        advice=words,
        **describe_splits(target.cells),
    )
    write_json(workdir / 'run.json', record)
    largest = [rows[-1]['cells_per_class']]
    at = split_sizes(config.confusion_at) if config.confusion_at else largest
    page = write_sizes_page(
        workdir,
        f'Transfer to {record["dataset"]}',
        rows,
        MODES,
        lead=words,
        class_names=train.class_names,
        confusion_at=at,
    )
    print(f'\n{in_markdown(rows)}\n\n{words}\nTable:   {workdir / "transfer.parquet"}')
    weights = workdir / 'weights'
    if weights.exists():
        print(f'Weights: {short(weights)}, fine-tuned on most cells, draw 0')
    print(f'Report:  {short(page)}')
