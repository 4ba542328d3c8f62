"""Wraps a trained network: crops of cells in, probabilities or features out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from deeploc_jax import sharding
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.export import write_program
from deeploc_jax.predict.features import choose_layer, layer_widths
from deeploc_jax.predict.logits import make_features, make_logits
from deeploc_jax.predict.novelty import known_novelty
from deeploc_jax.predict.program import Function, Program, compiled
from deeploc_jax.predict.raw_images import normalization_of, raw_crops
from deeploc_jax.predict.views import views_of
from deeploc_jax.weights.folder import TrainedNetwork


class Predictor:
    """Predicts localizations on every device that JAX sees.

    Args:
        network: Network from `weights.folder.read_weights`.

    Attributes:
        network: The network.
        card: Card of the network, see `weights.card.Card`.
        class_names: Class names in the order of the probabilities.
        layers: Number of features of each layer, by name.
        knows_novelty: Whether the weights say what the network has seen.
    """

    def __init__(self, network: TrainedNetwork):
        self._normalize = normalization_of(network.card)  # known, or an error
        self.card = network.card
        self.class_names = network.card.class_names
        self.layers = layer_widths(network)
        self.knows_novelty = network.novelty is not None
        self.network = network
        self._mesh = sharding.make_mesh()
        self._variables = sharding.put_replicated(network.variables, self._mesh)
        self._functions: dict[Any, Function] = {}

    def predict(
        self, images: Any, *, crops: int | None = None, batch_size: int = 128
    ) -> Float32[np.ndarray, 'n k']:
        """Class probabilities of cells.

        Shows its progress. Images are normalized as in training, a batch at a time:
        a memory map of any length will do.

        Args:
            images: Raw pixels [n, side, side, c] of any real type, one cell in the
                middle of each; `card` says the side and the order of the channels. An
                array of any library, a memory map, an HDF5 or zarr data set, or a list.
            crops: Views that are averaged: 5 (the center, and four corners or, where
                the card has them, magnifications) or 1, which is five times faster.
                Probabilities are calibrated for the number on the card, the default.
            batch_size: Cells at a time, over all devices.

        Returns:
            float32 [n, k], rows sum to 1.

        Raises:
            ValueError: Images of another shape than the network's, or pixels that are
                not finite, masked, no real numbers, or of a type that needs
                `deeploc_jax.load(..., white_level=...)`.
        """
        function = self._function(make_logits, views=views_of(self.card, crops))

        def probabilities(logits: np.ndarray) -> np.ndarray:
            return mean_crop_probabilities(logits, self.card.temperature)

        width = len(self.class_names)
        return self._run(function, images, batch_size, width, probabilities)

    def features(
        self,
        images: Any,
        layer: str | None = None,
        *,
        pool: str = 'max',
        batch_size: int = 128,
    ) -> Float32[np.ndarray, 'n f']:
        """Activations of a layer: what the network sees in cells, for other models.

        Args:
            images: As in `predict`; the central crop of each is looked at.
            layer: A key of `layers`; by default the last, which makes the logits.
            pool: 'max' or 'mean' over the pixels of a layer that is a map.
            batch_size: Cells at a time, over all devices.

        Returns:
            float32 [n, f].

        Raises:
            ValueError: As in `predict`, or there is no such layer or pool.
        """
        layer = choose_layer(self.network, layer)
        function = self._function(
            make_features, layer=layer, crop=self.card.crop, pool=pool
        )
        return self._run(function, images, batch_size, self.layers[layer], np.asarray)

    def prediction_sets(
        self, images: Any, *, crops: int | None = None, batch_size: int = 128
    ) -> list[tuple[str, ...]]:
        """Classes that cells may have, the true one among them for 90 % of the cells.

        The coverage holds for cells of new proteins that are imaged like those that the
        sets were calibrated on, as `card.prediction_sets.words()` says.

        Args:
            images: As in `predict`.
            crops: As in `predict`.
            batch_size: Cells at a time, over all devices.

        Returns:
            Names of classes for each cell; none where no class fits.

        Raises:
            ValueError: As in `predict`, or the weights have no such sets.
        """
        sets, card = self.card.prediction_sets, self.card
        views = views_of(card, crops).count(card.side)
        p = self.predict(images, crops=crops, batch_size=batch_size)
        members = sets.members(p, views) if sets else None
        if members is None:
            raise ValueError(
                f'These weights have no prediction sets for {views} views of a cell: '
                'others released them, or an earlier version wrote them, or no '
                'validation cell was left to calibrate them.'
            )
        names = np.array(self.class_names, object)
        return [tuple(names[row]) for row in members]

    def novelty(
        self, images: Any, *, batch_size: int = 128
    ) -> Float32[np.ndarray, ' n']:
        """How unlike everything seen in training cells are.

        The distance to the nearest training cells, by the last layer's features, over
        the threshold that 5 % of the validation cells exceed: above 1, do not trust the
        class.

        Args:
            images: As in `predict`; the central crop of each is looked at.
            batch_size: Cells at a time, over all devices.

        Returns:
            float32 [n].

        Raises:
            ValueError: As in `predict`, or the weights do not say what was seen.
        """
        novelty = known_novelty(self.network)
        function = self._function(
            make_features, layer=novelty.layer, crop=self.card.crop, pool='max'
        )

        def score(features: np.ndarray) -> np.ndarray:
            return novelty.score(features)[:, None]

        return self._run(function, images, batch_size, 1, score)[:, 0]

    def export(self, folder: Path | str) -> Path:
        """Writes a program for machines that have JAX but not this package.

        See `predict.export.write_program`.

        Args:
            folder: Folder of `predict.jaxexport` and `predict.json`, made when missing.

        Returns:
            The folder.
        """
        return write_program(self.network, Path(folder))

    def _function(self, make: Callable[..., Function], **options: Any) -> Function:
        """A compiled function; the second time the same one."""
        key = (make, *options.values())
        if key not in self._functions:
            pure = make(self.network.model, **options)
            self._functions[key] = compiled(pure, self._mesh, self._normalize)
        return self._functions[key]

    def _run(
        self,
        function: Function,
        images: Any,
        batch_size: int,
        width: int,
        finish: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """The finished results of all images, a batch at a time, float32 [n, width]."""
        cells = raw_crops(images, self.card)
        if batch_size < 1:
            raise ValueError(f'batch_size ({batch_size}) must be at least 1.')
        rows = np.empty((len(cells), width), np.float32)
        if not len(cells):
            return rows
        size = self._batch_size(len(cells), batch_size)
        program = Program(function, self._variables, self._mesh, size)
        for number, batch in enumerate(program.batches(cells, 'predict')):
            rows[number * size :][: len(batch)] = finish(batch)
        return rows

    def _batch_size(self, n: int, wanted: int) -> int:
        """No more than needed, of few different sizes, divisible by the devices."""
        devices = self._mesh.devices.size
        size = min(wanted, 1 << (n - 1).bit_length())
        return -(-size // devices) * devices
