"""A validation split for a release that has none: cut from its training cells."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from deeploc_jax.data.release.checks import Contents

SHARE = 0.1
"""Share of the training cells that become validation."""
_GENE = re.compile(r'(?<![A-Z])Y[A-P][LR]\d{3}[CW](-[A-P])?(?![A-Z0-9])', re.IGNORECASE)


def split_parts(
    name: str, contents: Mapping[str, Contents]
) -> dict[str, tuple[Contents, np.ndarray]]:
    """What each split consists of: a file, and which of its cells.

    Where there is no validation, a tenth of the training cells becomes it, with a
    warning that says which.

    Args:
        name: Name of the screen, for the warning.
        contents: The checked file of each split that was found.

    Returns:
        The file and bool [N] for each split: train, validation, test.
    """
    parts = {s: (c, np.ones(len(c.labels), bool)) for s, c in contents.items()}
    if 'train' in parts and 'validation' not in parts:
        train = contents['train']
        held, how = validation_rows(train.labels, train.cell_ids)
        if held.any():
            _warn(name, held, how)
            parts |= {'train': (train, ~held), 'validation': (train, held)}
    return {s: parts[s] for s in ('train', 'validation', 'test') if s in parts}


def validation_rows(
    labels: np.ndarray, cell_ids: Sequence[str]
) -> tuple[np.ndarray, str]:
    """Which training cells become validation, the same ones each time.

    Whole proteins where the cell names hold the systematic names of genes (YAL001C).
    Otherwise the last tenth of each class in file order: crops of one field lie beside
    each other in a file that was written field by field, and only where the part
    begins can two of them be separated.

    Args:
        labels: Class indices, [N].
        cell_ids: Cell names, [N].

    Returns:
        bool [N], and a sentence that says how they were chosen.
    """
    found = [_GENE.search(cell_id) for cell_id in cell_ids]
    genes = [match.group().upper() for match in found if match]
    if len(genes) == len(cell_ids) and len(set(genes)) > 1:
        return _by_protein(np.array(genes)), 'They are whole proteins.'
    return _by_place(labels), (
        'They are the last tenth of each class in the file, which does not say what '
        'cells are of one protein, well or field: some may have neighbours in '
        'training, and what is measured on validation may be too good.'
    )


def _by_protein(genes: np.ndarray) -> np.ndarray:
    names, sizes = np.unique(genes, return_counts=True)
    order = np.argsort([hashlib.sha256(name.encode()).hexdigest() for name in names])
    before = np.cumsum(sizes[order]) - sizes[order]
    held = names[order][:-1][before[:-1] < SHARE * len(genes)]
    return np.isin(genes, held)


def _by_place(labels: np.ndarray) -> np.ndarray:
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = max(1, round(SHARE * len(rows))) if len(rows) > 1 else 0
        held[rows[len(rows) - count :]] = True
    return held


def _warn(name: str, held: np.ndarray, how: str) -> None:
    warnings.warn(
        f'{name} has no validation split here: {held.sum():,} of its {len(held):,} '
        f'training cells were set aside as one. {how}',
        stacklevel=4,
    )
