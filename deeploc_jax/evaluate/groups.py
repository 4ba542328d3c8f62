"""Which cells belong together: those of one protein, well or field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deeploc_jax.types import WELL

UNITS = {
    'protein': ('protein',),
    'well': WELL,
    'field': (*WELL, 'field'),
}
"""Columns that distinguish one protein, well or field from another."""
UNIT_COLUMNS = (*WELL, 'field', 'protein')
"""All columns that `UNITS` needs."""


def unit_names(metadata: Mapping[str, np.ndarray], unit: str) -> np.ndarray:
    """Which protein, well or field each cell is of, as text [n]; '' when not known.

    A well is named with its screen, condition, replicate and plate, a field with its
    well ('heat/37C/2/plate1/A01/3'): A01 of two plates, or of two conditions whose
    plates have the same name, are two wells. Columns that are empty everywhere are left
    out.
    """
    columns = [np.asarray(metadata[name], object) for name in UNITS[unit]]
    known = columns[-1] != ''
    named = [column for column in columns if (column != '').any()]
    joined = ['/'.join(row) for row in zip(*named, strict=True)] or ''
    return np.where(known, np.array(joined, object), '')
