"""Fields at another pixel size: light, places and label images stay what they were."""

import numpy as np
import pytest
from scipy import ndimage

from deeploc_jax.screens.fields.field import BadFieldError, FieldImage
from deeploc_jax.screens.fields.resample import (
    resample,
    resample_labels,
    resample_points,
)

RATIOS = (0.45, 0.8, 1.3, 2.0, 2.7)


def light(shape=(90, 120), sigma=2.0, seed=0):
    """Blobs as wide as a lens makes them, far from the rim, on a dark field."""
    inner = tuple(size - 40 for size in shape)
    spots = np.random.default_rng(seed).random(inner) ** 40
    return ndimage.gaussian_filter(1000 * np.pad(spots, 20), sigma, truncate=6)


def field(pixels, pixel_size=0.2):
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    names = tuple(f'c{index}' for index in range(pixels.shape[-1]))
    return FieldImage(pixels, names, pixel_size)


@pytest.mark.parametrize('ratio', RATIOS)
def test_light_is_kept(ratio):
    before = field(light())
    after = resample(before, 0.2 * ratio)
    assert after.pixels.dtype == np.float32 and after.pixel_size == 0.2 * ratio
    np.testing.assert_allclose(
        after.pixels.sum() * ratio**2, before.pixels.sum(), rtol=1e-4
    )


@pytest.mark.parametrize('ratio', RATIOS)
def test_an_even_field_keeps_its_gray_value(ratio):
    after = resample(field(np.full((50, 61, 2), 137, np.uint16)), 0.2 * ratio).pixels
    assert after.shape == (int(50 / ratio), int(61 / ratio), 2)
    np.testing.assert_allclose(after, 137, rtol=1e-5)


def test_two_pixels_into_one_is_their_mean():
    pixels = np.random.default_rng(0).integers(0, 4096, (40, 60, 2), np.uint16)
    after = resample(field(pixels), 0.4).pixels
    binned = pixels.reshape(20, 2, 30, 2, 2).mean((1, 3))
    np.testing.assert_allclose(after, binned, rtol=1e-4, atol=0.05)


@pytest.mark.parametrize('ratio', (0.45, 0.8, 1.3))
def test_there_and_back(ratio):
    before = field(light(sigma=3.0))
    back = resample(resample(before, 0.2 * ratio), 0.2).pixels
    error = back - before.pixels[: back.shape[0], : back.shape[1]]
    assert np.abs(error).max() < 0.03 * before.pixels.max()


def test_detail_that_the_new_pixels_cannot_show_is_averaged_out():
    stripes = np.tile([0.0, 1000.0], (60, 40))
    after = resample(field(stripes), 0.2 * 4.3).pixels
    # Sampling alone would leave stripes of full contrast.
    assert after.std() < 0.15 * stripes.std()


@pytest.mark.parametrize('size', (0.2, 0.1982, 0.2018))
def test_equal_sizes_change_nothing(size):
    before = field(np.arange(12, dtype=np.uint16).reshape(3, 4))
    labels, points = np.arange(12).reshape(3, 4), np.array([1.5, 2.0])
    assert resample(before, size) is before
    np.testing.assert_array_equal(resample_labels(labels, 0.2, size), labels)
    np.testing.assert_allclose(resample_points(points, 0.2, size), points)


@pytest.mark.parametrize('ratio', RATIOS)
def test_points_and_labels_go_where_the_light_goes(ratio):
    rows, columns = np.mgrid[:100, :140]
    center, new = np.array([61.3, 42.7]), 0.2 * ratio  # x, y
    inside = np.hypot(columns - center[0], rows - center[1]) < 20
    image = resample(field(1000.0 * inside), new).pixels[..., 0]
    labels = resample_labels(7 * inside, 0.2, new)
    assert labels.shape == image.shape and set(np.unique(labels)) == {0, 7}
    moved = resample_points(center, 0.2, new)
    np.testing.assert_allclose(resample_points(moved, new, 0.2), center)
    for plane in (image, labels):
        y, x = ndimage.center_of_mass(plane)
        # Half an old pixel: the center of a new one may lie between two of them.
        np.testing.assert_allclose([x, y], moved, atol=0.5 / ratio + 0.1)
    assert (labels > 0).sum() * ratio**2 == pytest.approx(inside.sum(), rel=0.05)


def test_what_cannot_be_resampled_is_an_error():
    with pytest.raises(BadFieldError, match='pixel size is not known'):
        resample(field(light(), None), 0.1)
    with pytest.raises(BadFieldError, match='smaller than a pixel'):
        resample(field(np.ones((3, 50))), 1.0)
    for size in (0.0, -1.0, float('nan')):
        with pytest.raises(ValueError, match='above 0 micrometers'):
            resample(field(light()), size)
