"""The quality of fields and cells is measured, and what should not be used is flagged.

Functions here take pixels and columns, and return numbers and flags; no file is written
but by `refine`. The words of the flags are those of `tables.scored_cells`.
"""

from deeploc_jax.screens.quality.cell_flags import NOT_CELLS, flag_cells
from deeploc_jax.screens.quality.cell_labels import (
    check_cell_labels,
    read_cell_labels,
)
from deeploc_jax.screens.quality.field_flags import FieldLimits, flag_fields
from deeploc_jax.screens.quality.field_quality import field_quality
from deeploc_jax.screens.quality.forest import fit_forest, forest_features
from deeploc_jax.screens.quality.refine import (
    Refined,
    flag_by_forest,
    unflag_by_forest,
)

__all__ = [
    'NOT_CELLS',
    'FieldLimits',
    'Refined',
    'check_cell_labels',
    'field_quality',
    'fit_forest',
    'flag_by_forest',
    'flag_cells',
    'flag_fields',
    'forest_features',
    'read_cell_labels',
    'unflag_by_forest',
]
