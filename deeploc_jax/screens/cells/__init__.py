"""Cells are found in a field, measured and cut out.

`find_cells` needs no other program. Cells that another one found are read from its
label images (`read_labels`) or its table of centers (`read_centers`, `join_centers`).
"""

from deeploc_jax.screens.cells.center_fields import join_centers
from deeploc_jax.screens.cells.center_table import Centers, read_centers
from deeploc_jax.screens.cells.crops import SIDE, cut_crops
from deeploc_jax.screens.cells.find import find_cells
from deeploc_jax.screens.cells.label_images import read_labels
from deeploc_jax.screens.cells.measure import measure_cells, measure_centers
from deeploc_jax.screens.cells.options import CellOptions
from deeploc_jax.screens.cells.outlines import draw_outlines, save_outlines

__all__ = [
    'SIDE',
    'CellOptions',
    'Centers',
    'cut_crops',
    'draw_outlines',
    'find_cells',
    'join_centers',
    'measure_cells',
    'measure_centers',
    'read_centers',
    'read_labels',
    'save_outlines',
]
