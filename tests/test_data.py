from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from deeploc_jax import sharding
from deeploc_jax.data.augment import (
    augment,
    exchange_surroundings,
    random_crop,
    random_symmetry,
)
from deeploc_jax.data.augment_optics import random_bleed, stretch, through_lens
from deeploc_jax.data.batches import eval_batches, train_batches
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.data.sampling import make_sampler


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32, np.float64])
def test_normalization_saturates_both_tails_of_each_plane(dtype):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 200, (3, 64, 64, 2)).astype(dtype)
    found = percentile_normalize(images)
    assert found.dtype == np.float32 and found.min() == 0 and found.max() == 1
    for cell, normalized in zip(images, found, strict=True):
        for c in range(2):
            plane = np.sort(cell[..., c].ravel().astype(float))
            # Rank 0.1 % of 4096 pixels lies between the fifth and the sixth.
            low = plane[4] + 0.095 * (plane[5] - plane[4])
            high = plane[-5] - 0.095 * (plane[-5] - plane[-6])
            expected = np.clip((cell[..., c] - low) / (high - low), 0, 1)
            np.testing.assert_allclose(normalized[..., c], expected, atol=1e-6)


def test_normalization_does_not_depend_on_offset_scale_or_company():
    images = np.random.default_rng(0).random((4, 64, 64, 2))
    whole = percentile_normalize(images)
    np.testing.assert_array_equal(percentile_normalize(images[2:3])[0], whole[2])
    shifted = percentile_normalize(images * 3000 + 2**15)
    np.testing.assert_allclose(shifted, whole, atol=1e-6)


def test_float_images_below_one_are_scaled_and_constant_planes_are_zero():
    images = np.random.default_rng(0).random((1, 64, 64, 2)) * 0.25
    images[..., 1] = 7
    found = percentile_normalize(images)
    assert found[..., 0].max() == 1
    assert not found[..., 1].any()


def test_every_offset_and_every_symmetry_is_equally_likely():
    n = 8000
    marked = np.zeros((1, 6, 6, 1), np.float32)
    marked[0, 2, 2] = 1
    crops = random_crop(jax.random.key(0), jnp.repeat(marked, n, 0), 4)
    places = np.asarray(crops).reshape(n, -1).argmax(1)
    found, counts = np.unique(places, return_counts=True)
    assert set(found) == {i * 4 + j for i in range(3) for j in range(3)}
    assert abs(counts / n - 1 / 9).max() < 0.02

    asymmetric = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    turned = random_symmetry(jax.random.key(0), jnp.repeat(asymmetric, n, 0))
    found, counts = np.unique(
        np.asarray(turned).reshape(n, 9), axis=0, return_counts=True
    )
    assert len(found) == 8
    assert abs(counts / n - 1 / 8).max() < 0.02


def augmented(key, images, **options):
    """Crops of 60 pixels, as a training's program makes them."""
    return jax.jit(partial(augment, crop=60, **options))(key, images)


def test_augmentation_is_the_same_for_all_channels_and_stays_in_range():
    plane = np.random.default_rng(0).random((16, 64, 64, 1), np.float32)
    images = jnp.concatenate([plane, plane], -1)
    found = augmented(jax.random.key(3), images)
    assert found.shape == (16, 60, 60, 2)
    np.testing.assert_array_equal(found[..., 0], found[..., 1])
    changed = augmented(jax.random.key(3), images, gamma=0.5, noise=0.2)
    assert changed.min() >= 0 and changed.max() <= 1
    assert abs(changed - found).max() > 0.1
    assert not np.isnan(changed).any()


def test_surroundings_are_exchanged_and_the_cell_is_kept():
    images = jnp.broadcast_to(jnp.arange(8.0)[:, None, None, None] / 8, (8, 64, 64, 2))
    found = exchange_surroundings(jax.random.key(0), images, 1.0)
    np.testing.assert_array_equal(found[:, 20:44, 20:44], images[:, 20:44, 20:44])
    shift = np.unique(np.asarray(found[:, 0, 0, 0] * 8 - jnp.arange(8)) % 8)
    assert len(shift) == 1 and shift[0] != 0  # all corners are of another cell
    rows, columns = np.indices((64, 64)) - 31.5
    beyond = np.hypot(rows, columns) > 31
    np.testing.assert_allclose(
        found[:, beyond], np.broadcast_to(found[:, :1, 0], found[:, beyond].shape)
    )
    half = exchange_surroundings(
        jax.random.key(1), jnp.tile(images, (50, 1, 1, 1)), 0.5
    )
    kept = (half[:, 0, 0, 0] == jnp.tile(images, (50, 1, 1, 1))[:, 0, 0, 0]).mean()
    assert 0.4 < kept < 0.75
    none = exchange_surroundings(jax.random.key(2), images, 0.0)
    np.testing.assert_array_equal(none, images)


def test_a_lens_blurs_and_magnifies_as_scipy_does():
    rng = np.random.default_rng(0)
    images = ndimage.gaussian_filter(rng.random((3, 24, 24, 2)), (0, 2, 2, 0))
    images = images.astype(np.float32)
    factor, spread = (
        np.float32([1.0, 0.8, 1.25]),
        np.float32([[0, 1.5], [0.7, 0.9], [1, 1]]),
    )
    found = through_lens(jnp.asarray(images), jnp.asarray(factor), jnp.asarray(spread))
    for cell, zoom, spreads, made in zip(images, factor, spread, found, strict=True):
        shown = np.clip((np.arange(24) - 11.5) / zoom + 11.5, 0, 23)
        for channel, sigma in enumerate(np.hypot(spreads, 0.45)):
            blurred = ndimage.gaussian_filter(
                cell[..., channel], sigma, mode='nearest', truncate=8
            )
            expected = ndimage.map_coordinates(
                blurred, np.meshgrid(shown, shown, indexing='ij'), order=3
            )
            np.testing.assert_allclose(made[..., channel], expected, atol=4e-3)
    flat = jnp.full((2, 16, 16, 1), 0.3)
    kept = through_lens(flat, jnp.float32([0.7, 1.4]), jnp.zeros((2, 1)))
    np.testing.assert_allclose(kept, flat, rtol=1e-5)


def test_light_bleeds_from_the_protein_and_is_stretched_again():
    images = jax.random.uniform(jax.random.key(0), (6, 8, 8, 3))
    found = np.asarray(random_bleed(jax.random.key(1), images, 0.5))
    images = np.asarray(images)
    np.testing.assert_array_equal(found[..., 0], images[..., 0])
    added = (found - images)[..., 1:]
    share = added.max((1, 2, 3)) / images[..., 0].max((1, 2))
    expected = share[:, None, None, None] * images[..., :1]
    np.testing.assert_allclose(added, expected + np.zeros_like(added), atol=1e-5)
    assert 0 <= share.min() and share.max() <= 0.5 and np.ptp(share) > 0.1
    whole = stretch(jax.random.key(2), jnp.asarray(found))
    np.testing.assert_array_equal(whole.min((1, 2)), 0)
    np.testing.assert_allclose(whole.max((1, 2)), 1, rtol=1e-6)
    white = (stretch(jax.random.key(2), jnp.asarray(found), 0.6) == 1).mean((1, 2))
    assert white.max() > 0.2 and white.min() < 0.1
    blank = jnp.full((1, 4, 4, 1), 0.25)
    np.testing.assert_array_equal(stretch(jax.random.key(3), blank, 0.5), blank)


def test_another_microscope_keeps_pixels_from_0_to_1():
    images = jax.random.uniform(jax.random.key(0), (8, 64, 64, 2))
    options = dict(zoom=0.3, blur=1.5, bleed=0.3, saturation=0.4, gamma=0.3, noise=0.1)
    found = augmented(jax.random.key(1), images, **options)
    assert found.shape == (8, 60, 60, 2) and np.isfinite(found).all()
    assert found.min() == 0 and found.max() == 1


def test_an_epoch_has_every_cell_once_and_no_tail_is_dropped():
    labels = np.array([0, 1, -1, 2, 0, 1, 2, 0])  # 7 labelled cells
    sampler = make_sampler(labels, batch_size=3, seed=1)
    drawn = np.concatenate([sampler(step) for step in range(7)])  # 3 epochs of 7
    epochs = drawn.reshape(3, 7)
    for epoch in epochs:
        assert sorted(epoch) == [0, 1, 3, 4, 5, 6, 7]
    assert (epochs[0] != epochs[1]).any()
    np.testing.assert_array_equal(sampler(4), make_sampler(labels, 3, 1)(4))
    assert (sampler(4) != make_sampler(labels, 3, 2)(4)).any()


def test_balanced_sampling_draws_rare_classes_as_often():
    labels = np.array([0] * 90 + [1] * 10 + [-1] * 5)
    sampler = make_sampler(labels, 100, seed=0, class_balanced=True)
    drawn = np.concatenate([sampler(step) for step in range(20)])
    assert abs((labels[drawn] == 1).mean() - 0.5) < 0.05
    assert (labels[drawn] >= 0).all()
    assert len(np.unique(drawn)) == 100


def test_a_split_without_labels_cannot_be_trained_on():
    with pytest.raises(ValueError, match='no labelled cell'):
        make_sampler(np.full(4, -1), 2, 0)


def test_resident_and_streamed_batches_are_the_same(make_cells):
    cells, mesh = make_cells(21), sharding.make_mesh()
    sampler = make_sampler(cells.labels, 8, seed=0)
    resident = train_batches(cells, sampler, range(2, 7), mesh)
    streamed = train_batches(cells, sampler, range(2, 7), mesh, device_limit=0)
    pairs = list(zip(resident, streamed, strict=True))
    assert len(pairs) == 5
    for a, b in pairs:
        for name in ('image', 'label'):
            np.testing.assert_array_equal(a[name], b[name])
            assert a[name].sharding.is_equivalent_to(b[name].sharding, a[name].ndim)


@pytest.mark.parametrize('n', [3, 8, 21])
def test_evaluation_sees_each_cell_once_before_the_padding(make_cells, n):
    cells, mesh = make_cells(n), sharding.make_mesh()
    batches = list(eval_batches(cells, 8, mesh))
    assert len(batches) == -(-n // 8)
    assert {len(b['image']) for b in batches} == {8}
    images = np.concatenate([b['image'] for b in batches])
    labels = np.concatenate([b['label'] for b in batches])
    np.testing.assert_array_equal(images[:n], cells.images)
    np.testing.assert_array_equal(labels[:n], cells.labels)
    assert (images[n:] == cells.images[-1]).all()
