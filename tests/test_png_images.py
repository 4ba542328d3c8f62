"""PNG: the pixel values that were saved, whatever the picture is for."""

import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from deeploc_jax.images import ImageError, ImageReader

_RNG = np.random.default_rng(0)
GREY = _RNG.integers(0, 255, (64, 64), dtype=np.uint8)
DEEP = _RNG.integers(0, 65535, (64, 64), dtype=np.uint16)
RGB = _RNG.integers(0, 255, (64, 64, 3), dtype=np.uint8)
RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2))
ADAM7 += ((0, 1, 2, 2), (1, 0, 2, 1))


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + _crc(kind + data)


def _crc(data):
    return struct.pack('>I', zlib.crc32(data))


def png(bits, colors, lines, *extra, size=(64, 64), interlaced=0):
    """Lines are the packed bytes of each row of pixels."""
    header = struct.pack('>IIBBBBB', *size, bits, colors, 0, 0, interlaced)
    pixels = zlib.compress(b''.join(b'\0' + line for line in lines))
    chunks = [
        chunk(b'IHDR', header),
        *extra,
        chunk(b'IDAT', pixels),
        chunk(b'IEND', b''),
    ]
    return b'\x89PNG\r\n\x1a\n' + b''.join(chunks)


def lines_of(image):
    big = image.astype(image.dtype.newbyteorder('>'))
    return [line.tobytes() for line in big]


@pytest.fixture
def read(tmp_path):
    def read(data, channels=1, index=None):
        (tmp_path / 'a.png').write_bytes(data)
        with ImageReader() as reader:
            return reader.read(tmp_path / 'a.png', index, channels)

    return read


@pytest.mark.parametrize('bits', [1, 2, 4])
def test_few_bits_are_not_scaled(read, bits):
    pixels = GREY >> (8 - bits)
    unpacked = np.unpackbits(pixels[..., None], axis=-1)[..., 8 - bits :]
    packed = np.packbits(unpacked.reshape(64, -1), axis=-1)
    found = read(png(bits, 0, lines_of(packed)))
    np.testing.assert_array_equal(found[..., 0], pixels)


def test_grey_and_rgb_of_8_and_16_bits(read):
    deep = RGB.astype(np.uint16) * 257 - 5 % 257
    for bits, colors, image in (
        (8, 0, GREY),
        (16, 0, DEEP),
        (8, 2, RGB),
        (16, 2, deep),
    ):
        channels = 1 if image.ndim == 2 else 3
        for index in (None, 0):
            found = read(png(bits, colors, lines_of(image)), channels, index)
            np.testing.assert_array_equal(found.reshape(image.shape), image)
    with pytest.raises(ImageError, match='out of range.*1 image,'):
        read(png(8, 2, lines_of(RGB)), 3, 1)


def test_interlaced_pixels_and_hints_for_screens_change_nothing(read):
    lines = [line for y, x, dy, dx in ADAM7 for line in lines_of(GREY[y::dy, x::dx])]
    np.testing.assert_array_equal(read(png(8, 0, lines, interlaced=1))[..., 0], GREY)
    hints = chunk(b'gAMA', struct.pack('>I', 45455)), chunk(b'sBIT', b'\5')
    np.testing.assert_array_equal(read(png(8, 0, lines_of(GREY), *hints))[..., 0], GREY)


@pytest.mark.parametrize('colors', [4, 6])
@pytest.mark.parametrize('kind', [np.uint8, np.uint16])
def test_transparency_is_no_channel(read, colors, kind):
    image = (GREY[..., None] if colors == 4 else RGB).astype(kind)
    bits, opaque = np.dtype(kind).itemsize * 8, np.iinfo(kind).max
    alpha = np.full((64, 64), opaque, kind)
    data = png(bits, colors, lines_of(np.dstack([image, alpha])))
    np.testing.assert_array_equal(read(data, image.shape[-1]), image)
    alpha[5, 7] -= 1
    data = png(bits, colors, lines_of(np.dstack([image, alpha])))
    for channels in (image.shape[-1], image.shape[-1] + 1):
        with pytest.raises(ImageError, match='transparency.*save it without alpha'):
            read(data, channels)


def test_a_transparent_grey_counts_where_pixels_have_it(read):
    unused, used = (
        chunk(b'tRNS', struct.pack('>H', value)) for value in (255, GREY[0, 0])
    )
    np.testing.assert_array_equal(read(png(8, 0, lines_of(GREY), unused))[..., 0], GREY)
    with pytest.raises(ImageError, match='transparency'):
        read(png(8, 0, lines_of(GREY), used))


@pytest.mark.parametrize('shown', [(1, 1, 1), (0, 1, 0), (1, 0, 1)])
def test_a_palette_that_only_says_how_to_show_intensities_is_fine(read, shown):
    palette = chunk(b'PLTE', (RAMP * np.array(shown, np.uint8)).tobytes())
    np.testing.assert_array_equal(
        read(png(8, 3, lines_of(GREY), palette))[..., 0], GREY
    )


@pytest.mark.parametrize('channels', [1, 3])
def test_numbers_of_colours_are_refused(read, channels):
    for palette in (RAMP[::-1], np.roll(RAMP, 1, 0), RAMP * 0):
        data = png(8, 3, lines_of(GREY), chunk(b'PLTE', palette.tobytes()))
        with pytest.raises(ImageError, match='palette of colors; save gray values'):
            read(data, channels)


def test_an_animation_is_refused(read, tmp_path):
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    frames[0].save(tmp_path / 'b.png', save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match='animated; save each'):
        read((tmp_path / 'b.png').read_bytes())


@pytest.mark.parametrize(('size', 'words'), [(2**19, 'too large'), (8000, 'too short')])
def test_an_enormous_image_is_not_allocated(read, size, words):
    with pytest.raises(ImageError, match=words):
        read(png(16, 0, [b''], size=(size, size)))


def test_a_wrong_checksum_is_an_error(read):
    data = bytearray(imagecodecs.png_encode(GREY))
    data[data.index(b'IDAT') + 30] ^= 1
    with pytest.raises(ImageError, match='damaged'):
        read(bytes(data))
