"""A trained network as one program, which needs JAX and flatbuffers alone.

program = jax.export.deserialize(Path('exported/predict.jaxexport').read_bytes())
probabilities = program.call(images)  # float32 [n, side, side, c], raw pixels
"""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
from jax import export

from deeploc_jax.files import atomic_write, write_json
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import of_raw
from deeploc_jax.predict.raw_images import normalization_of
from deeploc_jax.predict.views import views_of
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork

PROGRAM, ABOUT = 'predict.jaxexport', 'predict.json'
PLATFORMS = ('cpu', 'cuda', 'rocm', 'tpu')


def write_program(network: TrainedNetwork, folder: Path) -> Path:
    """Writes `predict.jaxexport`, and `predict.json`, its classes and channels.

    The program, StableHLO as JAX wraps it, takes raw pixels, finite ones, float32
    [n, side, side, c] with any n, all at once. It normalizes them as in training, looks
    at the views that the card says, and returns calibrated probabilities, float32
    [n, k]. It holds the weights. Convolutions are XLA's own: on two CPU cores the
    lean network took as long as in `Predictor.predict`, DeepLoc 1.7 times.

    JAX promises to read such files for six months (`jax.export`, compatibility).

    Args:
        network: Network from `weights.folder.read_weights`.
        folder: Made when missing.

    Returns:
        The folder.

    Raises:
        ImportError: The extra `export` is not installed.
        ValueError: The card names an unknown normalization, or no white level where
            the network needs one.
    """
    if importlib.util.find_spec('flatbuffers') is None:
        raise ImportError("Exporting needs flatbuffers: pip install -e '.[export]'")
    card = network.card
    _check_white(card)
    variables = jax.tree.map(jnp.asarray, network.variables)
    logits = make_logits(network.model, views_of(card))
    of_pixels = of_raw(logits, normalization_of(card))

    def predict(images: jax.Array) -> jax.Array:
        found = of_pixels(variables, images)
        return jax.nn.softmax(found / card.temperature).mean(axis=1)

    (n,) = export.symbolic_shape('n')
    shape = (n, card.side, card.side, len(card.channels))
    images = jax.ShapeDtypeStruct(shape, jnp.float32)
    program = export.export(jax.jit(predict), platforms=PLATFORMS)(images)
    content = program.serialize()
    atomic_write(folder / PROGRAM, lambda path: path.write_bytes(content))
    write_json(folder / ABOUT, dataclasses.asdict(card))
    return folder


def _check_white(card: Card) -> None:
    """Raises a ValueError for a network that needs a white level and has none."""
    if card.normalization == 'unit' and card.white_level is None:
        raise ValueError(
            'The program takes float32, which does not show the value of white. '
            'Give it: deeploc_jax.load(..., white_level=255).export(...) for pixels of '
            '8 bits.'
        )
