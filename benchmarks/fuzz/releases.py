"""Files that others released are a group of kinds: screens in HDF5, and weights."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tensorflow_datasets as tfds

import deeploc_jax.datasets  # noqa: F401
from benchmarks.fuzz.kind import PREPARED, Kind, left_over
from deeploc_jax.data.release.files import ZIP_NAME
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.weights.formats.keras_file import read_keras
from deeploc_jax.weights.formats.tf_checkpoint import read_checkpoint
from deeploc_jax.weights.formats.torch_file import read_torch
from tests.helpers import tf1, torch_files


def _swat_rfp() -> Any:
    return tfds.builder_cls('swat_rfp')


def _make_release(place: Path) -> None:
    rng, builder = np.random.default_rng(0), _swat_rfp()
    names = list(builder.CLASS_NAMES)
    for name, _ in builder.FILES.values():
        with h5py.File(place / name, 'w') as file:
            file['data1'] = rng.integers(2**15, 2**16, (24, 8192)).astype(np.float64)
            labels = np.arange(24) % len(names)
            file['Index1'] = np.eye(len(names), dtype=np.uint8)[labels]
            file.attrs['Index1_columns'] = np.array(names, 'S')


def _make_zip(place: Path) -> None:
    _make_release(place)
    with zipfile.ZipFile(place / ZIP_NAME, 'w', zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(place.glob('*.hdf5')):
            archive.write(path, f'full/{path.name}')
            path.unlink()


def _read_release(place: Path) -> None:
    prepare_screen('swat_rfp', place / PREPARED, place)


def _arrays() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    names = (f'{layer}/{part}' for layer in ('conv', 'bn') for part in ('a', 'b'))
    return {name: rng.normal(size=(3, 4)).astype(np.float32) for name in names}


def _make_bundle(place: Path) -> None:
    tf1.write_bundle(place / 'model.ckpt-5', _arrays())
    (place / 'model.ckpt-5.meta').unlink()
    (place / 'checkpoint').write_text('model_checkpoint_path: "model.ckpt-5"\n')


def _make_slices(place: Path) -> None:
    tf1.write_slices(place / 'model.ckpt-5', _arrays(), parts=2)


def _make_keras(place: Path, suffix: str) -> None:
    path = place / f'model{suffix}'
    inside = 'layers/{}/vars/{}' if suffix != '.hdf5' else 'model_weights/{0}/{0}/{1}:0'
    content = io.BytesIO()
    with h5py.File(content, 'w') as file:
        for name, array in _arrays().items():
            file[inside.format(*name.split('/'))] = array
    if suffix != '.keras':
        path.write_bytes(content.getvalue())
        return
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('config.json', '{}')
        archive.writestr('model.weights.h5', content.getvalue())


def _read_keras(place: Path, suffix: str) -> None:
    read_keras(place / f'model{suffix}')


def _keras(suffix: str) -> Kind:
    make, read = (
        functools.partial(f, suffix=suffix) for f in (_make_keras, _read_keras)
    )
    return Kind(make, read, 'model*')


def _torch(save: Callable[[Path, Any], None]) -> Kind:
    def make(place: Path) -> None:
        save(place / 'model.pth', torch_files.state_of(_arrays()))

    return Kind(make, lambda place: read_torch(place / 'model.pth'), 'model*')


KINDS = {
    'HDF5 release': Kind(_make_release, _read_release, '*.hdf5', left_over),
    'zip of the release': Kind(_make_zip, _read_release, '*.zip', left_over),
    'TensorFlow V2': Kind(_make_bundle, read_checkpoint, '*'),
    'TensorFlow V1': Kind(_make_slices, read_checkpoint, '*'),
    'Keras HDF5': _keras('.hdf5'),
    'Keras 3 weights.h5': _keras('.weights.h5'),
    'Keras 3 .keras': _keras('.keras'),
    'PyTorch': _torch(torch_files.save_archive),
    'PyTorch before 1.6': _torch(torch_files.save_sequence),
}
