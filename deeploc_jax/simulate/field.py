"""A simulated field of cells is a pure function of its spec."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy import ndimage

from deeploc_jax.simulate.cell_light import cell_light, cell_view
from deeploc_jax.simulate.crowd import Placed, place_cells
from deeploc_jax.simulate.field_spec import FieldSpec
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.microscope.brightfield import transmitted
from deeploc_jax.simulate.microscope.camera import record
from deeploc_jax.simulate.microscope.plate import illumination
from deeploc_jax.simulate.specimen import Specimen

TEXTURE_SIGMA = 2.2  # pixels
TEXTURE_SIZE = 256  # pixels a side


@dataclasses.dataclass(frozen=True)
class Micrograph:
    """A field and the truth about it.

    Attributes:
        image: uint16 [h, w, c].
        mask: uint16 [h, w], 0 or the number (from 1) of the cell that is there.
        cells: One row per cell, wanted ones first: `describe`, and its `brightness`
            and `brightness_factors` (cell_light.py).
    """

    image: np.ndarray
    mask: np.ndarray
    cells: list[dict[str, Any]]


def simulate_field(spec: FieldSpec) -> Micrograph:
    """Simulates the image of a field, its mask and the truth about each cell."""
    plate, rng = spec.plate, spec.generator(-1)
    shape = plate.instrument.field_shape
    texture = _texture(rng)
    light = np.zeros((len(plate.psf), 2, *shape), np.float32)
    mask = np.zeros(shape, np.uint16)
    placed, cells = place_cells(spec), []
    for number, one in enumerate(placed, start=1):
        view, first = cell_view(one, plate)
        own = _window(texture, one.rng, view.shape)
        specimen = Specimen(one.cell, view, one.protein, own, one.rng)
        inside, part = _overlap(first, view.shape, shape)
        if one.state != 'ghost':
            outline = (specimen.whole.sum(0) > 0)[part]
            mask[inside][outline & (mask[inside] == 0)] = number
        own_light, drawn = cell_light(specimen, one.state, plate)
        light[(..., *inside)] += own_light[(..., *part)]
        cells.append(describe(one) | drawn)
    return Micrograph(_expose(spec, light, rng), mask, cells)


def _expose(spec: FieldSpec, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gray values [h, w, c] of light [c, 2, h, w]."""
    plate, channels = spec.plate, spec.plate.instrument.channels
    lamp, before, planes = illumination(plate), 0.0, []
    for index, channel in enumerate(channels):
        if channel.stain == 'brightfield':
            seen = plate.level[index] * transmitted(*light[index])
        else:
            far = optics.haze(light[index, 1], plate.haze_sigma)
            seen = light[index, 0] + np.float32(plate.haze) * far
            seen, before = seen + np.float32(plate.bleed) * before, seen
        expected = lamp * (seen + np.float32(plate.background[index]))
        camera, shift = plate.instrument.camera, plate.shift[index]
        planes.append(record(np.maximum(expected, 0), camera, rng, shift))
    return np.stack(planes, axis=-1)


def describe(placed: Placed) -> dict[str, Any]:
    """The truth about a cell, lengths in units (`geometry.UNIT`), positions in pixels.

    Brightness is not among it: it is known once the light is drawn.
    """
    outline = placed.cell.outline
    return dict(
        x=placed.center[0],
        y=placed.center[1],
        state=placed.state,
        wanted=placed.wanted,
        **placed.protein.truth(),
        stage=outline.stage,
        radius=outline.mother.radius,
        bud_radius=outline.bud.radius if outline.bud else 0.0,
        vacuoles=len(placed.cell.vacuoles),
        height=placed.height,
    )


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Smooth, periodic noise of mean near 0 and variance near 1, [n, n]."""
    noise = rng.standard_normal((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    smooth = ndimage.gaussian_filter(noise, TEXTURE_SIGMA, mode='wrap', truncate=3)
    return smooth * np.float32(2 * np.sqrt(np.pi) * TEXTURE_SIGMA)


def _window(
    texture: np.ndarray, rng: np.random.Generator, shape: tuple[int, int]
) -> np.ndarray:
    """A random part of the texture, as large as a canvas."""
    rows, columns = (
        (start + np.arange(size)) % TEXTURE_SIZE
        for start, size in zip(rng.integers(TEXTURE_SIZE, size=2), shape, strict=True)
    )
    return texture[rows[:, None], columns]


def _overlap(
    first: tuple[int, int], canvas: tuple[int, int], shape: tuple[int, int]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Slices of a field, and of a canvas with first pixel (x, y), where they meet."""
    inside, part = [], []
    for start, size, limit in zip(first[::-1], canvas, shape, strict=True):
        low, high = np.clip([start, start + size], 0, limit)
        inside.append(slice(low, high))
        part.append(slice(low - start, max(high - start, low - start)))
    return tuple(inside), tuple(part)
