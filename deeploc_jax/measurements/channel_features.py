"""Measures one channel: intensity, texture, granularity, rings and spots.

References:
    Haralick, Shanmugam & Dinstein 1973, IEEE Trans. SMC 3:610: texture.
    Boland & Murphy 2001, Bioinformatics 17:1213: Zernike moments of cells.
    Ojala, Pietikainen & Maenpaa 2002, IEEE Trans. PAMI 24:971: binary patterns.
    Carpenter et al. 2006, Genome Biol. 7:R100 (CellProfiler): granularity, rings.
"""

from __future__ import annotations

import functools
import itertools

import mahotas
import numpy as np
import scipy.fft
from jaxtyping import Complex, Float, Integer
from scipy import ndimage
from skimage import feature
from skimage.filters import gabor_kernel

RADIUS = 28  # pixels from the middle, for Zernike moments and spots
RING = 5  # pixels; width of the rings
FREQUENCIES = (0.1, 0.2, 0.35)  # cycles per pixel, of the Gabor filters
DIRECTIONS = 4
OPENINGS = (1, 3, 5, 7, 11, 15)  # pixels


def measure_plane(plane: Float[np.ndarray, 'h w']) -> dict[str, float]:
    """Features by name of a plane float32 [h, w] in [0, 1]."""
    grey = (plane * 63).astype(np.uint8)
    inside = rings(plane.shape)
    every = range(inside.max() + 1)
    groups = dict(
        haralick=mahotas.features.haralick(grey).mean(0),
        haralick_coarse=mahotas.features.haralick(grey[::2, ::2]).mean(0),
        lbp=mahotas.features.lbp(plane, 2, 8),
        zernike=mahotas.features.zernike_moments(plane, RADIUS, degree=8),
        gabor=_gabor(plane),
        ring_mean=ndimage.mean(plane, inside, every),
        ring_deviation=ndimage.standard_deviation(plane, inside, every),
        granularity=_granularity(plane),
    )
    named = {
        f'{name}_{i}': float(value)
        for name, values in groups.items()
        for i, value in enumerate(values)
    }
    return _intensity(plane) | named | _spots(plane)


@functools.lru_cache(maxsize=2)
def rings(shape: tuple[int, int]) -> Integer[np.ndarray, 'h w']:
    """Number of the ring around the middle that holds each pixel, int [h, w]."""
    return np.minimum(_distance(shape) // RING, 6).astype(int)


def _distance(shape: tuple[int, int]) -> Float[np.ndarray, 'h w']:
    rows, columns = np.indices(shape)
    return np.hypot(rows - (shape[0] - 1) / 2, columns - (shape[1] - 1) / 2)


def _intensity(plane: np.ndarray) -> dict[str, float]:
    centered = plane - plane.mean()
    spread = centered.std() + 1e-6
    percentiles = (5, 25, 50, 75, 95)
    values = zip(percentiles, np.percentile(plane, percentiles), strict=True)
    return dict(
        mean=float(plane.mean()),
        deviation=float(spread),
        skewness=float((centered**3).mean() / spread**3),
        kurtosis=float((centered**4).mean() / spread**4),
        **{f'percentile_{p}': float(value) for p, value in values},
    )


def _gabor(plane: Float[np.ndarray, 'h w']) -> Float[np.ndarray, ' k']:
    """Gabor responses by frequency: in the weakest and strongest direction, spread."""
    spectrum = scipy.fft.fft2(plane)
    size = np.abs(scipy.fft.ifft2(spectrum * _gabor_spectra(plane.shape)))
    size = size.reshape(len(FREQUENCIES), DIRECTIONS, -1)
    strength = np.sort(size.mean(2), axis=1)  # however the cell is turned
    return np.concatenate([strength[:, [0, -1]].ravel(), size.std(2).mean(1)])


@functools.lru_cache(maxsize=2)
def _gabor_spectra(shape: tuple[int, int]) -> Complex[np.ndarray, 'k h w']:
    kernels = []
    for frequency in FREQUENCIES:
        for direction in range(DIRECTIONS):
            kernel = gabor_kernel(frequency, np.pi * direction / DIRECTIONS, n_stds=2)
            kernel = kernel[tuple(slice(0, side) for side in shape)]
            kernels.append(scipy.fft.fft2(kernel, shape))
    return np.stack(kernels)


def _granularity(plane: np.ndarray) -> list[float]:
    """Shares of the intensity that openings with growing squares take away."""
    totals = [ndimage.grey_opening(plane, (k, k)).sum() for k in OPENINGS]
    return [(a - b) / (totals[0] + 1e-6) for a, b in itertools.pairwise(totals)]


def _spots(plane: np.ndarray) -> dict[str, float]:
    """Number, brightness and distance from the middle of blobs at two scales."""
    distance, found = _distance(plane.shape), {}
    for scale, sigma in (('fine', 1.2), ('coarse', 2.5)):
        response = -ndimage.gaussian_laplace(plane, sigma) * sigma**2
        peaks = feature.peak_local_max(response, min_distance=2, threshold_abs=0.06)
        peaks = peaks[distance[tuple(peaks.T)] < RADIUS]
        strengths = response[tuple(peaks.T)] if len(peaks) else np.zeros(1)
        away = distance[tuple(peaks.T)].mean() if len(peaks) else 0.0
        found |= {
            f'spots_{scale}_number': float(len(peaks)),
            f'spots_{scale}_strongest': float(strengths.max()),
            f'spots_{scale}_strength': float(strengths.mean()),
            f'spots_{scale}_distance': float(away),
        }
    return found
