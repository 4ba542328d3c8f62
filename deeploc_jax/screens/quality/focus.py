"""Sharpness says how much of the detail of the cells reaches the camera.

Blur takes away fine detail and leaves coarse detail: the ratio of their power depends
neither on the brightness of the cells nor on their number. The slope of the power
spectrum, the best measure of focus of Bray et al. 2012 (J. Biomol. Screen. 17:266), is
such a ratio as well. The variance of a Laplacian over the squared brightness was tried
too: in dim fields, noise makes it rank backwards. Here noise is subtracted first. Its
spectrum has the form of that in the emptiest parts of the field (software that moves or
smooths images takes noise away at high frequencies) and the height at which the
spectrum of the cells ends, where a lens lets nothing through.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

TILE = 32  # pixels a side: a yeast cell or less
MOST = 600  # tiles of a field that are looked at
CELLS = 0.3  # share of a tile that must be cell
EMPTIEST = 0.1  # share of the tiles that show the noise
COARSE, FINE, DARK = 0.03, 0.09, 0.2
"""Cycles per pixel at which coarse and fine detail begin, and fine detail ends."""
NOISE_ONLY = 0.38  # cycles per pixel above which there is only noise
FEWEST = 3  # tiles with cells
LEAST = 1e-3  # ratio below which all detail is noise


def sharpness(plane: np.ndarray, inside: np.ndarray) -> float | None:
    """Logarithm (base 10) of the power of fine over that of coarse detail in cells.

    Args:
        plane: Gray values of a channel, [h, w].
        inside: Where there are cells, bool [h, w].

    Returns:
        Between -3 and about 0, larger for a sharper image. It depends on the size of a
        pixel and on what is stained: compare it within a plate and channel. None where
        there are too few cells.
    """
    if not inside.any():
        return None
    cells = _tiles(inside).mean((1, 2)) > CELLS
    if cells.sum() < FEWEST:
        return None
    spectra = _spectra(_tiles(plane))
    frequencies = np.arange(spectra.shape[1]) / TILE
    total = spectra[:, 1:].sum(1)
    noise = np.median(spectra[total <= np.quantile(total, EMPTIEST)], axis=0)
    high = frequencies > NOISE_ONLY
    shown = spectra[cells]
    height = np.median(shown[:, high], axis=1) / max(np.median(noise[high]), 1e-9)
    # Frequencies of a ring are as many as its radius is long.
    power = ((shown - noise * height[:, None]) * frequencies).sum(0)
    fine = power[(frequencies >= FINE) & (frequencies < DARK)].sum()
    coarse = power[(frequencies >= COARSE) & (frequencies < FINE)].sum()
    if coarse <= 0:
        return None
    return float(np.log10(max(fine / coarse, LEAST)))


def _tiles(plane: np.ndarray) -> np.ndarray:
    """Half-overlapping tiles [n, 32, 32], or every second, third, ... of many."""
    if min(plane.shape) < TILE:
        return np.zeros((0, TILE, TILE), np.float32)
    half = TILE // 2
    every = sliding_window_view(plane, (TILE, TILE))[::half, ::half]
    rows, columns = every.shape[:2]
    step = max(1, -(-rows * columns // MOST))
    chosen = np.arange(0, rows * columns, step)
    return every[chosen // columns, chosen % columns].astype(np.float32)


def _spectra(tiles: np.ndarray) -> np.ndarray:
    """Mean power of each tile over rings of frequency, [n, 17]."""
    window = np.hanning(TILE + 1)[:-1].astype(np.float32)
    flat = tiles - tiles.mean((1, 2), keepdims=True)
    waves = fft.rfft2(flat * (window * window[:, None]))
    power = waves.real**2 + waves.imag**2
    radius = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)) * TILE
    ring = np.rint(radius).astype(int).ravel()
    order = np.argsort(ring, kind='stable')
    order = order[ring[order] <= TILE // 2]
    starts = np.searchsorted(ring[order], np.arange(TILE // 2 + 1))
    # Not by a product of matrices: threads of NumPy would wait for this in a loop.
    rings = np.add.reduceat(power.reshape(len(tiles), -1)[:, order], starts, axis=1)
    return rings / np.bincount(ring[order]).astype(np.float32)
