"""Uneven background light is taken away, and what is brighter than it is marked."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32
from scipy import ndimage

from deeploc_jax.screens.cells.blocks import average_blocks
from deeploc_jax.screens.cells.mixture import Mixture, fit_mixture

SMOOTHING = 1 / 35  # standard deviation, in diameters of a cell
BLOCKS = 5  # averaged pixels along the diameter of a cell
ROUNDS = 3
CLEAR = 6.0  # scales of the background that a cell lies above it, at least
EVERY = 7  # pixels of which one enters the histogram


def light_above_background(
    plane: Float32[np.ndarray, 'h w'], diameter: float, components: int = 2
) -> tuple[Float32[np.ndarray, 'h w'], float]:
    """Light above a smooth background, and the least light of a cell.

    The background is a quadratic surface through what a mixture of Student t
    distributions counts as background, so that cells do not lift it.

    Args:
        plane: Channel [h, w] in which cells are brighter than the background.
        diameter: Usual diameter of a cell in pixels.
        components: Number of components of the light: the background, and cells of one
            or more kinds.

    Returns:
        Light [h, w], about 0 between cells; and the value from which on a pixel is not
        background, infinity where all pixels are equal.
    """
    smooth = ndimage.gaussian_filter(plane, SMOOTHING * diameter)
    if np.ptp(smooth) == 0:
        return np.zeros_like(smooth), np.inf
    light = smooth - _fit_surface(smooth, max(int(diameter / BLOCKS), 1))
    mixture = fit_mixture(light.ravel()[::EVERY].astype(np.float64), components)
    background, scale = mixture.means[0], mixture.scales[0]
    least = max(mixture.threshold(0), background + CLEAR * scale) - background
    return light - np.float32(background), float(least)


def _fit_surface(
    smooth: Float32[np.ndarray, 'h w'], step: int
) -> Float32[np.ndarray, 'h w']:
    """A quadratic surface through the background of averaged blocks of pixels."""
    height, width = smooth.shape
    step = min(step, height, width)
    rows, columns = height // step, width // step
    blocks = average_blocks(smooth[: rows * step, : columns * step], step)
    values = blocks.ravel().astype(np.float64)
    design = np.stack(_terms(rows, columns, step, smooth.shape), -1).reshape(-1, 6)
    surface, factors = np.zeros_like(values), np.zeros(6)
    for _ in range(ROUNDS):
        rest = values - surface
        if np.ptp(rest) == 0:
            break
        weighted = design * _weights(rest, fit_mixture(rest, 2))[:, None]
        # Six by six, and far from singular, as the terms are nearly orthogonal.
        factors = np.linalg.lstsq(weighted.T @ design, weighted.T @ values)[0]
        surface = design @ factors
    one, x, y, xy, x2, y2 = factors.astype(np.float32)
    down, right = _middles(height, 1, height)[:, None], _middles(width, 1, width)
    surface = (one + right * (x + right * x2)) + down * (y + down * y2)
    return surface + down * (right * xy)


def _weights(
    rest: Float[np.ndarray, ' n'], mixture: Mixture
) -> Float[np.ndarray, ' n']:
    """How far each value is background: its bright side has light of cells in it."""
    densities = mixture.densities(rest)
    background = densities[:, 0] / (densities.sum(axis=1) + 1e-300)
    above = np.maximum(rest - mixture.means[0], 0) / mixture.scales[0]
    return background / (1 + above**2 / 4) + 1e-9


def _terms(
    rows: int, columns: int, step: int, shape: tuple[int, ...]
) -> list[Float[np.ndarray, 'r c']]:
    """1, x, y, xy, x^2, y^2 at the middles of blocks, x and y from -1 to 1."""
    y = _middles(rows, step, shape[0]).astype(np.float64)[:, None]
    x = _middles(columns, step, shape[1]).astype(np.float64)[None]
    one = np.ones((rows, columns))
    return [one, x * one, y * one, x * y, x * x * one, y * y * one]


def _middles(count: int, step: int, size: int) -> Float32[np.ndarray, ' n']:
    """Middles of blocks along an axis of `size` pixels, from -1 to 1."""
    return ((np.arange(count) + 0.5) * step / size * 2 - 1).astype(np.float32)
