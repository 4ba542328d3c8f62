"""Cells are found in a field, measured and cut out."""

from deeploc_jax.screens.cells.crops import SIDE, cut_crops
from deeploc_jax.screens.cells.find import find_cells
from deeploc_jax.screens.cells.measure import measure_cells, measure_centers
from deeploc_jax.screens.cells.options import CellOptions

__all__ = [
    'SIDE',
    'CellOptions',
    'cut_crops',
    'find_cells',
    'measure_cells',
    'measure_centers',
]
