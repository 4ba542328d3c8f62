"""The change that is expected of a protein is that of the proteins like it before.

A treatment changes cells as such, and with them every protein of a compartment; only
what goes beyond that is a change of the protein itself.

References:
    Lu & Moses 2016, An unsupervised kNN method to systematically detect changes in
    protein localization in high-throughput microscopy images, PLoS ONE 11(7).
    Lu, Chong, Hsu & Moses 2018, Integrating images from multiple microscopy screens
    reveals diverse patterns of change in the subcellular localization of proteins,
    eLife 7:e31872.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from sklearn.neighbors import NearestNeighbors

NEIGHBORS = 50
MAD_OF_NORMAL = 0.6745  # MAD of a standard normal distribution, as the authors round it


def nearest_proteins(
    before: Float[np.ndarray, 'n f'], neighbors: int = NEIGHBORS
) -> Int[np.ndarray, 'n k']:
    """Row numbers of the proteins that are most like each one, nearest first.

    Args:
        before: Features of the proteins before the treatment, as they are: finite, and
            of one scale if each is to count.
        neighbors: How many; fewer if there are not as many other proteins.

    Returns:
        [n, k], without the protein itself.

    Raises:
        ValueError: There are fewer than two proteins.
    """
    if len(before) < 2:
        raise ValueError(f'{len(before)} proteins: one has no other to be like.')
    index = NearestNeighbors(n_neighbors=min(neighbors, len(before) - 1))
    # Without an argument, no point is a neighbor of itself, not even its twin.
    return np.asarray(index.fit(before).kneighbors(return_distance=False))


def expected_change(
    change: Float[np.ndarray, 'n f'], nearest: Int[np.ndarray, 'n k']
) -> tuple[Float[np.ndarray, 'n f'], Float[np.ndarray, 'n f']]:
    """Median, and median absolute deviation, of the changes of each one's neighbors.

    Args:
        change: Change of each feature of each protein.
        nearest: Row numbers of its neighbors.
    """
    center, spread = np.empty_like(change), np.empty_like(change)
    for feature in range(change.shape[1]):  # one at a time, to save memory
        near = change[nearest, feature]
        center[:, feature] = np.median(near, axis=1)
        away = np.abs(near - center[:, feature, None])
        spread[:, feature] = np.median(away, axis=1)
    return center, spread


def modified_z(
    before: Float[np.ndarray, 'n f'],
    after: Float[np.ndarray, 'n f'],
    neighbors: int = NEIGHBORS,
) -> Float[np.ndarray, 'n f']:
    """Change profiles of Lu & Moses: before minus after, by the neighbors' scatter.

    Args:
        before: Features of proteins before the treatment.
        after: The same after it.
        neighbors: Number of neighbors.

    Returns:
        0.6745 (change - median) / MAD; NaN or infinite where all neighbors change by
        the same.
    """
    change = before - after
    center, spread = expected_change(change, nearest_proteins(before, neighbors))
    with np.errstate(divide='ignore', invalid='ignore'):
        return MAD_OF_NORMAL * (change - center) / spread
