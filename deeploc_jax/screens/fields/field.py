"""A field of view has what is known of it, and says where its pixels are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np


@dataclasses.dataclass(frozen=True)
class Plane:
    """Where the pixels of one channel of a field are.

    Attributes:
        path: The image file.
        index: Number of the image in a file with several (fields, pages, series),
            counted from 0; None where the file holds one.
        channel: Number of the channel in that image, counted from 0; None where it is
            the only one, or the file names it.
        num_channels: Number of channels of the image where that is stated and the
            file may not say it; None otherwise.
    """

    path: Path
    index: int | None = None
    channel: int | None = None
    num_channels: int | None = None


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a plate before it is read.

    Attributes:
        screen: Name of the screen.
        condition: Treatment, time point or medium, '' when unknown.
        replicate: Repetition of the experiment, '' when unknown.
        plate: Plate of the screen.
        well: Well of the plate, as `A01`.
        field: Name of the field in its well.
        protein: Tagged protein, or the strain that carries it, '' when unknown.
        label: Class that every cell of the well has, '' when unknown.
        planes: Place of the pixels of each channel, by its name, protein first.
        pixel_size: Side of a pixel in micrometers as stated for the screen; None: the
            file says it, or nobody.
        size: Height and width of most images of its plate, in pixels; None when not
            known before they are read.
        own_name: Name where another field of the inventory would have the same, see
            `name_apart`; '' for the usual one.
    """

    screen: str
    condition: str
    replicate: str
    plate: str
    well: str
    field: str
    protein: str
    label: str
    planes: dict[str, Plane]
    pixel_size: float | None = None
    size: tuple[int, int] | None = None
    own_name: str = ''

    @property
    def name(self) -> str:
        """Name of the field for messages and file names; slashes become `_`."""
        if self.own_name:
            return self.own_name
        parts = (self.condition, self.replicate, self.plate, self.well, self.field)
        return re.sub(r'[/\\\0]', '_', '-'.join(part for part in parts if part))

    @property
    def place(self) -> tuple[str, ...]:
        """What distinguishes the field from all others."""
        screen = (self.screen, self.condition, self.replicate)
        return (*screen, self.plate, self.well, self.field)


@dataclasses.dataclass(frozen=True)
class FieldImage:
    """The pixels of a field.

    Attributes:
        pixels: [h, w, c] in the order of `channels`, of the type that was saved, or
            float32 after a correction or a change of the pixel size.
        channels: Channel names, protein first.
        pixel_size: Side of a pixel in micrometers, None when unknown.
    """

    pixels: np.ndarray
    channels: tuple[str, ...]
    pixel_size: float | None = None


class BadFieldError(ValueError):
    """A field that cannot be used; the message says which file and why.

    Args:
        reason: What is wrong.
        file: Path of the image file, '' where no single file is to blame.
    """

    def __init__(self, reason: str, file: Path | str = ''):
        super().__init__(f'{file}: {reason}' if file else reason)
        self.reason, self.file = reason, str(file)
