"""The networks are Flax modules, one architecture a file, which share one contract.

`Model(num_classes=..., **options)(image, *, train) -> (logits, features)`, with the
activations of every named layer in `features`. A new network subclasses
`network.Network`, defines `convolve` and, if it has more than one dense layer,
`classify`, and is added to `MODELS`.

The networks are built from `layer.Layer`, whose convolution (`conv`, `winograd`), batch
norm (`norm`) and pooling are our own. The reason is speed on CPUs: with Flax's own
parts, DeepLoc takes 1.7 times as long for a training step and 2.2 times as long for a
forward pass (two cores, docs/results/speed.md). On GPUs the convolutions are XLA's. The
numbers are those of Flax up to rounding, so a new network may as well be made of
`flax.linen` alone: benchmarks/plain_flax.py is DeepLoc written that way, and the one to
copy where speed on CPUs does not matter.
"""

from __future__ import annotations

from typing import Any

from deeploc_jax.lookup import check_name, lookup
from deeploc_jax.models.deeploc import DeepLoc
from deeploc_jax.models.deepyeast import DeepYeast
from deeploc_jax.models.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
)
from deeploc_jax.models.lean import Lean
from deeploc_jax.models.network import Network
from deeploc_jax.models.resnet50 import ResNet50

MODELS: dict[str, type[Network]] = {
    'deeploc': DeepLoc,
    'deepyeast': DeepYeast,
    'lean': Lean,
    'resnet50': ResNet50,
    'efficientnet_lite0': EfficientNetLite0,
    'efficientnet_lite1': EfficientNetLite1,
    'efficientnet_lite2': EfficientNetLite2,
}


def get_model(name: str, num_classes: int, **options: Any) -> Network:
    """Looks up a network by name.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of classes of the last layer.
        **options: Fields of the network, e.g. `dropout=0.5`.

    Raises:
        ValueError: No such network, or it has no such option.

    Examples:
        >>> model = get_model('deeploc', num_classes=19)
        >>> variables = model.init(key, jnp.zeros((1, 60, 60, 2)), train=False)
    """
    model = lookup('model', name, MODELS)
    fields = set(model.__dataclass_fields__) - {'parent', 'name'}
    for option in options:
        check_name('model option', option, fields)
    return model(num_classes=num_classes, **options)
