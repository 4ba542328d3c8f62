"""Lets TFDS read array_record as `tf.data.Dataset` where TensorFlow is installed.

TFDS itself reads array_record only as data sources. It keeps one adapter for each
file format; importing this module replaces that of array_record by one for both.
Splits, slices, shuffling and all options of `tfds.ReadConfig` remain those of TFDS.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

from array_record.python import array_record_module
from tensorflow_datasets.core import file_adapters

# TFDS's placeholder, which imports TensorFlow when it is first used.
from tensorflow_datasets.core.utils.lazy_imports_utils import tensorflow as tf

_BLOCK = 32  # records read at a time, from 16 shards at once


class ArrayRecordAdapter(file_adapters.ArrayRecordFileAdapter):
    """TFDS's adapter, extended to read a `tf.data.Dataset`."""

    SUPPORTS_TF_DATA = True

    @classmethod
    def make_tf_data(cls, filename: Any, buffer_size: int | None = None) -> Any:
        """Reads the serialized examples of a file as a `tf.data.Dataset` of strings.

        Args:
            filename: Path, or a string tensor.
            buffer_size: Ignored; TFDS passes it to every format.
        """
        spec = tf.TensorSpec(shape=(None,), dtype=tf.string)
        blocks = tf.data.Dataset.from_generator(
            _read_blocks, args=(filename,), output_signature=spec
        )
        return blocks.unbatch()


def check_tensorflow() -> None:
    """Raises an ImportError unless TensorFlow is installed."""
    if importlib.util.find_spec('tensorflow') is None:
        raise ImportError(
            'tfds.load and as_dataset return a tf.data.Dataset, for which TensorFlow '
            "must be installed: pip install 'deeploc_jax[tensorflow]'. Without it, "
            'tfds.data_source(...) reads the same cells.'
        )


def _read_blocks(path: bytes) -> Iterator[list[bytes]]:
    reader = array_record_module.ArrayRecordReader(path.decode())
    total = reader.num_records()
    for start in range(0, total, _BLOCK):
        yield reader.read(list(range(start, min(start + _BLOCK, total))))
    reader.close()


file_adapters.ADAPTER_FOR_FORMAT[file_adapters.FileFormat.ARRAY_RECORD] = (
    ArrayRecordAdapter
)
