"""What must be known about weights to use them right."""

from __future__ import annotations

import dataclasses
from typing import Any

FORMAT = 1
_EARLIER_NORMALIZATIONS = {
    'each channel of each cell, on the whole crop: 0.1 to 99.9 percentile -> 0 to 1, '
    'clipped; a constant channel -> 0': 'percentile',
    'pixels of 8 bits, 0 to 255 -> 0 to 1': 'unit',
}
"""The texts on cards of earlier versions, which took pixels of 8 bits alone to unit."""


@dataclasses.dataclass(frozen=True)
class Card:
    """The words beside the numbers.

    Attributes:
        model: Keyword arguments of `models.get_model` except the number of classes.
        side: Side in pixels of the images that were normalised and cropped.
        crop: Side in pixels of what the network looks at.
        crops: How many crops of a cell the temperature was fitted for.
        class_names: In the order of its outputs.
        channels: Names of its inputs in order, protein first.
        marker_channel: Index of the marker among them, -1 for none.
        temperature: Logits are divided by it for calibrated probabilities.
        screen: Full name of the data set it was trained on.
        simulated: Whether those cells were simulated.
        licence: Of those images, as their builder states it.
        step: How many updates it has seen.
        validation: Metrics of that step on the validation split.
        version: Of `deeploc_jax`, by which it was trained.
        normalization: What is done to the pixels first, a key of
            `data.normalize.NORMALIZATIONS`.
        white_level: Pixel value that `unit` maps to 1; None: the largest value of the
            pixels' type.
        calibration: On which cells the temperature was fitted, in words; '': an earlier
            version did not say.
        novelty_layer: Whose features tell cells unlike anything seen; '': none does.
        note: What else a user of the weights should know.
        format: Of this card.
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
    licence: str
    step: int
    validation: dict[str, float]
    version: str
    normalization: str = 'percentile'
    white_level: float | None = None
    calibration: str = ''
    novelty_layer: str = ''
    note: str = ''
    format: int = FORMAT

    def facts(self) -> dict[str, Any]:
        """What `run.json` says of the network."""
        return dict(
            class_names=self.class_names,
            normalization=self.normalization,
            white_level=self.white_level,
            best_step=self.step,
            temperature=self.temperature,
            calibration=self.calibration,
        )

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Card:
        """A card from what `dataclasses.asdict` and JSON made of it.

        Raises:
            ValueError: Fields are missing or unknown, or the format is a later one.
        """
        if fields.get('format') != FORMAT:
            raise ValueError(
                f'it has format {fields.get("format")!r}, this version of deeploc_jax '
                f'reads {FORMAT}.'
            )
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
        if text := fields.get('normalization'):
            read['normalization'] = _EARLIER_NORMALIZATIONS.get(text, text)
        return cls(**fields | read)
