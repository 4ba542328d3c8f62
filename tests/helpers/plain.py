"""A network that compiles at once and ends like those of the package: in a vector."""

from __future__ import annotations

import flax.linen as nn

from deeploc_jax.models.network import Network
from deeploc_jax.weights.folder import write_weights
from tests.helpers.small import make_card, random_variables


class Plain(Network):
    """A network whose last layer is a linear one, as that of lean."""

    @nn.compact
    def __call__(self, image, *, train):
        x = nn.relu(nn.Conv(8, (3, 3), strides=4, name='conv')(image)).mean((1, 2))
        return self.head(x, train), {'mean': x}

    def head(self, x, train):
        return nn.Dense(self.num_classes, name=self.HEAD)(x)


def plain_weights(folder):
    """Writes such a network, which knows nothing; `MODELS` must have it as `small`."""
    card = make_card(
        model=dict(name='small'),
        side=64,
        crop=60,
        crops=1,
        normalization='unit',
        white_level=2e3,
    )
    variables = random_variables(Plain(num_classes=3), 60)
    return write_weights(folder, variables, card)
