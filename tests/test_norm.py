import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax import compilation, sharding
from deeploc_jax.models.norm import BatchNorm

OPTIONS = dict(momentum=0.8, epsilon=1e-3)


def compiled(function):
    """Compiled like a training step."""
    options = compilation.compiler_options(sharding.make_mesh())
    return jax.jit(function, compiler_options=options)


def library(train, relu):
    """The same layer of Flax's own parts."""

    def apply(variables, x, shift):
        norm = nn.BatchNorm(
            use_running_average=not train, use_fast_variance=False, **OPTIONS
        )
        shift = jnp.broadcast_to(shift, x.shape[-1:])
        shifted = x + shift.reshape((1,) * (x.ndim - 1) + (-1,))
        y, new = norm.apply(variables, shifted, mutable=['batch_stats'])
        return nn.relu(y) if relu else y, new

    return apply


def ours(train, relu):
    def apply(variables, x, shift):
        norm = BatchNorm(x.shape[-1], train, relu=relu, **OPTIONS)
        return norm.apply(variables, x, shift, mutable=['batch_stats'])

    return apply


def arguments(shape, offset=0.0, spread=1.0, dtype=jnp.float32):
    rng = np.random.default_rng(0)
    c = shape[-1]
    vectors = [jnp.float32(rng.uniform(0.5, 1.5, c)) for _ in range(5)]
    variables = dict(
        params=dict(scale=vectors[0], bias=vectors[1] - 1),
        batch_stats=dict(mean=vectors[2] + offset, var=vectors[3] * spread**2),
    )
    x = offset + spread * rng.normal(size=shape)
    return variables, jnp.asarray(x, dtype), 1 - vectors[4]


def with_gradients(apply, variables, x, shift):
    def loss(params, x):
        y, new = apply(variables | dict(params=params), x, shift)
        return (y * jnp.cos(jnp.arange(y.size).reshape(y.shape))).sum(), (y, new)

    grad = compiled(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    (_, (y, new)), grads = grad(variables['params'], x)
    return y, new, grads


@pytest.mark.parametrize('shape', [(4, 5, 3, 7), (6, 7)])
@pytest.mark.parametrize('relu', [True, False])
@pytest.mark.parametrize('train', [True, False])
def test_values_statistics_and_gradients_are_those_of_flax(shape, relu, train):
    found = with_gradients(ours(train, relu), *arguments(shape))
    expected = with_gradients(library(train, relu), *arguments(shape))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


def test_a_nearly_constant_input_keeps_its_digits():
    # Differences of 1e-3 on a background of 100: float32 has 7 digits.
    variables, x, _ = arguments((8, 16, 16, 4), offset=100.0, spread=1e-3)
    exact = np.float64(x)
    centered = exact - exact.mean((0, 1, 2))
    expected = centered / np.sqrt((centered**2).mean((0, 1, 2)) + 1e-3)
    params = dict(scale=jnp.ones(4), bias=jnp.zeros(4))
    variables = variables | dict(params=params)
    mistake = {}
    for name, layer in dict(ours=ours, library=library).items():
        y, _ = compiled(layer(True, False))(variables, x, 0.0)
        mistake[name] = np.abs(y - expected).max()
    assert mistake['ours'] <= 1.1 * mistake['library'] + 1e-7


def test_the_shift_is_felt_in_the_running_mean_alone():
    variables, x, shift = arguments((6, 7))
    (y, new), (same, other) = (
        ours(True, True)(variables, x, s) for s in (shift, 0 * shift)
    )
    np.testing.assert_array_equal(y, same)
    difference = new['batch_stats']['mean'] - other['batch_stats']['mean']
    np.testing.assert_allclose(difference, 0.2 * shift, rtol=1e-4, atol=1e-6)


def test_bfloat16_keeps_float32_statistics():
    variables, x, shift = arguments((64, 7), dtype=jnp.bfloat16)
    y, new, (_, dx) = with_gradients(ours(True, True), variables, x, shift)
    expected, _, (_, expected_dx) = with_gradients(
        library(True, True), variables, jnp.float32(x), shift
    )
    assert y.dtype == dx.dtype == jnp.bfloat16
    assert new['batch_stats']['mean'].dtype == jnp.float32
    np.testing.assert_allclose(jnp.float32(y), expected, atol=0.02)
    np.testing.assert_allclose(jnp.float32(dx), expected_dx, atol=0.02)
