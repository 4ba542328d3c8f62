"""Files in the layout of the DeepLoc release, read as images of a user's table."""

import h5py
import numpy as np
import pytest

from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.images import ImageError, ImageReader, IndexNeededError

STACK = np.random.default_rng(0).integers(1, 60000, (5, 64, 64, 2), dtype=np.uint16)
ROWS = np.moveaxis(STACK, -1, 1).reshape(5, -1)


def save(path, **chunks):
    with h5py.File(path, 'w') as file:
        file.update(chunks)
    return path


def read(path, index, channels=2):
    with make_reader() as reader:
        return reader.read(path, index, channels)


@pytest.mark.parametrize('kind', ['u2', 'f8'])
def test_rows_are_images_counted_over_all_chunks(tmp_path, kind):
    rows = ROWS.astype(kind)
    path = save(tmp_path / 'a.hdf5', data1=rows[:3], data2=rows[3:], Index1=np.eye(3))
    for index in (3, 0, 4):
        image = read(path, index)
        np.testing.assert_array_equal(image, STACK[index])
        assert image.dtype == kind
    with pytest.raises(ImageError, match='index 5 is out of range.*5 images'):
        read(path, 5)
    with pytest.raises(IndexNeededError, match='holds 5 images'):
        read(path, None)
    with pytest.raises(ImageError, match='expected 3 channels'):
        read(path, 0, 3)
    with make_reader() as reader:
        plane = reader.read_plane(path, 1, index=4, num_channels=2)
    np.testing.assert_array_equal(plane, STACK[4, ..., 1])


def test_a_data_set_of_images_goes_before_the_rows(tmp_path):
    path = save(tmp_path / 'a.h5', data1=ROWS[:2], images=STACK[::-1])
    np.testing.assert_array_equal(read(path, 0), STACK[4])


def test_the_images_floor_does_not_know_the_release(tmp_path):
    path = save(tmp_path / 'a.h5', data1=ROWS)
    with ImageReader() as reader, pytest.raises(ImageError, match='it has: data1'):
        reader.read(path, 0, 2)


@pytest.mark.parametrize(
    ('chunks', 'words'),
    [
        ({'data1': np.zeros(5)}, r'shape \(5,\) are not rows'),
        ({'data1': np.zeros((5, 100))}, 'not rows of whole planes'),
        ({'data1': np.zeros((5, 0))}, 'not rows of whole planes'),
        ({'data1': ROWS, 'data3': ROWS}, 'has no data2, only data1, data3'),
        ({'data1': ROWS.astype('S5')}, 'data1 holds text, not plain numbers'),
        (
            {'data1': h5py.ExternalLink('other.h5', '/data1')},
            'another file, other.h5.*Copy the values',
        ),
    ],
)
def test_what_is_not_laid_out_so_is_refused(tmp_path, chunks, words):
    with pytest.raises(ImageError, match=words):
        read(save(tmp_path / 'a.h5', **chunks), 3)


def test_only_the_rows_that_were_never_written_are_bad(tmp_path):
    path = save(tmp_path / 'a.h5', data1=ROWS[:2])
    with h5py.File(path, 'a') as file:
        file.create_dataset('data2', (3, 8192), 'u2', chunks=(1, 8192))[:2] = ROWS[2:4]
    np.testing.assert_array_equal(read(path, 3), STACK[3])
    with pytest.raises(ImageError, match='row 2 of data2 was never written'):
        read(path, 4)


@pytest.mark.parametrize('part', [0.02, 0.4, 0.7, 0.95])
def test_truncated_files_are_errors(tmp_path, part):
    path = save(tmp_path / 'a.hdf5', data1=ROWS[:3], data2=ROWS[3:])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(ImageError):
        read(path, 4)
