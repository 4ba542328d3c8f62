"""Novelty measures how unlike all training cells a cell is, by its features.

A classifier must pick a class, and can be confident about a cell that belongs to none.
The distance to the training cells detects such cells.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from jaxtyping import Float, Float16, Float32, Integer

FLAGGED = 0.05  # share of the known validation cells that exceed the limit
NEIGHBOR = 10  # rank of the neighbor whose distance counts, if no class is smaller
SMALLEST_LIMIT = 1e-3  # features that are all alike still differ by rounding
BLOCK = 1024  # cells compared at a time


@dataclasses.dataclass(frozen=True)
class Novelty:
    """Cosine distance to the tenth-nearest training cell, in features of a layer.

    The distance is 1 minus the cosine of the angle between the features. Where a class
    has fewer than ten cells a nearer neighbor counts: the tenth would be of another
    class.

    Attributes:
        layer: Layer of the network whose features are compared, the largest of a map.
        seen: Features of training cells, float16 [m, f]; their lengths do not matter.
        rank: Rank of the neighbor whose distance counts, 1 for the nearest.
        limit: Distance that the share FLAGGED of the known validation cells exceeds.

    References:
        Sun et al. 2022, ICML: out-of-distribution detection with deep nearest
        neighbors.
    """

    layer: str
    seen: Float16[np.ndarray, 'm f']
    rank: int
    limit: float = 1.0

    @classmethod
    def fit(
        cls,
        layer: str,
        seen: Float[np.ndarray, 'm f'],
        labels: Integer[np.ndarray, ' m'],
        usual: Float[np.ndarray, 'n f'],
    ) -> Novelty:
        """Sets rank and limit by the features of known cells.

        Args:
            layer: Layer of the features.
            seen: Features of training cells, [m, f].
            labels: Classes of the training cells, [m].
            usual: Features of known validation cells, [n, f], which set the limit.
        """
        smallest = np.unique(labels, return_counts=True)[1].min()
        rank = min(NEIGHBOR, int(smallest))
        novelty = cls(layer, unit_length(seen).astype(np.float16), rank)
        limit = max(threshold(novelty.score(usual)), SMALLEST_LIMIT)
        return dataclasses.replace(novelty, limit=limit)

    def score(self, features: Float[np.ndarray, 'n f']) -> Float32[np.ndarray, ' n']:
        """Novelty of cells with features [n, f], float32 [n].

        It is the distance over the limit: above 1 a cell is unlike the training cells.
        """
        seen, rank = self.directions.T, self.rank
        blocks = [
            np.partition(unit_length(features[i : i + BLOCK]) @ seen, -rank)[:, -rank]
            for i in range(0, len(features), BLOCK)
        ]
        return np.maximum(1 - np.concatenate(blocks), 0) / np.float32(self.limit)

    @functools.cached_property
    def directions(self) -> Float32[np.ndarray, 'm f']:
        """The features of length 1 of training cells, for all batches that come."""
        return unit_length(self.seen)


def both(one: Novelty, other: Novelty) -> Novelty:
    """What two have seen, of the same layer: half of the cells of each, as many in all.

    The limit is the larger one: neither flags more of its usual cells than before.
    """
    return dataclasses.replace(
        one,
        seen=np.concatenate([one.seen[::2], other.seen[::2]]),
        rank=min(one.rank, other.rank),
        limit=max(one.limit, other.limit),
    )


def threshold(scores: Float[np.ndarray, ' n'], flagged: float = FLAGGED) -> float:
    """The score that this share of the known validation cells exceeds."""
    return float(np.quantile(scores, 1 - flagged))


def unit_length(features: Float[np.ndarray, 'n f']) -> Float32[np.ndarray, 'n f']:
    """Scales the features [n, f] of each cell to length 1, as float32."""
    features = np.asarray(features, np.float32)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.finfo(np.float32).tiny)
