"""Weights are a folder that opens on any machine: safetensors and a JSON card."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import numpy as np
import safetensors
import safetensors.numpy
from flax import traverse_util

from deeploc_jax.files import atomic_write, read_json, write_json
from deeploc_jax.fingerprint import MismatchError, digest
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.imagenet import PACKAGED, read_packaged
from deeploc_jax.weights.novelty import Novelty

ARRAYS, CARD = 'weights.safetensors', 'card.json'
NOVELTY = 'novelty'  # its arrays lie beside `params` and `batch_stats`
PRETRAINED = Path(__file__).parent / 'pretrained'  # by name, in the package


@dataclasses.dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights, and what is known of them.

    Attributes:
        card: Classes, channels, scaling of the pixels and so on.
        model: The Flax module.
        variables: Its `params` and `batch_stats`, float32.
        novelty: Detector of cells unlike the training cells, where the weights have it.
        sha256: Digest of card and arrays, where they were read from a folder.
    """

    card: Card
    model: nn.Module
    variables: dict[str, Any]
    novelty: Novelty | None = None
    sha256: str = ''

    def facts(self) -> dict[str, Any]:
        """What `run.json` says of the network."""
        sets = self.card.prediction_sets
        return dict(
            class_names=self.card.class_names,
            normalization=self.card.normalization,
            white_level=self.card.white_level,
            parameters=sum(x.size for x in jax.tree.leaves(self.variables['params'])),
            best_step=self.card.step,
            temperature=self.card.temperature,
            calibration=self.card.calibration,
            prediction_sets=sets.words() if sets else 'not calibrated',
        )


def write_weights(
    folder: Path | str, variables: Any, card: Card, novelty: Novelty | None = None
) -> Path:
    """Writes `weights.safetensors` and `card.json`, the latter last.

    Args:
        folder: Folder to write to, made when missing; older weights are replaced.
        variables: `params` and `batch_stats` of the network.
        card: The card of the network.
        novelty: Detector of cells unlike the training cells.

    Returns:
        The folder.
    """
    folder = Path(folder)
    variables, layer = dict(variables), ''
    if novelty:
        layer = novelty.layer
        variables[NOVELTY] = dict(
            seen=novelty.seen,
            rank=np.int32(novelty.rank),
            limit=np.float32(novelty.limit),
        )
    # safetensors writes memory as it is, whatever its order.
    variables = jax.tree.map(
        lambda x: np.asarray(x, order='C'), jax.device_get(variables)
    )
    flat: dict[str, Any] = traverse_util.flatten_dict(variables, sep='/')
    content = safetensors.numpy.save(flat)
    atomic_write(folder / ARRAYS, lambda path: path.write_bytes(content))
    fields = dataclasses.asdict(dataclasses.replace(card, novelty_layer=layer))
    write_json(folder / CARD, fields | dict(sha256=_seal(fields, variables)))
    return folder


def read_weights(
    source: Path | str, *, white_level: float | None = None
) -> TrainedNetwork:
    """Reads a network.

    Args:
        source: Folder of weights, workdir of a training, or name of weights that come
            with this package or, a key of `imagenet.PACKAGED`, in another.
        white_level: White level that replaces the one on the card, for pixels of
            another range than in training.

    Raises:
        FileNotFoundError: There are no weights.
        ImportError: The package of the weights is not installed.
        ValueError: The card or the weights are damaged.
        MismatchError: The weights belong to another network than the card says; both
            sides are listed.
    """
    if str(source) in PACKAGED:
        return _of_package(str(source))
    folder = _find(Path(source))
    fields = read_json(folder / CARD)
    try:
        if not isinstance(fields, dict):
            raise ValueError(f'{CARD} holds no fields.')
        sha256 = fields.pop('sha256', None)  # digest of the other fields and the arrays
        card = Card.from_json(fields)
        flat = safetensors.numpy.load_file(folder / ARRAYS)
    except (ValueError, safetensors.SafetensorError) as error:
        raise ValueError(f'The weights in {folder} cannot be read: {error}') from None
    variables = traverse_util.unflatten_dict(flat, sep='/')
    seal = _seal(fields, variables)
    arrays = variables.pop(NOVELTY, None)
    # Earlier versions counted the batches whose mean the mean image was.
    variables.get('batch_stats', {}).pop('batches', None)
    try:
        model = card.network_of(variables, folder)
    except MismatchError:
        raise
    except Exception as error:  # a damaged card may hold any number
        raise ValueError(
            f'The card in {folder} describes no network: {error or type(error)}.'
        ) from error
    if seal != sha256:
        raise ValueError(
            f'The weights in {folder} are damaged, or their card was edited (wrong '
            'digest).'
        )
    if white_level is not None:
        card = dataclasses.replace(card, white_level=float(white_level))
    novelty = None
    if arrays is not None:
        rank, limit = int(arrays['rank']), float(arrays['limit'])
        novelty = Novelty(card.novelty_layer, arrays['seen'], rank, limit)
    return TrainedNetwork(card, model, variables, novelty, seal)


def _of_package(name: str) -> TrainedNetwork:
    card, variables = read_packaged(name)
    model = card.network_of(variables, name)
    seal = _seal(dataclasses.asdict(card), variables)
    return TrainedNetwork(card, model, variables, sha256=seal)


def _seal(fields: dict[str, Any], variables: Any) -> str:
    text = json.dumps(fields, sort_keys=True) + digest(variables)
    return hashlib.sha256(text.encode()).hexdigest()


def _find(source: Path) -> Path:
    for folder in (source, source / 'weights', PRETRAINED / source):
        if (folder / CARD).exists():
            return folder
    inside = sorted(path.parent.name for path in PRETRAINED.glob(f'*/{CARD}'))
    raise FileNotFoundError(
        f'{source} holds no weights and is not the workdir of a finished training: '
        f'there is no {CARD} in it or in {source / "weights"}. Weights that come with '
        f'deeploc_jax: {", ".join(inside)}; in packages of their own: '
        f'{", ".join(PACKAGED)}.'
    )
