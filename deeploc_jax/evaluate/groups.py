"""Which cells belong together: those of one protein, well or field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

UNITS = {
    'protein': ('protein',),
    'well': ('screen', 'plate', 'well'),
    'field': ('screen', 'plate', 'well', 'field'),
}
"""Columns that tell one protein, well or field from another."""
UNIT_COLUMNS = ('screen', 'plate', 'well', 'field', 'protein')
"""All columns that `UNITS` needs."""


def unit_names(metadata: Mapping[str, np.ndarray], unit: str) -> np.ndarray:
    """Which protein, well or field each cell is of, as text [n]; '' when not known.

    A well is named with its screen and plate ('WT1/plate2/A01'), a field with its well:
    A01 of two plates are two wells. Columns that are empty everywhere are left out.
    """
    columns = [np.asarray(metadata[name], object) for name in UNITS[unit]]
    known = columns[-1] != ''
    named = [column for column in columns if (column != '').any()]
    joined = ['/'.join(row) for row in zip(*named, strict=True)] or ''
    return np.where(known, np.array(joined, object), '')
