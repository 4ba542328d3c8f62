"""A network of the usual contract that compiles at once."""

import flax.linen as nn


class Small(nn.Module):
    num_classes: int = 3

    @nn.compact
    def __call__(self, image, *, train):
        x = nn.Conv(4, (3, 3), strides=2, name='conv')(image)
        x = nn.BatchNorm(use_running_average=not train, momentum=0.5)(x)
        features = {'conv': nn.relu(x)}
        x = features['conv'].mean((1, 2))
        return nn.Dense(self.num_classes, name='dense')(x), features
