import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deeploc_jax
from deeploc_jax import sharding
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.models import MODELS, get_model
from deeploc_jax.predict.features import layer_widths, make_split_program
from deeploc_jax.predict.novelty import fit_novelty
from deeploc_jax.predict.raw_images import normalization_of, raw_crops
from deeploc_jax.simulate import SCREENS, labels_of, screen_layout, simulate_crops
from deeploc_jax.weights.folder import TrainedNetwork, write_weights
from tests.helpers.small import LARGER, Small, make_card, random_cells

RNG = np.random.default_rng(0)
BY_NAME = {screen.name: screen for screen in SCREENS}


@pytest.fixture
def predictor(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Small)
    image = jnp.zeros((1, 16, 16, 2))
    variables = Small().init(jax.random.key(0), image, train=False)
    card = make_card(model=dict(name='small'))
    return deeploc_jax.load(write_weights(tmp_path, variables, card))


@pytest.mark.parametrize('n', [1, 3, 8, 21])
def test_any_number_of_cells_in_any_batch_is_predicted_alike(predictor, n):
    images = RNG.integers(0, 60_000, (n, 20, 20, 2), np.uint16)
    whole = predictor.predict(images)
    assert whole.shape == (n, 3) and whole.dtype == np.float32
    np.testing.assert_allclose(whole.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(predictor.predict(images, batch_size=4), whole, 1e-5)
    one_by_one = [predictor.predict(image[None])[0] for image in images]
    np.testing.assert_allclose(one_by_one, whole, rtol=1e-5)


def test_brightness_and_type_of_the_pixels_do_not_matter(predictor):
    images = RNG.integers(0, 255, (5, 20, 20, 2)).astype(np.uint8)
    other = images * np.float64(3.7) + 1000
    np.testing.assert_allclose(
        predictor.predict(images), predictor.predict(other), atol=1e-5
    )


def test_five_crops_are_their_mean(predictor):
    image = RNG.random((1, 20, 20, 2), np.float32)
    low, high = np.percentile(image, (0.1, 99.9), axis=(1, 2), keepdims=True)
    scaled = np.clip((image - low) / (high - low), 0, 1)
    variables = jax.device_put(predictor.network.variables)
    corners = [(2, 2), (0, 0), (0, 4), (4, 0), (4, 4)]
    each = [
        jax.nn.softmax(
            Small().apply(variables, scaled[:, i : i + 16, j : j + 16], train=False)[0]
            / 0.5
        )
        for i, j in corners
    ]
    np.testing.assert_allclose(predictor.predict(image), np.mean(each, 0), atol=1e-6)
    np.testing.assert_allclose(predictor.predict(image, crops=1), each[0], atol=1e-6)


def test_a_list_of_crops_is_as_good_as_an_array(predictor):
    images = RNG.random((3, 20, 20, 2))
    np.testing.assert_array_equal(
        predictor.predict(list(images)), predictor.predict(images)
    )


def test_an_hdf5_data_set_is_as_good_as_an_array(predictor, tmp_path):
    images = RNG.random((6, 20, 20, 2), np.float32)
    with h5py.File(tmp_path / 'cells.h5', 'w') as file:
        file['cells'] = images
        found = predictor.predict(file['cells'], batch_size=4)  # the last is padded
    np.testing.assert_array_equal(found, predictor.predict(images, batch_size=4))


def test_a_batch_size_of_zero_is_an_error(predictor):
    with pytest.raises(ValueError, match=r'batch_size \(0\)'):
        predictor.predict(RNG.random((3, 20, 20, 2)), batch_size=0)


def test_no_cells_are_no_error(predictor):
    assert predictor.predict(np.zeros((0, 20, 20, 2))).shape == (0, 3)


@pytest.mark.parametrize(
    'shape', [(20, 20, 2), (4, 20, 20, 3), (4, 20, 24, 2), (4, 64, 64, 2)]
)
def test_errors_about_shapes_name_the_one_that_is_needed(predictor, shape):
    with pytest.raises(ValueError, match=r'\[n, 20, 20, 2\] \(channels: GFP, RFP\)'):
        predictor.predict(np.zeros(shape))


def test_a_pixel_that_is_no_number_names_its_image(predictor):
    images = RNG.random((9, 20, 20, 2))
    images[6, 3, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r'images\[6\]'):
        predictor.predict(images, batch_size=4)


def test_the_import_brings_nothing_heavy():
    code = (
        'import sys, deeploc_jax; '
        'print({"jax", "flax", "matplotlib", "tensorflow_datasets"} & set(sys.modules))'
    )
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert out.stdout.strip() == 'set()'


def test_features_are_those_of_the_layer(predictor):
    images = RNG.integers(0, 60_000, (5, 20, 20, 2), np.uint16)
    scaled = percentile_normalize(images)[:, 2:18, 2:18]
    variables = jax.device_put(predictor.network.variables)
    maps = Small().apply(variables, scaled, train=False)[1]['conv']
    assert predictor.layers == {'conv': 4}
    for pool, wanted in (('max', maps.max((1, 2))), ('mean', maps.mean((1, 2)))):
        found = predictor.features(images, 'conv', pool=pool, batch_size=2)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        predictor.features(images, batch_size=2),
        predictor.features(images, 'conv', batch_size=2),
    )
    assert predictor.features(images[:0]).shape == (0, 4)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(layer='conf'), "Unknown layer 'conf'. Did you mean 'conv'"),
        (dict(pool='sum'), "Unknown pool 'sum'"),
    ],
)
def test_an_unknown_layer_or_pool_is_an_error(predictor, options, message):
    with pytest.raises(ValueError, match=message):
        predictor.features(np.zeros((1, 20, 20, 2)), **options)


LAST = dict.fromkeys(('deeploc', 'deepyeast'), ('fc_2', 512))
LAST |= dict(lean=('mean', 128), resnet50=('mean', 2048))
LAST['efficientnet_lite0'] = ('mean', 1280)


@pytest.mark.parametrize('name', sorted({*MODELS} - LARGER - {'small'}))
def test_every_network_has_its_layers(name):
    model = get_model(name, num_classes=3)
    card = make_card(model=dict(name=name), side=64, crop=60)
    image = jnp.zeros((1, 60, 60, 2))
    variables = jax.eval_shape(
        lambda: model.init(jax.random.key(0), image, train=False)
    )
    widths = layer_widths(TrainedNetwork(card, model, variables))
    assert list(widths.items())[-1] == LAST[name]


@pytest.mark.usefixtures('native_convolutions')
def test_weights_come_with_the_package():
    network = deeploc_jax.load('lean-sim')
    assert network.card.simulated and 'Computed' in network.card.license
    screen = BY_NAME['smoke']
    crops = [
        crop
        for spec in screen_layout(screen)
        if spec.split == 'test'
        for crop in simulate_crops(spec)
    ]
    labels = [labels_of(screen.classes, crop.truth)['label'] for crop in crops]
    probabilities = network.predict(np.stack([crop.image for crop in crops]), crops=1)
    named = np.array(network.class_names)[probabilities.argmax(1)]
    assert (named == labels).mean() > 0.6
    folder = Path(deeploc_jax.__file__).parent / 'weights/pretrained/lean-sim'
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5e6
    noise = RNG.normal(1000, 100, (8, 64, 64, 2))
    probabilities = network.predict(noise, crops=1)
    assert (probabilities[:, network.class_names.index('GHOST')] > 0.9).all()
    with pytest.raises(FileNotFoundError, match='that come with deeploc_jax: lean-sim'):
        deeploc_jax.load('lean_sim')


def test_cells_unlike_those_seen_score_above_one(predictor, tmp_path):
    with pytest.raises(ValueError, match='do not say what the network has seen'):
        predictor.novelty(np.zeros((1, 20, 20, 2)))
    network = predictor.network
    cells = {name: random_cells(90, size=20, seed=i) for i, name in enumerate('ab')}
    mesh = sharding.make_mesh()
    novelty = fit_novelty(network, cells['a'], cells['b'], mesh, 8)
    folder = write_weights(tmp_path / 'seen', network.variables, network.card, novelty)
    again = deeploc_jax.load(folder)
    found = again.novelty(cells['b'].images, batch_size=16)
    assert found.shape == (90,) and (found > 1).mean() < 0.12
    seen = replace(network, novelty=novelty)
    outputs = make_split_program(
        seen, mesh, 8, crops=5, normalize=normalization_of(seen.card)
    )
    features = outputs(raw_crops(cells['b'].images, network.card)).features
    np.testing.assert_allclose(found, novelty.score(features), rtol=1e-4)
    stripes = np.tile(np.arange(20) % 2, (4, 20, 1))[..., None] * np.ones(2)
    assert (again.novelty(stripes) > 1.5).all()
