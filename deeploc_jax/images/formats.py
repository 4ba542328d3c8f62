"""The image formats that are read, and what to do with the others."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from deeploc_jax.images.errors import ImageError, as_image_error
from deeploc_jax.images.flex import open_flex
from deeploc_jax.images.hdf5 import open_hdf5
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.numpy_files import open_npy, open_npz
from deeploc_jax.images.png import open_png
from deeploc_jax.images.tiff import open_tiff
from deeploc_jax.images.zarr_folders import is_zarr
from deeploc_jax.images.zarr_images import open_zarr

Opener = Callable[[Path, contextlib.ExitStack], ImageFile]
"""Function that opens a file, and leaves to the stack what closes it again."""

OPENERS: Mapping[str, Opener] = {
    '.tif': open_tiff,
    '.tiff': open_tiff,
    '.tf2': open_tiff,  # BigTIFF, as the OME calls it
    '.tf8': open_tiff,
    '.btf': open_tiff,
    '.png': open_png,
    '.flex': open_flex,
    '.zarr': open_zarr,
    '.npy': open_npy,
    '.npz': open_npz,
    '.hdf5': open_hdf5,
    '.h5': open_hdf5,
    '.hdf': open_hdf5,
    '.he5': open_hdf5,
}
"""Openers by suffix."""

_MICROSCOPES = (
    '.c01 .czi .dib .dv .ics .ids .ims .lif .lof .lsm .mrxs .mvd2 .nd .nd2 .ndpi '
    '.oib .oif .oir .r3d .scn .sld .stk .svs .vsi .xlef .zvi'
).split()
_LOSSY = '.jpg .jpeg .jpe .jfif .jp2 .jxl .webp .heic .heif .avif'.split()
_PACKED = '.gz .bz2 .xz .zst .zip .tar .tgz .7z .rar'.split()
_PICTURES = '.gif .bmp .pgm .ppm .pnm .pbm .tga .psd .svg .eps .pdf'.split()
_WHAT_TO_DO = {
    **dict.fromkeys(
        _MICROSCOPES,
        "a microscope's own format, which is not read here: export it as OME-TIFF "
        '(in Fiji: File > Import > Bio-Formats, then File > Save As > OME-TIFF)',
    ),
    **dict.fromkeys(
        _LOSSY,
        'a format that may change pixel values to save space, which is not read '
        'here: export the original again, as TIFF or PNG',
    ),
    **dict.fromkeys(_PACKED, 'not unpacked here: unpack it'),
    '.mat': 'not read here: save the images as TIFF, or as npy from Python',
    **dict.fromkeys(_PICTURES, 'not read here: save it as TIFF or PNG'),
}


def open_image(path: Path | str, openers: Mapping[str, Opener] = OPENERS) -> ImageFile:
    """Opens an image file by its suffix; use it in a `with` statement.

    An image of OME-Zarr is a folder, in a folder whose name ends in .zarr.

    Args:
        path: Path of the file.
        openers: Functions that open a file, by suffix.

    Raises:
        ImageError: The file is missing, unreadable, truncated or of an unknown kind.
    """
    path = Path(path)
    suffix = '.zarr' if is_zarr(path) else path.suffix.lower()
    if suffix not in openers:
        if suffix in _WHAT_TO_DO:
            raise ImageError(f'{suffix} is {_WHAT_TO_DO[suffix]}')
        raise ImageError(
            f'unknown kind of image {path.suffix!r}; known are {", ".join(openers)}'
        )
    with as_image_error(path), contextlib.ExitStack() as resources:
        if suffix != '.zarr' or not path.is_dir():
            _check_file(path)
        file = openers[suffix](path, resources)
        guard = as_image_error(path)  # damage may show only when pixels are read
        return dataclasses.replace(
            file,
            get=guard(file.get),
            get_channel=file.get_channel and guard(file.get_channel),
            close=resources.pop_all().close,
        )


def _check_file(path: Path) -> None:
    """Refuses a pipe or a device before it is opened: reading it might never end."""
    if path.is_symlink() and not path.exists():
        raise ImageError(f'is a link to {path.readlink()}, which does not exist')
    if not path.exists():
        raise ImageError('no such file')
    if not path.is_file():
        raise ImageError('is a folder' if path.is_dir() else 'is not a regular file')
    if not path.stat().st_size:
        raise ImageError('is empty (0 bytes)')
