"""Which of two checkpoints is better, and when a training last improved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


def rank(metrics: Mapping[str, float], metric: str) -> tuple[float, float]:
    """Sort key of validation metrics, the best last.

    Equals, which are common on a few hundred cells, are told apart by their loss.

    Args:
        metrics: Of one checkpoint.
        metric: The one that decides. The lowest wins if its name ends in 'loss', else
            the highest.
    """
    sign = -1 if metric.endswith('loss') else 1
    return sign * metrics[metric], -metrics.get('validation/loss', 0.0)


@dataclasses.dataclass(frozen=True)
class Improvement:
    """The last strict improvement of the deciding metric; a tie is none.

    Attributes:
        step: When it was reached first.
        score: The metric, with the sign that makes the highest the best.
    """

    step: int
    score: float


def improved(
    last: Improvement | None, step: int, metrics: Mapping[str, float], metric: str
) -> Improvement | None:
    """The last improvement, now that there is another checkpoint.

    Args:
        last: The last one before it.
        step: Of the checkpoint.
        metrics: Of the checkpoint; empty for one that was not validated.
        metric: The one that decides.
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
        seal: Of the checkpoint. Its own words are needed: the checkpoint of the
            improvement may be gone where a tie with a lower loss is kept.
        kept: Metrics of the checkpoints that are there, by step, which must do where an
            earlier version saved it.
        metric: The one that decides.
    """
    if seal.get('improvement'):
        return Improvement(**seal['improvement'])
    last = None
    for step in sorted(kept):
        last = improved(last, step, kept[step], metric)
    return last
