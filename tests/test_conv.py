"""Convolutions and pooling give XLA's numbers, on CPUs by other means."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export, lax

from deeploc_jax.models import winograd, winograd_tiles
from deeploc_jax.models.conv import conv3x3, max_pool_2x2
from deeploc_jax.sharding import batch_sharding, make_mesh, replicated

NHWC = ('NHWC', 'HWIO', 'NHWC')


def normal(seed, shape, dtype=jnp.float32):
    return jax.random.normal(jax.random.key(seed), shape, dtype)


def plain(conv):
    return lambda x, kernel: conv(x, kernel, (1, 1), 'SAME', dimension_numbers=NHWC)


ours, native = plain(conv3x3), plain(lax.conv_general_dilated)


def with_gradients(function):
    """A jitted (dy, *args) -> (y, *gradients)."""

    def evaluate(dy, *args):
        y, transpose = jax.vjp(function, *args)
        return y, *transpose(dy)

    return jax.jit(evaluate)


def assert_close(results, references, tolerance=1e-5):
    for result, reference in zip(results, references, strict=True):
        assert result.dtype == reference.dtype
        result, reference = (np.asarray(a, np.float32) for a in (result, reference))
        scale = np.abs(reference).max()
        np.testing.assert_allclose(result, reference, atol=tolerance * scale, rtol=0)


def arguments(b, h, w, c, features, dtype=jnp.float32):
    """dy, x and kernel of a convolution."""
    shapes = (b, h, w, features), (b, h, w, c), (3, 3, c, features)
    return [normal(seed, shape, dtype) for seed, shape in enumerate(shapes)]


@pytest.fixture
def small_chunks(monkeypatch):
    """Two images of 8x8x16 to 16 features at a time."""
    monkeypatch.setattr(winograd, 'CACHE_BYTES', 40_000)


SHAPES = [
    (5, 9, 7, 17, 33),  # chunks of one, odd sizes, tiles that reach past the edge
    (7, 8, 8, 16, 16),  # a last chunk that is not full
    (1, 1, 2, 16, 19),
    (3, 6, 5, 2, 16),  # few channels: XLA's
]


@pytest.mark.parametrize('shape', SHAPES)
def test_values_and_gradients_are_those_of_xla(shape, small_chunks):
    dy, x, kernel = arguments(*shape)
    expected = with_gradients(native)(dy, x, kernel)
    assert_close(with_gradients(ours)(dy, x, kernel), expected)


def test_chunks_fit_the_cache():
    def size(b, h, c, features):
        return winograd._chunk_size((b, h, h, c), (3, 3, c, features))

    # The layers of DeepLoc, a batch smaller than its chunk, an image too large.
    assert [size(128, 60, 64, 64), size(128, 30, 128, 128)] == [2, 4]
    assert [size(128, 15, 256, 256), size(3, 15, 256, 256)] == [8, 3]
    assert size(4, 1024, 64, 64) == 1


def test_bfloat16_is_rounded_as_xla_rounds_it(small_chunks):
    dy, x, kernel = arguments(7, 7, 8, 16, 16, jnp.bfloat16)
    expected = with_gradients(native)(dy, x, kernel)
    assert_close(with_gradients(ours)(dy, x, kernel), expected, tolerance=2**-8)


@pytest.mark.parametrize('kernel_axis', [0, None])
def test_gradients_of_vmap(kernel_axis, small_chunks):
    dy, x, kernel = arguments(6, 5, 8, 16, 16)
    dy, x = (a.reshape(2, 3, *a.shape[1:]) for a in (dy, x))
    if kernel_axis == 0:
        kernel = jnp.stack([kernel, 2 * kernel])
    results, expected = (
        with_gradients(jax.vmap(conv, (0, kernel_axis)))(dy, x, kernel)
        for conv in (ours, native)
    )
    assert_close(results, expected)


@pytest.mark.parametrize('devices', [2, 4])
def test_a_sharded_batch_stays_where_it_is(devices, small_chunks):
    dy, x, kernel = arguments(24, 8, 8, 16, 16)
    mesh = make_mesh(jax.devices()[:devices])
    sharded = jax.device_put((dy, x), batch_sharding(mesh))
    kernel = jax.device_put(kernel, replicated(mesh))
    step = with_gradients(plain(conv3x3)).lower(*sharded, kernel).compile()
    expected = with_gradients(native)(dy, x, jax.device_get(kernel))
    assert_close(step(*sharded, kernel), expected)
    program = step.as_text()
    assert 'while(' in program
    for operation in ('all-gather(', 'all-to-all(', 'collective-permute('):
        assert operation not in program
    # One sum, of the kernel's gradient, and outside of the loops.
    entry = program[program.index('\nENTRY') :]
    assert entry.count(' all-reduce(') == program.count(' all-reduce(') == 1


def test_other_platforms_get_the_native_convolution():
    dy, x, kernel = arguments(2, 8, 8, 16, 16)
    for platform in ('cpu', 'cuda', 'tpu'):
        exported = export.export(with_gradients(ours), platforms=[platform])
        program = exported(dy, x, kernel).mlir_module()
        assert ('stablehlo.convolution' in program) == (platform != 'cpu')


@pytest.mark.parametrize(
    ('dtype', 'tolerance'), [(jnp.float32, 1e-5), (jnp.bfloat16, 2**-8)]
)
def test_plugs_into_flax(dtype, tolerance):
    x = normal(0, (2, 7, 8, 16))
    reference = nn.Conv(16, (3, 3), dtype=dtype)
    variables = reference.init(jax.random.key(1), x)
    layer = nn.Conv(16, (3, 3), dtype=dtype, conv_general_dilated=conv3x3)
    apply = jax.jit(layer.apply).lower(variables, x)
    assert 'stablehlo.convolution' not in apply.as_text()
    results = [apply.compile()(variables, x)]
    assert_close(results, [reference.apply(variables, x)], tolerance)


@pytest.mark.parametrize(
    'options',
    [
        dict(strides=2),
        dict(padding='VALID'),
        dict(padding=2),
        dict(input_dilation=2, padding=1),
        dict(kernel_dilation=2),
        dict(feature_group_count=2),
        dict(kernel_size=(5, 5)),
        dict(kernel_size=(3,)),
        dict(dtype=jnp.float16),
        dict(features=8),
    ],
)
def test_everything_else_is_left_to_xla(options):
    options = dict(features=32, kernel_size=(3, 3)) | options
    x = jax.ShapeDtypeStruct((2, 7, 8, 32), jnp.float32)
    reference = nn.Conv(**options)
    variables = jax.eval_shape(reference.init, jax.random.key(0), x)
    layer = nn.Conv(**options, conv_general_dilated=conv3x3)
    program, expected = (
        str(jax.make_jaxpr(module.apply)(variables, x)) for module in (layer, reference)
    )
    assert program == expected


def test_layouts_dtypes_and_empty_batches_of_xla():
    x, kernel = normal(0, (2, 16, 16, 16)), normal(1, (16, 16, 3, 3))
    result = conv3x3(x, kernel, (1, 1), 'SAME')
    expected = lax.conv_general_dilated(x, kernel, (1, 1), 'SAME')
    np.testing.assert_array_equal(result, expected)
    _, x, kernel = arguments(0, 4, 4, 16, 16)
    assert ours(x, kernel).shape == (0, 4, 4, 16)
    _, x, kernel = arguments(1, 4, 4, 16, 16, jnp.bfloat16)
    accumulated = conv3x3(
        x,
        kernel,
        (1, 1),
        ((1, 1), (1, 1)),
        dimension_numbers=NHWC,
        preferred_element_type=jnp.float32,
    )
    assert accumulated.dtype == jnp.float32


def test_channels_that_do_not_match_are_an_error():
    with pytest.raises((TypeError, ValueError), match='feature'):
        ours(jnp.zeros((1, 4, 4, 16)), jnp.zeros((3, 3, 17, 16)))


@pytest.mark.parametrize('shape', [(2, 6, 8, 3), (2, 5, 7, 3), (1, 1, 1, 1)])
@pytest.mark.parametrize('dtype', [jnp.float32, jnp.bfloat16])
def test_pooling_is_that_of_flax(shape, dtype):
    # No two values are equal, so that one of each window gets all of the gradient.
    x = jax.random.permutation(jax.random.key(0), np.prod(shape)).reshape(shape)
    x = (x % 256 - 50).astype(dtype)  # bfloat16 has whole numbers to 256

    def reference(x):
        return nn.max_pool(x, (2, 2), (2, 2), 'SAME')

    dy = normal(1, reference(x).shape, dtype)
    expected = with_gradients(reference)(dy, x)
    assert_close(with_gradients(max_pool_2x2)(dy, x), expected, tolerance=0)


def test_equal_maxima_share_the_gradient():
    dx = jax.grad(lambda x: max_pool_2x2(x).sum())(jnp.zeros((1, 3, 3, 1)))
    expected = [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5], [0.5, 0.5, 1]]
    np.testing.assert_array_equal(dx[0, :, :, 0], expected)


def test_a_filter_of_three_taps_takes_six_products():
    rng = np.random.default_rng(0)
    d, w = rng.standard_normal(6), rng.standard_normal(3)
    A, G, B = winograd_tiles.A, winograd_tiles.G, winograd_tiles.B
    y = A.T @ ((G @ w) * (B @ d))
    np.testing.assert_allclose(y, np.correlate(d, w), atol=1e-6)


def test_rounding_errors_are_a_few_millionths():
    dy, x, kernel = (np.asarray(a, np.float64) for a in arguments(2, 15, 15, 128, 32))
    with jax.enable_x64(True):
        expected = with_gradients(native)(dy, x, kernel)
    results = with_gradients(ours)(*(a.astype(np.float32) for a in (dy, x, kernel)))
    for result, reference in zip(results, map(np.asarray, expected), strict=True):
        error = np.sqrt(np.mean((result - reference) ** 2) / np.mean(reference**2))
        assert error < 4e-6
