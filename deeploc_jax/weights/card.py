"""The card of a network says what must be known to use its weights right."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from deeploc_jax.fingerprint import arrays_of, check_fit
from deeploc_jax.models import get_model
from deeploc_jax.weights.prediction_sets import PredictionSets

FORMAT = 2
_READABLE = (1, 2)  # 1 has `licence` for `license`
_EARLIER_NORMALIZATIONS = {
    'each channel of each cell, on the whole crop: 0.1 to 99.9 percentile -> 0 to 1, '
    'clipped; a constant channel -> 0': 'percentile',
    'pixels of 8 bits, 0 to 255 -> 0 to 1': 'unit',
}
"""Sentences on cards of earlier versions, for which unit meant pixels of 8 bits."""


@dataclasses.dataclass(frozen=True)
class Card:
    """What is known of a trained network besides its arrays.

    Attributes:
        model: Keyword arguments of `models.get_model` except the number of classes.
        side: Side in pixels of the images that were normalized and cropped.
        crop: Side in pixels of the crops that the network looks at.
        crops: Number of views of a cell that the temperature was fitted for.
        magnifications: Four magnifications at which it looks at a cell besides its
            central crop; () for crops from the four corners.
        class_names: Class names in the order of the outputs.
        channels: Names of the input channels in order, protein first.
        marker_channel: Index of the marker among them, -1 when there is none.
        temperature: Number by which logits are divided for calibrated probabilities.
        screen: Full name of the data set it was trained on.
        simulated: Whether those cells were simulated.
        license: License of those images, as their builder states it.
        step: Number of updates it has seen.
        validation: Metrics of that step on the validation split.
        version: Version of `deeploc_jax` that trained it.
        normalization: Scaling of the pixels, a key of
            `data.normalize.NORMALIZATIONS`.
        white_level: Pixel value that `unit` maps to 1; None: the largest value of the
            pixels' type.
        pixel_size: Side of a pixel of the images in micrometers, None when unknown.
        calibration: Cells on which the temperature was fitted, in words; '': an earlier
            version did not say.
        novelty_layer: Layer whose features detect cells unlike any seen in training;
            '': the weights have none.
        proteins: Names of the proteins of its training cells; (): an earlier version
            did not say, or no protein was known.
        prediction_sets: Limits of prediction sets; None: an earlier version did not
            have them, or no cell was left to calibrate them.
        note: Remarks for users of the weights.
        format: Version of this format.
    """

    model: dict[str, Any]
    side: int
    crop: int
    crops: int
    class_names: tuple[str, ...]
    channels: tuple[str, ...]
    marker_channel: int
    temperature: float
    screen: str
    simulated: bool
    license: str
    step: int
    validation: dict[str, float]
    version: str
    magnifications: tuple[float, ...] = ()
    normalization: str = 'percentile'
    white_level: float | None = None
    pixel_size: float | None = None
    calibration: str = ''
    novelty_layer: str = ''
    proteins: tuple[str, ...] = ()
    prediction_sets: PredictionSets | None = None
    note: str = ''
    format: int = FORMAT

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Card:
        """Makes a card from the JSON of `dataclasses.asdict`.

        Raises:
            ValueError: Fields are missing or unknown, or the format is a later one.
        """
        if fields.get('format') not in _READABLE:
            raise ValueError(
                f'it has format {fields.get("format")!r}, this version of deeploc_jax '
                f'reads {" and ".join(map(str, _READABLE))}.'
            )
        fields = _upgraded(fields)
        known = dataclasses.fields(cls)
        needed = {f.name for f in known if f.default is dataclasses.MISSING}
        missing = needed - fields.keys()
        unknown = fields.keys() - {f.name for f in known}
        if missing or unknown:
            raise ValueError(
                f'fields missing: {sorted(missing)}, unknown: {sorted(unknown)}.'
            )
        read: dict[str, Any] = {
            n: tuple(fields[n]) for n in ('class_names', 'channels')
        }
        read['model'] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields['model'].items()
        }
        for name in ('magnifications', 'proteins'):
            read[name] = tuple(fields.get(name, ()))
        if sets := fields.get('prediction_sets'):
            read['prediction_sets'] = PredictionSets.from_json(sets)
        return cls(**fields | read)

    def network_of(self, variables: Any, where: Path | str) -> nn.Module:
        """Makes the network of the card and checks that the variables fit it.

        Args:
            variables: `params` and `batch_stats`.
            where: Path that an error names.

        Raises:
            MismatchError: They belong to another network; both sides are listed.
        """
        model = get_model(num_classes=len(self.class_names), **self.model)
        # Only the shape is made: a damaged card may claim crops of any size.
        shape = (1, self.crop, self.crop, len(self.channels))
        expected = jax.eval_shape(
            lambda image: dict(model.init(jax.random.key(0), image, train=False)),
            jax.ShapeDtypeStruct(shape, jnp.float32),
        )
        check_fit(arrays_of(variables), arrays_of(expected), Path(where))
        return model


def _upgraded(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a card of an earlier version, as a card of this one has them."""
    fields = dict(fields, format=FORMAT)
    if 'licence' in fields:
        fields['license'] = fields.pop('licence')
    if text := fields.get('normalization'):
        fields['normalization'] = _EARLIER_NORMALIZATIONS.get(text, text)
    return fields
