from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax.models import MODELS, get_model
from tests.helpers.in_numpy import DeepLocInNumpy
from tests.helpers.small import LARGER, random_variables


def init(num_classes=19, channels=2, size=60, **options):
    model = get_model('deeploc', num_classes=num_classes, **options)
    return model, random_variables(model, size, channels)


@pytest.mark.parametrize('train', [False, True])
def test_deeploc_agrees_with_numpy(train):
    # 20 pixels are pooled to 10, 5 and, padded, 3: the odd case of 60.
    model, variables = init(num_classes=7, channels=3, size=20)
    image = np.random.default_rng(0).random((4, 20, 20, 3), np.float32)
    reference = DeepLocInNumpy(variables, train)
    expected = reference(image)
    image = jnp.asarray(image)
    options = dict(train=train, mutable=['batch_stats'] if train else False)
    found = jax.jit(partial(model.apply, **options))(variables, image)
    if not train:
        logits, _ = found
    else:
        (logits, _), new = found
        for name, (mean, var) in reference.new_stats.items():
            stats = new['batch_stats'][name]['bn']
            np.testing.assert_allclose(stats['mean'], mean, rtol=2e-3, atol=1e-4)
            np.testing.assert_allclose(stats['var'], var, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


def test_deeploc_has_the_published_size_and_features():
    model = get_model('deeploc', num_classes=19)
    image = jnp.zeros((2, 60, 60, 2))

    def apply(image):
        variables = model.init(jax.random.key(0), image, train=False)
        return variables['params'], model.apply(variables, image, train=False)

    params, (logits, features) = jax.eval_shape(apply, image)
    assert sum(x.size for x in jax.tree.leaves(params)) == 10_991_417
    assert logits.shape == (2, 19)
    sides = dict(zip(range(1, 9), [60, 60, 30, 30, 15, 15, 15, 15], strict=True))
    assert {k: v.shape[1] for k, v in features.items()} == {
        **{f'conv_{i}': side for i, side in sides.items()},
        'fc_1': 512,
        'fc_2': 512,
    }


@pytest.mark.usefixtures('native_convolutions')
def test_bfloat16_keeps_float32_parameters_and_statistics():
    model, variables = init(3, size=16, compute_dtype='bfloat16')
    assert {x.dtype for x in jax.tree.leaves(variables)} == {jnp.dtype('float32')}
    image = jax.random.uniform(jax.random.key(1), (8, 16, 16, 2))
    exact = model.clone(compute_dtype='float32')
    train = dict(train=True, mutable=['batch_stats'])
    found, new = jax.jit(partial(model.apply, **train))(variables, image)
    expected, _ = jax.jit(partial(exact.apply, **train))(variables, image)
    assert found[1]['conv_1'].dtype == jnp.bfloat16
    assert found[0].dtype == jnp.float32
    assert {x.dtype for x in jax.tree.leaves(new)} == {jnp.dtype('float32')}
    np.testing.assert_allclose(found[1]['conv_1'], expected[1]['conv_1'], atol=0.1)


@pytest.mark.usefixtures('native_convolutions')
def test_dropout_is_an_option_and_off_at_inference():
    model, variables = init(3, size=16, dropout=0.5)
    image = jax.random.uniform(jax.random.key(1), (4, 16, 16, 2))

    @jax.jit
    def logits(seed):
        return model.apply(
            variables,
            image,
            train=True,
            mutable=['batch_stats'],
            rngs={'dropout': jax.random.key(seed)},
        )[0][0]

    assert not np.allclose(logits(0), logits(1))
    jax.eval_shape(partial(model.apply, train=False), variables, image)  # needs no key


@pytest.mark.usefixtures('native_convolutions')
def test_the_lean_network_keeps_the_contract():
    model = get_model('lean', num_classes=19)
    image = jax.random.uniform(jax.random.key(0), (2, 60, 60, 2))
    variables = random_variables(model, 60)
    assert sum(x.size for x in jax.tree.leaves(variables['params'])) == 483_603
    logits, features = jax.jit(partial(model.apply, train=False))(variables, image)
    assert logits.shape == (2, 19) and logits.dtype == jnp.float32
    assert [features[f'stage_{i}'].shape[1] for i in (1, 2, 3)] == [30, 15, 8]
    assert features['mean'].shape == (2, 128)
    low = get_model('lean', num_classes=19, compute_dtype='bfloat16')
    found, _ = jax.jit(partial(low.apply, train=False))(variables, image)
    np.testing.assert_allclose(found, logits, atol=0.1)


# Larger ones of a family differ in numbers alone, and take long.
@pytest.mark.parametrize('name', sorted({*MODELS} - LARGER))
def test_the_head_alone_depends_on_the_number_of_classes(name):
    shapes = []
    for k in (2, 3):
        model = get_model(name, num_classes=k)
        image = jnp.zeros((1, 8, 8, 2))
        init = partial(model.init, train=False)
        variables = jax.eval_shape(init, jax.random.key(0), image)
        shapes.append(jax.tree.map(lambda x: x.shape, variables['params']))
    differing = {layer for layer in shapes[0] if shapes[0][layer] != shapes[1][layer]}
    assert differing == {model.HEAD}


def test_errors_about_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'deeploc'"):
        get_model('deploc', num_classes=3)
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        get_model('deeploc', num_classes=3, dropuot=0.5)
