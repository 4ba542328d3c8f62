"""Image files of every kind, whole, truncated and damaged."""

import errno
import os
from pathlib import Path

import h5py
import imagecodecs
import numpy as np
import pytest
import tifffile

from deeploc_jax.images import ImageError, ImageReader, open_image

_STACK = np.random.default_rng(0).integers(0, 60000, (5, 64, 64, 2), dtype=np.uint16)


def _save_npz(path, stack):
    np.savez_compressed(path, other=np.zeros(3), image=stack)


def _save_hdf5(path, stack):
    with h5py.File(path, 'w') as file:
        file.create_dataset('image', data=stack)


def _save_tiff(path, stack, axes='TCYX', **kwargs):
    stack = np.moveaxis(stack, -1, 0 if axes[0] == 'C' else 1)
    tifffile.imwrite(path, stack, metadata={'axes': axes}, **kwargs)


_SAVERS = {
    's.npy': np.save,
    's.npz': _save_npz,
    's.h5': _save_hdf5,
    's.ome.tif': lambda path, stack: _save_tiff(path, stack, ome=True),
    's.z.ome.tif': lambda path, stack: _save_tiff(path, stack, 'CZYX', ome=True),
    's.zlib.tiff': lambda path, stack: _save_tiff(
        path, stack, 'CZYX', ome=True, compression='zlib'
    ),
    's.imagej.tif': lambda path, stack: _save_tiff(path, stack, imagej=True),
}


@pytest.mark.parametrize('name', _SAVERS)
def test_stacks_give_single_images(tmp_path, name):
    _SAVERS[name](tmp_path / name, _STACK)
    with ImageReader() as reader:
        for index in (3, 0, 4):
            image = reader.read(tmp_path / name, index, 2)
            np.testing.assert_array_equal(image, _STACK[index])
        with pytest.raises(ImageError, match='index 5 is out of range.*5 images'):
            reader.read(tmp_path / name, 5, 2)
        with pytest.raises(ImageError, match='holds 5 images.*the index of one'):
            reader.read(tmp_path / name, None, 2)
        with pytest.raises(ImageError, match='expected 3 channels'):
            reader.read(tmp_path / name, 0, 3)


@pytest.mark.parametrize('name', _SAVERS)
@pytest.mark.parametrize('part', [0.02, 0.4, 0.7, 0.95])
def test_truncated_stacks_are_errors(tmp_path, name, part):
    _SAVERS[name](tmp_path / name, _STACK)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * part)])
    with ImageReader() as reader, pytest.raises(ImageError):
        reader.read(tmp_path / name, 4, 2)


def test_a_flipped_byte_in_an_npz_is_an_error(tmp_path):
    np.savez(tmp_path / 's.npz', image=_STACK)
    data = bytearray((tmp_path / 's.npz').read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / 's.npz').write_bytes(data)
    with ImageReader() as reader, pytest.raises(ImageError, match='checksum'):
        reader.read(tmp_path / 's.npz', 0, 2)


def test_single_images_of_all_kinds(tmp_path):
    rgb = np.stack(
        [_STACK[0, :, :, 0], _STACK[0, :, :, 1], _STACK[1, :, :, 0]], axis=-1
    )
    (tmp_path / 'rgb.png').write_bytes(imagecodecs.png_encode(rgb))
    (tmp_path / 'grey.png').write_bytes(imagecodecs.png_encode(rgb[..., 0].copy()))
    tifffile.imwrite(tmp_path / 'rgb.tif', rgb, photometric='rgb')
    tifffile.imwrite(
        tmp_path / 'first.tif', np.moveaxis(rgb, -1, 0), photometric='minisblack'
    )
    np.save(tmp_path / 'last.npy', rgb)
    with ImageReader(capacity=2) as reader:
        for name in ('rgb.png', 'rgb.tif', 'first.tif', 'last.npy', 'rgb.png'):
            np.testing.assert_array_equal(reader.read(tmp_path / name, None, 3), rgb)
        grey = reader.read(tmp_path / 'grey.png', None, 1)
        np.testing.assert_array_equal(grey, rgb[..., :1])
        np.testing.assert_array_equal(reader.read(tmp_path / 'grey.png', 0, 1), grey)
        with pytest.raises(ImageError, match='out of range.*1 image,'):
            reader.read(tmp_path / 'rgb.tif', 1, 3)


def test_truncated_png_is_an_error(tmp_path):
    data = imagecodecs.png_encode(_STACK[0, :, :, 0].copy())
    for length in (20, len(data) // 2, len(data) - 13):
        (tmp_path / 'cut.png').write_bytes(data[:length])
        with ImageReader() as reader, pytest.raises(ImageError):
            reader.read(tmp_path / 'cut.png', None, 1)


def test_files_that_hold_no_images_are_errors(tmp_path):
    np.save(tmp_path / 'objects.npy', np.array([{}, {}], dtype=object))
    np.savez(tmp_path / 'two.npz', a=_STACK, b=_STACK)
    np.save(tmp_path / 'line.npy', np.zeros(5))
    (tmp_path / 'words.tif').write_text('hello')
    (tmp_path / 'folder.png').mkdir()
    reasons = {
        'objects.npy': 'Python objects',
        'two.npz': 'no array named "image".*a, b',
        'line.npy': 'holds no images',
        'words.tif': 'not a TIFF',
        'folder.png': 'is a folder',
        'none.png': 'no such file',
        'cell.txt': 'unknown kind.*known are .tif',
        'cell.JPG': 'may change pixel values.*export the original again',
        'cell.czi': "microscope's own format.*export it as OME-TIFF.*Bio-Formats",
        'cell.tif.gz': 'unpack it',
    }
    with ImageReader() as reader:
        for name, reason in reasons.items():
            with pytest.raises(ImageError, match=reason):
                reader.read(tmp_path / name, None, 1)


@pytest.mark.parametrize(
    'name', ['a.TIF', 'a.Tiff', 'a.OME.TIF', 'a.ome.tiff', 'a.btf', 'µ №1 %20#[é].tif']
)
def test_the_suffix_may_be_written_in_any_way(tmp_path, name):
    tifffile.imwrite(tmp_path / name, _STACK[0, ..., 0])
    with ImageReader() as reader:
        image = reader.read(tmp_path / name, None, 1)
    np.testing.assert_array_equal(image, _STACK[0, ..., :1])


def test_errors_say_what_a_file_is_that_only_looks_like_an_image(tmp_path):
    (tmp_path / 'link.tif').symlink_to('gone.tif')
    os.mkfifo(tmp_path / 'pipe.h5')
    (tmp_path / 'empty.npz').touch()
    (tmp_path / 'zeros.npy').write_bytes(bytes(4096))
    (tmp_path / 'lfs.tif').write_text('version https://git-lfs.github.com/spec/v1')
    (tmp_path / 'page.png').write_text('<html>Log in</html>')
    jpeg = imagecodecs.jpeg_encode(np.zeros((64, 64, 3), np.uint8))
    (tmp_path / 'renamed.tif').write_bytes(jpeg)
    reasons = {
        'link.tif': 'is a link to gone.tif, which does not exist',
        'pipe.h5': 'not a regular file',
        'empty.npz': 'is empty',
        'zeros.npy': 'file of zeros, as an interrupted copy',
        'lfs.tif': 'pointer of Git LFS',
        'page.png': 'begins like a web page',
        'renamed.tif': 'begins like a JPEG',
        f'{"x" * 300}.tif': 'cannot be read: File name too long',
    }
    with ImageReader() as reader:
        for name, reason in reasons.items():
            with pytest.raises(ImageError, match=reason):
                reader.read(tmp_path / name, None, 1)


@pytest.mark.parametrize(
    ('code', 'reason'),
    [
        (errno.EACCES, 'Permission denied.*ask its owner'),
        (errno.ESTALE, 'Stale file handle.*share has lost it'),
        (errno.EMFILE, 'Too many open files.*ulimit'),
        (errno.EIO, 'error'),
        (errno.EBUSY, 'busy'),
    ],
)
@pytest.mark.parametrize('step', ['check', 'open'])
def test_what_the_system_refuses_is_not_called_damaged(
    tmp_path, monkeypatch, code, reason, step
):
    tifffile.imwrite(tmp_path / 'a.tif', _STACK[0, ..., 0])

    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    where = (Path, 'exists') if step == 'check' else (tifffile, 'TiffFile')
    monkeypatch.setattr(*where, refuse)
    with ImageReader() as reader, pytest.raises(ImageError, match=reason) as error:
        reader.read(tmp_path / 'a.tif', None, 1)
    assert str(error.value).startswith('cannot be read: ')


def _packed_tiff(path):
    tifffile.imwrite(path, _STACK[0, ..., 0], compression='zlib')
    with tifffile.TiffFile(path) as file:
        return file.pages.first.dataoffsets[0]


def _packed_hdf5(path):
    with h5py.File(path, 'w') as file:
        image = file.create_dataset('image', data=_STACK[0, ..., 0], compression='gzip')
        return image.id.get_chunk_info(0).byte_offset


@pytest.mark.parametrize('save', [_packed_tiff, _packed_hdf5])
def test_damage_that_shows_only_when_pixels_are_read_is_an_image_error(tmp_path, save):
    path = tmp_path / ('a.tif' if save == _packed_tiff else 'a.h5')
    place = save(path)
    with path.open('r+b') as file:
        file.seek(place)
        file.write(bytes(500))
    with open_image(path) as file:
        for read in (file.read, lambda: file.read_plane(0)):
            with pytest.raises(ImageError, match='^damaged or unreadable: '):
                read()


@pytest.mark.parametrize('capacity', [0, -1])
def test_a_reader_keeps_at_least_one_file_open(capacity):
    with pytest.raises(ValueError, match=f'capacity {capacity} .* at least 1'):
        ImageReader(capacity)


@pytest.mark.parametrize('name', [*_SAVERS, 's.png'])
def test_damage_of_any_kind_is_one_reason(tmp_path, name):
    """Bytes are changed, left out, set to zero or cut off: one error, or an image."""
    path = tmp_path / name
    if name == 's.png':
        path.write_bytes(imagecodecs.png_encode(_STACK[0, ..., 0].copy()))
    else:
        _SAVERS[name](path, _STACK)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        places = (rng.integers(len(data)), rng.integers(300), -rng.integers(1, 300))
        place = int(rng.choice(places)) % len(data)
        end = place + int(rng.choice([1, 4, 64, len(data)]))
        other = rng.choice([0, 255, data[place] ^ 1, None])
        middle = (
            b'' if other is None else bytes([other]) * (min(end, len(data)) - place)
        )
        path.write_bytes(data[:place] + middle + data[end:])
        with ImageReader() as reader:
            try:
                assert reader.read(path, 0, 2).shape[-1] == 2
            except ImageError as error:
                assert str(error)


def test_ome_channel_names(tmp_path):
    metadata = {'axes': 'CYX', 'Channel': {'Name': ['RFP', 'GFP']}}
    planes = np.moveaxis(_STACK[0], -1, 0)
    tifffile.imwrite(tmp_path / 'a.ome.tif', planes, ome=True, metadata=metadata)
    with ImageReader() as reader:
        assert reader.open(tmp_path / 'a.ome.tif').channel_names == ('RFP', 'GFP')
        image = reader.read(tmp_path / 'a.ome.tif', None, 2)
        np.testing.assert_array_equal(image, _STACK[0])
        with pytest.raises(ImageError, match='1 image,'):
            reader.read(tmp_path / 'a.ome.tif', 1, 2)
