"""A round of training: labels so far in, a classifier and its names of all cells out.

It works on the features of the page's network, which lie in the workdir, and leaves
`rounds/<number>/` and a few rows in `learning.csv`, the latter last.
"""

from __future__ import annotations

import dataclasses
import datetime
import io
from typing import Any

import numpy as np
from scipy.special import softmax

from deeploc_jax.curate.sources.predicted import features_beside
from deeploc_jax.curate.training.learning_file import append_points, points_of
from deeploc_jax.curate.training.refit import Learned, learn
from deeploc_jax.curate.training.round import HEAD, PREDICTIONS, Note, Round
from deeploc_jax.files import atomic_write
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table, read_predictions
from deeploc_jax.types import METADATA

_BLOCK = 65_536  # cells named at a time


def run_round(work: Round, note: Note) -> None:
    """Trains, names all cells, and writes both.

    Raises:
        OSError: The disk is full.
        ValueError: The features are not what they were.
    """
    features = np.load(
        features_beside(work.predictions), mmap_mode='r', allow_pickle=False
    )
    earlier = [row['decided'] for row in points_of(work.workdir, work.key)]
    x = np.asarray(features[work.material.rows], np.float64)
    learned = learn(x, work.material, earlier, lambda *n: note('training', *n))
    table = read_predictions(work.predictions)
    metadata = {name: np.array(table[name].to_pylist()) for name in METADATA}
    note('naming all cells', 0, 1)
    named = _name_all(work, learned, features)
    names = [work.material.class_names[number] for number in learned.classes]
    about = names, table['novelty'].to_numpy()
    write_table(predictions_table(metadata, *named, *about), work.folder / PREDICTIONS)
    linear, temperature = learned.linear, learned.temperature
    head = dict(kernel=linear.kernel, bias=linear.bias, temperature=temperature)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **head)
    atomic_write(work.folder / HEAD, lambda path: path.write_bytes(content.getvalue()))
    append_points(work.workdir, _rows(work, learned))


def _name_all(
    work: Round, learned: Learned, features: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels [n] and probabilities [n, k] of all cells.

    Of a cell that was learned from, they are those of a fit without its group.
    """
    p = np.zeros((len(features), len(learned.classes)), np.float32)
    for start in range(0, len(p), _BLOCK):
        part = slice(start, start + _BLOCK)
        logits = learned.linear(np.asarray(features[part], np.float64))
        p[part] = softmax(logits / learned.temperature, axis=1)
    used = work.material.labels >= 0
    rows, labels = work.material.rows[used], np.full(len(p), -1)
    p[rows] = softmax(learned.held_out[used] / learned.temperature, axis=1)
    labels[rows] = np.searchsorted(learned.classes, work.material.labels[used])
    return labels, p


def _rows(work: Round, learned: Learned) -> list[dict[str, Any]]:
    """The learning curve as rows of the table."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')
    material = work.material
    tested = material.labels[(material.labels >= 0) & (material.place >= 0)]
    same = dict(
        round=work.number,
        network=work.key,
        classes=len(learned.classes),
        tested=len(tested),
        most_frequent=np.bincount(tested).max() / len(tested) if len(tested) else None,
        left_out=material.unit,
        time=now,
    )
    return [same | dataclasses.asdict(point) for point in learned.points]
