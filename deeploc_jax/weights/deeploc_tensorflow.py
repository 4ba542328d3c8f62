"""Reads DeepLoc as its authors released it, a checkpoint of TensorFlow 1.

References:
    github.com/okraus/DeepLoc, nn_layers.py: names of the TensorFlow variables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flax import traverse_util

from deeploc_jax.weights.formats.tf_checkpoint import read_checkpoint
from deeploc_jax.weights.renaming import CONVOLUTIONS, DENSE, rename

AVERAGES = {
    'mean': ('Squeeze', 'moments_1/mean'),
    'var': ('Squeeze_1', 'moments_1/variance'),
}
"""Names of the averaged moments, from TensorFlow 1.2 on and before."""


def read_tf1_deeploc(path: Path | str) -> dict[str, Any]:
    """Variables of our DeepLoc from a TensorFlow 1 checkpoint of the released code.

    Raises:
        FileNotFoundError: There is no such checkpoint.
        ValueError: It is damaged, of a kind that is not read, or not of DeepLoc: the
            missing names are listed.
    """
    flat = rename(read_checkpoint(path), _names(), path)
    return traverse_util.unflatten_dict(flat, sep='/')


def _names() -> dict[str, tuple[str, ...]]:
    """Our name of each array -> names that TensorFlow gave it."""
    names: dict[str, tuple[str, ...]] = {}
    for layer in (*CONVOLUTIONS, *DENSE, 'final_layer'):
        kind = 'conv' if layer in CONVOLUTIONS else 'dense'
        norm = f'{layer}/batch_norm/{layer}_batch_norm'
        names |= {
            f'params/{layer}/{kind}/kernel': (f'{layer}/weights/Variable',),
            f'params/{layer}/bias': (f'{layer}/biases/Variable',),
            f'params/{layer}/bn/scale': (f'{norm}/gamma',),
            f'params/{layer}/bn/bias': (f'{norm}/beta',),
        }
        for ours, theirs in AVERAGES.items():
            names[f'batch_stats/{layer}/bn/{ours}'] = tuple(
                f'{layer}_batch_norm/{norm}/moments/{name}/ExponentialMovingAverage'
                for name in theirs
            )
    return names
