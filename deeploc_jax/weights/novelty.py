"""How unlike everything seen in training a cell is, by its features.

A classifier has to choose one of its classes, and can be sure of it for a cell of none.
The distance to the cells it was trained on tells such cells.
"""

from __future__ import annotations

import dataclasses

import numpy as np

FLAGGED = 0.05  # share of known cells, of validation, that are flagged
NEIGHBOUR = 10  # its distance counts, where no class has fewer cells
SMALLEST_LIMIT = 1e-3  # cells whose features are all alike differ by rounding
BLOCK = 1024  # cells compared at a time


@dataclasses.dataclass(frozen=True)
class Novelty:
    """Distance to the tenth nearest of the cells seen, by the angle between features.

    The distance is 1 minus the angle's cosine. Where a class has fewer than ten cells,
    a nearer neighbour counts: the tenth would be of another class.

    Attributes:
        layer: Of the network, whose features count (the largest of a map).
        seen: Features of cells it was trained on, float16 [m, f]; lengths do not count.
        rank: Which neighbour's distance counts, 1 for the nearest.
        limit: Distance that FLAGGED of the known cells of validation exceed.

    References:
        Sun et al. 2022, ICML: out-of-distribution detection with deep nearest
        neighbors.
    """

    layer: str
    seen: np.ndarray
    rank: int
    limit: float = 1.0

    @classmethod
    def fit(
        cls, layer: str, seen: np.ndarray, labels: np.ndarray, usual: np.ndarray
    ) -> Novelty:
        """Learns from features.

        Args:
            layer: Whose they are.
            seen: Of cells that the network was trained on, [m, f].
            labels: Classes of these, [m].
            usual: Of known cells of validation, [n, f], which set the limit.
        """
        smallest = np.unique(labels, return_counts=True)[1].min()
        rank = min(NEIGHBOUR, int(smallest))
        found = cls(layer, of_length_1(seen).astype(np.float16), rank)
        limit = max(threshold(found.score(usual)), SMALLEST_LIMIT)
        return dataclasses.replace(found, limit=limit)

    def score(self, features: np.ndarray) -> np.ndarray:
        """Novelty of cells, [n, f] -> float32 [n]; above 1: unlike anything seen."""
        seen, rank = of_length_1(self.seen).T, self.rank
        blocks = [
            np.partition(of_length_1(features[i : i + BLOCK]) @ seen, -rank)[:, -rank]
            for i in range(0, len(features), BLOCK)
        ]
        return np.maximum(1 - np.concatenate(blocks), 0) / np.float32(self.limit)


def threshold(scores: np.ndarray, flagged: float = FLAGGED) -> float:
    """The score that this share of known cells, of validation, exceeds."""
    return float(np.quantile(scores, 1 - flagged))


def of_length_1(features: np.ndarray) -> np.ndarray:
    """Features [n, f] as float32, each cell's divided by their length."""
    features = np.asarray(features, np.float32)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.finfo(np.float32).tiny)
