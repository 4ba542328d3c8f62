"""The simulated yeast screen: a physical model of two-channel fluorescence images."""

from deeploc_jax.simulate.classes import CHANNELS, CLASS_NAMES
from deeploc_jax.simulate.plate import CellSpec, class_sizes, screen_layout
from deeploc_jax.simulate.pool import simulate_cells
from deeploc_jax.simulate.render import simulate_cell

__all__ = [
    'CHANNELS',
    'CLASS_NAMES',
    'CellSpec',
    'class_sizes',
    'screen_layout',
    'simulate_cell',
    'simulate_cells',
]
