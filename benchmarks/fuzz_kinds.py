"""Small sound inputs of every kind that a person brings, and how each is read."""

from __future__ import annotations

import dataclasses
import functools
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests import own_cells, tf1

PREPARED = 'prepared'  # what is made of an input, in its own folder


def _nothing(place: Path) -> str:
    del place
    return ''


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        make: Writes a sound input into an empty folder.
        read: Reads the input in a folder, or raises.
        files: Pattern of the files in it that are changed.
        half_written: What was left of an input that was not read, '' for nothing.
    """

    make: Callable[[Path], Any]
    read: Callable[[Path], Any]
    files: str
    half_written: Callable[[Path], str] = _nothing

    def warm_up(self) -> None:
        """Imports all that reading needs, which is no part of an input's time."""
        import deeploc_jax.datasets
        import deeploc_jax.tasks.claim
        import deeploc_jax.weights.folder
        import deeploc_jax.weights.released  # noqa: F401


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


def _read_own(place: Path, table: str = 'cells.csv') -> None:
    from deeploc_jax.datasets.own_screen import OwnScreen

    builder = OwnScreen(
        table=place / table,
        name='mine',
        channels=own_cells.CHANNELS,
        channel_names='RFP,GFP',
        data_dir=place / PREPARED,
    )
    builder.download_and_prepare()
    for split in builder.info.splits:
        _ = [cell['image'] for cell in builder.as_data_source(split)]


def _left_over(place: Path) -> str:
    """Files under the place of prepared sets that are no whole set."""
    root = place / PREPARED
    found = [path for path in root.rglob('*') if path.is_file()]
    whole = {path.parent for path in root.rglob('dataset_info.json')}
    return ', '.join(
        str(path.relative_to(place))
        for path in found
        if not any(path.is_relative_to(folder) for folder in whole)
        or 'incomplete' in str(path)
    )


def _make_release(place: Path) -> None:
    from deeploc_jax.datasets.swat_rfp import SwatRfp

    rng = np.random.default_rng(0)
    names = list(SwatRfp.CLASS_NAMES)
    for name, _ in SwatRfp.FILES.values():
        with h5py.File(place / name, 'w') as file:
            file['data1'] = rng.integers(2**15, 2**16, (24, 8192)).astype(np.float64)
            labels = np.arange(24) % len(names)
            file['Index1'] = np.eye(len(names), dtype=np.uint8)[labels]
            file.attrs['Index1_columns'] = np.array(names, 'S')


def _make_zip(place: Path) -> None:
    from deeploc_jax.data.release.files import ZIP_NAME

    _make_release(place)
    with zipfile.ZipFile(place / ZIP_NAME, 'w', zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(place.glob('*.hdf5')):
            archive.write(path, f'full/{path.name}')
            path.unlink()


def _read_release(place: Path) -> None:
    from deeploc_jax.data.screen_builder import prepare_screen

    prepare_screen('swat_rfp', place / PREPARED, place)


@functools.cache
def _variables(name: str, classes: int, size: int) -> Any:
    from deeploc_jax.models import get_model
    from tests.small import random_variables

    return random_variables(get_model(name, num_classes=classes), size)


def _make_bundle(place: Path) -> None:
    names = tf1.deeploc_names(_variables('deeploc', 19, 8), False)
    small = {name: array for name, array in names.items() if array.size < 5000}
    tf1.write_bundle(place / 'model.ckpt-5', small)


def _read_bundle(place: Path) -> None:
    from deeploc_jax.weights.bundle import read_bundle

    read_bundle(place / 'model.ckpt-5')


def _make_weights(place: Path) -> None:
    from deeploc_jax.weights.folder import write_weights
    from tests.small import make_card

    card = make_card(model=dict(name='lean', widths=(8, 8, 8, 8)), crop=16)
    from deeploc_jax.models import get_model
    from tests.small import random_variables

    model = get_model(num_classes=3, **card.model)
    write_weights(place, random_variables(model, 16), card)


def _read_weights(place: Path) -> None:
    from deeploc_jax.weights.folder import read_weights

    read_weights(place)


def _make_config(place: Path) -> None:
    source = Path('configs/evaluate.py').read_text()
    (place / 'config.py').write_text(source)


def _read_config(place: Path, *more: str) -> None:
    """As `launch.py` does, which ends with an answer when it cannot."""
    from absl import flags

    import launch

    flags.FLAGS.unparse_flags()
    try:
        launch.parse(['launch.py', f'--config={place}/config.py', *more])
    except SystemExit as answer:
        raise ValueError(str(answer)) from None


def _make_claim(place: Path) -> None:
    from configs import evaluate

    text = evaluate.get_config().to_json_best_effort()
    (place / 'config.json').write_text(json.dumps(json.loads(text), indent=2))
    row = dict(job=dict(mode='probe', draw=0), tested=dict(crops=1), result=dict(a=1.0))
    (place / 'fits.jsonl').write_text(2 * (json.dumps(row) + '\n'))


def _read_claim(place: Path) -> None:
    from configs import evaluate
    from deeploc_jax.tasks.claim import claim_workdir
    from deeploc_jax.tasks.fits import Fits

    claim_workdir(place, evaluate.get_config())
    Fits(place / 'fits.jsonl', dict(crops=1)).jobs()


def _own(make: Callable[[Path], Any], files: str, table: str = 'cells.csv') -> Kind:
    return Kind(make, functools.partial(_read_own, table=table), files, _left_over)


def _images(make: Callable[[Path], dict[str, Any]], files: str) -> Kind:
    return _own(functools.partial(_make_images, make=make), files)


KINDS = {
    'cells.csv': _own(_make_csv, '*.csv'),
    'semicolons': _own(functools.partial(_make_csv, dialect='semicolon'), '*.csv'),
    'UTF-16': _own(functools.partial(_make_csv, dialect='utf-16'), '*.csv'),
    'Parquet': _own(_make_parquet, '*.parquet', 'cells.parquet'),
    'npy': _images(_npy, '*.npy'),
    'npz': _images(_npz, '*.npz'),
    'TIFF': _images(own_cells.separate_files, '*.tif'),
    'PNG': _images(own_cells.separate_files, '*.png'),
    'OME-TIFF': _images(own_cells.ome_files, '*.tif'),
    'OME-TIFF stack': _images(_tiff_stack, '*.tif'),
    'HDF5': _images(_hdf5, '*.h5'),
    'HDF5 release': Kind(_make_release, _read_release, '*.hdf5', _left_over),
    'zip': Kind(_make_zip, _read_release, '*.zip', _left_over),
    'TensorFlow': Kind(_make_bundle, _read_bundle, 'model.ckpt*'),
    'safetensors': Kind(_make_weights, _read_weights, '*.safetensors'),
    'card': Kind(_make_weights, _read_weights, '*.json'),
    'config': Kind(_make_config, _read_config, 'config.py'),
    'workdir': Kind(_make_claim, _read_claim, '*.json*'),
}
