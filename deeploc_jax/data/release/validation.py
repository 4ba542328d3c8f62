"""Cuts a validation split from the training cells of a release that has none."""

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
    """Finds file and cells of each split.

    Without a file for validation, a tenth of the training cells is set aside for it,
    with a warning that says which.

    Args:
        name: Name of the screen, for the warning.
        contents: Checked file of each split that was found.

    Returns:
        File and chosen cells, bool [N], of each split: train, validation, test.
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
    """Chooses the training cells that become validation, the same ones each time.

    They are whole proteins where the cell names contain systematic names of genes
    (YAL001C). Otherwise they are the last tenth of each class in file order: in a file
    that was written field by field, crops of one field are neighbors, so only the
    field at the start of that tenth can be divided.

    Args:
        labels: Class indices, [N].
        cell_ids: Cell names, [N].

    Returns:
        Chosen cells, bool [N], and a sentence that says how they were chosen.
    """
    matches = [_GENE.search(cell_id) for cell_id in cell_ids]
    genes = [match.group().upper() for match in matches if match]
    if len(genes) == len(cell_ids) and len(set(genes)) > 1:
        return _by_protein(np.array(genes)), 'They are whole proteins.'
    return _by_place(labels), (
        'They are the last tenth of each class in the file, which does not say which '
        'cells share a protein, well or field: some may have neighbors in training, '
        'and what is measured on validation may be too good.'
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
