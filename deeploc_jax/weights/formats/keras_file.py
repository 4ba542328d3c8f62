"""Reads the arrays that Keras 2 or 3 saved, without Keras."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from deeploc_jax.weights.formats.other_files import check_kind

INSIDE = 'model.weights.h5'  # of a .keras file, which is a zip archive
# h5py raises a SystemError for some errors on the way through damaged links.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, SystemError)
_KERAS_3 = re.compile(r'(?:^|[/\\])([a-z0-9_]+)[/\\]vars[/\\](\d+)$')


def read_keras(path: Path) -> dict[str, np.ndarray]:
    """Reads arrays by `<layer>/<name>`, however deep Keras nested them.

    Keras 3 numbers the layers of each class, and the arrays of each layer:
    `batch_normalization_3/0`. Keras 2 names both: `bn2_2/gamma`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no HDF5 file or `.keras` archive, or a part lies in another
            file.
    """
    if path.is_dir():
        files = ', '.join(sorted(p.name for p in path.iterdir())[:10])
        raise ValueError(f'{path} is a folder; name the file of weights in it: {files}')
    if not path.exists():
        raise FileNotFoundError(f'There is no {path}.')
    check_kind(path, 'keras')
    try:
        with h5py.File(_opened(path), 'r') as file:
            _check_own(file, path)
            return _arrays(file)
    except (*_DAMAGE, OSError, RuntimeError, KeyError) as error:
        reason = str(error) or 'it ends too early'
        raise ValueError(f'{path} cannot be read as HDF5: {reason}') from None


def _opened(path: Path) -> Path | io.BytesIO:
    if path.suffix.lower() != '.keras':
        return path
    with zipfile.ZipFile(path) as archive:
        return io.BytesIO(archive.read(INSIDE))


def _arrays(file: h5py.File) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}

    def visit(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or '/' not in name:
            return
        if match := _KERAS_3.search(name):
            name = f'{match[1]}/{match[2]}'
        layer, array = name.split('/')[-2:]
        found[f'{layer}/{array.split(":")[0]}'] = item[()]

    file.get('model_weights', file).visititems(visit)
    return found


def _check_own(file: h5py.File, path: Path) -> None:
    """Raises a ValueError where a link or an array leads to another file."""
    found: list[tuple[str, str]] = []  # h5py loses errors raised while it visits

    def visit_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            found.append((name, link.filename))

    def visit_item(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        virtual = item.virtual_sources() if item.is_virtual else []
        others = [source.file_name for source in virtual if source.file_name != '.']
        others += [outside[0] for outside in item.external or []]
        found.extend((name, other) for other in others)

    file.visititems_links(visit_link)
    file.visititems(visit_item)
    for name, other in found:
        raise ValueError(
            f'{path} is not read: its {name} lies in another file, {other}. Make a '
            'copy that holds all arrays itself.'
        )
