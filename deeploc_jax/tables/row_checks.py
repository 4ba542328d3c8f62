"""Checks that the parts of a prediction fit each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def check_rows(
    metadata: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Raises a ValueError unless the parts of a prediction fit each other.

    Args:
        metadata: Columns by name, each [n].
        labels: int [n], -1 or a class.
        probabilities: Finite float [n, k].
        class_names: k names.
        columns: Metadata columns that have to be there.
    """
    missing = [name for name in columns if name not in metadata]
    if missing:
        raise ValueError(f'metadata lacks the columns {", ".join(missing)}.')
    n, k = len(labels), len(class_names)
    odd = [f'{c} ({len(metadata[c])})' for c in columns if len(metadata[c]) != n]
    if odd:
        raise ValueError(f'{n} labels, but other numbers of rows in {", ".join(odd)}.')
    if np.shape(probabilities) != (n, k):
        raise ValueError(
            f'probabilities have shape {np.shape(probabilities)}, but there are {n} '
            f'labels and {k} class names.'
        )
    finite = np.isfinite(probabilities).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f'probabilities[{row}] are not finite: look at this crop.')
    bad = np.flatnonzero((np.asarray(labels) < -1) | (np.asarray(labels) >= k))
    if bad.size:
        raise ValueError(
            f'labels[{bad[0]}] is {labels[bad[0]]}, but there are only {k} classes, '
            'and -1 for an unlabelled cell.'
        )
