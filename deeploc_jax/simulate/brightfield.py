"""Bright field: cells absorb almost nothing, and are seen by how they refract.

By the transport-of-intensity equation (Teague 1983, J. Opt. Soc. Am. 73:1434) the
intensity a little out of focus is I0 (1 - z * laplacian(phase)); a cell's phase is its
thickness times the difference of its refractive index from that of the medium.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

REFRACTION = 0.05  # laplacian -> contrast, at a unit of length out of focus
FRINGE = 0.35  # of the second ring, which waves make and rays do not
ABSORPTION = 0.002  # a unit of thickness


def transmitted(phase: np.ndarray, thickness: np.ndarray) -> np.ndarray:
    """Light that comes through, relative to empty glass, float32 [h, w].

    Args:
        phase: thickness times distance from focus, units squared, blurred by the
            lens, [h, w]. Each cell has its own distance: some shine, some are dark.
        thickness: of the cells in units, [h, w].
    """
    near = ndimage.laplace(ndimage.gaussian_filter(phase, 0.7))
    far = ndimage.gaussian_filter(phase, 1.8) - ndimage.gaussian_filter(phase, 3.2)
    seen = 1 - REFRACTION * (near + FRINGE * far) - ABSORPTION * thickness
    return np.maximum(seen, 0.05).astype(np.float32)
