"""What is asked of cells says how they are found, or who found them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deeploc_jax.lookup import check_name
from deeploc_jax.screens.cells import CellOptions
from deeploc_jax.screens.fields.inventory import Inventory

GIVEN = ('centers', 'labels', 'objects')
"""Names of options that say what other programs found."""


def read_asked(
    cells: Mapping[str, Any], inventory: Inventory
) -> tuple[CellOptions, dict[str, Any]]:
    """Options of finding cells, and keyword arguments of `with_given`.

    Args:
        cells: The group `cells` of a config.
        inventory: The screen, whose marker is the usual one and whose channels are
            named.

    Raises:
        ValueError: The screen has no such channel, or an option cannot be so.
    """
    options = {name: value for name, value in cells.items() if name not in GIVEN}
    options['marker'] = options['marker'] or inventory.roles.get('marker', '')
    for name in ('marker', 'nuclei'):
        if options[name]:
            check_name(f'cells.{name}', options[name], inventory.channels)
    return CellOptions(**options), {name: cells[name] for name in GIVEN}
