"""Computes the checksum that TensorFlow's files use."""

from __future__ import annotations

import google_crc32c


def masked_crc32c(content: bytes) -> bytes:
    """Computes CRC-32C, masked as in LevelDB and TFRecord, as 4 bytes."""
    crc = google_crc32c.value(content)
    masked = (crc >> 15 | crc << 17) + 0xA282EAD8
    return (masked & 0xFFFFFFFF).to_bytes(4, 'little')
