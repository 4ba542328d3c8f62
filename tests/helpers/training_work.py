"""Stands in for a round of training, in a process that begins at once.

How far it goes is said through a named pipe, `<workdir>/go`: it waits for a line there.
"""

import os

import numpy as np
import pyarrow as pa

from deeploc_jax.curate.training.learning_file import append_points
from deeploc_jax.curate.training.round import PREDICTIONS
from deeploc_jax.tables.parquet import class_names, write_table
from deeploc_jax.tables.predictions import read_predictions


def quick(work, note):
    """Says that two of three fits are done, waits, and calls all cells the last class.

    Raises:
        ValueError: The word through the pipe was 'fail'.
    """
    note('training', 2, 3)
    with (work.workdir / 'go').open() as pipe:
        word = pipe.readline().strip()
    if word == 'fail':
        raise ValueError('These features are of another network.')
    if word == 'die':
        os._exit(9)
    table = read_predictions(work.predictions)
    for name in class_names(table):
        values = np.full(len(table), name == class_names(table)[-1], np.float32)
        place = table.column_names.index(f'p_{name}')
        table = table.set_column(place, table.schema.field(place), pa.array(values))
    write_table(table, work.folder / PREDICTIONS)
    row = dict(round=work.number, network=work.key, classes=3, time='now')
    row |= dict(
        tested=8, left_out='protein', error=0.02, gain_error=0.1, most_frequent=0.4
    )
    worth = {4: 0.5, 8: 0.75}
    points = [dict(decided=n, cells=n, accuracy=right) for n, right in worth.items()]
    append_points(work.workdir, [row | point for point in points])
