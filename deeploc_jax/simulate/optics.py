"""Light of bodies, membranes and points as a spinning-disk microscope collects it.

A crop's light is a float32 array [2, CANVAS, CANVAS]: plane 0 holds what the optical
section sees, plane 1 what lies above and below it and leaks in through the pinholes.
The section's sensitivity at height z is sech^2((z - focus) / section), whose integral
is a tanh: a filled ellipsoid needs no third dimension. A body that fills the section
has sharp light 1.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy import ndimage

from deeploc_jax.simulate.geometry import Ellipsoid

CROP = 64
MARGIN = 8  # light from just outside the crop is blurred into it
CANVAS = CROP + 2 * MARGIN


@dataclasses.dataclass(frozen=True)
class Microscope:
    """What the light path does.

    Attributes:
        psf_sigma: blur of the optical section, pixels, of protein and marker.
        section: half thickness of the optical section, pixels.
        haze: share of the light outside the section that reaches the camera.
        haze_sigma: blur of that light, pixels.
    """

    psf_sigma: tuple[float, float] = (1.35, 1.45)
    section: float = 5.5
    haze: float = 0.16
    haze_sigma: float = 4.5


@dataclasses.dataclass(frozen=True)
class View:
    """Where one cell's own coordinates lie in the crop.

    Attributes:
        center: canvas position (x, y) in pixels of the cell's origin.
        focus: height of the focal plane above the cell's middle, pixels.
        section: half thickness of the optical section, pixels.
    """

    center: tuple[float, float]
    focus: float = 0.0
    section: float = 5.5

    def weight(self, z: np.ndarray) -> np.ndarray:
        """Sensitivity (0 to 1) of the section at heights z in pixels."""
        return 1 / np.cosh(np.clip((z - self.focus) / self.section, -20, 20)) ** 2


def dark() -> np.ndarray:
    """No light."""
    return np.zeros((2, CANVAS, CANVAS), np.float32)


def body(view: View, shape: Ellipsoid) -> np.ndarray:
    """Light of a filled ellipsoid of density 1."""
    light = dark()
    x, y = shape.center[:2] + view.center
    reach = shape.half_axes[:2].max()
    columns, rows = _window(x, reach), _window(y, reach)
    dx, dy = np.arange(CANVAS)[columns] - x, (np.arange(CANVAS)[rows] - y)[:, None]
    cos, sin = np.cos(shape.angle), np.sin(shape.angle)
    a, b, c = shape.half_axes
    inside = 1 - ((dx * cos + dy * sin) / a) ** 2 - ((dy * cos - dx * sin) / b) ** 2
    half = (c * np.sqrt(np.maximum(inside, 0)) / view.section).astype(np.float32)
    middle = np.float32((shape.center[2] - view.focus) / view.section)
    sharp = (np.tanh(middle + half) - np.tanh(middle - half)) / 2
    light[0, rows, columns] = sharp
    light[1, rows, columns] = half - sharp
    return light


def _window(center: float, reach: float) -> slice:
    first = min(max(int(np.floor(center - reach)), 0), CANVAS)
    return slice(first, min(max(int(np.ceil(center + reach)) + 1, first), CANVAS))


def shell(view: View, shape: Ellipsoid, thickness: float = 1.2) -> np.ndarray:
    """Light of an ellipsoid's surface, as a layer of some pixels and density 1."""
    return body(view, shape) - body(view, shape.grown(-thickness))


def beads(view: View, points: np.ndarray, weights, size: float = 0.0) -> np.ndarray:
    """Light of points [n, 3], each of a total weight, in pixels of the cell.

    Args:
        view: where the cell lies.
        points: positions in the cell's coordinates, [n, 3].
        weights: light of each point in focus, a scalar or [n].
        size: standard deviation in pixels of each spot itself, before the microscope.

    Returns:
        Light [2, CANVAS, CANVAS]; points outside the canvas are left out.
    """
    weights = np.broadcast_to(weights, len(points))
    if size:
        points = (points[:, None] + size * _CLOUD).reshape(-1, 3)
        weights = np.repeat(weights / len(_CLOUD), len(_CLOUD))
    focused = view.weight(points[:, 2])
    position = points[:, :2] + view.center
    return np.stack(
        [
            _deposit(position, weights * focused),
            _deposit(position, weights * (1 - focused)),
        ]
    )


# A spot of unit standard deviation in the image plane: eight points on two rings.
_TURNS = np.arange(8) * np.pi / 4
_RINGS = np.where(np.arange(8) % 2, 0.8, 1.83)
_CLOUD = np.stack([_RINGS * np.cos(_TURNS), _RINGS * np.sin(_TURNS), 0 * _TURNS], 1)


def _deposit(position: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights shared between the four pixels around each position (x, y) [n, 2]."""
    inside = ((position >= 0) & (position < CANVAS - 1)).all(1)
    position, weights = position[inside], weights[inside]
    corner = position.astype(np.int64)
    (fx, fy), start = (position - corner).T, corner[:, 1] * CANVAS + corner[:, 0]
    index = np.concatenate([start, start + 1, start + CANVAS, start + CANVAS + 1])
    share = np.concatenate([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy])
    image = np.bincount(index, share * np.tile(weights, 4), CANVAS * CANVAS)
    return image.reshape(CANVAS, CANVAS).astype(np.float32)


def expose(
    light: np.ndarray, scope: Microscope, channel: int, shift: tuple[float, float]
) -> np.ndarray:
    """The image [CROP, CROP] behind the objective: blurred, hazy, shifted.

    Args:
        light: [2, CANVAS, CANVAS].
        scope: the microscope.
        channel: 0 protein, 1 marker; they differ in wavelength.
        shift: misalignment (x, y) of the channel in pixels, below 2.
    """
    image = light[0]
    for axis, offset in ((1, shift[0]), (0, shift[1])):
        weights = _kernel(scope.psf_sigma[channel], offset)
        image = ndimage.correlate1d(image, weights, axis, mode='nearest')
    haze = ndimage.gaussian_filter(light[1], scope.haze_sigma, truncate=2.5)
    seen = image + np.float32(scope.haze) * haze
    return seen[MARGIN:-MARGIN, MARGIN:-MARGIN]


@functools.lru_cache(maxsize=256)
def _kernel(sigma: float, shift: float) -> np.ndarray:
    reach = int(np.ceil(3 * sigma + 2))
    kernel = np.exp(-0.5 * ((np.arange(-reach, reach + 1) + shift) / sigma) ** 2)
    return kernel / kernel.sum()
