"""A trained network as one program, which needs JAX and flatbuffers alone.

program = jax.export.deserialize(Path('exported/predict.jaxexport').read_bytes())
probabilities = program.call(images)  # float32 [n, side, side, c], raw pixels
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
from jax import export

from deeploc_jax.data.normalize import PERCENTILES
from deeploc_jax.files import atomic_write, write_json
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.raw_images import normalization_of
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork

PROGRAM, ABOUT = 'predict.jaxexport', 'predict.json'
PLATFORMS = ('cpu', 'cuda', 'rocm', 'tpu')


def write_program(network: TrainedNetwork, folder: Path) -> Path:
    """Writes `predict.jaxexport`, and `predict.json`, its classes and channels.

    The program, StableHLO as JAX wraps it, takes raw pixels, finite ones, float32
    [n, side, side, c] with any n, all at once. It normalizes them as in training, looks
    at the crops that the card says, and returns calibrated probabilities, float32
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
    normalize = _traced_normalize(card)
    variables = jax.tree.map(jnp.asarray, network.variables)
    logits = make_logits(network.model, crop=card.crop, crops=card.crops)

    def predict(images: jax.Array) -> jax.Array:
        found = logits(variables, normalize(images))
        return jax.nn.softmax(found / card.temperature).mean(axis=1)

    (n,) = export.symbolic_shape('n')
    shape = (n, card.side, card.side, len(card.channels))
    images = jax.ShapeDtypeStruct(shape, jnp.float32)
    program = export.export(jax.jit(predict), platforms=PLATFORMS)(images)
    content = program.serialize()
    atomic_write(folder / PROGRAM, lambda path: path.write_bytes(content))
    write_json(folder / ABOUT, dataclasses.asdict(card))
    return folder


def _percentile_normalize(images: jax.Array) -> jax.Array:
    """`data.normalize.percentile_normalize`, traced."""
    n, h, w, c = images.shape
    planes = images.reshape(n, h * w, c)
    shares = jnp.array(PERCENTILES)
    low, high = jnp.percentile(planes, shares, axis=1, keepdims=True)
    constant = high <= low
    scaled = (planes - low) / jnp.where(constant, 1, high - low)
    return jnp.where(constant, 0, jnp.clip(scaled, 0, 1)).reshape(n, h, w, c)


def _traced_normalize(card: Card) -> Callable[[jax.Array], jax.Array]:
    """What a card says of raw pixels, for arrays that are traced."""
    normalization_of(card)  # known, or an error
    white = card.white_level
    if card.normalization == 'unit' and white is None:
        raise ValueError(
            'The program takes float32, which does not show the value of white. '
            'Give it: deeploc_jax.load(..., white_level=255).export(...) for pixels of '
            '8 bits.'
        )
    return {
        'percentile': _percentile_normalize,
        'unit': lambda images: jnp.clip(images / white, 0, 1),
        'none': lambda images: images,
    }[card.normalization]
