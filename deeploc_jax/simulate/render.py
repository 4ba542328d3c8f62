"""One simulated cell image, a pure function of its spec and the screen's seed."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from deeploc_jax.simulate import optics, wreckage
from deeploc_jax.simulate.camera import Camera, record
from deeploc_jax.simulate.classes import PAINTERS
from deeploc_jax.simulate.layout import CellSpec
from deeploc_jax.simulate.optics import CANVAS, CROP, Microscope, View
from deeploc_jax.simulate.plate import FIELD_SHAPE, Plate
from deeploc_jax.simulate.scene import Placed, draw_scene
from deeploc_jax.simulate.specimen import Specimen

MICROSCOPE = Microscope()
CAMERA = Camera()
BLEED = (0.015, 0.02)  # of the other channel's light into protein and marker channel
TEXTURE_SIGMA = 2.2


def simulate_cell(
    spec: CellSpec,
    seed: int,
    microscope: Microscope = MICROSCOPE,
    camera: Camera = CAMERA,
) -> np.ndarray:
    """The crop about one cell.

    Args:
        spec: the cell, from screen_layout.
        seed: the screen's seed. The cell's own random stream is (seed, spec.index), so
            any cells can be made alone, in any order, by any process, and are the same.
        microscope: the light path.
        camera: the camera.

    Returns:
        uint16 [CROP, CROP, 2], protein (GFP) and cytosolic marker (RFP).
    """
    rng = np.random.default_rng([seed, spec.index])
    texture = _texture(rng)
    protein, marker = optics.dark(), optics.dark()
    for placed in draw_scene(spec, rng):
        focus = spec.field.focus + rng.normal(0, 1.2)
        view = View(placed.center, focus, microscope.section)
        specimen = Specimen(placed.cell, view, placed.protein, texture, rng)
        lights = _lights(specimen, placed, spec.plate)
        protein, marker = protein + lights[0], marker + lights[1]
    first = optics.expose(protein, microscope, 0, (0.0, 0.0))
    second = optics.expose(marker, microscope, 1, spec.plate.shift)
    seen = np.stack([first + BLEED[0] * second, second + BLEED[1] * first], axis=-1)
    expected = _illumination(spec)[..., None] * (seen + spec.plate.background)
    return record(np.maximum(expected, 0), camera, rng)


def _lights(specimen: Specimen, placed: Placed, plate: Plate) -> wreckage.Lights:
    if placed.state == 'dead':
        return wreckage.dead(specimen, plate.marker)
    if placed.state == 'ghost':
        return wreckage.ghost(specimen, plate.marker)
    return _living(specimen, plate)


def _living(specimen: Specimen, plate: Plate) -> wreckage.Lights:
    """Light of a living cell in both channels, in photoelectrons."""
    rng, protein = specimen.rng, specimen.protein
    abundance = protein.abundance * np.exp(0.35 * rng.normal())
    marker = plate.marker * np.exp(0.4 * rng.normal())
    if rng.random() < 0.02:  # some cells have all but lost the marker
        marker *= 0.15
    bound = PAINTERS[protein.localization](specimen) * (1 - protein.diffuse)
    free = specimen.cytosol(protein.nuclear) * protein.diffuse
    glow = specimen.cytosol(0.8) * plate.autofluorescence * np.exp(0.25 * rng.normal())
    return abundance * (bound + free) + glow, marker * specimen.cytosol(1.12)


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise [CANVAS, CANVAS] of mean about 0 and variance 1."""
    noise = rng.standard_normal((CANVAS, CANVAS), np.float32)
    smooth = ndimage.gaussian_filter(noise, TEXTURE_SIGMA, mode='wrap', truncate=3)
    return smooth * np.float32(2 * np.sqrt(np.pi) * TEXTURE_SIGMA)


def _illumination(spec: CellSpec) -> np.ndarray:
    """Brightness (0 to 1) of the lamp in each pixel of the crop, [CROP, CROP]."""
    height, width = FIELD_SHAPE
    steps = np.arange(CROP) - CROP // 2
    x = (round(spec.x) + steps) / width - spec.plate.bright[0]
    y = (round(spec.y) + steps) / height - spec.plate.bright[1]
    return 1 - spec.plate.vignette * 2 * (x[None] ** 2 + y[:, None] ** 2)
