"""Files as PyTorch saves them, written without PyTorch."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np

from deeploc_jax.weights.formats.torch_file import MAGIC

KINDS = {'f4': 'FloatStorage', 'f8': 'DoubleStorage', 'f2': 'HalfStorage'}
KINDS |= {'i8': 'LongStorage', 'u1': 'ByteStorage'}


class Tensor:
    """What is pickled as a tensor: a view of numbers."""

    def __init__(self, numbers, start=0, shape=None, strides=None):
        self.numbers = np.ascontiguousarray(numbers)
        self.start = start
        self.shape = self.numbers.shape if shape is None else shape
        steps = [s // self.numbers.itemsize for s in self.numbers.strides]
        self.strides = tuple(steps) if strides is None else strides

    def __reduce__(self):
        view = (Storage(self.numbers), self.start, self.shape, self.strides)
        return _torch('torch._utils', '_rebuild_tensor_v2'), (*view, False, {})


class Storage:
    """The numbers of a tensor, which lie outside the pickle."""

    def __init__(self, numbers):
        self.numbers = numbers


def _torch(module, name):
    """A function or class that pickles by the name that PyTorch gives it."""
    made = types.FunctionType((lambda: None).__code__, {}, name)
    made.__module__, made.__qualname__ = module, name
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, made)
    return made


class _Pickler(pickle.Pickler):
    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.stored = {}

    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        key = str(len(self.stored))
        self.stored[key] = obj.numbers
        kind = _torch('torch', KINDS[obj.numbers.dtype.str[1:]])
        return 'storage', kind, key, 'cpu', obj.numbers.size


def _pickled(state):
    before = {name: sys.modules.get(name) for name in ('torch', 'torch._utils')}
    file = io.BytesIO()
    pickler = _Pickler(file)
    try:
        for name in before:
            sys.modules[name] = types.ModuleType(name)
        pickler.dump(state)
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name)
            else:
                sys.modules[name] = module
    return file.getvalue(), pickler.stored


def save_archive(path, state):
    """Writes a file as PyTorch does since 1.6."""
    pickled, stored = _pickled(state)
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('net/data.pkl', pickled)
        archive.writestr('net/byteorder', 'little')
        for key, numbers in stored.items():
            archive.writestr(f'net/data/{key}', numbers.tobytes())


def save_sequence(path, state):
    """Writes a file as PyTorch did before 1.6."""
    pickled, stored = _pickled(state)
    about = dict(protocol_version=1001, little_endian=True)
    with path.open('wb') as file:
        for value in (MAGIC, 1001, about):
            pickle.dump(value, file, protocol=2)
        file.write(pickled)
        pickle.dump(list(stored), file, protocol=2)
        for numbers in stored.values():
            file.write(np.int64(numbers.size).tobytes() + numbers.tobytes())


def state_of(arrays):
    """A state dictionary of these arrays."""
    return OrderedDict((name, Tensor(array)) for name, array in arrays.items())
