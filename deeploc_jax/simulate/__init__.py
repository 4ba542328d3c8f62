"""The simulated yeast screen: a physical model of two-channel fluorescence images."""

from deeploc_jax.simulate.classes import CHANNELS, CLASS_NAMES, class_sizes
from deeploc_jax.simulate.layout import SPLITS, CellSpec, screen_layout
from deeploc_jax.simulate.pool import simulate_cells
from deeploc_jax.simulate.render import simulate_cell

__all__ = [
    'CHANNELS',
    'CLASS_NAMES',
    'SPLITS',
    'CellSpec',
    'class_sizes',
    'screen_layout',
    'simulate_cell',
    'simulate_cells',
]
