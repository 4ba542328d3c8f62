"""Tables of own cells are one group of kinds, with images of every kind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tensorflow_datasets as tfds

import deeploc_jax.datasets  # noqa: F401
from benchmarks.fuzz.kind import PREPARED, Kind, left_over
from tests.helpers import own_cells


def _table(place: Path, columns: dict[str, Any], name: str = 'cells.csv') -> Path:
    count = range(6)
    usual = dict(split=own_cells.SPLITS, label=['ER', 'VACUOLE'] * 3)
    usual |= dict(cell_id=[f'c{n}' for n in count], plate=['P1'] * 6)
    usual |= dict(well=['A1', 'A01', 'B2', 'B2', 'C3', 'C3'], x=[12.5] * 6, y=count)
    return own_cells.write_table(place, columns | usual, name)


def _stack(place: Path, file: str = 'stack.npy') -> dict[str, Any]:
    return dict(image=[file] * 6, index=range(6))


def _make_csv(place: Path, dialect: str = '') -> None:
    np.save(place / 'stack.npy', own_cells.STACK)
    path = _table(place, _stack(place))
    text = path.read_text()
    if dialect == 'semicolon':
        path.write_text('sep=;\n' + text.replace('.5', '?').replace(',', ';'))
        path.write_text(path.read_text().replace('?', ',5'))
    elif dialect == 'utf-16':
        path.write_bytes(text.replace(',', '\t').encode('utf-16'))


def _make_parquet(place: Path) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    _make_csv(place)
    table = pyarrow.csv.read_csv(place / 'cells.csv')
    pyarrow.parquet.write_table(table, place / 'cells.parquet')
    (place / 'cells.csv').unlink()


def _make_images(place: Path, make: Callable[[Path], dict[str, Any]]) -> None:
    _table(place, make(place))


def _npz(place: Path) -> dict[str, Any]:
    np.savez_compressed(place / 'stack.npz', images=own_cells.STACK)
    return _stack(place, 'stack.npz')


def _npy(place: Path) -> dict[str, Any]:
    np.save(place / 'stack.npy', own_cells.STACK)
    return _stack(place)


def _hdf5(place: Path) -> dict[str, Any]:
    with h5py.File(place / 'stack.h5', 'w') as file:
        options: Any = dict(chunks=(1, 64, 64, 2), compression='gzip')
        file.create_dataset('images', data=own_cells.STACK, **options)
    return _stack(place, 'stack.h5')


def _tiff_stack(place: Path) -> dict[str, Any]:
    import tifffile

    planes = np.moveaxis(own_cells.STACK, -1, 1)
    metadata = {'axes': 'TCYX', 'Channel': {'Name': ['RFP', 'GFP']}}
    tifffile.imwrite(
        place / 'stack.ome.tif', planes, ome=True, metadata=metadata, compression='zlib'
    )
    return _stack(place, 'stack.ome.tif')


def _read_own(place: Path, table: str, channel_names: str | None) -> None:
    builder = tfds.builder_cls('own_screen')(
        table=place / table,
        name='mine',
        channels=own_cells.CHANNELS,
        channel_names=channel_names,
        data_dir=place / PREPARED,
    )
    builder.download_and_prepare()
    for split in builder.info.splits:
        source: Any = builder.as_data_source(split)
        _ = [cell['image'] for cell in source]


def _own(
    make: Callable[[Path], Any],
    files: str,
    table: str = 'cells.csv',
    channel_names: str | None = 'RFP,GFP',
) -> Kind:
    read = functools.partial(_read_own, table=table, channel_names=channel_names)
    return Kind(make, read, files, left_over)


def _images(make: Callable[[Path], Any], files: str, **options: Any) -> Kind:
    return _own(functools.partial(_make_images, make=make), files, **options)


KINDS = {
    'CSV': _own(_make_csv, '*.csv'),
    'CSV, semicolons': _own(functools.partial(_make_csv, dialect='semicolon'), '*.csv'),
    'CSV, UTF-16': _own(functools.partial(_make_csv, dialect='utf-16'), '*.csv'),
    'Parquet': _own(_make_parquet, '*.parquet', 'cells.parquet'),
    'npy': _images(_npy, '*.npy'),
    'npz': _images(_npz, '*.npz'),
    'TIFF': _images(own_cells.separate_files, '*.tif', channel_names=None),
    'PNG': _images(own_cells.separate_files, '*.png', channel_names=None),
    'OME-TIFF': _images(own_cells.ome_files, '*.tif', channel_names=None),
    'OME-TIFF stack': _images(_tiff_stack, '*.tif', channel_names=None),
    'HDF5': _images(_hdf5, '*.h5'),
}
