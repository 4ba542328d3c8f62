"""Cells that should not be used are flagged by what the network says of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

NOT_CELLS = ('DEAD', 'GHOST')
"""Classes of `chong2015` that are no living cells."""
_FLAGS = {'DEAD': 'dead', 'GHOST': 'ghost'}


def flag_cells(
    scored: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    not_cells: Sequence[str] = NOT_CELLS,
) -> list[list[str]]:
    """Reasons not to use each of n cells; an empty list for a usable one.

    A cell without probabilities lies at the border of its field; any other gets the
    flag of its most probable class if that is no cell: `dead`, `ghost`, or
    `not_a_cell` where the class has another name.

    Args:
        scored: Which of the n cells have probabilities, m of them, bool [n].
        probabilities: Of those, [m, k].
        class_names: k names in index order.
        not_cells: Names of the classes that are no cells, in any case; the network
            need not have them.
    """
    by_class = [flag_of_class(name, not_cells) for name in class_names]
    best = iter(np.argmax(probabilities, axis=1))
    flags = [by_class[next(best)] if known else 'border' for known in scored]
    return [[flag] if flag else [] for flag in flags]


def flag_of_class(name: str, not_cells: Collection[str]) -> str:
    """The flag of a cell of a class; '' unless the class is among `not_cells`."""
    is_other = name.upper() in {other.upper() for other in not_cells}
    return _FLAGS.get(name.upper(), 'not_a_cell') if is_other else ''
