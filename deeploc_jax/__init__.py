"""DeepLoc in JAX: from cells of a yeast screen to protein localizations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deeploc_jax.evaluate.predictor import Predictor

__version__ = '0.1.0'


def load(source: Path | str) -> Predictor:
    """A trained network, from the workdir of a training or a folder of weights.

    `load('lean-sim')` is in the package: the lean network, trained on simulated cells.

    What JAX compiles from now on is kept, see `compilation.keep_programs`.

    Raises:
        FileNotFoundError: There is no network.
        ValueError: Its files are damaged.

    Example:
        >>> network = deeploc_jax.load('runs/sim')
        >>> probabilities = network.predict(images)  # [n, 64, 64, 2] -> [n, 19]
        >>> [network.class_names[i] for i in probabilities.argmax(1)]
    """
    # Late: `import deeploc_jax` costs nothing.
    from deeploc_jax import compilation
    from deeploc_jax.evaluate.predictor import Predictor
    from deeploc_jax.weights.folder import read_weights

    compilation.keep_programs()
    return Predictor(read_weights(source))
