"""How far confidence can be trusted on proteins that a network was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer

from deeploc_jax.reliability import expected_calibration_error


def confidence(
    metadata: Mapping[str, np.ndarray],
    labels: Integer[np.ndarray, ' n'],
    probabilities: Float[np.ndarray, 'n k'],
    class_names: Sequence[str],
    members: Bool[np.ndarray, 'n k'] | None,
    proteins: Sequence[str],
) -> dict[str, Any]:
    """Numbers of `metrics.json` on unseen proteins and on prediction sets.

    Keys: ece_unseen_proteins and n_unseen_proteins, the expected calibration error on
    labelled cells of proteins that were not trained on, and the number of these
    proteins; set_90_coverage, set_90_size and set_90_empty, the share of labelled cells
    whose set has their class, the mean number of classes in the sets of all cells, and
    the share of cells that no class fits; set_90_per_class, the coverage of the cells
    of each class. What is not known is None.

    Args:
        metadata: The column `protein`, '' where it is not known.
        labels: Classes, -1 for an unlabelled cell.
        probabilities: Of the classes, calibrated.
        class_names: k names in index order.
        members: Which classes are in the set of each cell, where that is known.
        proteins: Names of the proteins that were trained on, where they are known.
    """
    names, known = np.asarray(metadata['protein'], object), labels >= 0
    seen = {'', *proteins}
    new = known & np.array([name not in seen for name in names], bool)
    error = None
    if proteins and new.any():
        error = float(expected_calibration_error(probabilities[new], labels[new]))
    return dict(
        ece_unseen_proteins=error,
        n_unseen_proteins=len(set(names[new].tolist())) if proteins else None,
        **set_numbers(labels, class_names, members),
    )


def set_numbers(
    labels: Integer[np.ndarray, ' n'],
    class_names: Sequence[str],
    members: Bool[np.ndarray, 'n k'] | None,
) -> dict[str, Any]:
    """Coverage and size of prediction sets, as `confidence` says."""
    keys = ('coverage', 'size', 'empty', 'per_class')
    if members is None or not len(members):
        return dict.fromkeys(f'set_90_{key}' for key in keys)
    sizes, known = members.sum(axis=1), labels >= 0
    covered = members[known][np.arange(known.sum()), labels[known]]
    per_class = {
        name: float(covered[labels[known] == index].mean())
        for index, name in enumerate(class_names)
        if (labels == index).any()
    }
    return dict(
        set_90_coverage=float(covered.mean()) if known.any() else None,
        set_90_size=float(sizes.mean()),
        set_90_empty=float((sizes == 0).mean()),
        set_90_per_class=per_class,
    )
