import json

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from deeploc_jax import simulate
from deeploc_jax.explain.attribution import (
    ATTRIBUTIONS,
    last_maps,
    logits_of,
    make_grad_cam,
    make_integrated_gradients,
)
from deeploc_jax.explain.curves import STEPS, area, make_curves, rank_correlation
from deeploc_jax.explain.judged import share_inside
from deeploc_jax.explain.organelles import is_simulated_now, organelle_masks
from deeploc_jax.explain.parts.attributions import surest
from deeploc_jax.models import get_model
from deeploc_jax.tasks import explain as task
from tests.helpers.explained import config as config
from tests.helpers.small import random_variables

RNG = np.random.default_rng(0)
IMAGES = jnp.asarray(RNG.random((3, 16, 16, 2), np.float32))
CLASSES = jnp.array([0, 2, 1])


class Linear(nn.Module):
    """The logits are sums of weighted pixels."""

    @nn.compact
    def __call__(self, image, *, train):
        x = image.reshape(len(image), -1)
        return nn.Dense(3, name='dense')(x), {}


class Maps(nn.Module):
    """Two maps, pooled, and a dense layer: Grad-CAM is known."""

    @nn.compact
    def __call__(self, image, *, train):
        maps = nn.Conv(2, (3, 3), name='maps')(image)
        return nn.Dense(3, name='dense')(maps.mean((1, 2))), {}


def variables_of(model):
    return model.init(jax.random.key(0), IMAGES, train=False)


def test_gradients_of_a_linear_network_are_its_weighted_pixels():
    model = Linear()
    variables = variables_of(model)
    found = make_integrated_gradients(model, 16)(variables, IMAGES, CLASSES)
    weights = variables['params']['dense']['kernel'].T[CLASSES].reshape(IMAGES.shape)
    np.testing.assert_allclose(found, weights * IMAGES, rtol=1e-4, atol=1e-6)


def test_integrated_gradients_add_up_to_the_logit(native_convolutions):
    model = get_model('lean', num_classes=3)
    variables = random_variables(model, 16)
    images, classes = IMAGES[:1], CLASSES[1:2]
    found = jax.jit(make_integrated_gradients(model, 16))(variables, images, classes)
    assert found.shape == images.shape
    logits = jax.jit(lambda x: logits_of(model, variables, x, classes))
    difference = logits(images) - logits(0 * images)
    np.testing.assert_allclose(found.sum((1, 2, 3)), difference, rtol=0.05, atol=0.02)


def test_grad_cam_is_the_weighted_sum_of_the_last_maps():
    model = Maps()
    variables = variables_of(model)
    found = make_grad_cam(model, 16)(variables, IMAGES, CLASSES)
    maps = nn.Conv(2, (3, 3)).apply({'params': variables['params']['maps']}, IMAGES)
    kernel = variables['params']['dense']['kernel'].T[CLASSES] / 16**2
    expected = jnp.maximum((maps * kernel[:, None, None]).sum(-1, keepdims=True), 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize(
    ('name', 'layer'), [('lean', 'conv_3b'), ('deeploc', 'conv_8')]
)
def test_the_last_maps_are_found(name, layer, native_convolutions):
    model = get_model(name, num_classes=3)
    variables = random_variables(model, 16)
    path, shape = last_maps(model, variables, IMAGES)
    assert path[0] == layer and len(shape) == 4
    found = ATTRIBUTIONS['grad_cam'](model, 16)(variables, IMAGES, CLASSES)
    assert found.shape == (3, 16, 16, 1) and (found >= 0).all() and found.max() > 0


def test_a_network_without_maps_has_no_grad_cam():
    model = Linear()
    with pytest.raises(ValueError, match='has no convolution'):
        make_grad_cam(model, 16)(variables_of(model), IMAGES, CLASSES)


class Corner(nn.Module):
    """Sure of class 1 as long as the pixel in the corner shines."""

    @nn.compact
    def __call__(self, image, *, train):
        lit = 20 * image[:, 0, 0, 0] - 10
        return jnp.stack([-lit, lit], 1), {}


def test_the_class_goes_and_comes_with_the_pixel_that_counts():
    images = jnp.ones((2, 10, 10, 1))
    classes = jnp.array([1, 1])
    first = jnp.zeros((2, 10, 10, 1)).at[:, 0, 0].set(1)
    order = first.at[1].multiply(-1)  # of the second image it comes last
    curves = jax.jit(make_curves(Corner()))({}, images, classes, order)
    assert curves.deletion.shape == curves.insertion.shape == (2, STEPS + 1)
    deletion, insertion = (area(np.asarray(curve)) for curve in curves)
    edge = 1 / STEPS / 2
    np.testing.assert_allclose(deletion, [edge, 1 - edge], atol=1e-3)
    np.testing.assert_allclose(insertion, [1 - edge, edge], atol=1e-3)


def test_rank_correlation_is_spearmans():
    one, other = RNG.random((2, 4, 6, 6))
    expected = [
        stats.spearmanr(a.ravel(), b.ravel()).statistic
        for a, b in zip(one, other, strict=True)
    ]
    np.testing.assert_allclose(rank_correlation(one, other), expected, rtol=1e-6)


def test_the_surest_cells_of_each_class_are_shown():
    classes = np.array([1, 0, 1, 1, 3])
    sure = np.array([0.5, 0.9, 0.8, 0.7, 0.4])
    assert surest(classes, sure, 2).tolist() == [1, 2, 3, 4]


def test_a_page_shows_cells_and_judges_the_methods(
    config, tmp_path, capsys, no_pictures
):
    config.parts, config.shown = 'attributions', 1
    task.run(config, tmp_path / 'out')
    assert '| Grad-CAM | 6 | ' in capsys.readouterr().out
    rows = pq.read_table(tmp_path / 'out/explain.parquet').to_pylist()
    methods = ['integrated_gradients', 'grad_cam', 'brightness', 'random']
    assert [row['method'] for row in rows] == methods
    assert sum(row['shown'] for row in rows) == 1
    assert all(0 <= row['deletion'] <= 1 and row['cells'] == 6 for row in rows)
    assert [row['random_weights'] is None for row in rows] == [False, False, True, True]
    page = (tmp_path / 'out/explain.html').read_text()
    worth = {row['method']: row['insertion'] - row['deletion'] for row in rows}
    best = max(worth[method] for method in methods[:2])
    assert ('trust these pictures little' in page) == (best <= worth['brightness'])
    assert 'What the network has learned: spot_screen' in page and 'Grad-CAM' in page
    assert list((tmp_path / 'out/figures').glob('explained_*.png'))
    run = json.loads((tmp_path / 'out/run.json').read_text())
    assert run['cells_of_split'] == 10


def test_what_cannot_be_explained_is_refused(config, tmp_path):
    config.methods = 'gradcam'
    with pytest.raises(ValueError, match="Did you mean 'grad_cam'"):
        task.run(config, tmp_path / 'out')
    config.methods, config.shown = 'grad_cam', 0
    config.parts = 'unit'
    with pytest.raises(ValueError, match="Did you mean 'units'"):
        task.run(config, tmp_path / 'out')
    config.parts = 'units'
    with pytest.raises(ValueError, match=r'shown \(0\) must be at least 1'):
        task.run(config, tmp_path / 'out')


def test_the_share_inside_is_of_what_speaks_for_the_class():
    attribution = np.zeros((4, 6, 6, 2), np.float32)
    attribution[0, 0, 0] = 3, 0  # inside
    attribution[0, 5, 5] = 2, -1  # 1 outside
    attribution[0, 0, 1] = -5, 0  # against the class
    attribution[1, 0, 0] = 1, 1
    attribution[3, 0, 0] = 1, 1
    organelles = np.zeros((4, 6, 6), bool)
    organelles[:3, :2, :2] = True  # the last has none
    assert share_inside(attribution, organelles) == np.mean([3 / 4, 1])
    assert share_inside(attribution, 0 * organelles > 0) is None


def test_organelles_lie_where_the_light_of_the_cells_is():
    """Of the cells of a small simulated screen, whose light is seen with noise."""
    (screen,) = (one for one in simulate.SCREENS if one.name == 'smoke')
    assert is_simulated_now(f'yeast_sim/smoke/{simulate.VERSION}')
    assert not is_simulated_now('yeast_sim/smoke/1.0.0')
    assert not is_simulated_now('own_screen/smoke/1.0.0')
    specs = simulate.screen_layout(screen)[:8]
    crops = [crop for spec in specs for crop in simulate.simulate_crops(spec)]
    masks = organelle_masks('smoke', [f'a_{crop.index:06d}' for crop in crops])
    again = organelle_masks('smoke', [f'a_{crop.index:06d}' for crop in crops[::-1]])
    np.testing.assert_array_equal(masks, again[::-1])
    live = [crop.truth['state'] == 'live' for crop in crops]
    assert masks.any((1, 2)).tolist() == live
    kept = [(c.image[..., 0], m) for c, m in zip(crops, masks, strict=True) if m.any()]

    def contrast(shift):
        return np.median(
            [
                np.roll(image, shift, (0, 1))[mask].mean() / image.mean()
                for image, mask in kept
            ]
        )

    there = contrast((0, 0))
    assert there > 1.3
    assert all(there > contrast(shift) for shift in ((6, 0), (-6, 0), (0, 6), (0, -6)))
