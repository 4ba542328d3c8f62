"""Bright field: cells absorb almost nothing, and are seen by how they refract.

By the transport-of-intensity equation (Teague 1983, J. Opt. Soc. Am. 73:1434) the
intensity a little out of focus is I0 (1 - z * laplacian(phase)); a cell's phase is its
thickness times the difference of its refractive index from that of the medium.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

REFRACTION = 0.16  # laplacian -> contrast, at a unit of length out of focus
ABSORPTION = 0.004  # a unit of thickness
LEAST_FOCUS = 1.2  # bright field is focused beside the cells, where they show


def transmitted(thickness: np.ndarray, focus: float) -> np.ndarray:
    """Light that comes through, relative to empty glass, float32 [h, w].

    Args:
        thickness: of the cells in units, blurred by the lens, [h, w].
        focus: focal plane above the middle of the cells, units.
    """
    defocus = np.copysign(max(abs(focus), LEAST_FOCUS), focus)
    lens = ndimage.laplace(ndimage.gaussian_filter(thickness, 0.8))
    ring = ndimage.gaussian_filter(thickness, 2.5) - ndimage.gaussian_filter(
        thickness, 4.0
    )
    seen = 1 - REFRACTION * defocus * lens - 0.03 * defocus * ring
    return np.maximum(seen - ABSORPTION * thickness, 0.05).astype(np.float32)
