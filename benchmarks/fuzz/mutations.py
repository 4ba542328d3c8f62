"""Files are damaged in several ways, or become others than was expected."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1)
"""Values at which lengths and offsets most easily go wrong."""
TEXTS = (
    b'"',
    b',',
    b';',
    b'\n',
    b'\r',
    b'\0',
    b'\xff\xfe',
    b'\xef\xbb\xbf',
    b'-1',
    b'nan',
    b'1e999',
    b'../../etc/passwd',
    b'{}',
    b'[',
    b'\\',
    'é\u0301'.encode(),
)
"""Texts that readers of tables, JSON and XML may fail on."""


def mutate(rng: np.random.Generator, content: bytes) -> tuple[bytes, str]:
    """The content with one to three changes, and their names.

    Args:
        rng: Source of all random choices.
        content: Bytes of a sound file.
    """
    names = []
    for _ in range(rng.integers(1, 4)):
        name = list(MUTATIONS)[rng.integers(len(MUTATIONS))]
        content = MUTATIONS[name](rng, content)
        names.append(name)
    return content, ', '.join(names)


def _place(rng: np.random.Generator, content: bytes) -> int:
    """Draws a position, half of the time near the beginning or the end."""
    size = max(len(content), 1)
    near = int(min(size - 1, rng.exponential(64)))
    return [near, size - 1 - near, *rng.integers(size, size=2).tolist()][
        rng.integers(4)
    ]


def _flip_bits(rng: np.random.Generator, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.integers(1, 9)):
        if changed:
            changed[_place(rng, content)] ^= 1 << rng.integers(8)
    return bytes(changed)


def _truncate(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: _place(rng, content)]


def _cut_out(rng: np.random.Generator, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + content[at + int(rng.integers(1, 200)) :]


def _blank(rng: np.random.Generator, content: bytes) -> bytes:
    at, size = _place(rng, content), int(rng.integers(1, 200))
    return content[:at] + bytes(len(content[at : at + size])) + content[at + size :]


def _double(rng: np.random.Generator, content: bytes) -> bytes:
    at, size = _place(rng, content), int(rng.integers(1, 200))
    return content[: at + size] + content[at:]


def _insert_text(rng: np.random.Generator, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + TEXTS[rng.integers(len(TEXTS))] + content[at:]


def _insert_noise(rng: np.random.Generator, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.bytes(int(rng.integers(1, 100))) + content[at:]


def _set_number(rng: np.random.Generator, content: bytes) -> bytes:
    at, size = _place(rng, content), int(rng.choice([1, 2, 4, 8]))
    value = NUMBERS[rng.integers(len(NUMBERS))] % 256**size
    order = 'little' if rng.random() < 0.5 else 'big'
    return content[:at] + value.to_bytes(size, order) + content[at + size :]


def _exchange(rng: np.random.Generator, content: bytes) -> bytes:
    first, second = sorted((_place(rng, content), _place(rng, content)))
    size = min(int(rng.integers(1, 100)), second - first)
    a, b = content[first : first + size], content[second : second + size]
    between = content[first + size : second]
    return content[:first] + b + between + a + content[second + size :]


def _another_digit(rng: np.random.Generator, content: bytes) -> bytes:
    places = [i for i, byte in enumerate(content[:4096]) if chr(byte).isdigit()]
    if not places:
        return content
    at = places[rng.integers(len(places))]
    digits = b'9' * int(rng.integers(1, 19)) if rng.random() < 0.3 else b'0'
    return content[:at] + digits + content[at + 1 :]


MUTATIONS: dict[str, Callable[[np.random.Generator, bytes], bytes]] = {
    'bits flipped': _flip_bits,
    'end cut off': _truncate,
    'part cut out': _cut_out,
    'part blank': _blank,
    'part doubled': _double,
    'text put in': _insert_text,
    'noise put in': _insert_noise,
    'number set': _set_number,
    'parts exchanged': _exchange,
    'digit changed': _another_digit,
}
