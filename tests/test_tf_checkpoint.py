"""TensorFlow checkpoints of both formats, found by any of their names."""

import numpy as np
import pytest

from deeploc_jax.weights.formats.tf_checkpoint import read_checkpoint
from tests.helpers.tf1 import write_bundle, write_slices

RNG = np.random.default_rng(0)
NAME = 'model.ckpt-5000'


def arrays_of_every_type():
    found = {
        f'some/long/name_{i}': (RNG.normal(size=(i % 4, 3)) * 9).astype(kind)
        for i, kind in enumerate(['float32', 'float64', 'int32', 'int64'] * 9)
    }
    return found | dict(a_number=np.array(-3, np.int64), nought=np.float32(0))


def write_in_parts(path, arrays):
    return write_slices(path, arrays, parts=2)


@pytest.mark.parametrize('write', [write_bundle, write_slices, write_in_parts])
def test_arrays_of_every_type_come_back(tmp_path, write):
    arrays = arrays_of_every_type()
    path = write(tmp_path / NAME, arrays | dict(a_flag=np.array([True])))
    found = read_checkpoint(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def name_latest(folder, path):
    (folder / 'checkpoint').write_text(
        f'model_checkpoint_path: "{path}"\nall_model_checkpoint_paths: "older"\n'
    )


@pytest.mark.parametrize(
    'name',
    ['', NAME, f'{NAME}.index', f'{NAME}.meta', f'{NAME}.data-00000-of-00001'],
)
def test_a_checkpoint_is_found_by_any_of_its_names(tmp_path, name):
    write_bundle(tmp_path / NAME, dict(a=np.ones(3)))
    (tmp_path / 'events.out.tfevents').write_bytes(b'')
    assert read_checkpoint(tmp_path / name)['a'].tolist() == [1, 1, 1]
    with pytest.raises(FileNotFoundError, match=rf'Checkpoints in .*: {NAME}\.'):
        read_checkpoint(tmp_path / 'model.ckpt-50')


@pytest.mark.parametrize(
    'named',
    [
        NAME,
        f'/home/somebody/logs/{NAME}',
        rf'C:\\logs\\{NAME}',
        f'{NAME}-?????-of-00001',
    ],
)
@pytest.mark.parametrize('source', ['', 'checkpoint'])
def test_a_folder_stands_for_the_latest(tmp_path, named, source):
    for step, value in ((4000, 1.0), (5000, 2.0)):
        write_slices(tmp_path / f'model.ckpt-{step}', dict(a=np.array([value])))
    name_latest(tmp_path, named)
    assert read_checkpoint(tmp_path / source)['a'] == 2


def test_a_folder_that_leaves_it_open_lists_what_it_has(tmp_path):
    with pytest.raises(FileNotFoundError, match='there is no checkpoint in it'):
        read_checkpoint(tmp_path)
    (tmp_path / 'saved_model.pb').touch()
    with pytest.raises(FileNotFoundError, match=r'a SavedModel, .* in .*variables'):
        read_checkpoint(tmp_path)
    for step in (4000, 5000):
        write_bundle(tmp_path / f'one/model.ckpt-{step}', dict(a=np.ones(3)))
    both = 'model.ckpt-4000, model.ckpt-5000'
    with pytest.raises(FileNotFoundError, match=f'it has several.*{both}'):
        read_checkpoint(tmp_path / 'one')
    name_latest(tmp_path / 'one', '/data/model.ckpt-6000')
    with pytest.raises(FileNotFoundError, match=f'names model.ckpt-6000, .*{both}'):
        read_checkpoint(tmp_path / 'one')


def test_the_files_of_a_checkpoint_in_several_belong_together(tmp_path):
    for number in range(2):
        path = tmp_path / f'{NAME}-{number:05d}-of-00002'
        write_slices(path, {f'a{number}': np.full(2, number, np.float32)})
    for source in (tmp_path, tmp_path / NAME, path):
        assert sorted(read_checkpoint(source)) == ['a0', 'a1']
    path.unlink()
    with pytest.raises(FileNotFoundError, match='there is no .*-00001-of-00002'):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('saved_model.pb', 'the folder `variables`'),
        ('model.pkl', 'Python pickle, which runs code'),
        ('model.pt', 'Python pickle, which runs code'),
        ('model.json', 'without their weights'),
        ('model.hdf5', 'convert.py:deepyeast'),
        ('model.zip', 'unpack it first'),
        ('model.ckpt', 'cut short, or no checkpoint of TensorFlow'),
    ],
)
def test_errors_about_unreadable_files_say_what_to_do(tmp_path, name, message):
    (tmp_path / name).write_bytes(b'nothing')
    with pytest.raises(ValueError, match=message):
        read_checkpoint(tmp_path / name)


def test_variables_in_slices_and_big_endian_files_are_refused(tmp_path):
    path = write_bundle(tmp_path / NAME, dict(a=np.ones(3), b=np.ones(2)), sliced='b')
    with pytest.raises(ValueError, match=r'several slices.*: b\. .* a partitioner'):
        read_checkpoint(path)
    write_bundle(path, dict(a=np.ones(3)), big_endian=True)
    with pytest.raises(ValueError, match='big-endian machine'):
        read_checkpoint(path)


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


def test_damage_is_found(tmp_path):
    arrays = {'a': RNG.random((50, 3)), 'b': RNG.random(4)}
    path = write_bundle(tmp_path / 'model.ckpt', arrays)
    data = path.with_name('model.ckpt.data-00000-of-00001')
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(ValueError, match='truncated or damaged: it has 31 of 32'):
        read_checkpoint(path)
    data.unlink()
    with pytest.raises(FileNotFoundError, match=r'data-00000-of-00001'):
        read_checkpoint(path)
    index = path.with_name('model.ckpt.index')
    index.write_bytes(index.read_bytes()[:-3])
    with pytest.raises(ValueError, match='model.ckpt.index is cut short'):
        read_checkpoint(path)
    for name, flipped in (('data-00000-of-00001', (7, 1200)), ('index', (20, 60))):
        for at in flipped:
            write_bundle(path, arrays)
            flip(path.with_name(f'model.ckpt.{name}'), at)
            with pytest.raises(ValueError, match='wrong checksum'):
                read_checkpoint(path)
    write_bundle(path, arrays, compressed=True)
    with pytest.raises(ValueError, match='is compressed'):
        read_checkpoint(path)


def test_damage_of_a_single_file_is_found(tmp_path):
    path = write_slices(tmp_path / NAME, {'a': RNG.random((50, 3)), 'b': RNG.random(4)})
    whole = path.read_bytes()
    for at in (20, 300, 1200):
        flip(path, at)
        with pytest.raises(ValueError, match=f'{NAME} is damaged: wrong checksum'):
            read_checkpoint(path)
        path.write_bytes(whole)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match='cut short'):
        read_checkpoint(path)
