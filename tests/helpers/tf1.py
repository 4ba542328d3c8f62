"""Writes TensorFlow checkpoints as its documentation describes both formats."""

import google_crc32c
import numpy as np

MAGIC = (0xDB4775248B80FB57).to_bytes(8, 'little')
TYPES = {'float32': 1, 'float64': 2, 'int32': 3, 'int64': 9, 'bool': 10}


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def checksum(content):
    """Rotated to the right by 15 bits, with a constant added."""
    bits = f'{google_crc32c.value(content):032b}'
    return ((int(bits[-15:] + bits[:-15], 2) + 0xA282EAD8) % 2**32).to_bytes(
        4, 'little'
    )


def block(pairs, restart_every=16):
    """Entries whose keys share their beginnings, and where keys begin anew."""
    out, restarts, before = bytearray(), [], b''
    for i, (key, value) in enumerate(pairs):
        shared = 0
        if i % restart_every == 0:
            restarts.append(len(out))
        else:
            limit = min(len(before), len(key))
            while shared < limit and before[shared] == key[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        before = key
    for start in restarts or [0]:
        out += start.to_bytes(4, 'little')
    return bytes(out) + max(len(restarts), 1).to_bytes(4, 'little')


def write_bundle(
    prefix, arrays, per_block=7, compressed=False, sliced=(), big_endian=False
):
    """A checkpoint of format V2: `prefix`.index and its data.

    Args:
        prefix: Path without ending.
        arrays: By name.
        per_block: Entries of a block.
        compressed: Whether blocks say that they are.
        sliced: Names of arrays said to be stored in slices.
        big_endian: Whether the header says so.
    """
    data, pairs = bytearray(), [(b'', number(1, 1) + number(2, big_endian))]
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        shape = b''.join(text(2, number(1, size)) for size in array.shape)
        entry = number(1, TYPES[array.dtype.name]) + text(2, shape)
        entry += number(4, len(data)) + number(5, array.nbytes)
        entry += varint(6 << 3 | 5) + checksum(array.tobytes())
        if name in sliced:
            entry += text(7, text(1, number(2, 1)))
        pairs.append((name.encode(), entry))
        data += array.tobytes()
    prefix.parent.mkdir(parents=True, exist_ok=True)
    index = table(pairs, per_block, compressed)
    prefix.with_name(prefix.name + '.index').write_bytes(index)
    prefix.with_name(prefix.name + '.data-00000-of-00001').write_bytes(data)
    prefix.with_name(prefix.name + '.meta').write_bytes(b'a graph')
    return prefix


def write_slices(path, arrays, parts=1):
    """A checkpoint of format V1 in one file, its arrays in parts along the first axis.

    Args:
        path: Of the file.
        arrays: By name.
        parts: How many for each array with an axis.
    """
    described, pairs = b'', []
    for name, array in sorted(arrays.items()):
        array = np.asarray(array)
        shape = b''.join(text(2, number(1, size)) for size in array.shape)
        kind = TYPES[array.dtype.name]
        about = text(1, name.encode()) + text(2, shape) + number(3, kind)
        described += text(1, about)
        whole = array.ndim == 0 or not array.size or parts == 1
        starts = [0] if whole else range(0, len(array), -(-len(array) // parts))
        for start in starts:
            part = array if whole else array[start : start + -(-len(array) // parts)]
            first = b'' if whole else number(1, start) + number(2, len(part))
            extents = [first, *[b''] * (array.ndim - 1)] if array.ndim else []
            saved = text(1, name.encode())
            saved += text(2, b''.join(text(1, extent) for extent in extents))
            saved += text(3, tensor(part))
            # The key only sorts: 0, the name, where the part begins.
            key = b'\0' + name.encode() + b'\0\1' + start.to_bytes(2, 'big')
            pairs.append((key, text(2, saved)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(table([(b'', text(1, described)), *sorted(pairs)], 7))
    return path


def tensor(array):
    """A TensorProto: the numbers packed in the field of their type."""
    kind = TYPES[array.dtype.name]
    if array.dtype.kind == 'f':
        content = array.tobytes()
    else:
        content = b''.join(varint(int(value) % 2**64) for value in array.ravel())
    return number(1, kind) + text({1: 5, 2: 6, 3: 7, 9: 10, 10: 11}[kind], content)


def table(pairs, per_block, compressed=False):
    """A sorted table, in blocks of a few entries."""
    out, handles = bytearray(), []
    for start in range(0, len(pairs), per_block):
        part = pairs[start : start + per_block]
        content = block(part)
        handle = varint(len(out)) + varint(len(content))
        handles.append((part[-1][0], handle))
        content += bytes([compressed])
        out += content + checksum(content)
    footer = b''
    for content in (block([]), block(handles, 1)):  # metaindex, index
        footer += varint(len(out)) + varint(len(content))
        content += b'\0'
        out += content + checksum(content)
    return bytes(out + footer.ljust(40, b'\0') + MAGIC)


def deeploc_names(variables, old):
    """Our variables under the names of the released code, before or since TF 1.2."""
    params, stats = variables['params'], variables['batch_stats']
    mean, var = (
        ('moments_1/mean', 'moments_1/variance') if old else ('Squeeze', 'Squeeze_1')
    )
    found = {'global_step': np.array(5000, np.int32), 'is_training': np.array(True)}
    for name, layer in params.items():
        norm = f'{name}/batch_norm/{name}_batch_norm'
        average = f'{name}_batch_norm/{norm}/moments'
        kernel = layer['conv' if 'conv' in layer else 'dense']['kernel']
        found |= {
            f'{name}/weights/Variable': kernel,
            f'{name}/weights/Variable/Adam': 0 * kernel,
            f'{name}/biases/Variable': layer['bias'],
            f'{norm}/gamma': layer['bn']['scale'],
            f'{norm}/beta': layer['bn']['bias'],
            f'{average}/{mean}/ExponentialMovingAverage': stats[name]['bn']['mean'],
            f'{average}/{var}/ExponentialMovingAverage': stats[name]['bn']['var'],
            f'{average}/{var}/ExponentialMovingAverage/biased': 0 * layer['bias'],
        }
    return {name: np.asarray(array) for name, array in found.items()}
