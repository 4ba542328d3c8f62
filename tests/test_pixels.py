"""Whatever holds images is read as what it is, or refused in words."""

from pathlib import Path

import h5py
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.predict.raw_images import normalization_of, raw_crops
from tests.helpers.small import make_card

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 4096, (5, 20, 20, 2), np.uint16)
CARD = make_card()


def read(images, card=CARD, rows=(4, 0, 4)):
    pixels = raw_crops(images, card).images[np.array(rows)]
    return normalization_of(card)(jnp.asarray(pixels))


class Sliced:
    """As dask, torch or xarray: a shape, and rows that NumPy can read."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __getitem__(self, rows):
        return Sliced(self.array[rows])

    def __array__(self, dtype=None, copy=None):
        return self.array


class Masking(Sliced):
    """As netCDF4: rows come as masked arrays."""

    def __getitem__(self, rows):
        return np.ma.masked_equal(self.array[rows], 5000)


class Unknown(Sliced):
    """As a dask array after a choice of rows."""

    def __init__(self, array):
        super().__init__(array)
        self.shape = (np.nan, *array.shape[1:])


def memory_map(folder, images):
    np.save(folder / 'cells.npy', images)
    return np.load(folder / 'cells.npy', mmap_mode='r')


def hdf5(folder, images):
    with h5py.File(folder / 'cells.h5', 'w') as file:
        file['cells'] = images
    return h5py.File(folder / 'cells.h5')['cells']


def zarr_array(folder, images):
    zarr = pytest.importorskip('zarr')
    return zarr.create_array(folder / 'cells.zarr', data=images)


@pytest.mark.parametrize(
    'hold',
    [
        lambda folder, x: x.astype('>u2'),
        lambda folder, x: x.astype(np.float32),
        lambda folder, x: x.astype(np.int64) - 9000,
        lambda folder, x: x.astype(np.longdouble),
        lambda folder, x: np.asfortranarray(x),
        lambda folder, x: x[:, ::-1][:, ::-1],
        lambda folder, x: np.ma.array(x),
        lambda folder, x: np.ma.array(x, mask=False),
        lambda folder, x: np.ma.array(x, mask=np.zeros(x.shape, bool)),
        lambda folder, x: list(x),
        lambda folder, x: tuple(np.ma.array(image) for image in x),
        lambda folder, x: (image for image in x),
        lambda folder, x: x.tolist(),
        lambda folder, x: jnp.asarray(x),
        lambda folder, x: Sliced(x),
        lambda folder, x: Masking(x),
        memory_map,
        hdf5,
        zarr_array,
    ],
)
def test_images_are_the_same_in_whatever_holds_them(tmp_path, hold):
    found = read(hold(tmp_path, IMAGES))
    expected = percentile_normalize(IMAGES[[4, 0, 4]])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_halves_are_normalized_as_exactly_as_they_can():
    images = RNG.random((5, 20, 20, 2)).astype(np.float16)
    exact = percentile_normalize(images[[4, 0, 4]].astype(np.float64))
    np.testing.assert_allclose(read(images), exact, atol=1e-5)


@pytest.mark.parametrize('name', ['percentile', 'unit', 'none'])
def test_booleans_are_0_and_1(name):
    images = RNG.random((5, 20, 20, 2)) < 0.5
    card = make_card(normalization=name)
    np.testing.assert_array_equal(read(images, card), images[[4, 0, 4]])


@pytest.mark.parametrize('images', [[], (), np.zeros((0, 20, 20, 2), bool)])
def test_no_images_are_no_error(images):
    assert raw_crops(images, CARD).images.shape == (0, 20, 20, 2)


def with_pixel(value, dtype=np.float64):
    images = IMAGES.astype(dtype)
    images[4, 3, 3, 1] = value
    return images


MASKED = np.ma.array(IMAGES, mask=np.zeros(IMAGES.shape, bool))
MASKED[4, 3, :3, 1] = np.ma.masked


@pytest.mark.parametrize(
    ('images', 'message'),
    [
        (MASKED, r'have 3 masked pixel.*images.filled'),
        (list(MASKED), 'have 3 masked pixel'),
        (Masking(with_pixel(5000, np.uint16)), 'have 1 masked pixel'),
        (with_pixel(np.nan), r'images\[4\] has 1 pixel.s. that are not finite'),
        (with_pixel(-np.inf, np.float32), r'images\[4\] has 1 pixel.s. that are not'),
        (with_pixel(1e300), r'images\[4\] has 1 pixel.s. that are not finite'),
        (with_pixel(2**60, np.int64), 'int64 beyond 2.53 are not exact'),
        (IMAGES.astype(np.complex64), 'real numbers, not complex64'),
        (IMAGES.astype(object), 'real numbers, not object'),
        (IMAGES.astype('U4'), 'real numbers, not <U4'),
        (IMAGES.astype('M8[s]'), 'real numbers, not datetime64'),
        (jnp.asarray(IMAGES, jnp.bfloat16), r"not bfloat16: .*astype\('float32'\)"),
        (IMAGES[0], r'shape \(20, 20, 2\). One image alone: images\[None\]'),
        (IMAGES[0].T, r'One image alone, channels first: np.moveaxis'),
        (np.moveaxis(IMAGES, -1, 1), r'come last: np.moveaxis\(images, 1, -1\)'),
        (np.zeros(5), r'in a column: np.stack\(list\(images\)\)'),
        ([*IMAGES[:2], IMAGES[2, :10]], r'images\[2\] has shape \(10, 20, 2\)'),
        ([IMAGES[0], IMAGES[1] / 9], r'images\[1\] has dtype float64'),
        ([[[1, 2], [3]]], 'cannot be read as a NumPy array'),
        (Unknown(IMAGES), r'unknown length: images.compute_chunk_sizes\(\)'),
        ('cells.npy', "is the text 'cells.npy': open the file first"),
        (Path('cells.npy'), 'open the file first'),
        (dict(cells=IMAGES), r'several arrays, by name: cells'),
        (None, r'images \(NoneType\) are no images'),
        (7, r'images \(int\) are no images'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_arrays_that_are_no_images_are_errors(images, message):
    with pytest.raises(ValueError, match=message):
        read(images)


def test_one_channel_may_need_an_axis():
    card = make_card(channels=('GFP',))
    with pytest.raises(ValueError, match=r'needs an axis: images\[\.\.\., None\]'):
        read(IMAGES[..., 0], card)


def test_columns_of_a_table_and_archives_are_errors(tmp_path):
    pandas = pytest.importorskip('pandas')
    with pytest.raises(ValueError, match='in a column'):
        read(pandas.Series(list(IMAGES)))
    np.savez(tmp_path / 'cells.npz', cells=IMAGES)
    with (
        np.load(tmp_path / 'cells.npz') as archive,
        pytest.raises(ValueError, match='several arrays, by name: cells'),
    ):
        read(archive)
