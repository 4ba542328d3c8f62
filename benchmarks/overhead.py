"""Training and prediction cost time beyond the network itself, measured here.

    python -m benchmarks.overhead --batch=128

Compares, in alternating rounds on random cells: the training loop (data, augmentation,
logs, a checkpoint) with the bare compiled step on one batch; `Predictor.predict` (raw
pixels to probabilities, five crops) with the bare forward passes; and times the data
pipeline alone.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from absl import app, flags

from deeploc_jax import compilation, sharding
from deeploc_jax.data.batches import train_batches
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.data.sampling import make_sampler
from deeploc_jax.markdown import markdown_table
from deeploc_jax.models import get_model
from deeploc_jax.predict.predictor import Predictor
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.loop import Cadence, train
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.state import TrainState, init_state
from deeploc_jax.train.step import make_train_step
from deeploc_jax.types import Cells
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork

_BATCH = flags.DEFINE_integer('batch', 128, 'Cells in a step or call.')
_MODEL = flags.DEFINE_string('model', 'deeploc', 'Name of the network.')
_STEPS = flags.DEFINE_integer('steps', 10, 'Steps or batches in a round.')
_ROUNDS = flags.DEFINE_integer('rounds', 5, 'Rounds after the warm-up.')

CLASSES = tuple(f'CLASS_{i}' for i in range(19))
CHANNELS = ('GFP', 'RFP')
CROP = 60
STEP, FORWARD = 'bare step', 'bare forward, five crops'


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    del argv
    rng = np.random.default_rng(0)
    n = _BATCH.value * _STEPS.value
    raw = rng.integers(0, 4000, (n, 64, 64, 2), np.uint16)
    images = percentile_normalize(raw)
    cells = Cells(
        images=images,
        labels=rng.integers(len(CLASSES), size=n).astype(np.int32),
        metadata={},
        class_names=CLASSES,
        channels=CHANNELS,
    )
    mesh = sharding.make_mesh()
    model = get_model(_MODEL.value, num_classes=len(CLASSES))
    with tempfile.TemporaryDirectory() as folder:
        contestants = training(cells, model, mesh, Path(folder))
        contestants |= prediction(raw, images, model, mesh)
        names = list(contestants)
        rounds = []
        for number in range(_ROUNDS.value + 1):
            turn = number % len(names)
            order = names[turn:] + names[:turn]
            rounds.append({name: contestants[name]() for name in order})
        rounds = rounds[1:]  # the first one compiles
    print(f'\n{_MODEL.value}, batch {_BATCH.value}, medians of {len(rounds)} rounds\n')
    rows = []
    for name in names:
        bare = FORWARD if name in (FORWARD, 'predict') else STEP
        share = statistics.median(r[name] / r[bare] for r in rounds)
        each = statistics.median(r[name] for r in rounds) / _STEPS.value
        rows.append([name, f'{1000 * each:.1f}', f'{100 * share:.1f} %'])
    print(markdown_table(['', 'ms per batch', 'of the bare network'], rows))


def training(
    cells: Cells, model: Any, mesh: Any, folder: Path
) -> dict[str, Callable[[], float]]:
    """Functions that run the steps of a round and return the seconds it took."""
    tx = optax.adam(1e-3)
    step = make_train_step(model, tx, mesh, seed=0, augmentation=dict(crop=CROP))
    sampler = make_sampler(cells.labels, _BATCH.value, 0)
    batch = next(train_batches(cells, sampler, range(1), mesh))
    initial = init_state(model, tx, (CROP, CROP, 2), 0, mesh)

    def fresh() -> TrainState:
        return jax.tree.map(jnp.copy, initial)  # a step gives its state's memory away

    def bare() -> float:
        state, metrics = fresh(), None
        start = time.perf_counter()
        for _ in range(_STEPS.value):
            state, metrics = step(state, batch)
            jax.block_until_ready(metrics)
        return time.perf_counter() - start

    def loop() -> float:
        workdir = Path(tempfile.mkdtemp(dir=folder))
        with (
            Checkpoints(workdir, 'validation/loss') as checkpoints,
            MetricLog(workdir, 0) as log,
        ):
            state, batches = fresh(), started(data())
            start = time.perf_counter()
            train(
                state,
                batches,
                step,
                lambda state: {'validation/loss': 0.0},
                schedule=optax.constant_schedule(1e-3),
                cadence=Cadence(_STEPS.value, 5, _STEPS.value),
                checkpoints=checkpoints,
                log=log,
            )
            return time.perf_counter() - start

    def data() -> Iterator[Any]:
        return train_batches(cells, sampler, range(_STEPS.value), mesh)

    def data_alone() -> float:
        batches = started(data())
        start = time.perf_counter()
        for batch in batches:
            jax.block_until_ready(batch)
        return time.perf_counter() - start

    return {STEP: bare, 'training loop': loop, 'data alone': data_alone}


def started(batches: Iterator[Any]) -> Iterator[Any]:
    """The same batches, the first of which is made already."""
    return itertools.chain([next(batches)], batches)


def prediction(
    raw: np.ndarray, images: np.ndarray, model: Any, mesh: Any
) -> dict[str, Callable[[], float]]:
    """Functions that predict the cells of a round and return the seconds it took."""
    card = Card(
        model=dict(name=_MODEL.value),
        side=64,
        crop=CROP,
        crops=5,
        class_names=CLASSES,
        channels=CHANNELS,
        marker_channel=1,
        temperature=1.0,
        screen='random/1.0.0',
        simulated=True,
        license='none',
        step=0,
        validation={},
        version='0',
    )
    image = sharding.put_batch(images[: _BATCH.value, :CROP, :CROP], mesh)
    variables = jax.jit(lambda: model.init(jax.random.key(0), image[:1], train=False))()
    predictor = Predictor(TrainedNetwork(card, model, variables))

    def forward(variables: Any, image: jax.Array) -> jax.Array:
        return jax.nn.softmax(model.apply(variables, image, train=False)[0])

    forward = jax.jit(forward, compiler_options=compilation.compiler_options(mesh))

    def bare() -> float:
        start = time.perf_counter()
        for _ in range(5 * _STEPS.value):
            jax.block_until_ready(forward(variables, image))
        return time.perf_counter() - start

    def predict() -> float:
        start = time.perf_counter()
        predictor.predict(raw, batch_size=_BATCH.value)
        return time.perf_counter() - start

    return {FORWARD: bare, 'predict': predict}


if __name__ == '__main__':
    app.run(main)
