"""Parts of the page: each of them writes its tables and draws a section."""

from deeploc_jax.explain.parts.attributions import AttributionOptions, attributions_part
from deeploc_jax.explain.parts.maps import MapOptions, maps_part
from deeploc_jax.explain.parts.maximal import MaximalOptions, maximal_part
from deeploc_jax.explain.parts.opened import Opened
from deeploc_jax.explain.parts.units import UnitOptions, units_part

__all__ = [
    'AttributionOptions',
    'MapOptions',
    'MaximalOptions',
    'Opened',
    'UnitOptions',
    'attributions_part',
    'maps_part',
    'maximal_part',
    'units_part',
]
