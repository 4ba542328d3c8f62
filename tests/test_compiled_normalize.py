"""Raw crops are normalized in a program as the host normalizes those of a training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax import sharding
from deeploc_jax.data.compiled_normalize import (
    EXACT,
    as_device_pixels,
    make_compiled_normalize,
)
from deeploc_jax.data.normalize import NORMALIZATIONS, make_normalize
from deeploc_jax.predict.features import make_split_program
from deeploc_jax.predict.raw_images import normalization_of, raw_crops
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork
from tests.helpers.small import Small, make_card, random_variables

RNG = np.random.default_rng(0)
PROGRAM = jax.jit(make_compiled_normalize('percentile'))


def pixels(dtype, shape=(6, 64, 64, 2), span=3000, least=0):
    """Skewed noise in which some values come many times."""
    drawn = np.minimum(RNG.gamma(1, span / 8, shape), span)
    return (drawn + least).astype(dtype)


def assert_equal(images, atol=3e-7):
    found = PROGRAM(as_device_pixels(images, 'percentile'))
    expected = make_normalize('percentile')(images)
    assert found.shape == images.shape and found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@pytest.mark.parametrize(
    ('dtype', 'span', 'least'),
    [
        ('u1', 255, 0),
        ('u2', 65535, 0),
        ('u2', 12, 65500),  # few values, all of them large
        ('i2', 9000, -4000),
        ('f4', 1e-3, -2e-4),
        ('f4', 50.0, 1e6),
        ('f4', 1e30, -1e29),
        ('>u2', 4095, 0),
        ('u4', 9, 2**32 - 10),  # more than float32 holds
        ('i8', 30, -(2**30)),
        ('f8', 1e-9, 1.0),
    ],
)
def test_pixels_of_every_type_and_range_are_scaled_as_on_the_host(dtype, span, least):
    assert_equal(pixels(dtype, span=span, least=least))


@pytest.mark.parametrize('side', [1, 2, 3, 20, 31, 32, 33, 64, 101, 150])
def test_planes_of_every_size_are_scaled_as_on_the_host(side):
    assert_equal(pixels('u2', (3, side, side, 2)))
    assert_equal(pixels('f4', (2, side, 2 * side, 1), least=-9))


@pytest.mark.parametrize('dtype', ['u1', 'u2', 'f4'])
def test_constant_planes_are_0_and_a_few_odd_pixels_are_clipped(dtype):
    images = np.full((8, 64, 64, 2), 7, dtype)
    for number in range(1, 8):  # up to four pixels are beyond the percentile
        places = RNG.choice(4096, number, replace=False)
        images[number].reshape(-1, 2)[places] = RNG.permutation([0, 200])
    assert_equal(images)
    assert not np.asarray(PROGRAM(images))[[0, 1, 2, 3, 4]].any(axis=(1, 2, 3))[0]


def test_the_extreme_pixels_may_lie_anywhere():
    images = pixels('u2', (4, 64, 64, 1), span=500, least=1000)
    images[0, 5, :8] += 9000  # in one row
    images[1, :8, 5] += 9000  # in one column
    images[2, :3, :3] -= 900  # side by side
    images[3, RNG.permutation(64)[:9], RNG.permutation(64)[:9]] = 0
    assert_equal(images)


@pytest.mark.parametrize(
    ('name', 'white'), [('unit', None), ('unit', 200.0), ('none', None)]
)
@pytest.mark.parametrize('dtype', ['u1', 'u2', 'f4', 'f8'])
def test_the_other_normalizations_are_those_of_the_host(name, dtype, white):
    images = pixels(dtype, span=1 if dtype[0] == 'f' else 255)
    compiled = jax.jit(make_compiled_normalize(name, white))
    found = compiled(as_device_pixels(images, name, white))
    expected = make_normalize(name, white)(images)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_errors_are_those_of_the_host():
    assert all(make_compiled_normalize(name) for name in NORMALIZATIONS)
    with pytest.raises(ValueError, match='Unknown normalization'):
        make_compiled_normalize('percentil')
    with pytest.raises(ValueError, match=r'white_level \(0.0\)'):
        make_compiled_normalize('unit', 0.0)
    with pytest.raises(ValueError, match=r'Set white_level'):
        as_device_pixels(np.full((1, 2, 2, 1), 1.5, np.float32), 'unit')


@pytest.mark.parametrize('dtype', EXACT)
def test_types_that_a_device_holds_exactly_travel_as_they_are(dtype):
    images = pixels(dtype, (2, 8, 8, 1), span=100)
    assert as_device_pixels(images, 'percentile') is images


@pytest.mark.parametrize('dtype', ['u2', 'f8'])
def test_a_program_of_raw_crops_is_that_of_normalized_cells(dtype):
    card = make_card(model=dict(name='small'), crop=16, side=20)
    network = TrainedNetwork(card, Small(), random_variables(Small(), 16))
    raw, mesh = raw_crops(pixels(dtype, (21, 20, 20, 2)), card), sharding.make_mesh()
    normalized = Cells(
        images=make_normalize('percentile')(raw.images.images),
        labels=raw.labels,
        metadata={},
        class_names=raw.class_names,
        channels=raw.channels,
    )
    found = make_split_program(
        network, mesh, 8, layer='conv', normalize=normalization_of(card)
    )(raw)
    expected = make_split_program(network, mesh, 8, layer='conv')(normalized)
    np.testing.assert_allclose(found.logits, expected.logits, atol=1e-5)
    np.testing.assert_allclose(found.features, expected.features, atol=1e-5)
