"""HDF5 whose values are elsewhere, nowhere, or held by another program."""

import errno
import fcntl
import shutil

import h5py
import numpy as np
import pytest

from deeploc_jax.images import ImageError, ImageReader
from deeploc_jax.images.hdf5_files import open_to_read

STACK = np.random.default_rng(0).integers(1, 60000, (5, 64, 64, 2), dtype=np.uint16)


def save(path, fill):
    with h5py.File(path, 'w') as file:
        fill(file)
    return path


def read(path, index=3, channels=2):
    with ImageReader() as reader:
        return reader.read(path, index, channels)


def virtual(source, name='image', rows=5, inside=None):
    """A data set 'image' made of `rows` rows of another."""

    def fill(file):
        if inside is not None:
            file[name] = inside
        layout = h5py.VirtualLayout(STACK.shape, STACK.dtype)
        layout[:rows] = h5py.VirtualSource(source, name, STACK.shape)[:rows]
        file.create_virtual_dataset('image', layout)

    return fill


def external_link(file):
    file['image'] = h5py.ExternalLink('other.h5', '/image')


def link_by_an_external_group(file):
    file['group'] = h5py.ExternalLink('other.h5', '/')
    file['image'] = h5py.SoftLink('/group/image')


def external_storage(file):
    parts = [('other.h5', 4096, h5py.h5f.UNLIMITED)]
    file.create_dataset('image', STACK.shape, STACK.dtype, external=parts)


ELSEWHERE = [virtual('other.h5'), external_link, external_storage]


@pytest.mark.parametrize('there', [True, False])
@pytest.mark.parametrize('fill', ELSEWHERE)
def test_values_in_another_file_are_refused(tmp_path, monkeypatch, fill, there):
    monkeypatch.chdir(tmp_path)
    path = save(tmp_path / 'a.h5', fill)
    if there and fill is not external_storage:
        save(
            tmp_path / 'other.h5', lambda file: file.create_dataset('image', data=STACK)
        )
    with pytest.raises(ImageError, match='another file, .*other.h5.*Copy the values'):
        read(path)


def test_a_link_by_way_of_another_file_is_refused(tmp_path):
    save(tmp_path / 'other.h5', lambda file: file.create_dataset('image', data=STACK))
    path = save(tmp_path / 'a.h5', link_by_an_external_group)
    with pytest.raises(ImageError, match='another file, .*other.h5'):
        read(path)


def test_links_and_virtual_data_within_the_file_are_fine(tmp_path):
    def soft(file):
        file['a/b'] = STACK
        file['image'] = h5py.SoftLink('/a/b')

    def odd(file):
        file['a/b'] = STACK
        file['image'] = h5py.SoftLink('.//a/./b')

    def hard(file):
        file['a'] = STACK
        file['image'] = file['a']

    def itself(file):
        file['a'] = STACK
        file['image'] = h5py.ExternalLink('itself.h5', '/a')

    inside = virtual('.', 'raw', inside=STACK)
    for fill in (
        soft,
        odd,
        hard,
        itself,
        inside,
        virtual('inside.h5', 'raw', inside=STACK),
    ):
        name = 'itself' if fill is itself else 'inside'
        path = save(tmp_path / f'{name}.h5', fill)
        np.testing.assert_array_equal(read(path), STACK[3])


@pytest.mark.parametrize(
    ('fill', 'words'),
    [
        (virtual('.', 'raw'), 'image is virtual, and raw is not there'),
        (virtual('.', 'raw', rows=3, inside=STACK), 'some of it has no values'),
        (virtual('.', 'raw', inside=STACK[:3]), 'some of it has no values'),
    ],
)
def test_virtual_data_with_holes_are_refused(tmp_path, fill, words):
    with pytest.raises(ImageError, match=words):
        read(save(tmp_path / 'a.h5', fill))


def circle(file):
    file['image'], file['b'] = h5py.SoftLink('/b'), h5py.SoftLink('/image')


@pytest.mark.parametrize(
    ('fill', 'words'),
    [
        (lambda file: file.create_group('image'), 'image is a group, not a data set'),
        (lambda file: file.update(image=np.dtype('u2')), 'is a datatype'),
        (lambda file: file.update(image=h5py.Empty('u2')), 'is empty'),
        (lambda file: file.update(image=5), r'shape \(\) holds no images'),
        (lambda file: file.update(image=STACK[:0]), 'holds 0 images'),
        (lambda file: file.update(image=['a', 'b']), 'text or references'),
        (lambda file: file.update(image=np.zeros(5, [('a', 'u2')])), 'holds records'),
        (lambda file: file.update(image=STACK.astype('S5')), 'holds text'),
        (lambda file: file.update(pixels=STACK), 'no data set .*; it has: pixels'),
        (
            lambda file: file.update(image=h5py.SoftLink('/x')),
            'link to /x, which is missing',
        ),
        (circle, 'which is missing'),
    ],
)
def test_what_holds_no_images_is_named(tmp_path, fill, words):
    with pytest.raises(ImageError, match=words):
        read(save(tmp_path / 'a.h5', fill))


@pytest.mark.parametrize('index', [-1, 5, 10**12])
def test_an_index_outside_is_an_error(tmp_path, index):
    path = save(tmp_path / 'a.h5', lambda file: file.update(image=STACK))
    with pytest.raises(ImageError, match=f'index {index} is out of range.*5 images'):
        read(path, index)


@pytest.mark.parametrize('chunks', [None, (1, 64, 64, 2)])
def test_what_was_never_written_is_no_zeros(tmp_path, chunks):
    def fill(file):
        file.create_dataset('image', STACK.shape, STACK.dtype, chunks=chunks)

    with pytest.raises(ImageError, match='image was never written'):
        read(save(tmp_path / 'a.h5', fill))


def test_only_the_rows_that_were_never_written_are_bad(tmp_path):
    def fill(file):
        stack = file.create_dataset('image', STACK.shape, 'u2', chunks=(2, 32, 64, 2))
        stack[0:2], stack[2:4, :32] = STACK[0:2], STACK[2:4, :32]

    path = save(tmp_path / 'a.h5', fill)
    np.testing.assert_array_equal(read(path, 1), STACK[1])
    for index in (2, 3, 4):
        with pytest.raises(ImageError, match='never written'):
            read(path, index)


def test_a_filter_that_is_not_installed_is_named(tmp_path):
    def fill(file):
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk((1, 64, 64, 2))
        settings.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (1,))
        space, kind = h5py.h5s.create_simple(STACK.shape), h5py.h5t.NATIVE_UINT16
        h5py.Dataset(h5py.h5d.create(file.id, b'image', kind, space, settings))[()] = (
            STACK
        )

    with pytest.raises(
        ImageError, match='filter 32001.*not installed here; save it with'
    ):
        read(save(tmp_path / 'a.h5', fill))


def test_a_file_that_another_program_writes_is_not_called_damaged(tmp_path):
    path = save(tmp_path / 'a.h5', lambda file: file.update(image=STACK))
    with path.open('rb') as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(
            ImageError, match='^is held open for writing.*close it there'
        ):
            read(path)
        fcntl.flock(other, fcntl.LOCK_SH)  # as other readers do
        np.testing.assert_array_equal(read(path), STACK[3])
    with h5py.File(path, 'w', libver='latest') as file:
        file['image'] = STACK
        file.flush()
        shutil.copy(path, tmp_path / 'left.h5')  # as its writer's death would leave it
    with pytest.raises(ImageError, match='did not close it: run "h5clear'):
        read(tmp_path / 'left.h5')


@pytest.mark.parametrize('code', [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_share_without_locks_is_read_without(tmp_path, monkeypatch, code):
    path = save(tmp_path / 'a.h5', lambda file: file.update(image=STACK))
    open_file = h5py.File

    def open_on_share(*args, locking=True, **kwargs):
        if locking:
            raise OSError(code, 'unable to lock file')
        return open_file(*args, locking=locking, **kwargs)

    monkeypatch.setattr(h5py, 'File', open_on_share)
    with open_to_read(path) as file:
        np.testing.assert_array_equal(file['image'][3], STACK[3])
