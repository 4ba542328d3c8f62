"""Weights that others released: read without their libraries, and used right."""

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from in_numpy import DeepLocInNumpy
from small import random_variables
from tf1 import deeploc_names, write_bundle

import deeploc_jax
from configs import convert
from deeploc_jax.fingerprint import MismatchError
from deeploc_jax.models import get_model
from deeploc_jax.tasks import convert as task
from deeploc_jax.weights.released import (
    CONVOLUTIONS,
    KERAS_LAYERS,
    read_keras_deepyeast,
    read_tf1_deeploc,
)
from deeploc_jax.weights.tf_checkpoint import read_checkpoint

RNG = np.random.default_rng(0)


def variables_of(name, size, classes):
    model = get_model(name, num_classes=classes)
    return model, random_variables(model, size)


def test_arrays_of_every_type_come_back(tmp_path):
    arrays = {
        f'some/long/name_{i}': RNG.normal(size=(i % 4, 3)).astype(kind)
        for i, kind in enumerate(['float32', 'float64', 'int32', 'int64'] * 9)
    }
    arrays['a_number'] = np.array(3, np.int64)
    path = write_bundle(tmp_path / 'model.ckpt-3', arrays | dict(a_flag=np.array(True)))
    found = read_checkpoint(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize('old', [False, True])
def test_deeploc_of_tensorflow_has_the_logits_of_numpy(tmp_path, old):
    model, variables = variables_of('deeploc', 8, 19)
    path = write_bundle(tmp_path / 'm/model.ckpt-5000', deeploc_names(variables, old))
    found = read_tf1_deeploc(f'{path}.index' if old else path)
    assert jax.tree.structure(found) == jax.tree.structure(variables)
    image = RNG.random((3, 8, 8, 2), np.float32)
    logits = jax.jit(lambda v, x: model.apply(v, x, train=False)[0])(found, image)
    expected = DeepLocInNumpy(variables, train=False)(image)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)


def write_keras(path, variables, nested='model_weights'):
    """As Keras does: a group a layer, in it one of the same name with the arrays."""
    params, stats = variables['params'], variables['batch_stats']
    with h5py.File(path, 'w') as file:
        top = file.create_group(nested) if nested else file
        for name, (linear, norm) in KERAS_LAYERS.items():
            layer = params[name]
            kind = 'conv' if name in CONVOLUTIONS else 'dense'
            kernel = layer[kind]['kernel'] if norm else layer['kernel']
            if name == 'conv_1':  # red first, pixels from -1 to 1
                kernel = kernel[:, :, ::-1] / 2
            arrays = {f'{linear}/{linear}/kernel:0': kernel}
            arrays[f'{linear}/{linear}/bias:0'] = layer['bias']
            if norm:
                bn, average = layer['bn'], stats[name]['bn']
                for theirs, array in dict(
                    gamma=bn['scale'],
                    beta=bn['bias'],
                    moving_mean=average['mean'],
                    moving_variance=average['var'],
                ).items():
                    arrays[f'{norm}/{norm}/{theirs}:0'] = array
            for place, array in arrays.items():
                top[place] = np.asarray(array)
    return path


@pytest.mark.parametrize('nested', ['model_weights', ''])
def test_deepyeast_of_keras_comes_back(tmp_path, nested):
    _, variables = variables_of('deepyeast', 8, 12)
    found = read_keras_deepyeast(write_keras(tmp_path / 'w.hdf5', variables, nested))
    for part in ('params', 'batch_stats'):
        for layer in KERAS_LAYERS:
            for a, b in zip(
                jax.tree.leaves(found[part].get(layer)),
                jax.tree.leaves(variables[part].get(layer)),
                strict=True,
            ):
                np.testing.assert_array_equal(a, b)
    assert (found['batch_stats']['mean_image'] == 0.5).all()


@pytest.fixture
def config(tmp_path):
    config = convert.get_config('deepyeast')
    config.data_dir = str(tmp_path / 'data')
    return config


def test_a_converted_deepyeast_predicts_from_pixels_of_8_bits(config, tmp_path, capsys):
    model, variables = variables_of('deepyeast', 64, 12)
    variables['batch_stats']['mean_image'] = jnp.full((64, 64, 2), 0.5)
    config.source = str(write_keras(tmp_path / 'w.hdf5', variables))
    task.run(config, tmp_path / 'out')
    assert '12 classes, channels GFP, RFP' in capsys.readouterr().out
    network = deeploc_jax.load(tmp_path / 'out')
    assert network.class_names[0] == 'cell periphery' and network.card.crops == 1
    images = RNG.integers(0, 256, (2, 64, 64, 2), np.uint8)
    scaled = jnp.asarray(images, jnp.float32) / 255
    apply = jax.jit(lambda v, x: model.apply(v, x, train=False)[0])
    logits = apply(variables, scaled)
    np.testing.assert_allclose(
        network.predict(images), jax.nn.softmax(logits), rtol=1e-4, atol=1e-6
    )
    with pytest.raises(ValueError, match=r'Pixels of 8 bits \(uint8\) are wanted'):
        network.predict(images.astype(np.float32))


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
    write_keras(tmp_path / 'w.hdf5', variables_of('deepyeast', 8, 12)[1])
    with pytest.raises(FileNotFoundError, match='There is no'):
        read_keras_deepyeast(tmp_path / 'v.hdf5')
    with h5py.File(tmp_path / 'flat.hdf5', 'w') as file:
        file['data1'] = np.zeros(3)
    with pytest.raises(ValueError, match=r'lacks\s+conv1_1/kernel'):
        read_keras_deepyeast(tmp_path / 'flat.hdf5')
    (tmp_path / 'w.hdf5').write_bytes(b'nothing')
    with pytest.raises(ValueError, match='cannot be read as HDF5'):
        read_keras_deepyeast(tmp_path / 'w.hdf5')


def test_damage_is_found(tmp_path):
    arrays = {'a': RNG.random((50, 3)), 'b': RNG.random(4)}
    path = write_bundle(tmp_path / 'model.ckpt', arrays)
    data = path.with_name('model.ckpt.data-00000-of-00001')
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(ValueError, match='cut short or damaged: 31 of 32'):
        read_checkpoint(path)
    data.unlink()
    with pytest.raises(FileNotFoundError, match=r'data-00000-of-00001'):
        read_checkpoint(path)
    index = path.with_name('model.ckpt.index')
    index.write_bytes(index.read_bytes()[:-3])
    with pytest.raises(ValueError, match='cut short, or is none'):
        read_checkpoint(path)
    with pytest.raises(FileNotFoundError, match='There is no'):
        read_checkpoint(tmp_path / 'other')
    for name, flipped in (('data-00000-of-00001', (7, 1200)), ('index', (20, 60))):
        for at in flipped:
            write_bundle(path, arrays)
            file = path.with_name(f'model.ckpt.{name}')
            content = bytearray(file.read_bytes())
            content[at] ^= 4
            file.write_bytes(content)
            with pytest.raises(ValueError, match='wrong checksum'):
                read_checkpoint(path)
    write_bundle(path, arrays, compressed=True)
    with pytest.raises(ValueError, match='is compressed'):
        read_checkpoint(path)
