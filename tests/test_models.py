import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax.models import get_model


def init(num_classes=19, channels=2, size=60, **options):
    model = get_model('deeploc', num_classes=num_classes, **options)
    image = jnp.zeros((1, size, size, channels))
    return model, jax.jit(lambda: model.init(jax.random.key(0), image, train=False))()


def randomized(variables, seed=1):
    """Variables in which no bias, scale or average has a value that hides a mistake."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda x: jnp.float32(rng.uniform(0.5, 1.5, x.shape)) if x.ndim == 1 else x,
        variables,
    )


class Reference:
    """DeepLoc in plain NumPy, float64, written from the paper alone."""

    def __init__(self, variables, train):
        variables = jax.tree.map(np.asarray, variables)
        self.params, self.stats = variables['params'], variables['batch_stats']
        self.train, self.new_stats = train, {}

    def conv(self, x, kernel):
        h, w = x.shape[1:3]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return sum(
            padded[:, i : i + h, j : j + w] @ kernel[i, j]
            for i in range(3)
            for j in range(3)
        )

    def normalise(self, x, name):
        stats, params = self.stats[name]['bn'], self.params[name]['bn']
        mean, var = (np.float64(stats[k]) for k in ('mean', 'var'))
        if self.train:
            axes = tuple(range(x.ndim - 1))
            batch_mean, batch_var = x.mean(axes), x.var(axes)
            self.new_stats[name] = (
                0.5 * mean + 0.5 * batch_mean,
                0.5 * var + 0.5 * batch_var,
            )
            mean, var = batch_mean, batch_var
        return (x - mean) / np.sqrt(var + 1e-3) * params['scale'] + params['bias']

    def layer(self, x, name, kind):
        weights = self.params[name]
        kernel = np.float64(weights[kind]['kernel'])
        x = self.conv(x, kernel) if kind == 'conv' else x @ kernel
        return self.normalise(x + weights['bias'], name)

    def pool(self, x):
        n, h, w, c = x.shape
        padded = np.full((n, h + h % 2, w + w % 2, c), -np.inf)
        padded[:, :h, :w] = x
        return padded.reshape(n, (h + 1) // 2, 2, (w + 1) // 2, 2, c).max((2, 4))

    def __call__(self, x):
        x = np.float64(x)
        for i in range(1, 9):
            x = np.maximum(self.layer(x, f'conv_{i}', 'conv'), 0)
            if i in (2, 4, 8):
                x = self.pool(x)
        x = x.reshape(len(x), -1)
        for name in ('fc_1', 'fc_2'):
            x = np.maximum(self.layer(x, name, 'dense'), 0)
        return self.layer(x, 'final_layer', 'dense')


@pytest.mark.parametrize('train', [False, True])
def test_deeploc_agrees_with_numpy(train):
    # 20 pixels are pooled to 10, 5 and, padded, 3: the odd case of 60.
    model, variables = init(num_classes=7, channels=3, size=20)
    variables = randomized(variables)
    image = np.random.default_rng(0).random((4, 20, 20, 3), np.float32)
    reference = Reference(variables, train)
    expected = reference(image)
    image = jnp.asarray(image)
    if not train:
        logits, _ = model.apply(variables, image, train=False)
    else:
        (logits, _), new = model.apply(
            variables, image, train=True, mutable=['batch_stats']
        )
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


def test_bfloat16_keeps_float32_parameters_and_statistics():
    model, variables = init(3, size=16, compute_dtype='bfloat16')
    assert {x.dtype for x in jax.tree.leaves(variables)} == {jnp.dtype('float32')}
    image = jax.random.uniform(jax.random.key(1), (8, 16, 16, 2))
    exact, _ = init(3, size=16)
    found, new = model.apply(variables, image, train=True, mutable=['batch_stats'])
    expected, _ = exact.apply(variables, image, train=True, mutable=['batch_stats'])
    assert found[1]['conv_1'].dtype == jnp.bfloat16
    assert found[0].dtype == jnp.float32
    assert {x.dtype for x in jax.tree.leaves(new)} == {jnp.dtype('float32')}
    np.testing.assert_allclose(found[1]['conv_1'], expected[1]['conv_1'], atol=0.1)


def test_dropout_is_an_option_and_off_at_inference():
    model, variables = init(3, size=16, dropout=0.5)
    image = jax.random.uniform(jax.random.key(1), (4, 16, 16, 2))

    def logits(seed):
        return model.apply(
            variables,
            image,
            train=True,
            mutable=['batch_stats'],
            rngs={'dropout': jax.random.key(seed)},
        )[0][0]

    assert not np.allclose(logits(0), logits(1))
    model.apply(variables, image, train=False)  # needs no key


def test_the_lean_network_keeps_the_contract():
    model = get_model('lean', num_classes=19)
    image = jax.random.uniform(jax.random.key(0), (2, 60, 60, 2))
    variables = model.init(jax.random.key(1), image, train=False)
    assert sum(x.size for x in jax.tree.leaves(variables['params'])) == 483_603
    logits, features = model.apply(variables, image, train=False)
    assert logits.shape == (2, 19) and logits.dtype == jnp.float32
    assert [features[f'stage_{i}'].shape[1] for i in (1, 2, 3)] == [30, 15, 8]
    assert features['mean'].shape == (2, 128)
    low = get_model('lean', num_classes=19, compute_dtype='bfloat16')
    found, _ = low.apply(variables, image, train=False)
    np.testing.assert_allclose(found, logits, atol=0.1)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'deeploc'"):
        get_model('deploc', num_classes=3)
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        get_model('deeploc', num_classes=3, dropuot=0.5)
