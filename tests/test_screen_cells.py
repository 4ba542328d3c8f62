"""Cells are found in a field, measured and cut out."""

import numpy as np
import pytest
from skimage import measure

from deeploc_jax.screens.cells import (
    CellOptions,
    cut_crops,
    find_cells,
    measure_cells,
    measure_centers,
)
from deeploc_jax.screens.fields.field import BadFieldError, FieldImage

RNG = np.random.default_rng(0)
ROWS, COLUMNS = np.mgrid[:200, :240]


def disc(x, y, radius):
    return np.hypot(COLUMNS - x, ROWS - y) <= radius


def field(marker, pixel_size=None, **others):
    planes = dict(GFP=np.zeros_like(marker), RFP=marker, **others)
    return FieldImage(np.stack([*planes.values()], -1), (*planes,), pixel_size)


def picture(discs, noise=10.0, light=500.0):
    """A noisy field with bright discs (x, y, radius)."""
    cells = np.any([disc(*one) for one in discs], axis=0) if discs else 0
    expected = 200 + light * cells * np.ones(ROWS.shape)
    return (expected + noise * RNG.standard_normal(ROWS.shape)).astype(np.float32)


def test_crops_are_the_pixels_around_a_center():
    pixels = RNG.integers(0, 1000, (200, 240, 2), dtype=np.uint16)
    x, y = np.array([100.4, 31.9, 31.0, 208.0, 50, np.nan]), np.full(6, 100.0)
    crops, inside = cut_crops(pixels, x, y)
    assert inside.tolist() == [True, True, False, True, True, False]
    assert crops.shape == (4, 64, 64, 2) and crops.dtype == np.uint16
    np.testing.assert_array_equal(crops[:, 32, 32], pixels[100, [100, 32, 208, 50]])
    np.testing.assert_array_equal(crops[2], pixels[68:132, 176:240])


def test_measurements_are_those_of_scikit_image():
    labels = (3 * disc(60, 60, 20) + 7 * disc(150, 100, 12)).astype(np.int32)
    labels[100:110, 150:190] = 7
    image = field(RNG.integers(0, 1000, ROWS.shape).astype(np.uint16))
    found = measure_cells(labels, image)
    regions = measure.regionprops(labels, image.pixels[..., 1])
    assert found['cell'].tolist() == [3, 7]
    for name, theirs in dict(
        area='area',
        major_axis='axis_major_length',
        minor_axis='axis_minor_length',
        mean_RFP='intensity_mean',
    ).items():
        expected = [region[theirs] for region in regions]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)
    centers = [region.centroid for region in regions]
    np.testing.assert_allclose(
        np.stack([found['y'], found['x']], 1), centers, rtol=1e-5
    )
    np.testing.assert_allclose(
        found['integrated_RFP'], found['mean_RFP'] * found['area'], rtol=1e-5
    )


def test_orientation_is_counterclockwise_from_the_horizontal():
    for degrees in (-60, -10, 0, 35, 89):
        angle = np.radians(degrees)
        along = (COLUMNS - 120) * np.cos(angle) - (ROWS - 100) * np.sin(angle)
        across = (COLUMNS - 120) * np.sin(angle) + (ROWS - 100) * np.cos(angle)
        labels = ((along / 50) ** 2 + (across / 20) ** 2 < 1).astype(np.int32)
        found = measure_cells(labels, field(labels.astype(np.float32)))
        assert found['orientation'][0] == pytest.approx(degrees, abs=0.5)


def test_the_background_is_that_around_the_cell():
    labels = (disc(40, 100, 15) + 2 * disc(200, 100, 15)).astype(np.int32)
    marker = (COLUMNS + 500 * (labels > 0)).astype(np.float32)
    found = measure_cells(labels, field(marker))
    np.testing.assert_allclose(found['corrected_RFP'], 500, atol=6)


def test_cells_at_the_edge_are_marked():
    labels = (disc(0, 100, 15) + 2 * disc(120, 100, 15)).astype(np.int32)
    found = measure_cells(labels, field(labels.astype(np.float32)))
    assert found['border'].tolist() == [True, False]


def test_no_cells_are_no_rows():
    labels = np.zeros(ROWS.shape, np.int32)
    found = measure_cells(labels, field(np.ones(ROWS.shape, np.float32)))
    assert {len(column) for column in found.values()} == {0}


def test_of_centers_only_light_is_measured():
    image = field(picture([(60, 60, 20)], noise=0))
    x, y = np.array([60.0, 5.0]), np.array([60.0, 60.0])
    found = measure_centers(x, y, image, 10)
    assert found['corrected_RFP'].tolist() == [500, 0]
    assert found['border'].tolist() == [False, True]
    assert np.isnan(found['area']).all() and np.isnan(found['integrated_RFP']).all()
    full = measure_cells(np.zeros(ROWS.shape, np.int32), image)
    assert list(full) == list(found)


def test_cells_are_found():
    discs = [(60, 60, 20), (140, 60, 17), (100, 140, 22), (0, 150, 20)]
    labels = find_cells(field(picture(discs)), CellOptions(marker='RFP'))
    assert labels.dtype == np.int32 and labels.max() == 4
    for one in discs:
        mine = labels == labels[one[1], one[0]]
        assert (mine & disc(*one)).sum() / (mine | disc(*one)).sum() > 0.85


@pytest.mark.parametrize(
    'empty',
    [
        picture([]),
        np.full(ROWS.shape, 7, np.float32),
        np.where((ROWS == 50) & (COLUMNS == 50), 60000, picture([])),
        picture([]) + 2 * COLUMNS.astype(np.float32),
        picture([]) * np.exp(-((COLUMNS - 120) ** 2 + (ROWS - 90) ** 2) / 2e4),
        RNG.poisson(3, ROWS.shape).astype(np.float32),
    ],
    ids=['noise', 'constant', 'hot pixel', 'ramp', 'vignette', 'few photons'],
)
def test_an_empty_field_has_no_cells(empty):
    image = field(empty.astype(np.float32))
    assert find_cells(image, CellOptions(marker='RFP')).max() == 0
    assert find_cells(image, CellOptions(marker='RFP', nuclei='RFP')).max() == 0


def test_a_channel_that_is_not_there_is_named():
    with pytest.raises(BadFieldError, match='DAPI is not among GFP, RFP'):
        find_cells(field(picture([])), CellOptions(marker='DAPI'))
    broken = picture([])
    broken[3, 3] = np.nan
    with pytest.raises(BadFieldError, match='RFP has pixels that are NaN'):
        find_cells(field(broken), CellOptions(marker='RFP'))


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        (dict(buds='maybe'), "buds .'maybe'. must be one of 'with_mother', 'apart'"),
        (dict(diameter=0.0), 'diameter .0.0. must be greater than 0'),
        (dict(min_area=5.0, max_area=4.0), 'min_area .5.0. must be less'),
    ],
)
def test_options_that_mean_nothing(wrong, words):
    with pytest.raises(ValueError, match=words):
        CellOptions(**wrong)
