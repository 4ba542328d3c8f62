"""A field is handed on with all that is known of it before it is read."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import Float

from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.illumination import Illumination
from deeploc_jax.screens.scoring.fingerprints import describe_file, fingerprint_field


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Given:
    """What another program found in a field: centers, or a label image.

    Attributes:
        x: Centers [n] in pixels from the left.
        y: Centers [n] in pixels from the top.
        labels: Path of the label image, None where centers are given.
    """

    x: Float[np.ndarray, ' n'] = dataclasses.field(default_factory=lambda: np.zeros(0))
    y: Float[np.ndarray, ' n'] = dataclasses.field(default_factory=lambda: np.zeros(0))
    labels: Path | None = None

    def facts(self) -> list[object]:
        """Changes when what was found changes, as JSON allows."""
        if self.labels:
            return [*describe_file(self.labels)]
        numbers = np.array([self.x, self.y])
        return [hashlib.sha256(numbers.tobytes()).hexdigest()]


@dataclasses.dataclass(frozen=True)
class Asked:
    """A field to be read, and what is needed for it.

    Attributes:
        field: The field.
        given: What another program found in it, None where cells are looked for.
        lamp: Uneven light of its plate, None where it is left as it is.
    """

    field: Field
    given: Given | None = None
    lamp: Illumination | None = None

    def fingerprint(self) -> str:
        """Changes with the field, its files, and what was found in it."""
        more = self.given.facts() if self.given else ()
        return fingerprint_field(self.field, *more)
