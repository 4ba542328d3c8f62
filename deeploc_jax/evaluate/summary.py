"""Everything an evaluation says about one split, as one dictionary for metrics.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax import metrics, precision_recall, reliability
from deeploc_jax.evaluate import bootstrap, proteins

MANY_CELLS = 10
"""From this many cells on, DeepYeast counts a protein as well measured."""

SCORES = {
    'loss': metrics.log_loss,
    'top2_accuracy': metrics.top_k_accuracy,
    'macro_precision': lambda p, y: metrics.macro_mean(metrics.precision(p, y)),
    'macro_recall': metrics.balanced_accuracy,
    'ece': reliability.expected_calibration_error,
}
"""Numbers of a split without an interval."""

CLASS_SCORES = {
    'precision': metrics.precision,
    'recall': metrics.recall,
    'f1': metrics.f1,
    'average_precision': precision_recall.average_precision,
}


def summarize(
    metadata: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    per_protein: pa.Table,
    *,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Metrics, intervals and counts of a split, ready for JSON: NaN becomes None.

    Keys: n_cells and n_labelled; loss, top2_accuracy, macro_precision, macro_recall and
    ece as numbers; accuracy, balanced_accuracy and macro_average_precision as
    {value, interval: [low, high]}, 95 % over resamples of whole units (`resampled_by`,
    of which there are `n_resampled`); per_class (name, n, n_predicted, precision,
    recall, f1, average_precision); confusion (counts, true class in rows) and
    confusion_fractions (of each row; None for a class without cells); reliability
    (edges, confidence, accuracy, count); proteins (see `protein_summary`). Unlabelled
    cells count only in n_cells, n_predicted and the proteins; without any labelled
    cell, whatever needs one is None.

    Args:
        metadata: Text columns of `groups.UNIT_COLUMNS`, each [n].
        labels: int [n], -1 for an unlabelled cell.
        probabilities: float [n, k].
        class_names: k names in index order.
        per_protein: Table of the same cells from `proteins_table`.
        seed: Seed of the bootstrap.
        resamples: Number of resamples of the bootstrap.
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    kept = labels >= 0
    cells = (probabilities[kept], labels[kept])
    known = {name: np.asarray(column)[kept] for name, column in metadata.items()}
    summary: dict[str, Any] = {'n_cells': len(labels), 'n_labelled': len(cells[1])}
    summary['per_class'] = _per_class(probabilities, *cells, class_names)
    if kept.any():
        summary |= {name: score(*cells) for name, score in SCORES.items()}
        summary |= _intervals(*cells, known, seed, resamples)
        summary['reliability'] = reliability.reliability_curve(*cells)._asdict()
        counts = summary['confusion'] = metrics.confusion_matrix(*cells)
        summary['confusion_fractions'] = metrics.row_fractions(counts)
    else:
        unknown = dict.fromkeys(bootstrap.STATISTICS, {'value': None, 'interval': None})
        keys = (*SCORES, 'resampled_by', 'n_resampled', 'confusion')
        keys += ('confusion_fractions', 'reliability')
        summary |= dict.fromkeys(keys) | unknown
    summary['proteins'] = protein_summary(per_protein)
    return plain(summary)


def protein_summary(table: pa.Table) -> dict[str, Any]:
    """Counts and accuracies of a table of `proteins_table`, with NaN where none is.

    Keys: unit ('protein', or 'well' where no protein is known, None without either), n,
    n_labelled and accuracy_1 (proteins with a true class), n_10 and accuracy_10 (of
    those, proteins of at least ten cells), n_disagreeing (proteins whose labelled cells
    have several labels; the majority stands as their class).
    """
    accuracy_1, n_labelled = proteins.protein_accuracy(table)
    accuracy_10, n_10 = proteins.protein_accuracy(table, MANY_CELLS)
    return {
        'unit': table['unit'][0].as_py() if len(table) else None,
        'n': len(table),
        'n_labelled': n_labelled,
        'accuracy_1': accuracy_1,
        'n_10': n_10,
        'accuracy_10': accuracy_10,
        'n_disagreeing': int((~table['labels_agree'].to_numpy()).sum()),
    }


def plain(value: Any) -> Any:
    """The same value from what JSON knows: lists, numbers, and None for NaN."""
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _intervals(
    probabilities: np.ndarray,
    labels: np.ndarray,
    metadata: Mapping[str, np.ndarray],
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    unit, groups = bootstrap.choose_groups(metadata)
    intervals = bootstrap.bootstrap_intervals(
        probabilities, labels, groups, resamples=resamples, seed=seed
    )
    summary: dict[str, Any] = {
        name: {'value': score(probabilities, labels), 'interval': intervals[name]}
        for name, score in bootstrap.STATISTICS.items()
    }
    return summary | {'resampled_by': unit, 'n_resampled': int(groups.max()) + 1}


def _per_class(
    all_probabilities: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
) -> list[dict[str, Any]]:
    """A row a class; n_predicted counts labelled and unlabelled cells."""
    k = len(class_names)
    columns = {
        'n': np.bincount(labels, minlength=k),
        'n_predicted': np.bincount(all_probabilities.argmax(axis=1), minlength=k),
    }
    for name, score in CLASS_SCORES.items():
        none = np.full(k, np.nan)
        columns[name] = score(probabilities, labels) if len(labels) else none
    return [
        {'name': name} | {key: column[i] for key, column in columns.items()}
        for i, name in enumerate(class_names)
    ]
