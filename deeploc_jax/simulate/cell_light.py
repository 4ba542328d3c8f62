"""One cell gives light in every channel, in photoelectrons."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax.simulate.crowd import Placed
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.microscope.optics import View
from deeploc_jax.simulate.microscope.plate import Plate
from deeploc_jax.simulate.organelles import wreckage
from deeploc_jax.simulate.organelles.division import bud_neck
from deeploc_jax.simulate.organelles.membranes import mitochondria
from deeploc_jax.simulate.organelles.painters import protein_light
from deeploc_jax.simulate.protein import MEDIAN_ABUNDANCE
from deeploc_jax.simulate.specimen import Specimen

MARGIN = 4  # pixels of the canvas beyond a cell and its blur
# Standard deviation of the logarithm of a cell's brightness: once for all channels
# together and once for each.
VARIATION = 0.25
# Mean and standard deviation of the logarithm of the brightness of all channels.
BRIGHTNESS = {'live': (0.0, VARIATION), 'dead': (0.35, 0.6), 'ghost': (-0.4, 0.8)}
FLAVINS = (0.05, 0.5)  # share of a cell's autofluorescence in mitochondria
LOST = 0.02  # chance that a cell has all but lost its markers


def cell_view(placed: Placed, plate: Plate) -> tuple[View, tuple[int, int]]:
    """View of a cell on a canvas that holds it, and the canvas's first pixel (x, y).

    Haze is added up over a whole field, so that the canvas need not hold it.
    """
    scale, depth = plate.instrument.scale, -placed.height
    blur = View((0, 0), (0, 0), scale, depth).blur(max(plate.psf))
    bodies = placed.cell.outline.bodies
    reach = np.max([np.abs(s.center[:2]) + s.half_axes.max() for s in bodies], axis=0)
    half = reach * scale + optics.TRUNCATE * blur + MARGIN
    first = np.floor(np.subtract(placed.position, half)).astype(int)
    last = np.ceil(np.add(placed.position, half)).astype(int) + 1
    x, y = np.subtract(placed.position, first).tolist()
    width, height = (last - first).tolist()
    view = View((x, y), (height, width), scale, depth, plate.section)
    return view, (int(first[0]), int(first[1]))


def cell_light(
    specimen: Specimen, state: str, plate: Plate
) -> tuple[np.ndarray, dict[str, Any]]:
    """Light of a cell in photoelectrons, blurred by the lens.

    Args:
        specimen: The cell.
        state: 'live', 'dead' or 'ghost'.
        plate: Plate on which it is seen.

    Returns:
        Light, float32 [c, 2, h, w]: for each channel the sharp plane and the plane that
        makes the haze. In bright field, plane 1 is the thickness in units, plane 0 that
        times the distance from focus. The second value is the truth about the cell's
        brightness (`_drawn`).
    """
    wreck = WRECKS[state](specimen) if state in WRECKS else None
    factors = _brightness(specimen.rng, state, len(plate.psf))
    abundance = specimen.protein.abundance if wreck is None else MEDIAN_ABUNDANCE
    planes = []
    for index, channel in enumerate(plate.instrument.channels):
        if channel.stain == 'brightfield':
            light = _refraction(specimen, wreck)
        else:
            bright = _stained(specimen, channel.stain) if wreck is None else wreck
            level = plate.level[index] * factors[index]
            if channel.stain == 'protein':
                level *= abundance
            light = bright * np.float32(level)
            if wreck is None and plate.glow[index]:
                glow = _autofluorescence(specimen, channel.stain)
                light += glow * np.float32(plate.glow[index])
        light[0] = optics.blurred(light[0], specimen.view.blur(plate.psf[index]))
        planes.append(light)
    shown = wreck is None or bool(wreck.any())
    return np.stack(planes), _drawn(plate, factors, shown * abundance)


WRECKS = {'dead': wreckage.dead, 'ghost': wreckage.ghost}


def _brightness(rng: np.random.Generator, state: str, count: int) -> np.ndarray:
    """A factor for each channel [c]; dead cells are bright or dim in all of them."""
    mean, spread = BRIGHTNESS[state]
    common = mean + spread * rng.normal()
    factors = np.exp(common + VARIATION * rng.normal(size=count))
    if state == 'live' and rng.random() < LOST:
        factors[1:] *= 0.15
    return factors


def _drawn(plate: Plate, factors: np.ndarray, abundance: float) -> dict[str, Any]:
    """The truth about a cell's brightness, without the level of its plate.

    Args:
        plate: Plate on which it is seen.
        factors: Factors on its light in each channel, [c].
        abundance: Abundance shown in the protein's channel, photoelectrons per pixel
            of a filled cell.

    Returns:
        `brightness`, the abundance in this very cell, and `brightness_factors`, which
        are 1 in bright field, where no factor is used.
    """
    stains = [channel.stain for channel in plate.instrument.channels]
    used = np.where(np.equal(stains, 'brightfield'), 1.0, factors)
    return dict(
        brightness=float(abundance * factors[stains.index('protein')]),
        brightness_factors=used.tolist(),
    )


def _stained(specimen: Specimen, stain: str) -> np.ndarray:
    """Light of a living cell in one channel, at level 1."""
    if stain == 'protein':
        return protein_light(specimen)
    if stain == 'cytosol':
        return specimen.cytosol(1.12)
    return 1.3 * specimen.nucleus + 0.15 * bud_neck(specimen)  # nucleus and septins


def _autofluorescence(specimen: Specimen, stain: str) -> np.ndarray:
    """Light of a cell without any label, at level 1.

    In the protein's channel part of it is in the mitochondria, whose flavins emit green
    light too (Croce & Bottiroli 2014, Eur. J. Histochem. 58:2461): dim proteins of any
    localization are seen on a faint pattern of tubes.
    """
    even = specimen.cytosol(0.8)
    if stain != 'protein':
        return even
    flavins = specimen.rng.uniform(*FLAVINS)
    return (1 - flavins) * even + flavins * mitochondria(specimen)


def _refraction(specimen: Specimen, wreck: np.ndarray | None) -> np.ndarray:
    """Planes 0 and 1: thickness times distance from focus, and thickness."""
    if wreck is None:
        wreck = specimen.whole - 0.2 * specimen.vacuoles  # vacuoles refract less
    thickness = 2 * specimen.view.section * wreck.sum(0)
    focus = specimen.view.focus
    return np.stack([thickness * np.copysign(max(abs(focus), 1), focus), thickness])
