"""The simulated yeast screen: a physical model of fluorescence images of cells."""

from deeploc_jax.simulate.classes import (
    CLASS_NAMES,
    class_of,
    class_sizes,
    label_of,
    labels_of,
)
from deeploc_jax.simulate.crops import CROP, Crop, simulate_crops
from deeploc_jax.simulate.field import Micrograph, simulate_field
from deeploc_jax.simulate.field_spec import FieldSpec
from deeploc_jax.simulate.layout import screen_layout
from deeploc_jax.simulate.pool import simulate_many
from deeploc_jax.simulate.screens import SCREENS, VERSION, Screen
from deeploc_jax.simulate.strains import SPLITS

__all__ = [
    'CLASS_NAMES',
    'CROP',
    'SCREENS',
    'SPLITS',
    'VERSION',
    'Crop',
    'FieldSpec',
    'Micrograph',
    'Screen',
    'class_of',
    'class_sizes',
    'label_of',
    'labels_of',
    'screen_layout',
    'simulate_crops',
    'simulate_field',
    'simulate_many',
]
