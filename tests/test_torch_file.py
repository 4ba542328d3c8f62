"""Files of PyTorch are read without it, and nothing in them is run."""

import os
import pickle

import numpy as np
import pytest
import safetensors.numpy

from deeploc_jax.weights.formats.torch_file import read_torch
from tests.helpers.torch_files import Tensor, save_archive, save_sequence, state_of

WRITERS = [save_archive, save_sequence]


def arrays():
    rng = np.random.default_rng(0)
    return {
        'conv.weight': rng.normal(size=(4, 3, 2, 2)).astype(np.float32),
        'bn.running_var': rng.random(5),
        'half': rng.random((2, 3)).astype(np.float16),
        'bn.num_batches_tracked': np.array(7),
    }


@pytest.mark.parametrize('save', WRITERS)
def test_arrays_come_out_as_they_went_in(tmp_path, save):
    save(tmp_path / 'net.pth', state_of(arrays()))
    found = read_torch(tmp_path / 'net.pth')
    assert list(found) == list(arrays())
    for name, array in arrays().items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize('save', WRITERS)
def test_a_tensor_is_a_view_with_strides(tmp_path, save):
    numbers = np.arange(12, dtype=np.float32)
    turned = Tensor(numbers, start=1, shape=(3, 2), strides=(1, 4))
    save(tmp_path / 'net.pth', {'turned': turned, 'empty': Tensor(numbers[:0])})
    found = read_torch(tmp_path / 'net.pth')
    np.testing.assert_array_equal(found['turned'], [[1, 5], [2, 6], [3, 7]])
    assert found['empty'].shape == (0,)


@pytest.mark.parametrize('name', ['state_dict', 'model_state_dict', 'model'])
def test_the_state_of_a_checkpoint_is_found(tmp_path, name):
    checkpoint = {'epoch': 3, name: state_of(arrays()), 'note': 'best'}
    save_archive(tmp_path / 'net.pt', checkpoint)
    assert list(read_torch(tmp_path / 'net.pt')) == list(arrays())


def test_safetensors_are_read_too(tmp_path):
    safetensors.numpy.save_file(arrays(), tmp_path / 'net.safetensors')
    assert {*read_torch(tmp_path / 'net.safetensors')} == {*arrays()}


class Attack:
    def __reduce__(self):
        return os.mkdir, ('attacked',)


@pytest.mark.parametrize('save', WRITERS)
def test_nothing_that_a_file_asks_for_is_done(tmp_path, monkeypatch, save):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / 'net.pth', {'bad': Attack(), **state_of(arrays())})
    assert {*read_torch(tmp_path / 'net.pth')} == {*arrays()}
    save(tmp_path / 'net.pth', Attack())
    with pytest.raises(ValueError, match='no state dictionary'):
        read_torch(tmp_path / 'net.pth')
    assert not (tmp_path / 'attacked').exists()


@pytest.mark.parametrize('save', WRITERS)
@pytest.mark.parametrize(
    'options',
    [
        dict(start=10, shape=(5,), strides=(1,)),
        dict(shape=(4,), strides=(4,)),
        dict(shape=(4,), strides=(-1,)),
        dict(shape=(2**40, 2**20), strides=(0, 0)),
        dict(start=-1, shape=(2,), strides=(1,)),
    ],
)
def test_a_tensor_beyond_its_numbers_is_refused(tmp_path, save, options):
    numbers = np.arange(12, dtype=np.float32)
    save(tmp_path / 'net.pth', {'bad': Tensor(numbers, **options)})
    with pytest.raises(ValueError, match=r'net.pth .* what is stored of it'):
        read_torch(tmp_path / 'net.pth')


@pytest.mark.parametrize('save', WRITERS)
def test_a_file_that_ends_early_is_refused(tmp_path, save):
    path = tmp_path / 'net.pth'
    save(path, state_of(arrays()))
    whole = path.read_bytes()
    for part in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:part])
        with pytest.raises(ValueError, match='cannot be read as a file of PyTorch'):
            read_torch(path)


def test_another_pickle_is_refused(tmp_path):
    (tmp_path / 'net.pth').write_bytes(pickle.dumps({'a': 1}))
    with pytest.raises(ValueError, match='does not begin like one'):
        read_torch(tmp_path / 'net.pth')
    with pytest.raises(FileNotFoundError, match='no file'):
        read_torch(tmp_path / 'none.pth')
