"""Cells are found in a field, measured and cut out."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import measure

from deeploc_jax.screens.cells import (
    CellOptions,
    cut_crops,
    find_cells,
    measure_cells,
    measure_centers,
    save_outlines,
)
from deeploc_jax.screens.cells.mixture import fit_mixture
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
    outside = measure_centers(
        np.array([-90.0, 120, 300]), np.array([60.0, -40, 60]), image, 10
    )
    assert outside['border'].all() and np.isnan(outside['mean_RFP']).all()
    full = measure_cells(np.zeros(ROWS.shape, np.int32), image)
    assert list(full) == list(found)


def test_cells_are_found():
    discs = [(60, 60, 20), (140, 60, 17), (100, 140, 22), (0, 150, 20)]
    labels = find_cells(field(picture(discs)), CellOptions(marker='RFP'))
    assert labels.dtype == np.int32 and labels.max() == 4
    for one in discs:
        mine = labels == labels[one[1], one[0]]
        assert (mine & disc(*one)).sum() / (mine | disc(*one)).sum() > 0.9


def test_a_finer_camera_finds_the_same_cells():
    marker = picture([(60, 60, 20), (140, 60, 17), (100, 140, 22)])
    fine = marker.repeat(3, 0).repeat(3, 1)
    labels = find_cells(field(marker), CellOptions(marker='RFP', diameter=40))
    finer = find_cells(field(fine), CellOptions(marker='RFP', diameter=120))
    np.testing.assert_array_equal(finer, labels.repeat(3, 0).repeat(3, 1))


def test_the_last_row_and_column_are_looked_at_too():
    marker = picture([(60, 60, 20), (236, 198, 22)])[:199, :237]
    labels = find_cells(field(marker), CellOptions(marker='RFP'))
    assert labels.shape == marker.shape and labels[-1, -1] == 2


def test_the_smallest_cell_is_measured():
    labels = np.zeros(ROWS.shape, np.int32)
    labels[101, 151], labels[50:70, 50:70] = 2_000_000_000, 5
    found = measure_cells(labels, field((100 + 7 * (labels > 5)).astype(np.float32)))
    assert found['cell'].tolist() == [5, 2_000_000_000]
    assert found['area'].tolist() == [400, 1]
    assert found['corrected_RFP'].tolist() == [0, 7]


@pytest.mark.parametrize(
    'empty',
    [
        picture([]),
        np.full(ROWS.shape, 7, np.float32),
        np.where((ROWS == 50) & (COLUMNS == 50), 60000, picture([])),
        picture([]) + 2 * COLUMNS.astype(np.float32),
        picture([]) * (1 - ((COLUMNS - 120) ** 2 + (ROWS - 90) ** 2) / 5e4),
        RNG.poisson(3, ROWS.shape).astype(np.float32),
    ],
    ids=['noise', 'constant', 'hot pixel', 'ramp', 'vignette', 'few photons'],
)
def test_an_empty_field_has_no_cells(empty):
    image = field(empty.astype(np.float32))
    for words in (
        {},
        dict(nuclei='RFP'),
        dict(nuclei='RFP', form='spread'),
        dict(light='transmitted'),
    ):
        assert find_cells(image, CellOptions(marker='RFP', **words)).max() == 0, words


def test_cells_that_touch_are_apart():
    """Two rows of cells that touch; none is small enough to be a bud."""
    discs = [(30 + 40 * i, 50 + 40 * j, 20.5) for i in range(5) for j in range(3)]
    labels = find_cells(field(picture(discs)), CellOptions(marker='RFP'))
    assert labels.max() == 15
    assert len({labels[y, x] for x, y, _ in discs}) == 15


def test_a_bud_is_with_its_mother_or_apart():
    image = field(picture([(100, 100, 22), (131, 100, 11)]))
    together = find_cells(image, CellOptions(marker='RFP'))
    apart = find_cells(image, CellOptions(marker='RFP', buds='apart'))
    assert together[100, 100] == together[100, 131] == together.max() == 1
    assert apart[100, 100] != apart[100, 131] and apart.max() == 2


def test_a_dim_cell_is_as_large_as_a_bright_one():
    light = 6000 * disc(60, 100, 20) + 300 * disc(150, 100, 20)
    blurred = ndimage.gaussian_filter(light.astype(np.float32), 2) + picture([])
    found = measure_cells(
        find_cells(field(blurred), CellOptions(marker='RFP')), field(blurred)
    )
    np.testing.assert_allclose(found['area'], np.pi * 20**2, rtol=0.15)


def test_a_vacuole_is_part_of_its_cell():
    marker = picture([(100, 100, 20)]) - 500 * disc(104, 100, 6)
    labels = find_cells(field(marker.astype(np.float32)), CellOptions(marker='RFP'))
    assert labels[100, 104] == labels[88, 100] == 1


def test_sizes_and_the_edge_are_as_asked():
    """A pixel of 0.125 micrometers: cells of 5 micrometers have 40 pixels."""
    discs = [(60, 60, 20), (140, 60, 10), (0, 150, 20)]
    image = field(picture(discs), 0.125)

    def count(**words):
        return find_cells(image, CellOptions(marker='RFP', **words)).max()

    assert count() == 3
    assert count(border='drop') == 2
    assert count(min_area=0.125**2 * 400) == 2
    assert count(max_area=0.125**2 * 1000) == 2  # half of the cell at the edge is seen
    assert count(min_area=400.0) == 0


def test_the_protein_stands_for_a_marker_that_is_not_there():
    cells = picture([(60, 60, 20), (140, 60, 17)])
    image = FieldImage(cells[..., None], ('GFP',))
    assert find_cells(image, CellOptions()).max() == 2


def test_cells_of_any_form_grow_from_their_nuclei():
    """One region of light with three nuclei, and a nucleus outside of it."""
    nuclei = picture([(50, 100, 9), (100, 100, 9), (150, 100, 9), (210, 30, 9)])
    marker = picture([(x, 100, 25) for x in range(50, 160, 10)])
    image = field(marker, nuclei=nuclei)
    options = CellOptions(marker='RFP', nuclei='nuclei', form='spread', min_area=100.0)
    labels = find_cells(image, options)
    assert labels.max() == 4
    inside = marker > 450
    assert (labels[inside] > 0).mean() > 0.95
    assert labels[100, 60] != labels[100, 90] and labels[100, 90] != labels[100, 140]


def test_in_transmitted_light_lines_surround_cells():
    cells = [(50, 50, 20), (150, 50, 20), (90, 140, 20)]
    lines = sum(
        np.exp(-((np.hypot(COLUMNS - x, ROWS - y) - r) ** 2) / 4) for x, y, r in cells
    )
    plane = (4000 + 1500 * lines + 20 * RNG.standard_normal(ROWS.shape)) * (
        1 - COLUMNS / 1000
    )
    options = CellOptions(marker='RFP', light='transmitted')
    labels = find_cells(field(plane.astype(np.float32)), options)
    assert labels.max() == 3
    for one in cells:
        mine = labels == labels[one[1], one[0]]
        assert (mine & disc(*one)).sum() / (mine | disc(*one)).sum() > 0.85


def test_a_mixture_finds_what_it_was_drawn_from():
    shares, means, scales = [0.6, 0.3, 0.1], [100, 300, 900], [10, 30, 60]
    values = np.concatenate(
        [
            mean + scale * RNG.standard_t(4, int(100_000 * share))
            for share, mean, scale in zip(shares, means, scales, strict=True)
        ]
    ).clip(0, 1500)
    mixture = fit_mixture(values, 3)
    np.testing.assert_allclose(mixture.shares, shares, atol=0.02)
    np.testing.assert_allclose(mixture.means, means, rtol=0.03)
    np.testing.assert_allclose(mixture.scales, scales, rtol=0.2)
    assert 130 < mixture.threshold(0) < 220 and 380 < mixture.threshold(1) < 700


def test_outlines_are_seen(tmp_path):
    labels = (disc(60, 60, 20) + 2 * disc(0, 150, 20)).astype(np.int32)
    path = save_outlines(tmp_path / 'a' / 'field.png', labels, picture([(60, 60, 20)]))
    with Image.open(path) as file:
        seen = np.asarray(file)
    assert seen.shape == (*ROWS.shape, 3)
    assert seen[60, 80].tolist() != seen[60, 60].tolist()  # on the line, and inside
    assert len({*seen[60, 60].tolist()}) == 1 < len({*seen[60, 80].tolist()})
    assert seen[150, 20].tolist() != seen[60, 80].tolist()  # a cell at the edge


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
        (dict(form='spread'), "form 'spread' needs the name of the channel"),
        (dict(diameter=0.0), 'diameter .0.0. must be greater than 0'),
        (dict(min_area=5.0, max_area=4.0), 'min_area .5.0. must be less'),
    ],
)
def test_options_that_mean_nothing(wrong, words):
    with pytest.raises(ValueError, match=words):
        CellOptions(**wrong)


def test_an_upright_cell_has_90_degrees():
    labels = np.zeros((40, 40), np.int32)
    labels[5:30, 10:15] = 1
    found = measure_cells(labels, field(labels.astype(np.float32)))
    assert found['orientation'][0] == 90
