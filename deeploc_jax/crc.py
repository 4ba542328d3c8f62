"""The checksum of TensorFlow's files."""

from __future__ import annotations

import google_crc32c


def masked_crc32c(content: bytes) -> bytes:
    """CRC-32C of some bytes, masked as LevelDB and TFRecord store it, 4 bytes."""
    crc = google_crc32c.value(content)
    masked = (crc >> 15 | crc << 17) + 0xA282EAD8
    return (masked & 0xFFFFFFFF).to_bytes(4, 'little')
