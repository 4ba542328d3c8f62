"""A spinning-disk microscope collects the light of bodies, membranes and points.

The light of one cell is a float32 array [2, h, w] on a canvas of its own: plane 0 holds
what the optical section sees, plane 1 what lies above and below it and leaks in through
the pinholes. The section's sensitivity at height z is sech^2((z - focus) / section),
whose integral is a tanh, so that a filled ellipsoid is drawn without a third dimension.
A body that fills the section has sharp light 1.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from deeploc_jax.simulate.geometry import Ellipsoid

DEFOCUS = 0.22  # growth of the blur's sigma with the distance from focus
TRUNCATE = 3.0  # sigmas at which a blur ends
SHARPEST = 0.5  # pixels; a smaller blur makes no visible difference


@dataclasses.dataclass(frozen=True)
class View:
    """Position of a cell on its canvas and in the microscope.

    Attributes:
        center: Canvas position (x, y) of the cell's origin, pixels.
        shape: Rows and columns of the canvas.
        scale: Pixels per unit of length (`geometry.UNIT`).
        focus: Height of the focal plane above the cell's middle, units.
        section: Half thickness of the optical section, units.
    """

    center: tuple[float, float]
    shape: tuple[int, int]
    scale: float = 1.0
    focus: float = 0.0
    section: float = 5.5

    def dark(self) -> np.ndarray:
        """No light, [2, h, w]."""
        return np.zeros((2, *self.shape), np.float32)

    def weight(self, z: np.ndarray) -> np.ndarray:
        """Sensitivity (0 to 1) of the section at heights z in units."""
        return 1 / np.cosh(np.clip((z - self.focus) / self.section, -20, 20)) ** 2

    def blur(self, psf: float) -> float:
        """Sigma in pixels of a cell's blur by the lens (psf, pixels) and defocus."""
        return float(np.hypot(psf, DEFOCUS * self.focus * self.scale))


def body(view: View, shape: Ellipsoid) -> np.ndarray:
    """Light of a filled ellipsoid of density 1."""
    light = view.dark()
    x, y = shape.center[:2] * view.scale + view.center
    a, b = shape.half_axes[:2] * view.scale
    columns = _window(x, max(a, b), view.shape[1])
    rows = _window(y, max(a, b), view.shape[0])
    dx = np.arange(columns.start, columns.stop) - x
    dy = (np.arange(rows.start, rows.stop) - y)[:, None]
    cos, sin = np.cos(shape.angle), np.sin(shape.angle)
    inside = 1 - ((dx * cos + dy * sin) / a) ** 2 - ((dy * cos - dx * sin) / b) ** 2
    half = np.sqrt(np.maximum(inside, 0), dtype=np.float32)
    half *= np.float32(shape.half_axes[2] / view.section)
    middle = np.float32((shape.center[2] - view.focus) / view.section)
    sharp = (np.tanh(middle + half) - np.tanh(middle - half)) / 2
    light[0, rows, columns] = sharp
    light[1, rows, columns] = half - sharp
    return light


def _window(center: float, reach: float, size: int) -> slice:
    first = min(max(int(np.floor(center - reach)), 0), size)
    return slice(first, min(max(int(np.ceil(center + reach)) + 1, first), size))


def shell(view: View, shape: Ellipsoid, thickness: float = 1.2) -> np.ndarray:
    """Light of a layer under an ellipsoid's surface, of density 1, [2, h, w].

    Args:
        view: Position of the cell.
        shape: The ellipsoid.
        thickness: Thickness of the layer, units.
    """
    return body(view, shape) - body(view, shape.grown(-thickness))


def beads(
    view: View, points: np.ndarray, weights: float | np.ndarray, size: float = 0.0
) -> np.ndarray:
    """Light of points, each of a total weight.

    Args:
        view: Position of the cell.
        points: Positions in the cell's coordinates, units, [n, 3].
        weights: Light of each point in focus, in square units, a scalar or [n].
        size: Standard deviation of each spot before the microscope blurs it, units.

    Returns:
        Light [2, h, w]; points outside the canvas are left out.
    """
    weights = np.broadcast_to(weights, len(points)) * view.scale**2
    if size:
        points = (points[:, None] + size * _CLOUD).reshape(-1, 3)
        weights = np.repeat(weights / len(_CLOUD), len(_CLOUD))
    focused = view.weight(points[:, 2])
    position = points[:, :2] * view.scale + view.center
    planes = (weights * focused, weights * (1 - focused))
    return np.stack([_deposit(position, plane, view.shape) for plane in planes])


# Points on a spiral stand for a spot of unit standard deviation, equal shares of it.
_NUMBER = 24
_TURNS = np.arange(_NUMBER) * np.pi * (3 - np.sqrt(5))
_RINGS = np.sqrt(-2 * np.log1p(-(np.arange(_NUMBER) + 0.5) / _NUMBER))
_CLOUD = np.stack([_RINGS * np.cos(_TURNS), _RINGS * np.sin(_TURNS), 0 * _TURNS], 1)


def _deposit(
    position: np.ndarray, weights: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """An image [h, w] of weights, each shared by the four pixels around its position.

    Args:
        position: Positions (x, y) in pixels, [n, 2].
        weights: Light of each, [n].
        shape: Rows and columns of the image.
    """
    rows, columns = shape
    inside = ((position >= 0) & (position < [columns - 1, rows - 1])).all(1)
    position, weights = position[inside], weights[inside]
    corner = position.astype(np.int64)
    (fx, fy), start = (position - corner).T, corner[:, 1] * columns + corner[:, 0]
    index = np.concatenate([start, start + 1, start + columns, start + columns + 1])
    share = np.concatenate([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy])
    image = np.bincount(index, share * np.tile(weights, 4), rows * columns)
    return image.reshape(shape).astype(np.float32)


def blurred(plane: np.ndarray, sigma: float) -> np.ndarray:
    """A plane blurred by a Gaussian lens; light near the rim may leave the canvas.

    Args:
        plane: Light, [h, w].
        sigma: Standard deviation of the blur, pixels.
    """
    if sigma < SHARPEST:
        return plane
    return ndimage.gaussian_filter(plane, sigma, truncate=TRUNCATE, mode='constant')


def haze(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Out-of-focus light of a whole field, blurred at half the resolution.

    Args:
        plane: float32 [h, w], both even.
        sigma: Standard deviation of the blur, pixels; with less than a few the halved
            resolution would show.
    """
    h, w = plane.shape
    small = plane.reshape(h // 2, 2, w // 2, 2).mean((1, 3))
    small = ndimage.gaussian_filter(small, sigma / 2, truncate=TRUNCATE)
    wide = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    return ndimage.uniform_filter(wide, 3)
