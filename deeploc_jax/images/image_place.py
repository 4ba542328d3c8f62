"""Images of one file that are apart: each is a field, somewhere on a plate."""

from __future__ import annotations

import dataclasses

SERIES = 'series of images'
"""What a stack consists of whose images are apart: fields, positions, wells."""


@dataclasses.dataclass(frozen=True)
class ImagePlace:
    """Where on a plate an image was taken, as its file says.

    Attributes:
        plate: Name of the plate, '' when not said.
        row: Row of the well, counted from 1.
        column: Column of the well, counted from 1.
        field: Number of the image in its well, counted from 1.
    """

    plate: str
    row: int
    column: int
    field: int
