"""How unlike everything seen in training a cell is, by its features.

A classifier has to choose one of its classes, and can be sure of it for a cell of none.
The distance to the cells it was trained on tells such cells.
"""

from __future__ import annotations

import dataclasses

import numpy as np

FLAGGED = 0.05  # share of known cells, of validation, that are flagged
NEIGHBOUR = 10  # its distance counts
BLOCK = 1024  # cells compared at a time


@dataclasses.dataclass(frozen=True)
class Novelty:
    """Distance to the tenth nearest of the cells seen, by the angle between features.

    Attributes:
        layer: Of the network, whose features count (the largest of a map).
        seen: Features of cells it was trained on, each of length 1, float16 [m, f].
        limit: Distance that FLAGGED of the known cells of validation exceed.

    References:
        Sun et al. 2022, ICML: out-of-distribution detection with deep nearest
        neighbors.
    """

    layer: str
    seen: np.ndarray
    limit: float = 1.0

    @classmethod
    def fit(cls, layer: str, seen: np.ndarray, usual: np.ndarray) -> Novelty:
        """Learns from features.

        Args:
            layer: Whose they are.
            seen: Of cells that the network was trained on, [m, f].
            usual: Of known cells of validation, [n, f], which set the limit.
        """
        found = cls(layer, of_length_1(seen).astype(np.float16))
        return dataclasses.replace(found, limit=threshold(found.score(usual)))

    def score(self, features: np.ndarray) -> np.ndarray:
        """Novelty of cells, [n, f] -> float32 [n]; above 1: unlike anything seen."""
        seen = self.seen.astype(np.float32).T
        rank = min(NEIGHBOUR, seen.shape[1])
        blocks = [
            np.partition(of_length_1(features[i : i + BLOCK]) @ seen, -rank)[:, -rank]
            for i in range(0, len(features), BLOCK)
        ]
        return (1 - np.concatenate(blocks)) / np.float32(self.limit)


def threshold(scores: np.ndarray, flagged: float = FLAGGED) -> float:
    """The score that this share of known cells, of validation, exceeds."""
    return float(np.quantile(scores, 1 - flagged))


def of_length_1(features: np.ndarray) -> np.ndarray:
    """Features [n, f] as float32, each cell's divided by their length."""
    features = np.asarray(features, np.float32)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.finfo(np.float32).tiny)
