"""Writes one split of a screen as shards of records, in bounded memory."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from array_record.python import array_record_module
from tensorflow_datasets.core.example_serializer import ExampleSerializer

from deeploc_jax.data.tfrecord import TFRecordWriter
from deeploc_jax.progress import progress_bar

_SHARD_BYTES = 512 << 20
_BLOCK = 256  # cells held in memory at a time
_OPTIONS = 'group_size:1,uncompressed'  # pixels are compressed already

Order = list[
    tuple[bytes, int]
]  # (hash of the key, record number), in the order of writing


def write_split(
    features: tfds.features.FeaturesDict,
    examples: Iterable[tuple[Any, dict[str, Any]]],
    template: tfds.core.ShardedFileTemplate,
) -> tfds.core.SplitInfo:
    """Writes all examples of a split in an order that depends on their keys alone.

    TFDS's own writer keeps a split in memory and, past 1 GB, needs TensorFlow. Here
    the records are first written to one file as they come, and then copied to the
    shards in the order of their hashed keys, so that `train[:10%]` is a fair sample.

    Args:
        features: Features that encode every example.
        examples: Pairs of key and example; the keys are unique in the split.
        template: Template for the names of the shards, with folder, name of the split
            and format ('array_record' or 'tfrecord').

    Returns:
        Name, shard lengths and size of the split.

    Raises:
        ValueError: There is no example, or two have the same key.
    """
    unsorted = Path(template.data_dir) / f'{template.split}.unsorted'
    order, num_bytes = _write_unsorted(unsorted, features, examples, template.split)
    order.sort()
    lengths = _write_shards(unsorted, order, num_bytes, template)
    unsorted.unlink()
    return tfds.core.SplitInfo(
        name=template.split,
        shard_lengths=lengths,
        num_bytes=num_bytes,
        filename_template=template,
    )


def _write_unsorted(
    path: Path, features: Any, examples: Iterable[tuple[Any, dict]], split: str
) -> tuple[Order, int]:
    serializer = ExampleSerializer(features.get_serialized_info())
    progress = progress_bar(examples, description=f'Writing {split}', unit='cell')
    seen: dict[bytes, int] = {}
    num_bytes = 0
    with _open_writer(path, 'array_record') as writer:
        for key, cell in progress:
            digest = hashlib.blake2b(f'{split}/{key}'.encode(), digest_size=16).digest()
            if digest in seen:
                raise ValueError(
                    f'Two cells of split {split!r} have the same key {key!r}.'
                )
            seen[digest] = len(seen)
            record = serializer.serialize_example(features.encode_example(cell))
            num_bytes += len(record)
            writer.write(record)
    if not seen:
        raise ValueError(f'Split {split!r} has no cells.')
    return list(seen.items()), num_bytes


def _write_shards(
    unsorted: Path, order: Order, num_bytes: int, template: Any
) -> list[int]:
    num_shards = min(-(-num_bytes // _SHARD_BYTES), len(order))
    bounds = [len(order) * shard // num_shards for shard in range(num_shards + 1)]
    for shard, (start, stop) in enumerate(itertools.pairwise(bounds)):
        path = template.sharded_filepath(shard_index=shard, num_shards=num_shards)
        with _open_writer(Path(path), template.filetype_suffix) as writer:
            for record in _read(unsorted, [row for _, row in order[start:stop]]):
                writer.write(record)
    return [stop - start for start, stop in itertools.pairwise(bounds)]


def _open_writer(path: Path, file_format: str) -> contextlib.closing[Any]:
    if file_format == 'tfrecord':
        return contextlib.closing(TFRecordWriter(path))
    writer = array_record_module.ArrayRecordWriter(str(path), _OPTIONS)
    return contextlib.closing(writer)


def _read(path: Path, rows: list[int]) -> Iterator[bytes]:
    reader = array_record_module.ArrayRecordReader(str(path))
    for start in range(0, len(rows), _BLOCK):
        yield from reader.read(rows[start : start + _BLOCK])
    reader.close()
