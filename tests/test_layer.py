import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax.models.layer import Layer


class Library(nn.Module):
    """The same layer of Flax's own parts, nothing folded."""

    window: tuple[int, int] | None
    strides: int
    bias: bool

    @nn.compact
    def __call__(self, x):
        if self.window:
            x = nn.Conv(18, self.window, self.strides, use_bias=False, name='conv')(x)
        else:
            x = nn.Dense(18, use_bias=False, name='dense')(x)
        if self.bias:
            bias = self.param('bias', nn.initializers.ones, (18,))
            x = x + jnp.broadcast_to(bias, x.shape)
        norm = nn.BatchNorm(use_running_average=True, epsilon=1e-3, name='bn')
        return nn.relu(norm(x))


def random_variables(model, x):
    """Nothing has a value that hides a mistake."""
    rng = np.random.default_rng(0)
    variables = model.init(jax.random.key(0), x)
    return jax.tree.map(
        lambda v: jnp.float32(rng.uniform(0.5, 1.5, v.shape)) if v.ndim == 1 else v,
        variables,
    )


@pytest.mark.parametrize('bias', [None, 0.1])
@pytest.mark.parametrize('window, strides', [((3, 3), 1), ((3, 3), 2), (None, 1)])
def test_folded_batch_norm_changes_nothing(window, strides, bias):
    shape = (3, 9, 9, 17) if window else (3, 17)
    x = jnp.float32(np.random.default_rng(1).normal(size=shape))
    folded = Layer(18, window, strides, bias)
    variables = random_variables(folded, x)
    expected = Library(window, strides, bias is not None).apply(variables, x)
    np.testing.assert_allclose(
        folded.apply(variables, x), expected, rtol=1e-5, atol=3e-5
    )
    assert 0.1 < (expected > 0).mean() < 0.9


def test_a_nearly_constant_input_keeps_its_digits_when_folded():
    # A background of 0.5 with differences of 1e-4, and averages that fit it.
    rng = np.random.default_rng(2)
    x = jnp.float32(0.5 + 1e-4 * rng.normal(size=(64, 40)))
    folded = Layer(18, relu=False)
    variables = random_variables(folded, x)
    kernel = np.float64(variables['params']['dense']['kernel'])
    y = np.float64(x) @ kernel
    mean, var = y.mean(0), y.var(0)
    stats = dict(mean=jnp.float32(mean), var=jnp.float32(var))
    variables = variables | dict(batch_stats=dict(bn=stats))
    bn = jax.tree.map(np.float64, variables['params']['bn'])
    exact = (y - np.float32(mean)) / np.sqrt(np.float32(var) + 1e-3)
    exact = exact * bn['scale'] + bn['bias']
    np.testing.assert_allclose(folded.apply(variables, x), exact, atol=1e-4)
