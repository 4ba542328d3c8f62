"""DeepLoc in JAX: from cells of a yeast screen to protein localizations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deeploc_jax.predict.predictor import Predictor

__version__ = '0.1.0'


def load(
    source: Path | str,
    *,
    without: Sequence[str] = (),
    white_level: float | None = None,
) -> Predictor:
    """A trained network, from the workdir of a training or a folder of weights.

    `load('lean-sim')` is in the package: the lean network, trained on simulated cells.
    `load('efficientnet-lite0')` saw ImageNet and needs the extra `imagenet`.

    What JAX compiles from now on is kept, see `compilation.keep_programs`.

    Args:
        source: The workdir, the folder or the name.
        without: Channels of the network that your images lack, such as its marker: it
            takes images of the others. The card of a network that was trained for that
            says how well it does.
        white_level: For a network whose card says `normalization='unit'`: the pixel
            value of white in your images, e.g. 4095 for a camera of 12 bits. By default
            that of the card or, where it says none, the largest value of the pixels'
            type: 255 for uint8, 65535 for uint16.

    Raises:
        FileNotFoundError: There is no network.
        ImportError: The package that holds the network is not installed.
        ValueError: Its files are damaged, or it takes no white level, or it has no such
            channel.

    Examples:
        >>> network = deeploc_jax.load('runs/sim')
        >>> probabilities = network.predict(images)  # [n, 64, 64, 2] -> [n, 19]
        >>> [network.class_names[i] for i in probabilities.argmax(1)]
    """
    # Late: `import deeploc_jax` costs nothing.
    from deeploc_jax import compilation
    from deeploc_jax.predict.predictor import Predictor
    from deeploc_jax.weights.channels import match_without
    from deeploc_jax.weights.fit_channels import fit_channels
    from deeploc_jax.weights.folder import read_weights

    compilation.keep_programs()
    network = read_weights(source, white_level=white_level)
    return Predictor(fit_channels(network, match_without(network.card, without)))
