"""Cells that should not be used are flagged by what the network says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

NOT_CELLS: Mapping[str, str] = {'DEAD': 'dead', 'GHOST': 'ghost'}
"""Classes that are no living cells, in capitals, and the flags of their cells."""


def flag_cells(
    scored: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    not_cells: Mapping[str, str] = NOT_CELLS,
) -> list[list[str]]:
    """Reasons not to use each of n cells; an empty list for a usable one.

    A cell without probabilities lies at the border of its field; any other gets the
    flag of its most probable class, if that class has one.

    Args:
        scored: Which of the n cells have probabilities, m of them, bool [n].
        probabilities: Of those, [m, k].
        class_names: k names in index order.
        not_cells: Name of a class -> its flag. Upper and lower case are the same.
    """
    flags_of = {name.upper(): flag for name, flag in not_cells.items()}
    by_class = [flags_of.get(name.upper()) for name in class_names]
    best = iter(np.argmax(probabilities, axis=1))
    flags = [by_class[next(best)] if known else 'border' for known in scored]
    return [[flag] if flag else [] for flag in flags]
