"""Writes TFRecord files without TensorFlow."""

from __future__ import annotations

from pathlib import Path

from deeploc_jax.crc import masked_crc32c


class TFRecordWriter:
    """Writes records one after the other, as `tf.data.TFRecordDataset` reads them.

    A record is its length (8 bytes), the checksum of the length (4), the bytes, and
    their checksum (4).

    Args:
        path: Path of the file; an existing file is replaced.

    References:
        tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details".
    """

    def __init__(self, path: Path | str):
        self._file = Path(path).open('wb')

    def write(self, record: bytes) -> None:
        """Appends one record."""
        length = len(record).to_bytes(8, 'little')
        for part in (length, masked_crc32c(length), record, masked_crc32c(record)):
            self._file.write(part)

    def close(self) -> None:
        """Writes out buffered records; a full disk may only be noticed here."""
        self._file.close()
