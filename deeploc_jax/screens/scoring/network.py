"""A network is opened once in a process, and scores crops in batches."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import (
    choose_layer,
    layer_widths,
    make_cell_features,
    make_scoring_program,
)
from deeploc_jax.predict.program import Program
from deeploc_jax.predict.raw_images import normalization_of, raw_crops
from deeploc_jax.weights.channels import ChannelMatch
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork, read_weights

_RUNNING = 2  # batches on the device while the next one is made ready


@dataclasses.dataclass(frozen=True)
class Source:
    """Which network scores, and how.

    Attributes:
        weights: Workdir of a training, folder of weights, or their name.
        sha256: Digest of the weights that are meant.
        white_level: White level in place of the one on the card, None for that.
        crops: Views of a cell that are averaged, None for those of the calibration.
        layers: Layers whose features are kept.
        batch_size: Cells at a time, over all devices.
        channels: What each of its channels is in the screen, None for the same ones.
    """

    weights: str
    sha256: str
    white_level: float | None = None
    crops: int | None = None
    layers: tuple[str, ...] = ()
    batch_size: int = 128
    channels: ChannelMatch | None = None


@dataclasses.dataclass(frozen=True)
class Scores:
    """What a network makes of n cells.

    Attributes:
        probabilities: Calibrated, float32 [n, k].
        novelty: float32 [n], None where the network does not know what it has seen.
        members: Which classes are in the prediction sets, bool [n, k], None where the
            network has no limits for this number of views.
        features: float32 [n, f] of each layer that was asked for.
    """

    probabilities: np.ndarray
    novelty: np.ndarray | None
    members: np.ndarray | None
    features: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Scorer:
    """A network that is ready.

    Attributes:
        network: The network.
        outputs: Program of logits and novelty.
        layers: Program of each further layer.
        widths: Number of features of every layer.
    """

    network: TrainedNetwork
    outputs: Program
    layers: dict[str, Program]
    widths: dict[str, int]

    def __call__(self, crops: np.ndarray) -> Scores:
        """Scores raw crops [n, side, side, c].

        Raises:
            ValueError: Pixels of this type need a white level.
        """
        card, novelty = self.network.card, self.network.novelty
        probabilities, distances, views = [], [], card.crops
        for logits, distance in _run(self.outputs, crops, self.network):
            found = mean_crop_probabilities(logits, card.temperature)
            views = logits.shape[1]
            probabilities.append(found.astype(np.float32))
            if novelty:
                distances.append(distance)
        features = {
            name: _joined(_run(program, crops, self.network), self.widths[name])
            for name, program in self.layers.items()
        }
        joined = _joined(probabilities, len(card.class_names))
        sets = card.prediction_sets
        return Scores(
            joined,
            _joined(distances) if novelty else None,
            sets.members(joined, views) if sets else None,
            features,
        )


@functools.lru_cache(maxsize=1)
def open_scorer(source: Source) -> Scorer:
    """Opens a network and compiles it; the second time in a process, it is there.

    Raises:
        FileNotFoundError: There are no weights.
        ValueError: The weights are damaged or others than are meant, there is no such
            layer, or the batch size cannot be divided by the number of devices.
    """
    network = read_weights(source.weights, white_level=source.white_level)
    if network.sha256 != source.sha256:
        raise ValueError(
            f'{source.weights} holds other weights than when the run began, or than '
            'the process that began it sees.'
        )
    if source.channels:
        network = fit_channels(network, source.channels)
    mesh = sharding.make_mesh(jax.local_devices())
    outputs = make_scoring_program(
        network,
        mesh,
        source.batch_size,
        source.crops,
        normalize=normalization_of(network.card),
    )
    layers = {
        name: make_cell_features(
            network,
            mesh,
            source.batch_size,
            layer=choose_layer(network, name),
            normalize=normalization_of(network.card),
        )
        for name in source.layers
    }
    return Scorer(network, outputs, layers, layer_widths(network))


def _run(program: Program, crops: np.ndarray, network: TrainedNetwork) -> Iterator[Any]:
    """Results of one batch after the other, without the padding."""
    images, size = raw_crops(crops, network.card).images, program.batch_size
    running: collections.deque[tuple[Any, int]] = collections.deque()

    def finish() -> Any:
        arrays, n = running.popleft()
        return jax.tree.map(lambda x: np.asarray(x)[:n], arrays)

    for start in range(0, len(crops), size):
        rows = np.minimum(np.arange(start, start + size), len(crops) - 1)
        batch = sharding.put_batch(images[rows], program.mesh)
        arrays = program.function(program.variables, batch)
        running.append((arrays, min(size, len(crops) - start)))
        if len(running) > _RUNNING:
            yield finish()
    while running:
        yield finish()


def _joined(batches: Iterable[np.ndarray], *shape: int) -> np.ndarray:
    return np.concatenate([np.zeros((0, *shape), np.float32), *batches])
