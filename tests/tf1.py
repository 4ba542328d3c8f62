"""Writes a TensorFlow checkpoint as its documentation describes the format."""

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


def write_bundle(prefix, arrays, per_block=7, compressed=False):
    """`prefix`.index and its data, in blocks of a few entries."""
    data, pairs = bytearray(), [(b'', number(1, 1))]
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        shape = b''.join(text(2, number(1, size)) for size in array.shape)
        entry = number(1, TYPES[array.dtype.name]) + text(2, shape)
        entry += number(4, len(data)) + number(5, array.nbytes)
        entry += varint(6 << 3 | 5) + checksum(array.tobytes())
        pairs.append((name.encode(), entry))
        data += array.tobytes()
    index, handles = bytearray(), []
    for start in range(0, len(pairs), per_block):
        part = pairs[start : start + per_block]
        content = block(part)
        handle = varint(len(index)) + varint(len(content))
        handles.append((part[-1][0], handle))
        content += bytes([compressed])
        index += content + checksum(content)
    footer = b''
    for content in (block([]), block(handles, 1)):  # metaindex, index
        footer += varint(len(index)) + varint(len(content))
        content += b'\0'
        index += content + checksum(content)
    index += footer.ljust(40, b'\0') + MAGIC
    prefix.parent.mkdir(parents=True, exist_ok=True)
    prefix.with_name(prefix.name + '.index').write_bytes(index)
    prefix.with_name(prefix.name + '.data-00000-of-00001').write_bytes(data)
    return prefix


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
