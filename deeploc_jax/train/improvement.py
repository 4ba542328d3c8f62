"""Checkpoints are ranked, and the last improvement of a training is remembered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


def rank(metrics: Mapping[str, float], metric: str) -> tuple[float, float]:
    """Sort key of validation metrics, the best last.

    The loss breaks ties, which are common on a few hundred cells.

    Args:
        metrics: Validation metrics of one checkpoint.
        metric: Name of the deciding metric. The lowest wins if the name ends in 'loss',
            else the highest.
    """
    sign = -1 if metric.endswith('loss') else 1
    return sign * metrics[metric], -metrics.get('validation/loss', 0.0)


@dataclasses.dataclass(frozen=True)
class Improvement:
    """The last strict improvement of the deciding metric; a tie does not count.

    Attributes:
        step: Step at which this score was reached first.
        score: The metric, with the sign that makes the highest the best.
    """

    step: int
    score: float


def improved(
    last: Improvement | None, step: int, metrics: Mapping[str, float], metric: str
) -> Improvement | None:
    """The last improvement once there is another checkpoint.

    Args:
        last: The last improvement before that checkpoint.
        step: Step of the checkpoint.
        metrics: Validation metrics of the checkpoint; empty when it was not validated.
        metric: Name of the deciding metric.
    """
    if not metrics:
        return last
    score = rank(metrics, metric)[0]
    return last if last and score <= last.score else Improvement(step, score)


def stored(
    seal: Mapping[str, Any], kept: Mapping[int, Mapping[str, float]], metric: str
) -> Improvement | None:
    """The last improvement of the training that saved a checkpoint.

    Args:
        seal: Seal of the checkpoint, which records the improvement. The checkpoint of
            the improvement itself may be gone, when a tie with a lower loss was kept.
        kept: Metrics of the checkpoints that are there, by step; they replace the
            record where an earlier version saved the checkpoint.
        metric: Name of the deciding metric.
    """
    if seal.get('improvement'):
        return Improvement(**seal['improvement'])
    last = None
    for step in sorted(kept):
        last = improved(last, step, kept[step], metric)
    return last
