"""Checkpoints are saved by Orbax: the latest two and the best, each with a digest."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import warnings
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils
from orbax.checkpoint import checkpoint_managers as policies

from deeploc_jax.devices import is_main
from deeploc_jax.fingerprint import arrays_of, check_fit, digest
from deeploc_jax.train import improvement
from deeploc_jax.train.damaged_checkpoints import set_aside, set_aside_changed_metrics
from deeploc_jax.train.file_system import suit_file_system
from deeploc_jax.train.state import TrainState


class CheckpointError(RuntimeError):
    """A checkpoint is damaged."""


class Checkpoints(contextlib.AbstractContextManager):
    """The checkpoints of one training.

    The latest two and the best on validation are kept. Among equally good checkpoints
    the one with the lower validation loss counts as the best, then the later one. Each
    carries the SHA-256 of its arrays: neither Orbax nor a file system notices a flipped
    bit.

    It is a context manager, which finishes saves under way on leaving.

    Args:
        directory: Folder of the checkpoints, made when missing.
        metric: Name of the validation metric that decides which checkpoint is best. The
            lowest wins if the name ends in 'loss', else the highest.

    Raises:
        CheckpointError: The metrics of all checkpoints are damaged.
    """

    def __init__(self, directory: Path | str, metric: str):
        self.metric = metric
        self.improvement: improvement.Improvement | None = None
        self.directory = Path(directory).absolute()
        suit_file_system(self.directory)
        if is_main() and set_aside_changed_metrics(self.directory):
            raise self._none_intact()
        multihost_utils.sync_global_devices('checkpoints checked')
        best = policies.BestN(
            get_metric_fn=self._rank, n=1, keep_checkpoints_without_metrics=False
        )
        self.manager = ocp.CheckpointManager(
            self.directory,
            options=ocp.CheckpointManagerOptions(
                preservation_policy=policies.AnyPreservationPolicy(
                    [policies.LatestN(2), best]
                ),
                # Without it, no metrics are written and there is no best.
                best_fn=self._rank,
                cleanup_tmp_directories=True,
            ),
        )

    def _rank(self, metrics: dict[str, float]) -> Any:  # Orbax only sorts by it
        return improvement.rank(metrics, self.metric)

    def save(self, state: TrainState, metrics: dict[str, float] | None = None) -> None:
        """Saves a state in the background.

        Args:
            state: State of a step that is not saved yet.
            metrics: Validation metrics; None for a save on interruption, which is
                never chosen as the best.

        Raises:
            CheckpointError: The deciding metric is not finite.
        """
        if metrics is not None and not math.isfinite(metrics[self.metric]):
            raise CheckpointError(f'{self.metric} is {metrics[self.metric]}.')
        step, last = int(state.step), self.improvement
        self.improvement = improvement.improved(last, step, metrics or {}, self.metric)
        seal = dict(sha256=digest(state), arrays=arrays_of(state), metrics=metrics)
        if self.improvement:
            seal['improvement'] = dataclasses.asdict(self.improvement)
        self.manager.save(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(state), seal=ocp.args.JsonSave(seal)
            ),
            metrics=metrics,
            force=True,
        )

    def restore_latest(self, like: TrainState) -> TrainState | None:
        """Restores the latest intact state, or returns None when nothing is saved.

        A damaged checkpoint is set aside with a warning, and the one before it is
        taken. From now on `improvement` is that of the training up to this state.

        Args:
            like: State with the wanted shapes, types and shardings.

        Raises:
            CheckpointError: All checkpoints are damaged.
        """
        if not self.steps():
            return None
        for step in reversed(self.steps()):
            state = self._restore_or_set_aside(step, like)
            if state is not None:
                seal = self._read(step, seal=ocp.args.JsonRestore()).seal
                kept = {at: self.metrics(at) for at in self.steps()}
                self.improvement = improvement.stored(seal, kept, self.metric)
                return state
        raise self._none_intact()

    def restore_best(self, like: TrainState) -> tuple[int, TrainState]:
        """Restores the best intact step; damaged ones are set aside.

        Args:
            like: State with the wanted shapes, types and shardings.

        Returns:
            The step and its state.

        Raises:
            CheckpointError: No checkpoint with metrics is left.
        """
        while (step := self.best_step()) is not None:
            state = self._restore_or_set_aside(step, like)
            if state is not None:
                return step, state
        raise self._none_intact()

    def _none_intact(self) -> CheckpointError:
        return CheckpointError(
            f'There is no intact checkpoint in {self.directory}. To start anew, give '
            'another --workdir.'
        )

    def _restore_or_set_aside(self, step: int, like: TrainState) -> TrainState | None:
        try:
            return self.restore(step, like)
        except CheckpointError as error:
            warnings.warn(f'{error} Falling back to another.', stacklevel=2)
            if is_main():
                set_aside(self.directory, step)
            multihost_utils.sync_global_devices('damaged checkpoint set aside')
            self.manager.reload()
            return None

    def restore(self, step: int, like: TrainState) -> TrainState:
        """Restores the state of one step.

        Args:
            step: A step that is saved.
            like: State with the wanted shapes, types and shardings.

        Raises:
            CheckpointError: The checkpoint is damaged.
            MismatchError: It does not fit `like`; both sides are listed.
        """
        target = jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), like
        )
        seal = self._read(step, seal=ocp.args.JsonRestore()).seal
        check_fit(seal['arrays'], arrays_of(like), self.directory / str(step))
        state = self._read(step, state=ocp.args.StandardRestore(target)).state
        if digest(state) != seal['sha256']:
            raise CheckpointError(
                f'Checkpoint {self.directory / str(step)} is damaged (wrong digest).'
            )
        return state

    def _read(self, step: int, **items: Any) -> Any:
        try:
            return self.manager.restore(step, args=ocp.args.Composite(**items))
        # Damaged files lead to these; a lack of memory or permission to others.
        except (ValueError, KeyError, EOFError, FileNotFoundError) as error:
            reason = f'is damaged ({str(error).splitlines()[0][:200]})'
            where = self.directory / str(step)
            raise CheckpointError(f'Checkpoint {where} {reason}.') from error

    def best_step(self) -> int | None:
        """The step with the best validation metric."""
        return self.manager.best_step()

    def metrics(self, step: int) -> dict[str, float]:
        """The validation metrics that were saved with a step."""
        return self.manager.metrics(step) or {}

    def steps(self) -> list[int]:
        """All steps kept, in order."""
        return sorted(self.manager.all_steps())

    def wait(self) -> None:
        """Waits for a save under way and raises the error it ended with, if any."""
        self.manager.wait_until_finished()

    def close(self) -> None:
        """Finishes saves under way."""
        self.manager.close()

    def __exit__(self, *unused: object) -> None:
        self.close()
