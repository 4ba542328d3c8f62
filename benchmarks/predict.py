"""The speed of `predict` on raw crops in memory is compared with the network alone.

    python -m benchmarks.predict
    python -m benchmarks.predict --source=runs/mine --crops=5 --cells=2048

The contestants take turns in one process, in an order that changes from round to
round: the network on images that were normalized before, a batch at a time and no more
than that; `predict` of the same cells from raw pixels of 16 bits; the same with each
batch normalized by the host, as it was before percentiles became part of the compiled
program; and the normalization alone, on the host and compiled. A share is the median
over the rounds of the ratio within a round. CPU seconds count all threads: on a busy
machine they change less than the time that passes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from absl import app, flags

import deeploc_jax
from deeploc_jax import compilation, huge_pages, sharding
from deeploc_jax.data.compiled_normalize import compiled_percentile_normalize
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.markdown import markdown_table
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import make_program
from deeploc_jax.predict.views import views_of
from deeploc_jax.types import Cells

_SOURCE = flags.DEFINE_string('source', 'lean-sim', 'Weights.')
_CELLS = flags.DEFINE_integer('cells', 4096, 'Cells in a call.')
_BATCH = flags.DEFINE_integer('batch', 128, 'Cells at a time.')
_CROPS = flags.DEFINE_integer('crops', 1, 'Views of a cell: 1 or 5.')
_ROUNDS = flags.DEFINE_integer('rounds', 5, 'Rounds after the warm-up.')

BARE, PREDICT = 'network alone', 'predict'
Measured = tuple[float, float]
"""Seconds that passed, and CPU seconds."""


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    del argv
    contestants = make_contestants()
    rounds = []
    for number in range(_ROUNDS.value + 1):
        turn = number % len(contestants)
        order = [*contestants][turn:] + [*contestants][:turn]
        rounds.append({name: measured(contestants[name]) for name in order})
    rounds = rounds[1:]  # the first one compiles
    print(
        f'\n{_SOURCE.value}, {_CELLS.value:,} cells of 64 x 64 x 2, 16 bits; batch '
        f'{_BATCH.value}, {_CROPS.value} view(s); {len(rounds)} rounds on '
        f'{jax.devices()[0].device_kind}\n'
    )
    rows = []
    for name in contestants:
        seconds, cpu = (statistics.median(r[name][i] for r in rounds) for i in (0, 1))
        shares = [
            statistics.median(r[BARE][i] / r[name][i] for r in rounds) for i in (0, 1)
        ]
        rows.append(
            [name, f'{_CELLS.value / seconds:,.0f}', f'{100 * shares[0]:.0f} %']
            + [f'{1e6 * cpu / _CELLS.value:.0f}', f'{100 * shares[1]:.0f} %']
        )
    header = [
        '',
        'cells/s',
        'of the network',
        'CPU us a cell',
        'of the network, by CPU',
    ]
    print(markdown_table(header, rows))


def make_contestants() -> dict[str, Callable[[], Any]]:
    """Functions that treat all cells once, by name."""
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 4000, (_CELLS.value, 64, 64, 2), np.uint16)
    images = percentile_normalize(raw)
    predictor = deeploc_jax.load(_SOURCE.value)
    network, mesh, size = predictor.network, sharding.make_mesh(), _BATCH.value
    card = network.card
    logits = make_logits(network.model, views_of(card, _CROPS.value))
    program = make_program(logits, network.variables, mesh, size)
    starts = range(0, _CELLS.value, size)
    options = dict(compiler_options=compilation.compiler_options(mesh))
    normalize = jax.jit(compiled_percentile_normalize, **options)

    def batches(of: np.ndarray) -> Any:
        return (sharding.put_batch(of[i : i + size], mesh) for i in starts)

    def bare() -> None:
        for batch in batches(images):
            jax.block_until_ready(program.function(program.variables, batch))

    def predict() -> None:
        predictor.predict(raw, crops=_CROPS.value, batch_size=size)

    def normalized_on_the_host() -> None:
        cells = Cells(_OnTheHost(raw), np.zeros(len(raw), np.int32), {}, (), ())
        for batch in program.batches(cells, 'predict'):
            mean_crop_probabilities(batch, card.temperature)

    def host_alone() -> None:
        for i in starts:
            percentile_normalize(raw[i : i + size])

    def compiled_alone() -> None:
        for batch in batches(raw):
            jax.block_until_ready(normalize(batch))

    return {
        BARE: bare,
        PREDICT: predict,
        'predict, host normalizes': normalized_on_the_host,
        'normalization alone, host': host_alone,
        'normalization alone, compiled': compiled_alone,
    }


class _OnTheHost:
    """Images that are normalized when they are indexed, as for a training."""

    def __init__(self, raw: np.ndarray):
        self.raw = raw
        self.shape = raw.shape

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        return percentile_normalize(self.raw[rows])


def measured(run: Callable[[], Any]) -> Measured:
    """Seconds that a call takes, and CPU seconds."""
    start = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - start[0], time.process_time() - start[1]


if __name__ == '__main__':
    huge_pages.use_huge_pages()
    app.run(main)
