"""Reads the arrays of a file of PyTorch without PyTorch, and runs nothing of it.

Since 1.6 such a file is a zip archive with a pickle of the tensors and a file of raw
numbers for each storage; before, one pickle after the other and the numbers behind
them. Tensors say which storage they look at, from where, and with which strides.

References:
    `torch/serialization.py`, functions `_legacy_load` and `_load`.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy

from deeploc_jax.weights.formats.recorded_pickle import Call, Name, Outside, read_pickle

MAGIC = 0x1950A86A20F9469CFC6C  # of a file before 1.6
TYPES: dict[str, Any] = {
    'FloatStorage': '<f4',
    'DoubleStorage': '<f8',
    'HalfStorage': '<f2',
    'BFloat16Storage': ml_dtypes.bfloat16,
    'LongStorage': '<i8',
    'IntStorage': '<i4',
    'ShortStorage': '<i2',
    'CharStorage': 'i1',
    'ByteStorage': 'u1',
    'BoolStorage': '?',
}
_TENSORS = {'_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter'}

# A damaged pickle is a record of anything, in which nothing may be where it should.
_DAMAGE = (AttributeError, IndexError, KeyError, OverflowError, TypeError)
_DAMAGE += (zipfile.BadZipFile, zlib.error, EOFError, safetensors.SafetensorError)
_INSIDE = ('state_dict', 'model_state_dict', 'model')


def read_torch(path: Path) -> dict[str, np.ndarray]:
    """Reads the arrays of a state dictionary by their names.

    Args:
        path: A file of safetensors, or one written by `torch.save`: a state dictionary,
            or a dictionary that has one under `state_dict`, `model_state_dict` or
            `model`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such file, it is damaged, or it holds a whole network
            object, whose code would have to run.
    """
    if not path.is_file():
        raise FileNotFoundError(f'There is no file {path}.')
    try:
        if path.suffix.lower() == '.safetensors':
            return safetensors.numpy.load_file(path)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return _arrays(*_of_archive(archive))
        # In memory, no more is read than there is, whatever a length says.
        return _arrays(*_of_sequence(io.BytesIO(path.read_bytes())))
    except (ValueError, OSError, RuntimeError, *_DAMAGE) as error:
        raise ValueError(
            f'{path} cannot be read as a file of PyTorch: {error}'
        ) from error


Storage = Callable[[tuple[Any, ...]], np.ndarray]
"""The numbers of a storage, by its persistent number."""


def _of_archive(archive: zipfile.ZipFile) -> tuple[Any, Storage]:
    (pickled,) = [n for n in archive.namelist() if n.endswith('data.pkl')]
    folder = pickled.removesuffix('data.pkl')
    if f'{folder}byteorder' in archive.namelist():
        order = archive.read(f'{folder}byteorder').decode()
        if order != 'little':
            raise ValueError(f'its numbers are {order}-endian.')

    def storage(number: tuple[Any, ...]) -> np.ndarray:
        _, kind, key, *_ = number
        return np.frombuffer(archive.read(f'{folder}data/{key}'), TYPES[kind.name])

    with archive.open(pickled) as file:
        return read_pickle(io.BytesIO(file.read())), storage


def _of_sequence(file: IO[bytes]) -> tuple[Any, Storage]:
    if read_pickle(file) != MAGIC:
        raise ValueError('it does not begin like one.')
    _, about, state, keys = (read_pickle(file) for _ in range(4))
    if not about.get('little_endian'):
        raise ValueError('its numbers are big-endian.')
    kinds = {o.id[2]: o.id[1].name for o in _outside(state)}
    found: dict[Any, np.ndarray] = {}
    for key in keys:
        (count,) = np.frombuffer(file.read(8), '<i8')
        kind = np.dtype(TYPES[kinds[key]])
        found[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
        if len(found[key]) != count:
            raise ValueError('it ends too early.')
    return state, lambda number: found[number[2]]


def _outside(value: Any) -> list[Outside]:
    """Every storage that is named in a record."""
    if isinstance(value, Outside):
        return [value]
    if isinstance(value, Call):
        return _outside([*value.arguments, value.items])
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [found for item in value for found in _outside(item)]
    return []


def _arrays(state: Any, storage: Storage) -> dict[str, np.ndarray]:
    """The tensors of a state dictionary; numbers and text beside them are left out."""
    items = _items(state)
    for name in _INSIDE:
        if isinstance(items.get(name), dict | Call):
            items = _items(items[name])
            break
    tensors = {name: value for name, value in items.items() if _is_tensor(value)}
    if not tensors:
        raise ValueError('it holds no state dictionary; save model.state_dict().')
    return {str(name): _tensor(value, storage) for name, value in tensors.items()}


def _items(value: Any) -> dict[Any, Any]:
    """The items of a dictionary, ordered or not."""
    if isinstance(value, Call):
        return value.items
    return value if isinstance(value, dict) else {}


def _is_tensor(value: Any) -> bool:
    return (
        isinstance(value, Call)
        and isinstance(value.function, Name)
        and value.function.module == 'torch._utils'
        and value.function.name in _TENSORS
    )


def _tensor(call: Call, storage: Storage) -> np.ndarray:
    if call.function.name == '_rebuild_parameter':
        return _tensor(call.arguments[0], storage)
    where, start, shape, strides = call.arguments[:4]
    numbers = storage(where.id)
    last = start + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    if min((start, *shape, *strides), default=0) < 0 or math.prod(shape) > len(numbers):
        raise ValueError('a tensor is larger than what is stored of it.')
    if math.prod(shape) and last >= len(numbers):
        raise ValueError('a tensor reaches beyond what is stored of it.')
    steps = tuple(numbers.itemsize * s for s in strides)
    view = np.lib.stride_tricks.as_strided(numbers[start:], shape, steps)
    return view.copy()
