"""DeepYeast: published size, and the values of plain NumPy."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import deepyeast as config_file
from deeploc_jax.models import get_model
from deeploc_jax.train.optimizer import make_schedule
from tests.helpers.in_numpy import numpy_deepyeast
from tests.helpers.small import random_variables


def init(depth, size=16, channels=2, classes=5):
    model = get_model('deepyeast', num_classes=classes, depth=depth)
    return model, random_variables(model, size, channels)


def parameters(depth):
    model = get_model('deepyeast', num_classes=12, depth=depth)
    image = jnp.zeros((1, 64, 64, 2))
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), image, train=False))
    return sum(x.size for x in jax.tree.leaves(shapes['params'])), shapes


def test_the_published_network_has_the_published_size():
    count, shapes = parameters(11)
    assert count == 10_987_788
    assert 'bn' not in shapes['params']['fc_3']
    assert shapes['batch_stats']['mean_image'].shape == (64, 64, 2)


def test_depths_differ_in_their_convolutions():
    for depth in (5, 9, 11, 13):
        layers = parameters(depth)[1]['params']
        assert len(layers) == depth
        assert sum(name.startswith('conv') for name in layers) == depth - 3
    with pytest.raises(ValueError, match=r'depth \(7\) must be 5, 9, 11 or 13'):
        parameters(7)


@pytest.mark.usefixtures('native_convolutions')
def test_it_agrees_with_numpy():
    model, variables = init(11)
    image = np.random.default_rng(1).random((3, 16, 16, 2), np.float32)
    logits, features = jax.jit(lambda v, x: model.apply(v, x, train=False))(
        variables, image
    )
    expected = numpy_deepyeast(jax.tree.map(np.asarray, variables), image)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)
    assert features['fc_1'].shape == (3, 512)


@pytest.mark.usefixtures('native_convolutions')
def test_the_mean_image_is_subtracted_and_stays_as_it_is():
    model, variables = init(5)
    assert model.MEAN_IMAGE and 'batches' not in variables['batch_stats']
    image = np.random.default_rng(0).random((3, 16, 16, 2), np.float32)
    mean = variables['batch_stats']['mean_image']
    apply = jax.jit(partial(model.apply, train=False))
    centered = {'mean_image': jnp.zeros_like(mean)}
    stats = variables['batch_stats'] | centered
    np.testing.assert_array_equal(
        apply(variables, image)[0],
        apply(variables | dict(batch_stats=stats), image - mean[None])[0],
    )
    trained = jax.jit(partial(model.apply, train=True, mutable=['batch_stats']))
    _, new = trained(variables, image, rngs={'dropout': jax.random.key(0)})
    np.testing.assert_array_equal(new['batch_stats']['mean_image'], mean)


def test_the_recipe_is_the_published_one():
    config = config_file.get_config('9')
    assert (config.model.name, config.model.depth) == ('deepyeast', 9)
    assert (config.screen, config.normalization) == ('deepyeast/main', 'unit')
    schedule = make_schedule(total_steps=config.total_steps, **config.schedule)
    assert [float(schedule(s)) for s in (0, 16_249, 16_250, 130_000)] == pytest.approx(
        [0.1, 0.1, 0.05, 0.1 / 256]
    )
    changes = config.augmentation.to_dict()
    assert (changes.pop('crop'), changes.pop('symmetries')) == (64, False)
    assert set(changes.values()) == {0.0}
