"""Puts cells on a map: those whose features are alike lie beside each other."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import threadpoolctl
from jaxtyping import Float, Float32
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from deeploc_jax.explain.information import standardized
from deeploc_jax.lookup import check_name

COMPONENTS = 50
"""Principal components that a map is made from."""
PERPLEXITY, NEIGHBORS = 30, 15


def embed(
    values: Float[np.ndarray, 'n f'], method: str, seed: int
) -> Float32[np.ndarray, 'n 2']:
    """Places of cells on a map; the same seed makes the same map.

    Features are brought to variance 1, so that measurements in different units and
    units of a network are treated alike.

    Args:
        values: Features, one row a cell; at least 4 rows.
        method: A key of `METHODS`.
        seed: Seed of the random numbers.

    Raises:
        ImportError: UMAP is not installed.
        ValueError: There is no such method.

    References:
        van der Maaten & Hinton 2008, JMLR 9:2579: t-SNE. McInnes et al. 2018,
        arXiv:1802.03426: UMAP.
    """
    check_name('method', method, METHODS)
    count = min(COMPONENTS, *values.shape)
    pca = PCA(count, svd_solver='full')
    # Sums over several threads would be rounded in another order each time.
    with threadpoolctl.threadpool_limits(1):
        places = METHODS[method](pca.fit_transform(standardized(values)), seed)
    return np.asarray(places, np.float32)


def _tsne(values: np.ndarray, seed: int) -> np.ndarray:
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    return TSNE(perplexity=perplexity, random_state=seed).fit_transform(values)


def _umap(values: np.ndarray, seed: int) -> np.ndarray:
    umap = require_umap()
    near = min(NEIGHBORS, len(values) - 1)
    return umap.UMAP(n_neighbors=near, random_state=seed, n_jobs=1).fit_transform(
        values
    )


def require_umap():
    """The package `umap`.

    Raises:
        ImportError: It is not installed; names the extra.
    """
    try:
        with _no_tensorflow():
            import umap
    except ImportError as error:
        raise ImportError(
            "UMAP needs umap-learn: pip install -e '.[umap]', or "
            '--config.maps.methods=tsne'
        ) from error
    return umap


@contextlib.contextmanager
def _no_tensorflow() -> Generator[None]:
    """Keeps umap from loading TensorFlow, which it has a use for that is not ours."""
    loaded: dict[str, Any] = sys.modules
    hidden = loaded.setdefault('tensorflow', None) is None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', ImportWarning)
            yield
    finally:
        if hidden:
            del loaded['tensorflow']


METHODS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    'tsne': _tsne,
    'umap': _umap,
}
"""Ways to make a map by name."""
