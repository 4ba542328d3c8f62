"""The training loop takes steps, logs metrics, validates and saves checkpoints."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import jax

from deeploc_jax.progress import progress_bar
from deeploc_jax.train.checkpoint import Checkpoints
from deeploc_jax.train.improvement import Improvement
from deeploc_jax.train.interrupt import Interrupted, StopRequest
from deeploc_jax.train.metric_log import MetricLog
from deeploc_jax.train.state import TrainState
from deeploc_jax.train.step import TrainStep
from deeploc_jax.types import Batch


class TrainingDiverged(RuntimeError):
    """The loss or its gradient is not finite any more."""


@dataclasses.dataclass(frozen=True)
class Cadence:
    """When to log, to validate and to stop, in steps.

    Attributes:
        total: Number of steps of the training.
        log_every: Number of steps between two rows of training metrics.
        checkpoint_every: Number of steps between two validations, each with a
            checkpoint.
        patience: Number of checkpoints without a strict improvement of the deciding
            metric after which training stops, resumed or not; 0 for never. A tie is no
            improvement.
    """

    total: int
    log_every: int
    checkpoint_every: int
    patience: int = 0

    def logs(self, step: int) -> bool:
        """Whether a row of training metrics is due after `step` updates."""
        return step % self.log_every == 0 or self.checkpoints(step)

    def checkpoints(self, step: int) -> bool:
        """Whether a checkpoint is due after `step` updates."""
        return step % self.checkpoint_every == 0 or step == self.total

    def finished(self, step: int, improved: Improvement | None) -> bool:
        """Whether training ends after `step`, given its last improvement."""
        if step >= self.total or not self.patience or improved is None:
            return step >= self.total
        waited = (step - improved.step) // self.checkpoint_every
        return self.checkpoints(step) and waited >= self.patience


def train(
    state: TrainState,
    batches: Iterable[Batch],
    train_step: TrainStep,
    validate: Callable[[TrainState], dict[str, float]],
    *,
    schedule: Callable[[int], Any],
    cadence: Cadence,
    checkpoints: Checkpoints,
    log: MetricLog,
) -> TrainState:
    """Trains from `state.step` on.

    Args:
        state: Initial or restored state.
        batches: Batches of the steps from `state.step` on.
        train_step: From `make_train_step`.
        validate: State -> metrics named 'validation/...', over the whole split.
        schedule: Learning rate by step, which is logged.
        cadence: When to log, to validate and to stop.
        checkpoints: Checkpoints that states are saved to.
        log: Log that metrics are written to.

    Returns:
        The last state.

    Raises:
        TrainingDiverged: The loss is not finite; the error names the step and the last
            good checkpoint.
        Interrupted: SIGINT or SIGTERM came, and the state is saved.
    """
    step = int(state.step)
    pending: list[dict[str, jax.Array]] = []
    started = time.perf_counter()
    progress = progress_bar(
        total=cadence.total, description='train', initial=step, unit='step'
    )
    with StopRequest() as stop, progress:
        for batch in batches:
            state, metrics = train_step(state, batch)
            step += 1
            pending.append(metrics)
            # One step runs while the next is prepared: the progress shown is true and
            # no device waits.
            jax.block_until_ready(pending[-2:][0])
            progress.update()
            due = cadence.logs(step)
            stopping = stop.agreed(due)
            if due or stopping:
                row = _fetch(pending, step, checkpoints)
                row['train/learning_rate'] = float(schedule(step - 1))
                row['train/steps_per_second'] = len(pending) / (
                    time.perf_counter() - started
                )
                log.write(step, row)
                progress.set_postfix(loss=f'{row["train/loss"]:.3f}')
                pending, started = [], time.perf_counter()
            if cadence.checkpoints(step):
                values = validate(state)
                if not math.isfinite(values['validation/loss']):
                    raise _diverged('validation loss', step, checkpoints)
                log.write(step, values)
                checkpoints.save(state, values)
                started = time.perf_counter()
            if stopping:
                if step not in checkpoints.steps():
                    checkpoints.save(state)
                checkpoints.wait()
                raise Interrupted(f'Interrupted after step {step}.')
            if cadence.finished(step, checkpoints.improvement):
                break
    checkpoints.wait()
    return state


def _fetch(
    pending: list[dict[str, jax.Array]], step: int, checkpoints: Checkpoints
) -> dict[str, float]:
    """Means of the metrics since the last row, after a check that they are finite."""
    rows = jax.device_get(pending)
    for number, row in enumerate(rows, step - len(rows) + 1):
        # A gradient that is not finite ruins the parameters one step before the loss.
        if not math.isfinite(row['loss'] + row['gradient_norm']):
            raise _diverged('training loss or its gradient', number, checkpoints)
    names = rows[0]
    return {f'train/{k}': float(sum(r[k] for r in rows) / len(rows)) for k in names}


def _diverged(what: str, step: int, checkpoints: Checkpoints) -> TrainingDiverged:
    checkpoints.wait()
    kept = checkpoints.steps()
    last = f'step {kept[-1]}' if kept else 'none yet'
    return TrainingDiverged(
        f'The {what} is not finite at step {step}. Last good checkpoint: {last} in '
        f'{checkpoints.directory}. Lower schedule.learning_rate or set '
        'optimizer.clip_norm.'
    )
