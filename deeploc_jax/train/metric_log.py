"""Metrics are written to `metrics.jsonl` and for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path

import tensorboardX

from deeploc_jax.devices import is_main
from deeploc_jax.files import atomic_write, read_jsonl


class MetricLog:
    """Appends rows of metrics; a resumed run continues at the step of its state.

    Only the first of several hosts writes. It is a context manager, which closes files.

    Args:
        workdir: Folder that gets `metrics.jsonl` and `tensorboard/`.
        step: Step that training starts from. Later rows, which were written before an
            interruption and will be written again, are dropped.
    """

    def __init__(self, workdir: Path, step: int):
        self._open = is_main()
        if not self._open:
            return
        path = workdir / 'metrics.jsonl'
        kept = [row for row in read_jsonl(path) if row['step'] <= step]
        text = ''.join(json.dumps(row) + '\n' for row in kept)
        atomic_write(path, lambda temporary: temporary.write_text(text))
        self._file = path.open('a')
        self._board = tensorboardX.SummaryWriter(
            str(workdir / 'tensorboard'), purge_step=step + 1 if step else None
        )

    def write(self, step: int, metrics: dict[str, float]) -> None:
        """Adds one row, with names such as 'train/loss'."""
        if not self._open:
            return
        self._file.write(json.dumps(dict(step=step, **metrics)) + '\n')
        self._file.flush()
        for name, value in metrics.items():
            self._board.add_scalar(name, value, step)

    def __enter__(self) -> MetricLog:
        return self

    def __exit__(self, *unused: object) -> None:
        if self._open:
            self._file.close()
            self._board.close()
