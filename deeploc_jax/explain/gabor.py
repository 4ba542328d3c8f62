"""Gabor filters, which answer to stripes of one width and direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
from jaxtyping import Float, Float32
from skimage.filters import gabor_kernel

FREQUENCIES = (0.05, 0.1, 0.2, 0.35)  # cycles per pixel
DIRECTIONS = 6
SOME = 64  # cells at a time


def gabor_answers(
    images: Float[np.ndarray, 'n s s c'], channels: Sequence[str]
) -> tuple[list[str], Float32[np.ndarray, 'n k']]:
    """The largest answer of each Gabor filter in each channel of each cell.

    Args:
        images: Normalized crops.
        channels: Names of the channels.

    Returns:
        Names of the filters, such as 'GFP, 0.10 cycles per pixel, 30°', and their
        answers, without a phase.
    """
    spectra = scipy.fft.fft2(_kernels(images.shape[1]))
    n = len(images)
    answers = np.zeros((n, len(channels), len(spectra)), np.float32)
    for start in range(0, n, SOME):
        some = np.moveaxis(images[start : start + SOME], -1, 1)
        seen = scipy.fft.fft2(some.astype(np.complex64))
        for index, spectrum in enumerate(spectra):
            sizes = np.abs(scipy.fft.ifft2(seen * spectrum))
            answers[start : start + SOME, :, index] = sizes.max((2, 3))
    names = [
        f'{channel}, {frequency:.2f} cycles per pixel, {180 * turn // DIRECTIONS}°'
        for channel in channels
        for frequency in FREQUENCIES
        for turn in range(DIRECTIONS)
    ]
    return names, answers.reshape(n, -1)


def _kernels(side: int) -> np.ndarray:
    """Kernels without an answer to an even image, complex64 [k, s, s]."""
    made = []
    for frequency in FREQUENCIES:
        for turn in range(DIRECTIONS):
            kernel = gabor_kernel(frequency, np.pi * turn / DIRECTIONS, n_stds=2)
            kernel = kernel[:side, :side] - kernel[:side, :side].mean()
            plane = np.zeros((side, side), np.complex64)
            plane[: kernel.shape[0], : kernel.shape[1]] = kernel
            made.append(plane)
    return np.stack(made)
