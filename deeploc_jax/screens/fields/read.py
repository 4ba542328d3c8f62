"""Reads the pixels of a field, and refuses those that cannot be used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import numpy as np

from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.images import ImageError, ImageFile, ImageReader, check_pixels
from deeploc_jax.screens.fields.field import BadFieldError, Field, FieldImage, Plane

_SQUARE = 0.01  # relative difference up to which the sides of a pixel are equal


def read_field(field: Field, reader: ImageReader | None = None) -> FieldImage:
    """Reads one field, one plane after the other.

    Args:
        field: The field.
        reader: Reader that keeps files open for the fields to come; one for each
            thread. None opens the files of this field, and closes them again.

    Returns:
        Its pixels [h, w, c] as they were saved, in the order of `field.planes`.

    Raises:
        BadFieldError: A file cannot be read, lacks a channel, has another size than
            the plate's others, or pixels that are not finite.
    """
    if reader is None:
        with make_reader(len(field.planes)) as own:
            return read_field(field, own)
    planes: list[np.ndarray] = []
    sizes: set[float] = set()
    for name, plane in field.planes.items():
        with _blame(plane, name):
            planes.append(_read_plane(reader, name, plane, field.planes))
            size = field.pixel_size or find_pixel_size(reader.open(plane.path))
            sizes |= {size} if size else set()
    _check_sizes(field, planes)
    if len(sizes) > 1:
        listed = ', '.join(f'{size:g}' for size in sorted(sizes))
        raise BadFieldError(f'its channels differ in pixel size: {listed} micrometers')
    # Each channel stays in one piece, as most of what follows goes through one alone.
    pixels = np.moveaxis(np.stack(planes), 0, -1)
    return FieldImage(pixels, tuple(field.planes), next(iter(sizes), None))


def find_pixel_size(file: ImageFile) -> float | None:
    """Side of a pixel in micrometers as the file states it, None when it does not.

    Raises:
        ImageError: The pixels are not square.
    """
    if file.pixel_size is None:
        return None
    height, width = file.pixel_size
    if not is_square(file):
        raise ImageError(
            f'its pixels are not square: {height:g} x {width:g} µm; state pixel_size '
            'if that is wrong'
        )
    return round((height + width) / 2, 6)


def is_square(file: ImageFile) -> bool:
    """Whether the file says that its pixels are square, or nothing about them."""
    height, width = file.pixel_size or (1.0, 1.0)
    return abs(height - width) <= _SQUARE * width


def find_channel(
    file: ImageFile, name: str, plane: Plane, others: Mapping[str, Plane]
) -> int:
    """Number of a channel in its file.

    Args:
        file: Open file of the plane.
        name: Name of the channel.
        plane: Its place.
        others: The places of all channels of the field.

    Raises:
        ImageError: The file has no such channel, or says it is another one.
    """
    named, number = file.channel_names, plane.channel
    stated, declared = plane.num_channels, file.num_channels
    if stated and declared not in (None, stated):
        raise ImageError(f'has {declared} channels, but channel_names names {stated}')
    if number is None and name in named:
        return named.index(name)
    if number is None and file.num_channels not in (None, 1):
        if not named:
            fault = f'{file.fault}, so it ' if file.fault else ''
            raise ImageError(
                f'{fault}has {file.num_channels} channels and does not name them; '
                'state channel_names in the order of the file'
            )
        raise ImageError(f'no channel {name!r}; it has {", ".join(named)}')
    if number is None and file.num_channels is None and plane.index is None:
        raise ImageError(
            f'does not say what its axes {file.shape} are; state channel_names in the '
            'order of the file, or an index in a table'
        )
    number = number or 0
    said = named[number] if number < len(named) else name
    if said != name and (said in others or name in named):
        raise ImageError(f'the file says that channel {number} is {said!r}')
    return number


def _read_plane(
    reader: ImageReader, name: str, plane: Plane, others: Mapping[str, Plane]
) -> np.ndarray:
    file = reader.open(plane.path)
    channel = find_channel(file, name, plane, others)
    count = plane.num_channels or (1 if plane.channel is None else None)
    pixels = reader.read_plane(
        plane.path, channel, plane.index, file.num_channels or count
    )
    check_pixels(pixels)
    return pixels.astype(pixels.dtype.newbyteorder('='), copy=False)


def _check_sizes(field: Field, planes: list[np.ndarray]) -> None:
    shapes = {plane.shape for plane in planes}
    listed = ', '.join(f'{h}x{w}' for h, w in sorted(shapes))
    if len(shapes) > 1:
        raise BadFieldError(f'its channels differ in size: {listed} pixels')
    if field.size and shapes != {field.size}:
        first = next(iter(field.planes.values()))
        height, width = field.size
        raise BadFieldError(
            f'has {listed} pixels, other fields of its plate {height}x{width}',
            first.path,
        )


@contextlib.contextmanager
def _blame(plane: Plane, name: str) -> Iterator[None]:
    """Names file and channel in what is wrong with a plane."""
    try:
        yield
    except (ImageError, OSError) as error:
        image = '' if plane.index is None else f', image {plane.index}'
        raise BadFieldError(f'{error} ({name}{image})', plane.path) from error
