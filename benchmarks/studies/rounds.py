"""Does the accuracy that the curation page reports hold for cells not decided on?

    python -m benchmarks.real_cells.yeast_wt2 --cells=cells.npz --folder=tables
    python -m benchmarks.studies.rounds --table=tables/protein_1.csv

Cells of a table get their true labels a sheet of 64 at a time, the first at random, the
others in an order of the page, which is trained again after 1, 2, 4 and 8 sheets. The
table has one row per order: what the page says after so many labels, and the accuracy
of its network on the cells without any; mean and standard deviation over seeds.
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
from absl import app, flags

from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.page.sheets import Sheets
from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.from_screen import open_table_cells
from deeploc_jax.curate.sources.named import name_by
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.curate.training.learning_file import read_points
from deeploc_jax.curate.training.material import collect
from deeploc_jax.curate.training.round import PREDICTIONS, Round
from deeploc_jax.curate.training.run_round import run_round
from deeploc_jax.curate.training.training import Source
from deeploc_jax.markdown import markdown_table
from deeploc_jax.weights.folder import read_weights

_TABLE = flags.DEFINE_string('table', 'protein_1.csv', 'Table of labelled crops.')
_CHANNELS = flags.DEFINE_string('channels', 'protein=GFP,marker=RFP', 'Roles.')
_NAMES = flags.DEFINE_string('channel_names', 'RFP,GFP', 'Channels of the files.')
_SEEDS = flags.DEFINE_integer('seeds', 5, 'Number of first sheets.')

SHEETS = (1, 2, 4, 8)
ORDERS = ('teaching', 'random')


def main(_: list[str]) -> None:
    """Prints a table in Markdown."""
    table = Path(_TABLE.value)
    truth = open_table_cells(table, _CHANNELS.value, _NAMES.value)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        blank = dataclasses.replace(truth, labels=np.full_like(truth.labels, -1))
        options = dict(channels=(), batch_size=128, about={})
        network = read_weights('lean-sim')
        cells, source = name_by(
            network, blank, Path(folder), 'lean-sim', None, **options
        )
        for order in ORDERS:
            seeds = range(_SEEDS.value)
            found = np.array([_rounds(cells, source, truth, order, s) for s in seeds])
            columns = found.transpose(1, 2, 0)
            for sheets, pair in zip(SHEETS, columns, strict=True):
                values = [f'{v.mean():.3f} ± {v.std(ddof=1):.3f}' for v in pair]
                rows.append([order, str(64 * sheets), *values])
    header = ('order', 'labels', 'the page says', 'on the cells without a label')
    print(f'\n{len(truth):,} cells, {_SEEDS.value} seeds\n')
    print(markdown_table(header, rows))


def _rounds(
    cells: Curated, source: Source, truth: Curated, order: str, seed: int
) -> list[tuple[float, float]]:
    """What the page says after each round, and the accuracy on the other cells."""
    names, found = np.array(truth.class_names), []
    with tempfile.TemporaryDirectory() as folder:
        workdir = Path(folder)
        journal, ranking = Journal(workdir / 'journal.jsonl'), Ranking(cells, seed)
        sheets = Sheets(ranking, journal, 'me')
        for number in range(1, SHEETS[-1] + 1):
            sheets.next(order if number > 1 else 'random', '', False, 64)
            for row in sheets.rows.tolist():
                sheets.decide([row], 'relabel', str(names[truth.labels[row]]), {})
            if number not in SHEETS:
                continue
            labels = collect(cells, journal, seed)
            work = Round(workdir, number, source.predictions, source.key, labels)
            run_round(work, lambda *_: None)
            ranking.take_up(with_predictions(cells, work.folder / PREDICTIONS))
            left = np.setdiff1d(np.arange(len(cells)), labels.rows)
            called = np.array(ranking.cells.class_names)[ranking.cells.guesses[left]]
            right = float((called == names[truth.labels[left]]).mean())
            found.append((read_points(workdir)[-1]['accuracy'], right))
    return found


if __name__ == '__main__':
    app.run(main)
