"""Descriptions of plates, and files with many fields, are a group of kinds."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import tifffile

from benchmarks.fuzz.kind import Kind
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.read import read_field
from tests.helpers import plate_files

_ROLES = 'protein=GFP,marker=RFP'
_PLACES = [(0, 1), (0, 2), (7, 11)]


def _make_table(place: Path) -> None:
    rows = ['plate,well,field,condition,image_GFP,index_GFP,image_RFP']
    for well in ('A1', 'A02', 'b3'):
        rows.append(f'P1,{well},1,"5 g/l",a.tif,1,b.tif')
    (place / 'fields.csv').write_text('\n'.join(rows) + '\n')
    (place / 'map.csv').write_text(
        'ORF,Gene,Plate,Row,Column\nY1,FUS1,P1,1,1\nY2,0,P1,1,2\nY3,STE2,P1,B,3\n'
    )
    for name, shape in (('a', (2, 6, 8)), ('b', (6, 8))):
        pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
        tifffile.imwrite(place / f'{name}.tif', pixels, photometric='minisblack')


def _make_flex(place: Path) -> None:
    plate_files.write_flex(place / 'a.flex', xml=plate_files.make_xml())


def _make_series(place: Path) -> None:
    plate_files.write_series(place / 'a.ome.tif', places=_PLACES)


def _make_zarr(place: Path, version: int) -> None:
    plate_files.write_plate(place / 'a.zarr', version)


def _read(
    place: Path,
    source: str,
    plate_map: str | None = None,
    channel_names: str | None = None,
) -> None:
    """Reads all fields of a plate, or raises the reason of the first problem."""
    inventory = describe_fields(
        str(place / source),
        channels=_ROLES,
        channel_names=channel_names,
        plate_map=plate_map and str(place / plate_map),
    )
    if inventory.problems:
        raise ValueError(str(inventory.problems[0]))
    for field in inventory.fields:
        read_field(field)


_FROM_TABLE = functools.partial(_read, source='fields.csv', plate_map='map.csv')
_FROM_ZARR = functools.partial(_read, source='a.zarr')

KINDS = {
    'table of fields': Kind(_make_table, _FROM_TABLE, 'fields.csv'),
    'plate map': Kind(_make_table, _FROM_TABLE, 'map.csv'),
    'Opera .flex': Kind(
        _make_flex,
        functools.partial(_read, source='a.flex', channel_names='GFP,RFP'),
        '*.flex',
    ),
    'OME-TIFF of a plate': Kind(
        _make_series, functools.partial(_read, source='a.ome.tif'), '*.tif'
    ),
    'OME-Zarr 0.4 metadata': Kind(
        functools.partial(_make_zarr, version=2), _FROM_ZARR, '**/.z*'
    ),
    'OME-Zarr 0.5 metadata': Kind(
        functools.partial(_make_zarr, version=3), _FROM_ZARR, '**/zarr.json'
    ),
    'OME-Zarr pixels': Kind(
        functools.partial(_make_zarr, version=3), _FROM_ZARR, '**/c/*/*/*'
    ),
}
