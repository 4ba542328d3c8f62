"""Weights that others released: read without their libraries, and used right."""

import functools
import io
import zipfile
from collections import Counter

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deeploc_jax
from configs import convert
from deeploc_jax.data.normalize import NORMALIZATIONS
from deeploc_jax.datasets import find_screen
from deeploc_jax.fingerprint import MismatchError
from deeploc_jax.models import get_model
from deeploc_jax.tasks import convert as task
from deeploc_jax.weights.deeploc_tensorflow import read_tf1_deeploc
from deeploc_jax.weights.deepyeast_keras import KERAS_LAYERS, read_keras_deepyeast
from deeploc_jax.weights.released import RELEASED
from deeploc_jax.weights.renaming import CONVOLUTIONS
from tests.helpers.in_numpy import DeepLocInNumpy
from tests.helpers.small import random_variables
from tests.helpers.tf1 import deeploc_names, write_bundle, write_slices

RNG = np.random.default_rng(0)


def variables_of(name, size, classes):
    model = get_model(name, num_classes=classes)
    return model, random_variables(model, size)


@functools.cache
def logits_of(model):
    return jax.jit(lambda v, x: model.apply(v, x, train=False)[0])


@pytest.mark.parametrize('old', [False, True])
@pytest.mark.parametrize('write', [write_bundle, write_slices])
def test_deeploc_of_tensorflow_has_the_logits_of_numpy(tmp_path, old, write):
    model, variables = variables_of('deeploc', 8, 19)
    write(tmp_path / 'm/model.ckpt-5000', deeploc_names(variables, old))
    found = read_tf1_deeploc(tmp_path / 'm')
    assert jax.tree.structure(found) == jax.tree.structure(variables)
    image = RNG.random((3, 8, 8, 2), np.float32)
    expected = DeepLocInNumpy(variables, train=False)(image)
    logits = logits_of(model)(found, image)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)


def arrays_of_keras(variables):
    """Layer by layer, the linear one before its batch norm: `name -> arrays`."""
    params, stats = variables['params'], variables['batch_stats']
    found = {}
    for name, (linear, norm) in KERAS_LAYERS.items():
        layer = params[name]
        kind = 'conv' if name in CONVOLUTIONS else 'dense'
        kernel = layer[kind]['kernel'] if norm else layer['kernel']
        if name == 'conv_1':  # red first, pixels from -1 to 1
            kernel = kernel[:, :, ::-1] / 2
        found[linear] = dict(kernel=kernel, bias=layer['bias'])
        if norm:
            bn, average = layer['bn'], stats[name]['bn']
            found[norm] = dict(
                gamma=bn['scale'],
                beta=bn['bias'],
                moving_mean=average['mean'],
                moving_variance=average['var'],
            )
    return found


def write_keras(path, variables, nested='model_weights'):
    """As Keras 2 does: a group a layer, in it one of the same name with the arrays."""
    with h5py.File(path, 'w') as file:
        top = file.create_group(nested) if nested else file
        for layer, arrays in arrays_of_keras(variables).items():
            for name, array in arrays.items():
                top[f'{layer}/{layer}/{name}:0'] = np.asarray(array)
        file['optimizer_weights/adam/iteration'] = 7
    return path


def write_keras_3(path, variables):
    """As Keras 3 does: layers counted by class, arrays numbered; zipped as .keras."""
    content, count = io.BytesIO(), Counter()
    with h5py.File(content, 'w') as file:
        for layer, arrays in arrays_of_keras(variables).items():
            conv, norm = layer.startswith('conv'), layer.startswith('bn')
            kind = 'conv2d' if conv else 'batch_normalization' if norm else 'dense'
            place = f'layers/{kind}_{count[kind]}' if count[kind] else f'layers/{kind}'
            count[kind] += 1
            for number, array in enumerate(arrays.values()):
                file[f'{place}/vars/{number}'] = np.asarray(array)
            file[f'{place}/vars'].attrs['name'] = layer
        file['layers/max_pooling2d/vars/0'] = file['optimizer/vars/0'] = 3
    if path.suffix.lower() != '.keras':
        path.write_bytes(content.getvalue())
        return path
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('config.json', '{}')
        archive.writestr('model.weights.h5', content.getvalue())
    return path


def assert_same_layers(found, variables):
    for part in ('params', 'batch_stats'):
        for layer in KERAS_LAYERS:
            for a, b in zip(
                jax.tree.leaves(found[part].get(layer)),
                jax.tree.leaves(variables[part].get(layer)),
                strict=True,
            ):
                np.testing.assert_array_equal(a, b)
    assert (found['batch_stats']['mean_image'] == 0.5).all()


@pytest.fixture(scope='module')
def deepyeast():
    return variables_of('deepyeast', 8, 12)[1]


@pytest.mark.parametrize('nested', ['model_weights', ''])
def test_deepyeast_of_keras_comes_back(tmp_path, deepyeast, nested):
    path = write_keras(tmp_path / 'w.hdf5', deepyeast, nested)
    assert_same_layers(read_keras_deepyeast(path), deepyeast)


@pytest.mark.parametrize('name', ['model.weights.h5', 'model.keras', 'MODEL.KERAS'])
def test_deepyeast_of_keras_3_comes_back(tmp_path, deepyeast, name):
    path = write_keras_3(tmp_path / name, deepyeast)
    assert_same_layers(read_keras_deepyeast(path), deepyeast)


def link(file, other):
    file['ip3/ip3/bias:0'] = h5py.ExternalLink(other, 'x')


def link_all(file, other):
    file['model_weights'] = h5py.ExternalLink(other, '/')


def virtual(file, other):
    layout = h5py.VirtualLayout((3,), 'f4')
    layout[:] = h5py.VirtualSource(other, 'x', (3,))
    file.create_virtual_dataset('ip3/ip3/bias:0', layout)


def external(file, other):
    where = [(other, 0, 12)]
    file.create_dataset('ip3/ip3/bias:0', (3,), 'f4', external=where)


@pytest.mark.parametrize('lead', [link, link_all, virtual, external])
def test_arrays_in_another_file_are_refused(tmp_path, lead):
    with h5py.File(tmp_path / 'other.h5', 'w') as file:
        file['x'] = np.zeros(3, np.float32)
    with h5py.File(tmp_path / 'w.h5', 'w') as file:
        lead(file, str(tmp_path / 'other.h5'))
    with pytest.raises(ValueError, match=r'lies in another file, .*other\.h5'):
        read_keras_deepyeast(tmp_path / 'w.h5')


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('model.json', 'describes layers without their weights'),
        ('model.pkl', 'Python pickle, which runs code'),
        ('model.pth', 'Python pickle, which runs code'),
        ('model.tar.gz', 'unpack it first'),
        ('saved_model.pb', 'the folder `variables`'),
        ('model.ckpt-3.index', 'is part of a TensorFlow checkpoint'),
        ('model.keras', 'cannot be read as HDF5: File is not a zip file'),
        ('model.h5', 'cannot be read as HDF5'),
    ],
)
def test_errors_about_unreadable_files_say_what_to_do(tmp_path, name, message):
    (tmp_path / name).write_bytes(b'nothing')
    with pytest.raises(ValueError, match=message):
        read_keras_deepyeast(tmp_path / name)
    with pytest.raises(ValueError, match=f'name the file of weights in it: {name}'):
        read_keras_deepyeast(tmp_path)


@pytest.fixture
def config(tmp_path):
    config = convert.get_config('deepyeast')
    config.data_dir = str(tmp_path / 'data')
    return config


@pytest.mark.usefixtures('native_convolutions')
def test_a_converted_deepyeast_predicts_from_pixels_of_any_type(
    config, tmp_path, capsys
):
    model, variables = variables_of('deepyeast', 64, 12)
    variables['batch_stats']['mean_image'] = jnp.full((64, 64, 2), 0.5)
    config.source = str(write_keras(tmp_path / 'w.hdf5', variables))
    task.run(config, tmp_path / 'out')
    assert '12 classes, channels GFP, RFP' in capsys.readouterr().out
    network = deeploc_jax.load(tmp_path / 'out')
    assert network.class_names[0] == 'cell periphery' and network.card.crops == 1
    images = RNG.integers(0, 256, (2, 64, 64, 2), np.uint8)
    scaled = jnp.asarray(images, jnp.float32) / 255
    logits = logits_of(model)(variables, scaled)
    np.testing.assert_allclose(
        network.predict(images), jax.nn.softmax(logits), rtol=1e-4, atol=1e-6
    )
    for same in (scaled, images.astype(np.uint16) * np.uint16(257)):
        np.testing.assert_allclose(
            network.predict(same), network.predict(images), atol=1e-4
        )
    with pytest.raises(ValueError, match=r'float64, 0 to 255\).*Set white_level'):
        network.predict(images.astype(np.float64))
    told = deeploc_jax.load(tmp_path / 'out', white_level=255)
    np.testing.assert_allclose(
        told.predict(images.astype(np.float64)), network.predict(images), atol=1e-4
    )


def test_the_first_process_alone_writes_what_is_converted(
    config, tmp_path, capsys, monkeypatch
):
    _, variables = variables_of('deepyeast', 64, 12)
    config.source = str(write_keras(tmp_path / 'w.hdf5', variables))
    monkeypatch.setattr(jax, 'process_index', lambda backend=None: 1)
    task.run(config, tmp_path / 'out')
    assert not (tmp_path / 'out').exists() and not capsys.readouterr().out


def test_a_network_of_other_classes_lists_both_sides(config, tmp_path):
    _, variables = variables_of('deepyeast', 64, 4)
    config.source = str(write_keras(tmp_path / 'w.hdf5', variables))
    with pytest.raises(MismatchError, match=r'fc_3/kernel: .*512, 4.*512, 12'):
        task.run(config, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_missing_names_are_listed_beside_those_there(tmp_path):
    _, variables = variables_of('deeploc', 8, 5)
    arrays = deeploc_names(variables, old=False)
    del arrays['fc_1/biases/Variable']
    path = write_bundle(tmp_path / 'model.ckpt', arrays)
    with pytest.raises(ValueError, match=r'lacks\s+fc_1/biases/Variable\s+It has'):
        read_tf1_deeploc(path)
    with pytest.raises(FileNotFoundError, match='There is no'):
        read_keras_deepyeast(tmp_path / 'v.hdf5')
    with h5py.File(tmp_path / 'flat.hdf5', 'w') as file:
        file['data1'] = np.zeros(3)
    with pytest.raises(ValueError, match=r'lacks\s+conv1_1/kernel'):
        read_keras_deepyeast(tmp_path / 'flat.hdf5')


@pytest.mark.parametrize('name', RELEASED)
def test_a_row_names_what_exists(tmp_path, name):
    released = RELEASED[name]
    classes = find_screen(released.screen, str(tmp_path)).info.features['label'].names
    model = get_model(num_classes=len(classes), **released.model)
    image = jax.ShapeDtypeStruct(
        (1, released.crop, released.crop, len(released.channels)), jnp.float32
    )
    logits, _ = jax.eval_shape(
        lambda x: model.init_with_output(jax.random.key(0), x, train=False)[0], image
    )
    assert logits.shape == (1, len(classes))
    assert released.normalization in NORMALIZATIONS
    assert released.crop <= released.side and released.crops in (1, 5)


def test_an_unknown_network_is_named_with_the_nearest(tmp_path):
    config = convert.get_config('deeplock')
    config.source = 'model.ckpt'
    with pytest.raises(ValueError, match="Did you mean 'deeploc'"):
        task.run(config, tmp_path / 'out')
