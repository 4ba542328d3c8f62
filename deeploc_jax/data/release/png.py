"""Reads the DeepYeast release: PNG crops, and lists of their labels."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

_SHAPE = (64, 64, 3)
_SHOWN = 5  # missing images named in an error


def read_list(path: Path, num_classes: int) -> dict[str, int]:
    """Reads the labels of a list file with lines `plate01/001002000-0-13-7.png 5`.

    Args:
        path: Path of the list.
        num_classes: Number of classes.

    Returns:
        Class index of each image by name, in the order of the list.

    Raises:
        ValueError: A line has another form, an unknown label, or the name of an image
            that was listed before; the line is named.
    """
    labels: dict[str, int] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        name, _, label = line.strip().rpartition(' ')
        if not name.endswith('.png') or not label.isdecimal():
            raise ValueError(
                f'{path}, line {number}: {line!r} is not a PNG file and its label.'
            )
        if int(label) >= num_classes:
            raise ValueError(
                f'{path}, line {number}: there is no label {label}; the {num_classes} '
                'classes are counted from 0.'
            )
        if name in labels:
            raise ValueError(f'{path}, line {number}: {name} is listed twice.')
        labels[name] = int(label)
    return labels


def check_md5(path: Path, wanted: str) -> None:
    """Raises a ValueError unless the file has this MD5 digest."""
    with path.open('rb') as file:
        digest = hashlib.file_digest(file, 'md5').hexdigest()
    if digest != wanted:
        raise ValueError(
            f'{path} has the MD5 {digest}, but the published file has {wanted}: it is '
            'damaged or another version. Remove it, or get a new copy.'
        )


def read_images(
    source: Path, names: Collection[str]
) -> Iterator[tuple[str, np.ndarray]]:
    """Reads images by name, each once, in the order in which they are stored.

    Args:
        source: Folder, or a .tar.gz, which is read from front to back and never
            extracted.
        names: Names `<plate>/<file>.png`, in whatever folders.

    Yields:
        Name and pixels, uint8 [64, 64, 3] in the order red, green, blue.

    Raises:
        ValueError: The archive or an image cannot be read, or images are missing; the
            first ones are named.
    """
    missing = set(names)
    for name, file in _members(source, names):
        missing.discard(name)
        yield name, _decode(file, f'{source}: {name}')
    if missing:
        shown = ', '.join(sorted(missing)[:_SHOWN])
        raise ValueError(
            f'{source} lacks {len(missing)} of {len(names)} listed images: {shown}'
            + (', ...' if len(missing) > _SHOWN else '.')
        )


def _members(source: Path, names: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    if source.is_dir():
        for name in names:
            if (source / name).is_file():
                with (source / name).open('rb') as file:
                    yield name, file
        return
    names = set(names)
    try:
        with tarfile.open(source, 'r|gz') as archive:
            for member in archive:
                name = '/'.join(Path(member.name).parts[-2:])
                if name in names and (file := archive.extractfile(member)):
                    yield name, file
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f'{source} cannot be read to its end: {error}') from None


def _decode(file: IO[bytes], where: str) -> np.ndarray:
    try:
        with Image.open(file, formats=['PNG']) as opened:
            image = np.asarray(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(f'{where} cannot be read: {error}') from None
    if image.shape != _SHAPE or image.dtype != np.uint8:
        raise ValueError(f'{where} is {image.dtype} {image.shape}, not uint8 {_SHAPE}.')
    return image
