"""What a TIFF says of its axes and colours decides how it is read."""

import itertools
import json
import logging
import struct

import numpy as np
import pytest
import tifffile

from deeploc_jax.images import ImageError, ImageReader, open_image

_RNG = np.random.default_rng(0)
STACK = _RNG.integers(0, 60000, (5, 64, 64, 2), dtype=np.uint16)
RGB = _RNG.integers(0, 255, (64, 64, 3), dtype=np.uint8)
GREY = STACK[0, ..., 0]
RAMP = np.arange(256, dtype=np.uint16) * 257
WRITERS = {
    'a.imagej.tif': {'imagej': True},
    'a.ome.tif': {'ome': True},
    'a.tif': {},
}


def read(path, index=None, channels=1):
    with ImageReader() as reader:
        return reader.read(path, index, channels)


def save(path, array, axes=None, **kwargs):
    metadata = {'metadata': {'axes': axes}} if axes else {}
    tifffile.imwrite(path, array, **{'photometric': 'minisblack'} | metadata | kwargs)
    return path


@pytest.mark.parametrize('name', WRITERS)
@pytest.mark.parametrize(
    ('axes', 'what'), [('ZYX', 'focal planes'), ('TYX', 'in time')]
)
def test_a_stack_of_two_planes_is_no_pair_of_channels(tmp_path, name, axes, what):
    path = save(tmp_path / name, STACK[:2, ..., 0], axes, **WRITERS[name])
    with pytest.raises(
        ImageError, match=f'2 images, .*{what}.*the index of one.*projection'
    ):
        read(path, None, 2)
    with pytest.raises(ImageError, match='expected 2 channels'):
        read(path, 1, 2)
    np.testing.assert_array_equal(read(path, 1), STACK[1, ..., :1])
    channels = save(tmp_path / name, STACK[:2, ..., 0], 'CYX', **WRITERS[name])
    image = np.moveaxis(STACK[:2, ..., 0], 0, -1)
    np.testing.assert_array_equal(read(channels, None, 2), image)


@pytest.mark.parametrize('name', WRITERS)
def test_axes_of_length_one_do_not_matter(tmp_path, name):
    image = np.moveaxis(STACK[0], -1, 0)
    path = save(tmp_path / name, image[None, None], 'TZCYX', **WRITERS[name])
    for index in (None, 0):
        np.testing.assert_array_equal(read(path, index, 2), STACK[0])
    times = np.moveaxis(STACK, -1, 1)[:, None]
    path = save(tmp_path / name, times, 'TZCYX', **WRITERS[name])
    np.testing.assert_array_equal(read(path, 4, 2), STACK[4])


@pytest.mark.parametrize('name', WRITERS)
def test_an_index_cannot_choose_along_two_axes(tmp_path, name):
    deep = np.zeros((2, 3, 2, 64, 64), np.uint16)
    path = save(tmp_path / name, deep, 'TZCYX', **WRITERS[name])
    for index in (None, 0):
        with pytest.raises(ImageError, match=r'T \(2\), Z \(3\), .*projection'):
            read(path, index, 2)


def test_channels_of_colour_pictures_are_refused(tmp_path):
    pictures = np.stack([RGB, RGB])
    path = save(tmp_path / 'a.tif', pictures, 'CYXS', photometric='rgb')
    with pytest.raises(ImageError, match='2 channels .*each a color picture of 3'):
        read(path, None, 3)


@pytest.mark.parametrize('options', [{}, {'metadata': None}, {'compression': 'zlib'}])
def test_undeclared_pages_are_what_the_number_of_channels_says(tmp_path, options):
    path = save(tmp_path / 'two.tif', np.moveaxis(STACK[0], -1, 0), **options)
    np.testing.assert_array_equal(read(path, None, 2), STACK[0])
    np.testing.assert_array_equal(read(path, 1), STACK[0, ..., 1:])


@pytest.mark.parametrize('options', [{}, {'compression': 'zlib'}])
def test_undeclared_stacks_count_images_along_the_first_axis(tmp_path, options):
    path = save(tmp_path / 'first.tif', np.moveaxis(STACK, -1, 1), **options)
    np.testing.assert_array_equal(read(path, 3, 2), STACK[3])
    with pytest.raises(ImageError, match='holds 5 images; give the index'):
        read(path, None, 2)


def test_samples_are_channels_contiguous_or_planar(tmp_path):
    for name, options in {'c': {}, 'p': {'planarconfig': 'separate'}}.items():
        picture = np.moveaxis(RGB, -1, 0) if name == 'p' else RGB
        path = save(tmp_path / f'{name}.tif', picture, photometric='rgb', **options)
        np.testing.assert_array_equal(read(path, None, 3), RGB)
        with pytest.raises(ImageError, match='expected one channel'):
            read(path)


def save_micro_manager(path, places, sizes):
    """A Micro-Manager stack of planes at (channel, focal plane, time, position)."""
    summary = {'MicroManagerVersion': '1.4', 'Frames': 1, 'Slices': 1, **sizes}
    text = json.dumps(summary).encode()
    text += b' ' * (len(text) % 2)
    starts = [40 + len(text) + n * (162 + 8192 + 32) for n in range(len(places) + 1)]
    pages = b''
    for n, (start, following) in enumerate(itertools.pairwise(starts)):
        end, short = start + 162 + 8192, {258: 16, 259: 1, 262: 1, 277: 1, 296: 3}
        long = {256: 64, 257: 64, 273: start + 162, 278: 64, 279: 8192}
        tags = {tag: (3, 1, value) for tag, value in short.items()}
        tags |= {tag: (4, 1, value) for tag, value in long.items()}
        tags |= {282: (5, 1, end), 283: (5, 1, end), 51123: (2, 16, end + 16)}
        last = 0 if n + 1 == len(places) else following
        pages += struct.pack('<H', len(tags))
        pages += b''.join(struct.pack('<HHII', tag, *tags[tag]) for tag in sorted(tags))
        pages += struct.pack('<I', last) + STACK[n, ..., 0].tobytes()
        pages += struct.pack('<4I', 1, 1, 1, 1) + b'{}'.ljust(16)
    index = struct.pack('<2I', 3453623, len(places))
    for place, start in zip(places, starts, strict=False):
        index += struct.pack('<5I', *place, start)
    headers = 54773648, starts[-1], 483765892, 0, 99384722, 0, 2355492, len(text)
    header = b'II*\0' + struct.pack('<I8I', starts[0], *headers)
    path.write_bytes(header + text + pages + index)
    return path


def test_stacks_of_micro_manager_have_the_axes_of_its_index(tmp_path):
    channels, planes = [(0, 0, 0, 0), (1, 0, 0, 0)], [(0, 0, 0, 0), (0, 1, 0, 0)]
    pair = np.moveaxis(STACK[:2, ..., 0], 0, -1)
    path = save_micro_manager(tmp_path / 'c.tif', channels, {'Channels': 2})
    np.testing.assert_array_equal(read(path, None, 2), pair)
    path = save_micro_manager(tmp_path / 'z.tif', planes, {'Slices': 2})
    with pytest.raises(ImageError, match='focal planes'):
        read(path, None, 2)
    np.testing.assert_array_equal(read(path, 1)[..., 0], pair[..., 1])
    two = {'Channels': 2, 'Positions': 2}
    save_micro_manager(tmp_path / 'm_MMStack_1.tif', channels, two)
    there = [(0, 0, 0, 1), (1, 0, 0, 1)]
    path = save_micro_manager(tmp_path / 'm_MMStack_2.tif', there, two)
    with pytest.raises(ImageError, match='in another file; export it as one'):
        read(path, 0, 2)


def test_the_full_resolution_of_a_pyramid_is_read(tmp_path):
    with tifffile.TiffWriter(tmp_path / 'a.ome.tif', ome=True) as writer:
        writer.write(GREY, subifds=1)
        writer.write(GREY[::2, ::2], subfiletype=1)
    np.testing.assert_array_equal(read(tmp_path / 'a.ome.tif')[..., 0], GREY)
    path = save(tmp_path / 'volume.tif', STACK[..., 0], 'ZYX', volumetric=True)
    np.testing.assert_array_equal(read(path, 2), STACK[2, ..., :1])


@pytest.mark.parametrize(
    ('pixels', 'bits', 'top'),
    [
        (GREY, None, 65535),
        (GREY % 4096, 12, 4095),
        ((GREY % 256).astype(np.uint8), None, 255),
        (GREY.astype(np.uint32), None, 2**32 - 1),
    ],
)
@pytest.mark.parametrize('options', [{}, {'compression': 'zlib'}, {'byteorder': '>'}])
def test_where_zero_is_white_the_pixels_are_inverted(
    tmp_path, pixels, bits, top, options
):
    if bits:  # tifffile writes such pixels in no other way
        options = {'bitspersample': bits}
    path = tmp_path / 'white.tif'
    save(path, pixels, photometric='miniswhite', **options)
    found = read(path)[..., 0]
    assert found.dtype.newbyteorder('=') == pixels.dtype
    np.testing.assert_array_equal(found, top - pixels)


@pytest.mark.parametrize('kind', [np.int16, np.float32, bool])
def test_what_cannot_be_inverted_exactly_is_refused(tmp_path, kind):
    path = save(tmp_path / 'a.tif', GREY.astype(kind), photometric='miniswhite')
    with pytest.raises(ImageError, match='inverted .*invert it and save it'):
        read(path)


def test_one_image_of_an_inverted_stack_is_inverted(tmp_path):
    path = save(tmp_path / 'a.tif', STACK[..., 0], 'TYX', photometric='miniswhite')
    np.testing.assert_array_equal(read(path, 3), 65535 - STACK[3, ..., :1])


@pytest.mark.parametrize('shown', [(1, 1, 1), (0, 1, 0), (1, 0, 1)])
def test_a_palette_that_only_says_how_to_show_intensities_is_fine(tmp_path, shown):
    pixels = (GREY % 256).astype(np.uint8)
    palette = RAMP * np.array(shown, np.uint16)[:, None]
    path = tmp_path / 'a.tif'
    save(path, pixels, photometric='palette', colormap=palette)
    np.testing.assert_array_equal(read(path)[..., 0], pixels)


def test_numbers_of_colours_are_refused(tmp_path):
    palettes = {'any': np.roll(RAMP, 1), 'inverted': RAMP[::-1], 'none': RAMP * 0}
    for name, palette in palettes.items():
        path = tmp_path / f'{name}.tif'
        pixels = (GREY % 256).astype(np.uint8)
        save(path, pixels, photometric='palette', colormap=np.stack([palette] * 3))
        with pytest.raises(ImageError, match='palette of colors; save gray values'):
            read(path)


def test_a_real_palette_of_greys_is_read(shared_data):
    path = shared_data('sbs_plate') / 'images' / 'Channel1-01-A-01.tif'
    np.testing.assert_array_equal(read(path)[..., 0], tifffile.imread(path))


@pytest.mark.parametrize(
    ('photometric', 'samples', 'name'),
    [
        ('cfa', 1, 'mosaic'),
        ('mask', 1, 'mask'),
        ('cielab', 3, 'CIELab'),
        ('ycbcr', 3, 'YCbCr'),
        ('separated', 4, 'CMYK'),
    ],
)
def test_other_colour_models_are_refused(tmp_path, photometric, samples, name):
    pixels = np.zeros((64, 64, samples) if samples > 1 else (64, 64), np.uint8)
    path = save(tmp_path / 'a.tif', pixels, photometric=photometric)
    with pytest.raises(ImageError, match=f'{name}.*save it as gray values or RGB'):
        read(path, None, samples)


def test_jpeg_inside_a_tiff_is_read_as_rgb(tmp_path):
    rows, columns = np.mgrid[:64, :64]
    smooth = np.stack([rows, columns, rows + columns], -1).astype(np.uint8)
    path = save(tmp_path / 'a.tif', smooth, photometric='rgb', compression='jpeg')
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].photometric == tifffile.PHOTOMETRIC.YCBCR
    np.testing.assert_allclose(read(path, None, 3), smooth, atol=12)


@pytest.mark.parametrize('planar', ['contig', 'separate'])
def test_transparency_is_no_channel(tmp_path, planar):
    def picture(alpha):
        samples = np.dstack([RGB, np.full((64, 64), alpha, np.uint8)])
        samples = np.moveaxis(samples, -1, 0) if planar == 'separate' else samples
        options = {'photometric': 'rgb', 'extrasamples': ['unassalpha']}
        return save(tmp_path / 'a.tif', samples, planarconfig=planar, **options)

    np.testing.assert_array_equal(read(picture(255), None, 3), RGB)
    with pytest.raises(ImageError, match='transparency.*save it without alpha'):
        read(picture(254), None, 4)


def test_samples_that_are_not_called_transparent_are_channels(tmp_path):
    path = save(tmp_path / 'a.tif', STACK[0], planarconfig='contig')
    np.testing.assert_array_equal(read(path, None, 2), STACK[0])


@pytest.mark.parametrize(
    'codec', ['packbits', 'lzw', 'zlib', 'zstd', 'lzma', 'jpeg2000']
)
def test_compressed_pixels_are_exact(tmp_path, codec):
    path = save(tmp_path / 'a.tif', GREY, compression=codec)
    np.testing.assert_array_equal(read(path)[..., 0], GREY)


def test_compression_of_a_kind_that_is_not_known_is_refused(tmp_path):
    path = save(tmp_path / 'a.tif', GREY, compression='jpegxr')
    with pytest.raises(ImageError, match='JPEGXR.*save it uncompressed or with LZW'):
        read(path)


def replace_compression(path, tag=259, code=1):
    """Overwrites number and value of the compression tag of a TIFF."""
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].tags['Compression'].offset
    data = bytearray(path.read_bytes())
    data[offset : offset + 2] = struct.pack('<H', tag)
    data[offset + 8 : offset + 10] = struct.pack('<H', code)
    path.write_bytes(data)


def test_a_file_without_a_compression_tag_is_not_compressed(tmp_path):
    """ImageJ leaves the tag out."""
    path = save(tmp_path / 'a.tif', GREY, metadata=None)
    replace_compression(path, tag=260)  # one that nobody uses
    np.testing.assert_array_equal(read(path)[..., 0], GREY)


def test_a_compression_of_unknown_number_is_named(tmp_path):
    path = save(tmp_path / 'a.tif', GREY, metadata=None)
    replace_compression(path, code=64999)
    with pytest.raises(ImageError, match='compression .number 64999. is not read'):
        read(path)


def test_strips_that_were_never_written_are_no_zeros(tmp_path):
    path = save(tmp_path / 'a.tif', GREY, tile=(16, 16), compression='zlib')
    with tifffile.TiffFile(path, mode='r+') as file:
        tag = file.pages[0].tags['TileByteCounts']
        tag.overwrite([0, *tag.value[1:]])
    with pytest.raises(ImageError, match='never written'):
        read(path)


@pytest.mark.parametrize('index', [None, 0])
def test_a_strip_at_offset_zero_is_no_header(tmp_path, index):
    path = save(tmp_path / 'a.tif', GREY, metadata=None)
    with tifffile.TiffFile(path, mode='r+') as file:
        for tag in ('StripOffsets', 'StripByteCounts'):
            file.pages[0].tags[tag].overwrite(0)
    with pytest.raises(ImageError, match='never written'):
        read(path, index)


def test_one_plane_of_a_stack_at_offset_zero_is_no_header(tmp_path):
    path = save(tmp_path / 'a.tif', STACK[..., :1], metadata=None)
    with tifffile.TiffFile(path, mode='r+') as file:
        for page in file.pages:
            for tag in ('StripOffsets', 'StripByteCounts'):
                page.tags[tag].overwrite(0)
    with pytest.raises(ImageError, match='never written'):
        read(path, 1)


def test_an_enormous_image_is_not_allocated(tmp_path):
    path = tmp_path / 'a.tif'
    save(path, GREY, compression='zlib', rowsperstrip=64, metadata=None)
    with tifffile.TiffFile(path, mode='r+') as file:
        for tag in ('ImageWidth', 'ImageLength', 'RowsPerStrip'):
            file.pages[0].tags[tag].overwrite(60000)
    with pytest.raises(ImageError, match='too large: at most'):
        read(path)


@pytest.mark.parametrize(
    ('tag', 'value', 'words'),
    [
        ('TileWidth', 2**30, 'too large'),
        ('TileByteCounts', [2**31] * 16, 'larger than'),
    ],
)
def test_an_enormous_tile_is_not_allocated(tmp_path, tag, value, words):
    path = tmp_path / 'a.tif'
    save(path, GREY, compression='zstd', tile=(16, 16), metadata=None)
    with tifffile.TiffFile(path, mode='r+') as file:
        tags = file.pages[0].tags
        tags[tag].overwrite(value, dtype=tifffile.DATATYPE.LONG)
    with pytest.raises(ImageError, match=words):
        read(path)


def test_a_file_that_shrinks_while_it_is_open_is_an_error(tmp_path):
    path = save(tmp_path / 'a.tif', STACK[..., 0], 'TYX')
    np.save(tmp_path / 'a.npy', STACK)
    for shrinking in (path, tmp_path / 'a.npy'):
        with ImageReader() as reader:
            reader.open(shrinking)
            shrinking.write_bytes(shrinking.read_bytes()[:9000])
            with pytest.raises(ImageError):
                reader.read(shrinking, 4, 1)


def test_the_first_error_that_tifffile_logs_ends_the_opening(tmp_path, monkeypatch):
    def endless(path):
        logging.getLogger('tifffile').error('no such tag')
        raise AssertionError('it went on')  # from page to page, in a damaged file

    (tmp_path / 'a.tif').write_bytes(b'II')
    monkeypatch.setattr(tifffile, 'TiffFile', endless)
    with pytest.raises(ImageError, match='damaged or truncated: no such tag'):
        open_image(tmp_path / 'a.tif')
