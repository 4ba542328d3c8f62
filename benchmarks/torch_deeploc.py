"""DeepLoc is written here in PyTorch, the same to the last layer, as a peer.

pip install -e '.[torch]'
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from deeploc_jax.models.deeploc import WIDTHS


class TorchDeepLoc(nn.Module):
    """The network, for images [b, h, w, c], in the memory layout that is fast on CPUs.

    Args:
        num_classes: Number of outputs.
        channels: Number of input channels.
        side: Side of the images in pixels, which the first dense layer depends on.
    """

    def __init__(self, num_classes: int, channels: int = 2, side: int = 60):
        super().__init__()
        self.names: list[str] = []
        self.pools: set[str] = set()
        for group in WIDTHS:
            for width in group:
                conv = nn.Conv2d(channels, width, 3, padding=1)
                self._add(f'conv_{len(self.names) + 1}', conv, nn.BatchNorm2d)
                channels = width
            self.pools.add(self.names[-1])
            side = -(-side // 2)
        inputs = side * side * channels
        for name, width in (('fc_1', 512), ('fc_2', 512), ('final_layer', num_classes)):
            self._add(name, nn.Linear(inputs, width), nn.BatchNorm1d)
            inputs = width
        self.to(memory_format=torch.channels_last)  # pyrefly: ignore

    def _add(self, name: str, linear: nn.Conv2d | nn.Linear, norm: Any) -> None:
        self.names.append(name)
        width = linear.weight.shape[0]
        layers = {'linear': linear, 'norm': norm(width, eps=1e-3, momentum=0.5)}
        self.add_module(name, nn.ModuleDict(layers))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits [b, k]."""
        x = image.permute(0, 3, 1, 2)  # the same memory: channels last
        for name in self.names:
            if name == 'fc_1':
                x = x.permute(0, 2, 3, 1).flatten(1)
            layer = getattr(self, name)
            x = layer['norm'](layer['linear'](x))
            if name != 'final_layer':
                x = functional.relu(x, inplace=True)
            if name in self.pools:
                x = functional.max_pool2d(x, 2, ceil_mode=True)
        return x

    @torch.no_grad()
    def load_flax(self, variables: dict[str, Any]) -> None:
        """Copies the weights and averages of `models.deeploc.DeepLoc`."""
        for name in self.names:
            layer, params = getattr(self, name), variables['params'][name]
            if 'conv' in params:
                kernel = np.transpose(params['conv']['kernel'], (3, 2, 0, 1))
            else:
                kernel = np.transpose(params['dense']['kernel'])
            stats = variables['batch_stats'][name]['bn']
            for target, value in (
                (layer['linear'].weight, kernel),
                (layer['linear'].bias, params['bias']),
                (layer['norm'].weight, params['bn']['scale']),
                (layer['norm'].bias, params['bn']['bias']),
                (layer['norm'].running_mean, stats['mean']),
                (layer['norm'].running_var, stats['var']),
            ):
                target.copy_(torch.from_numpy(np.array(value)))
