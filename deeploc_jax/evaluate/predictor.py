"""A trained network as one object: crops of cells in, class probabilities out."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax import sharding
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.evaluate.calibration import mean_crop_probabilities
from deeploc_jax.evaluate.predict import Predict, make_predict, predict_batches
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import Network


class Predictor:
    """Predicts localizations on every device that JAX sees.

    Args:
        network: From `weights.folder.read_weights`.

    Attributes:
        card: What is known of the network, see `weights.card.Card`.
        class_names: In the order of the probabilities.
    """

    def __init__(self, network: Network):
        self.card = network.card
        self.class_names = network.card.class_names
        self._model = network.model
        self._mesh = sharding.make_mesh()
        self._variables = sharding.put_replicated(network.variables, self._mesh)
        self._compiled: dict[int, Predict] = {}

    def predict(
        self, images: np.ndarray, *, crops: int | None = None, batch_size: int = 128
    ) -> np.ndarray:
        """Class probabilities of cells.

        Shows its progress. Images are normalised as in training, a batch at a time:
        a memory map of any length will do.

        Args:
            images: Raw pixels [n, side, side, c] of any real type, one cell in the
                middle of each; `card` says the side and the order of the channels.
            crops: 5 as in the paper (centre and corners), or 1: five times faster.
                Probabilities are calibrated for the number on the card, the default.
            batch_size: Cells at a time, over all devices.

        Returns:
            float32 [n, k], rows sum to 1.

        Raises:
            ValueError: Images of another shape than the network's, or pixels that are
                not finite; names the first such image.
        """
        if not hasattr(images, 'shape'):
            images = np.asarray(images)
        self._check(images)
        if batch_size < 1:
            raise ValueError(f'batch_size ({batch_size}) must be at least 1.')
        n, k = len(images), len(self.class_names)
        probabilities = np.empty((n, k), np.float32)
        if not n:
            return probabilities
        crops = self.card.crops if crops is None else crops
        if crops not in self._compiled:
            self._compiled[crops] = make_predict(
                self._model, self._mesh, crop=self.card.crop, crops=crops
            )
        cells = Cells(
            images=_Normalized(images),
            labels=np.full(n, -1, np.int32),
            metadata={},
            class_names=self.class_names,
            channels=self.card.channels,
        )
        size = self._batch_size(n, batch_size)
        batches = predict_batches(
            self._compiled[crops], self._variables, cells, self._mesh, size
        )
        for number, logits in enumerate(batches):
            probabilities[number * size :][: len(logits)] = mean_crop_probabilities(
                logits, self.card.temperature
            )
        return probabilities

    def _check(self, images: np.ndarray) -> None:
        side, channels = self.card.side, self.card.channels
        if images.ndim != 4 or images.shape[1:] != (side, side, len(channels)):
            raise ValueError(
                f'images must be [n, {side}, {side}, {len(channels)}] (channels: '
                f'{", ".join(channels)}), as in training, but have shape '
                f'{images.shape}.'
            )

    def _batch_size(self, n: int, wanted: int) -> int:
        """No more than needed, of few different sizes, divisible by the devices."""
        devices = self._mesh.devices.size
        size = min(wanted, 1 << (n - 1).bit_length())
        return -(-size // devices) * devices


class _Normalized:
    """`types.Images` over raw ones, normalised when they are indexed."""

    def __init__(self, images: np.ndarray):
        self.images = images
        self.shape = images.shape

    def __getitem__(self, rows: Any, /) -> np.ndarray:
        images = np.asarray(self.images[rows])
        finite = np.isfinite(images).all(axis=(1, 2, 3))
        if not finite.all():
            row = np.asarray(rows)[~finite][0]
            raise ValueError(f'images[{row}] has pixels that are not finite.')
        return percentile_normalize(images)
