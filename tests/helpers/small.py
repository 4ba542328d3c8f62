"""A network of the usual contract that compiles at once, and cells for it."""

from typing import ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from deeploc_jax.models.network import Network
from deeploc_jax.models.norm import BatchNorm
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.card import Card


class Small(Network):
    HEAD: ClassVar[str] = 'dense'
    num_classes: int = 3
    bn_momentum: float = 0.5

    @nn.compact
    def __call__(self, image, *, train):
        x = nn.Conv(4, (3, 3), strides=2, name='conv')(image)
        features = {
            'conv': BatchNorm(4, train, self.bn_momentum, epsilon=1e-5, name='bn')(x)
        }
        x = features['conv'].mean((1, 2))
        return nn.Dense(self.num_classes, name=self.HEAD)(x), features


def random_variables(model, size, channels=2, seed=0):
    """Of a network, nowhere 0 or 1; without the time that compiling its own takes."""
    rng = np.random.default_rng(seed)
    image = jnp.zeros((1, size, size, channels))
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), image, train=False))

    def draw(path, shape):
        values = rng.random(shape.shape, np.float32)
        if 'kernel' not in jax.tree_util.keystr(path):
            return jnp.asarray(values + np.float32(0.5))
        inputs = np.prod(shape.shape[:-1])
        return jnp.asarray((values - 0.5) * np.float32(4 / np.sqrt(inputs)))

    return jax.tree.map_with_path(draw, dict(shapes))


LARGER = {'efficientnet_lite1', 'efficientnet_lite2'}
"""Networks that differ from a smaller one in numbers alone."""


def make_card(**fields):
    """What a training writes beside its weights, of three classes and two channels."""
    usual = dict(
        model=dict(name='deeploc'),
        side=20,
        crop=16,
        crops=5,
        class_names=('A', 'B', 'C'),
        channels=('GFP', 'RFP'),
        marker_channel=1,
        temperature=0.5,
        screen='a_screen/1.0.0',
        simulated=True,
        license='none',
        step=7,
        validation={'validation/accuracy': 0.5},
        version='0.1.0',
    )
    return Card(**usual | fields)


def random_cells(n, num_classes=3, size=64, seed=0):
    rng = np.random.default_rng(seed)
    text = {
        name: np.array([f'{name}{i % 5}' for i in range(n)])
        for name in METADATA
        if name not in ('x', 'y')
    }
    text['cell_id'] = np.array([f'cell{i}' for i in range(n)])
    return Cells(
        images=rng.random((n, size, size, 2), np.float32),
        labels=rng.integers(num_classes, size=n).astype(np.int32),
        metadata=text | {k: np.zeros(n, np.float32) for k in 'xy'},
        class_names=tuple('ABCDEFG'[:num_classes]),
        channels=('GFP', 'RFP'),
    )
