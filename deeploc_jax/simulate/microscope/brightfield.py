"""In bright field cells absorb almost nothing and are seen by how they refract.

A little out of focus, a bundle of rays has an area of 1 + z * laplacian(phase), and the
intensity is its inverse: to first order this is the transport-of-intensity equation
(Teague 1983, J. Opt. Soc. Am. 73:1434). A cell's phase is its thickness times the
difference between its refractive index and that of the medium. Where rays meet, the
image gains more light than it loses where they part.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

REFRACTION = 0.05  # change of a bundle's area per laplacian, one unit out of focus
FRINGE = 0.35  # relative strength of a second ring, which waves make and rays do not
NARROWEST = 0.6  # smallest area of a bundle: waves do not meet in a point
ABSORPTION = 0.002  # share of the light lost per unit of thickness


def transmitted(phase: np.ndarray, thickness: np.ndarray) -> np.ndarray:
    """Transmitted light relative to that through empty glass, float32 [h, w].

    Args:
        phase: Thickness times distance from focus, in units squared, blurred by the
            lens, [h, w]. Each cell has its own distance: some shine, some are dark.
        thickness: Thickness of the cells in units, [h, w].
    """
    near = ndimage.laplace(ndimage.gaussian_filter(phase, 0.6))
    far = ndimage.gaussian_filter(phase, 1.8) - ndimage.gaussian_filter(phase, 3.2)
    area = 1 + REFRACTION * (near + FRINGE * far)
    seen = 1 / np.maximum(area, NARROWEST) - ABSORPTION * thickness
    return np.maximum(seen, 0.05).astype(np.float32)
