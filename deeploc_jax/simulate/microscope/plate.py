"""Plates are imaged with an instrument, and each session differs from the others.

An instrument gives ranges; every plate draws its own values from them, since no two
sessions are alike and a network should not rely on the traits of one.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.microscope.camera import Camera

# Of 96 wells, those at the edge stay empty: they dry out first.
WELLS = tuple(f'{row}{column:02d}' for row in 'BCDEFG' for column in range(2, 12))
DRIFT = 0.12  # sd, over fields, of the logarithm of what drifts
Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Channel:
    """One color of an instrument; pairs are ranges that plates draw from.

    Attributes:
        name: Name of the channel in data sets.
        stain: 'protein', 'cytosol', 'nucleus' (and septins) or 'brightfield'.
        psf: Sigma of the blur in focus, pixels.
        level: Photoelectrons per pixel of a marked compartment (of empty glass in
            bright field); for the protein, a factor on its abundance.
        glow: Photoelectrons per pixel of an unlabelled cell.
        background: Photoelectrons per pixel outside cells.
        registered: Whether software moves it onto the first channel.
    """

    name: str
    stain: str
    psf: Range
    level: float = 1.0
    glow: Range = (0.0, 0.0)
    background: Range = (4.0, 18.0)
    registered: bool = True


@dataclasses.dataclass(frozen=True)
class Instrument:
    """A microscope; pairs are ranges that plates draw from.

    Attributes:
        channels: Channels in image order, the protein first.
        scale: Pixels per unit of length (`geometry.UNIT`).
        magnification: Factor on `scale` and on every blur, log-uniform.
        section: Half thickness of the optical section, units.
        haze: Share of the light outside the section that reaches the camera.
        haze_sigma: Sigma of the blur of that light, pixels.
        vignette: Share of the light lost in the corners of a field.
        heights: Standard deviation of the cells' heights about the focus, units.
        bleed: Share of each channel's light that is seen in the next one.
        exposure: Factor on all light, log-uniform: time, lamp and numerical aperture.
            The gain falls where it is above 1, so that the camera does not saturate.
        smoothing: Sigma of the blur that software adds to what the camera has, pixels.
        field_shape: Rows and columns of an image, both even.
        camera: Camera behind all channels.
    """

    channels: tuple[Channel, ...]
    scale: float = 1.0
    magnification: Range = (1.0, 1.0)
    section: Range = (5.5, 9.5)
    haze: Range = (0.12, 0.40)
    haze_sigma: Range = (4.0, 8.0)
    vignette: Range = (0.1, 0.4)
    heights: Range = (1.2, 3.2)
    bleed: Range = (0.0, 0.03)
    exposure: Range = (1.0, 1.0)
    smoothing: Range = (0.0, 0.0)
    field_shape: tuple[int, int] = (960, 1280)
    camera: Camera = Camera()


@dataclasses.dataclass(frozen=True)
class Plate:
    """One plate, imaged in one session; see Channel and Instrument.

    Attributes:
        name: Identifier in the screen.
        instrument: Instrument it is imaged with.
        psf, level, glow, background: One value per channel.
        shift: Movement (x, y) in pixels of each channel by registration.
        bleed: Share of each channel's light that is seen in the next one.
        section, haze, haze_sigma, vignette, heights: Values of this session.
        bright: Position (x, y) in the field at which the illumination peaks, 0 to 1.
    """

    name: str
    instrument: Instrument
    psf: tuple[float, ...]
    level: tuple[float, ...]
    glow: tuple[float, ...]
    background: tuple[float, ...]
    shift: tuple[tuple[float, float], ...]
    bleed: float
    section: float
    haze: float
    haze_sigma: float
    vignette: float
    heights: float
    bright: tuple[float, float]


def draw_plate(rng: np.random.Generator, name: str, instrument: Instrument) -> Plate:
    """Draws a random plate of an instrument."""
    channels = instrument.channels

    def draw(limits: Range) -> float:
        return float(rng.uniform(*limits))

    def draw_factor(limits: Range) -> float:
        return float(np.exp(draw((np.log(limits[0]), np.log(limits[1])))))

    exposure = draw_factor(instrument.exposure)
    magnification = draw_factor(instrument.magnification)
    camera = instrument.camera
    camera = dataclasses.replace(
        camera,
        gain=camera.gain / max(exposure, 1.0),
        smoothing=camera.smoothing + draw(instrument.smoothing),
    )
    levels = [exposure * c.level * np.exp(0.3 * rng.normal()) for c in channels]
    return Plate(
        name=name,
        instrument=dataclasses.replace(
            instrument, camera=camera, scale=instrument.scale * magnification
        ),
        psf=tuple(magnification * draw(channel.psf) for channel in channels),
        level=tuple(map(float, levels)),
        glow=tuple(exposure * draw(channel.glow) for channel in channels),
        background=tuple(exposure * draw(channel.background) for channel in channels),
        shift=tuple(
            (draw((-0.4, 0.4)), draw((-0.4, 0.4))) if c.registered else (0.0, 0.0)
            for c in channels
        ),
        bleed=draw(instrument.bleed),
        section=draw(instrument.section),
        haze=draw(instrument.haze),
        haze_sigma=draw(instrument.haze_sigma),
        vignette=draw(instrument.vignette),
        heights=draw(instrument.heights),
        bright=(draw((0.35, 0.65)), draw((0.35, 0.65))),
    )


def drifted(rng: np.random.Generator, plate: Plate) -> Plate:
    """The plate as it is in one field: immersion and lamp vary a little."""

    def vary(value: float) -> float:
        return float(value * np.exp(DRIFT * rng.normal()))

    return dataclasses.replace(
        plate,
        psf=tuple(vary(value) for value in plate.psf),
        background=tuple(vary(value) for value in plate.background),
        haze=vary(plate.haze),
        section=vary(plate.section),
    )


def illumination(plate: Plate) -> np.ndarray:
    """Brightness of the lamp in each pixel of a field, 0 to 1, float32 [h, w]."""
    height, width = plate.instrument.field_shape
    x = np.arange(width, dtype=np.float32) / width - np.float32(plate.bright[0])
    y = np.arange(height, dtype=np.float32) / height - np.float32(plate.bright[1])
    return 1 - np.float32(plate.vignette * 2) * (x[None] ** 2 + y[:, None] ** 2)
