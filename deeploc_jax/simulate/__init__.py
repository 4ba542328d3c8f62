"""Yeast screens are simulated here: a physical model draws images of whole fields.

Cells (geometry, outline, anatomy, specimen) carry tagged proteins (protein and
organelles/) and are seen through an instrument (microscope/). A field (crowd,
cell_light, field) is a function of its spec; crops are cut out of it. Screens, their
classes, strains and layout define which fields there are.
"""

from deeploc_jax.simulate.classes import (
    CLASS_NAMES,
    class_of,
    class_sizes,
    labels_of,
)
from deeploc_jax.simulate.crops import CROP, Crop, simulate_crops
from deeploc_jax.simulate.field import Micrograph, simulate_field
from deeploc_jax.simulate.field_spec import FieldSpec
from deeploc_jax.simulate.geometry import UNIT
from deeploc_jax.simulate.layout import screen_layout
from deeploc_jax.simulate.pool import simulate_many
from deeploc_jax.simulate.screens import SCREENS, VERSION, Screen
from deeploc_jax.simulate.strains import SPLITS

__all__ = [
    'CLASS_NAMES',
    'CROP',
    'SCREENS',
    'SPLITS',
    'UNIT',
    'VERSION',
    'Crop',
    'FieldSpec',
    'Micrograph',
    'Screen',
    'class_of',
    'class_sizes',
    'labels_of',
    'screen_layout',
    'simulate_crops',
    'simulate_field',
    'simulate_many',
]
