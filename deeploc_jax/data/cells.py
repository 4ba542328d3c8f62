"""Reads a split of a prepared screen, into memory or as needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.data.corrections import Corrections, corrected
from deeploc_jax.data.normalize import Normalize, percentile_normalize
from deeploc_jax.data.record_builder import check_array_record
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.data.split_check import check_split
from deeploc_jax.data.stored_images import StreamedImages, load
from deeploc_jax.lookup import check_name
from deeploc_jax.progress import progress_bar
from deeploc_jax.types import LATER, METADATA, Cells


def read_cells(
    builder: tfds.core.DatasetBuilder,
    split: str,
    *,
    memory_limit: float = 4.0,
    channels: Sequence[str] | None = None,
    normalize: Normalize = percentile_normalize,
    leave_out: Sequence[str] = (),
    corrections: Corrections | None = None,
) -> Cells:
    """Reads one split of a prepared screen.

    Args:
        builder: A prepared builder with the features of `ScreenBuilder`.
        split: A TFDS split, slices included: 'train', 'train[:90%]'.
        memory_limit: Gigabytes of normalized images that may be held in memory. A
            larger split is read from disk batch by batch.
        channels: Names of the channels wanted, in order; None for the screen's
            `default_channels`, or all of them where it names none.
        normalize: Normalization of the pixels.
        leave_out: Classes whose cells count as unlabelled, as in `without_classes`.
        corrections: Labels that take the place of the screen's, as in `corrected`.

    Returns:
        The cells in the order of the data source.

    Raises:
        ValueError: The screen has no such split or channel, or is stored as tfrecord.
    """
    check_split(builder, split)
    check_array_record(builder)
    stored = describe_screen(builder)
    screen = stored.with_channels(channels)
    skip = {'image': tfds.decode.SkipDecoding()}
    source = builder.as_data_source(split, decoders=skip)
    labels, columns = _read_columns(source, f'{screen.full_name} {split}')
    h, w, _ = builder.info.features['image'].shape
    images = StreamedImages(
        builder.as_data_source(split),
        (len(labels), h, w, len(screen.channels)),
        [stored.channels.index(name) for name in screen.channels],
        normalize,
    )
    fits = 4 * np.prod(images.shape) <= memory_limit * 2**30
    cells = Cells(
        images=load(images) if fits else images,
        labels=labels,
        metadata=columns,
        class_names=screen.class_names,
        channels=screen.channels,
    )
    if corrections:
        cells = corrected(cells, corrections, split)
    return without_classes(cells, leave_out) if leave_out else cells


def without_classes(cells: Cells, names: Sequence[str]) -> Cells:
    """The cells with some classes unlabelled, as if nobody had known of them.

    Raises:
        ValueError: There is no such class, or no other one.
    """
    for name in names:
        check_name('class', name, cells.class_names)
    kept = [name for name in cells.class_names if name not in names]
    if not kept:
        raise ValueError('No class is left.')
    return with_classes(cells, kept)


def unknown_classes(cells: Cells, names: Sequence[str]) -> dict[str, int]:
    """Number of cells of each class of the cells that is not among `names`."""
    counts = np.bincount(cells.labels + 1, minlength=len(cells.class_names) + 1)[1:]
    named = zip(cells.class_names, counts.tolist(), strict=True)
    return {name: number for name, number in named if name not in names}


def with_classes(cells: Cells, names: Sequence[str]) -> Cells:
    """The cells numbered by the classes named, in this order; others are unlabelled."""
    number = [names.index(name) if name in names else -1 for name in cells.class_names]
    labels = np.array([*number, -1], np.int32)[cells.labels]
    return dataclasses.replace(cells, labels=labels, class_names=tuple(names))


def _read_columns(
    source: Any, description: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Labels and metadata of every cell, without decoding an image."""
    columns: dict[str, list[Any]] = {name: [] for name in ('label', *METADATA)}
    absent = dict.fromkeys(LATER, '')  # in a screen of an earlier version
    for record in progress_bar(source, description=f'read {description}', unit='cell'):
        for name, values in columns.items():
            value = record[name] if name in record else absent[name]
            values.append(value.decode() if isinstance(value, bytes) else value)
    arrays = {name: np.array(values) for name, values in columns.items()}
    return arrays.pop('label').astype(np.int32), arrays
