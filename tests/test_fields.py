"""Fields of several named channels, with a pixel size, read plane by plane."""

import concurrent.futures
import logging
import tracemalloc

import h5py
import numpy as np
import pytest
import tifffile

from deeploc_jax.images import ImageError, ImageReader, open_image, write_ome_tiff

RNG = np.random.default_rng(0)
FIELD = RNG.integers(0, 60000, (270, 320, 8), dtype=np.uint16)
PLANES = np.ascontiguousarray(np.moveaxis(FIELD, -1, 0))
PIXEL_TYPES = 'bool uint8 int8 uint16 int16 uint32 int32 float32 float64'.split()
NAMES = ('GFP', 'α-tubulin <red> & "far"', 'brightfield', *'abcde')


def save_hdf5(path, array):
    with h5py.File(path, 'w') as file:
        file['image'] = array


def save_tiff(path, array, **options):
    tifffile.imwrite(path, array, photometric='minisblack', **options)


SAVERS = {
    'ours.ome.tif': lambda path: write_ome_tiff(path, FIELD, NAMES, (0.12, 0.12)),
    'raw.ome.tif': lambda path: save_tiff(path, PLANES, metadata={'axes': 'CYX'}),
    'imagej.tif': lambda path: save_tiff(
        path, PLANES, imagej=True, metadata={'axes': 'CYX'}
    ),
    'undeclared.tif': lambda path: save_tiff(path, PLANES),
    'lzw.tif': lambda path: save_tiff(path, PLANES, compression='lzw', metadata=None),
    'first.npy': lambda path: np.save(path, PLANES),
    'first.h5': lambda path: save_hdf5(path, PLANES),
}


@pytest.mark.parametrize('dtype', PIXEL_TYPES)
@pytest.mark.parametrize('size', [(0.12, 0.12), (0.1083333, 0.25), (1, 65), None])
@pytest.mark.parametrize('names', [NAMES, ()])
def test_what_is_written_is_read_back(tmp_path, dtype, size, names):
    image = FIELD[:64].astype(dtype)
    path = write_ome_tiff(tmp_path / 'plate' / 'a.ome.tif', image, names, size)
    with open_image(path) as file:
        read = file.read()
        assert file.channel_names == names and file.pixel_size == size
        assert file.num_channels == 8 and not file.fault
    np.testing.assert_array_equal(read, image)
    assert read.dtype == dtype


def test_a_mask_of_one_channel_is_read_back(tmp_path):
    path = write_ome_tiff(tmp_path / 'a.ome.tif', FIELD[..., :1], ['cell'], (0.1, 0.1))
    with open_image(path) as file:
        assert file.channel_names == ('cell',) and file.pixel_size == (0.1, 0.1)
        np.testing.assert_array_equal(file.read(), FIELD[..., :1])
        np.testing.assert_array_equal(file.read_plane(0), FIELD[..., 0])


@pytest.mark.parametrize(
    ('image', 'names'), [(FIELD[..., 0], ()), (FIELD, NAMES[:3]), (FIELD[None], ())]
)
def test_an_image_that_its_names_do_not_fit_is_not_written(tmp_path, image, names):
    with pytest.raises(ValueError, match=r'a.ome.tif: .*does not fit'):
        write_ome_tiff(tmp_path / 'a.ome.tif', image, names)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('dtype', ['int64', 'uint64', 'float16', 'complex64'])
def test_pixels_of_a_type_that_ome_lacks_are_not_written(tmp_path, dtype):
    words = rf'a.ome.tif: pixels of type {dtype} .*uint8, .*float64'
    with pytest.raises(ValueError, match=words):
        write_ome_tiff(tmp_path / 'a.ome.tif', FIELD.astype(dtype))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', SAVERS)
def test_one_plane_is_read_without_the_others(tmp_path, name):
    SAVERS[name](tmp_path / name)
    with open_image(tmp_path / name) as file:
        file.read_plane(0, num_channels=8)  # what decoders keep
        for channel in (7, 0, 2):
            tracemalloc.start()
            plane = file.read_plane(channel, num_channels=8)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            np.testing.assert_array_equal(plane, FIELD[..., channel])
            assert peak < FIELD.nbytes / 2
        for channel in (-1, 8):
            with pytest.raises(ImageError, match='out of range: the image has 8'):
                file.read_plane(channel, num_channels=8)
        np.testing.assert_array_equal(file.read(num_channels=8), FIELD)


@pytest.mark.parametrize('options', [{}, {'compression': 'zlib'}])
@pytest.mark.parametrize('axes', ['ZCYX', 'CZYX', 'TCYX', 'CTYX'])
def test_a_channel_of_one_image_of_a_stack(tmp_path, axes, options):
    stack = RNG.integers(0, 60000, (3, 2, 64, 96), dtype=np.uint16)
    path = tmp_path / 'a.ome.tif'
    stored = stack.swapaxes(0, 1) if axes[0] == 'C' else stack
    save_tiff(path, stored, metadata={'axes': axes}, **options)
    with ImageReader() as reader:
        for index, channel in np.ndindex(3, 2):
            plane = reader.read_plane(path, channel, index)
            np.testing.assert_array_equal(plane, stack[index, channel])
        with pytest.raises(ImageError, match='index 3 is out of range'):
            reader.read_plane(path, 0, 3)
        with pytest.raises(ImageError, match='holds 3 images'):
            reader.read_plane(path, 0)


def test_interleaved_channels_are_read_apart(tmp_path):
    picture = FIELD[..., :3].astype(np.uint8)
    tifffile.imwrite(tmp_path / 'a.tif', picture, photometric='rgb')
    np.save(tmp_path / 'a.npy', picture)
    for name in ('a.tif', 'a.npy'):
        with open_image(tmp_path / name) as file:
            for channel in range(3):
                plane = file.read_plane(channel, num_channels=3)
                np.testing.assert_array_equal(plane, picture[..., channel])


def test_undeclared_axes_need_a_number_of_channels(tmp_path):
    np.save(tmp_path / 'a.npy', FIELD)
    with open_image(tmp_path / 'a.npy') as file:
        with pytest.raises(ImageError, match='state the number of channels'):
            file.read()
        with pytest.raises(ImageError, match='expected 3 channels'):
            file.read(num_channels=3)


@pytest.mark.parametrize(
    ('sizes', 'expected'),
    [
        (
            'PhysicalSizeX="120" PhysicalSizeXUnit="nm" PhysicalSizeY="0.24"',
            (0.24, 0.12),
        ),
        ('PhysicalSizeX="0.5" PhysicalSizeY="0.5"', (0.5, 0.5)),
        ('PhysicalSizeX="0.5"', None),
        ('PhysicalSizeX="1" PhysicalSizeY="1" PhysicalSizeYUnit="pixel"', None),
        ('PhysicalSizeX="0" PhysicalSizeY="0.5"', None),
        ('PhysicalSizeX="-1" PhysicalSizeY="0.5"', None),
        ('PhysicalSizeX="NaN" PhysicalSizeY="inf"', None),
        ('PhysicalSizeX="wide" PhysicalSizeY="0.5"', None),
    ],
)
def test_a_pixel_size_is_in_micrometers_or_unknown(tmp_path, sizes, expected):
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org'
        '/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYCZT" SizeX="320" SizeY="270" SizeC="8" SizeZ="1" SizeT="1" '
        f'Type="uint16" {sizes}><TiffData/></Pixels></Image></OME>'
    )
    save_tiff(tmp_path / 'a.ome.tif', PLANES, description=xml, metadata=None)
    with open_image(tmp_path / 'a.ome.tif') as file:
        assert file.pixel_size == (expected and pytest.approx(expected))
        np.testing.assert_array_equal(file.read_plane(1), PLANES[1])


def test_other_formats_can_be_added(tmp_path):
    """A microscope's own format is read by who brings a function that opens it."""
    path = tmp_path / 'a.czi'
    save_tiff(path, PLANES[0])
    with ImageReader() as reader, pytest.raises(ImageError, match='own format'):
        reader.read(path)
    openers = dict(ImageReader().openers)
    with ImageReader(openers=openers | {'.czi': openers['.tif']}) as reader:
        np.testing.assert_array_equal(reader.read(path)[..., 0], PLANES[0])


def test_a_real_plate_is_read_channel_by_channel(shared_data):
    paths = sorted((shared_data('wt2017_fields') / 'images').iterdir())[:3]
    assert len(paths) == 3
    for path in paths:
        with open_image(path) as file:
            plane = file.read_plane(0)
            assert plane.shape == file.shape and plane.any()


def test_threads_read_at_once_and_only_the_damaged_file_is_called_so(tmp_path):
    whole, cut = tmp_path / 'whole.tif', tmp_path / 'cut.tif'
    for path in (whole, cut):
        save_tiff(path, PLANES[:2, :64], imagej=True, metadata={'axes': 'TYX'})
    cut.write_bytes(cut.read_bytes()[:-30_000])  # tifffile logs that as an error
    logger = logging.getLogger('tifffile')
    before = logger.propagate, list(logger.handlers)

    def read(path):
        try:
            with open_image(path) as file:
                return bool((file.read(0)[..., 0] == PLANES[0, :64]).all())
        except ImageError:
            return False

    paths = [whole, cut] * 100
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, paths)) == [path == whole for path in paths]
    assert (logger.propagate, list(logger.handlers)) == before
