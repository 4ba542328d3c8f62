"""npy and npz of every version, order and type, whole and damaged."""

import struct
import zipfile

import numpy as np
import pytest

from deeploc_jax.images import ImageError, ImageReader, check_pixels

STACK = np.random.default_rng(0).integers(0, 200, (4, 64, 64, 2), dtype=np.uint16)


def read(path, index=None, channels=2):
    with ImageReader() as reader:
        image = reader.read(path, index, channels)
    check_pixels(image)
    return image


@pytest.mark.parametrize('save', [np.save, np.savez, np.savez_compressed])
def test_fortran_order_is_read_right(tmp_path, save):
    path = tmp_path / ('a.npy' if save is np.save else 'a.npz')
    save(path, np.asfortranarray(STACK))
    for index in (2, 0, 3):
        np.testing.assert_array_equal(read(path, index), STACK[index])
    save(path, STACK[0, ..., 0].T)
    np.testing.assert_array_equal(read(path, None, 1)[..., 0], STACK[0, ..., 0].T)


@pytest.mark.parametrize(
    'kind', ['?', 'i1', '>u2', '<i4', 'i8', 'u8', 'f2', '>f4', '>f8']
)
def test_every_type_of_number_is_read_exactly(tmp_path, kind):
    np.save(tmp_path / 'a.npy', STACK.astype(kind))
    expected = STACK[1].astype(kind)
    np.testing.assert_array_equal(read(tmp_path / 'a.npy', 1), expected)


@pytest.mark.parametrize(
    ('array', 'words'),
    [
        (np.array([{}, 1], object), 'Python objects'),
        (
            np.zeros((64, 64), [('GFP', 'u2'), ('RFP', 'u2')]),
            'not numbers; save a plain',
        ),
        (np.zeros((64, 64, 2), 'U3'), 'not numbers'),
        (np.zeros((64, 64, 2), 'M8[s]'), 'not numbers'),
        (np.zeros((64, 64, 2), complex), 'complex128 are not supported'),
        (np.zeros((64, 64, 2), np.longdouble), 'not supported'),
        (np.zeros((64, 64, 2), 'V0'), 'not numbers'),
    ],
)
def test_what_is_no_number_is_refused(tmp_path, array, words):
    np.save(tmp_path / 'a.npy', array)
    with pytest.raises(ImageError, match=words):
        read(tmp_path / 'a.npy')


@pytest.mark.parametrize('version', [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(tmp_path, version):
    with (tmp_path / 'a.npy').open('wb') as file:
        np.lib.format.write_array(file, STACK, version=version)
    np.testing.assert_array_equal(read(tmp_path / 'a.npy', 3), STACK[3])


def test_an_unknown_version_is_named(tmp_path):
    (tmp_path / 'a.npy').write_bytes(b'\x93NUMPY\x09\0' + bytes(100))
    with pytest.raises(ImageError, match=r'version \(9, 0\)'):
        read(tmp_path / 'a.npy')


def header(shape):
    text = repr({'descr': '<u2', 'fortran_order': False, 'shape': shape}).encode()
    return b'\x93NUMPY\1\0' + struct.pack('<H', len(text)) + text


@pytest.mark.parametrize('shape', [(10**15, 64, 64, 2), (10**9, 10**9), (-1, 64, 64)])
@pytest.mark.parametrize('name', ['a.npy', 'a.npz'])
def test_a_header_that_claims_too_much_allocates_nothing(tmp_path, name, shape):
    path = tmp_path / name
    if name == 'a.npy':
        path.write_bytes(header(shape))
    else:
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('image.npy', header(shape))
    with pytest.raises(ImageError, match='truncated: an array of shape'):
        read(path, 0)


@pytest.mark.parametrize('shape', [(0, 64, 64, 2), (0, 64, 64)])
def test_a_stack_of_no_images_has_no_index(tmp_path, shape):
    np.save(tmp_path / 'a.npy', np.zeros(shape))
    with pytest.raises(ImageError, match='holds 0 images'):
        read(tmp_path / 'a.npy', 0)


def test_large_and_foreign_archives_are_read(tmp_path):
    for n, options in enumerate(({}, {'compression': zipfile.ZIP_BZIP2})):
        path = tmp_path / f'{n}.npz'
        with (
            zipfile.ZipFile(path, 'w', **options) as archive,
            archive.open('images.npy', 'w', force_zip64=True) as file,
        ):
            np.lib.format.write_array(file, STACK)
        np.testing.assert_array_equal(read(path, 2), STACK[2])
