"""Every table that is written or read, with its columns in one place.

`TABLES` has the schemas; docs/tables.md is made from them.
"""

from deeploc_jax.tables.adaptation import ADAPTATION
from deeploc_jax.tables.changes import FLUX, MOVERS, read_flux, read_movers
from deeploc_jax.tables.curation import AGREEMENT, CORRECTIONS, LEARNING
from deeploc_jax.tables.examples import EXAMPLES
from deeploc_jax.tables.explanations import EXPLANATIONS
from deeploc_jax.tables.feature_files import FEATURES
from deeploc_jax.tables.features import Features, read_features
from deeploc_jax.tables.fit_schemas import PROBES, TRANSFERS
from deeploc_jax.tables.fits import read_fits
from deeploc_jax.tables.maps import MAP_POINTS, MAPS, NEAREST
from deeploc_jax.tables.maximal import MAXIMAL
from deeploc_jax.tables.novelty import NOVELTY
from deeploc_jax.tables.parquet import (
    channel_names,
    class_names,
    class_values,
    read_table,
)
from deeploc_jax.tables.predictions import (
    CONFUSION,
    PREDICTIONS,
    PROTEINS,
    read_predictions,
    read_proteins,
)
from deeploc_jax.tables.profiles import (
    PROFILE_FEATURES,
    PROFILES,
    REPLICATES,
    WELL_FEATURES,
    WELL_PROFILES,
)
from deeploc_jax.tables.schema import Column, TableSchema
from deeploc_jax.tables.scored_cells import FIELDS_SCORED, SCORED_CELLS
from deeploc_jax.tables.scored_parts import (
    read_scored_cells,
    read_scored_fields,
    scored_parts,
)
from deeploc_jax.tables.simulated import IMAGES, SIMULATED_CELLS, WELLS
from deeploc_jax.tables.units import PATCHES, UNITS

TABLES = (
    PREDICTIONS,
    PROTEINS,
    CONFUSION,
    FEATURES,
    PROBES,
    TRANSFERS,
    NOVELTY,
    ADAPTATION,
    EXPLANATIONS,
    UNITS,
    PATCHES,
    MAPS,
    MAP_POINTS,
    NEAREST,
    MAXIMAL,
    SCORED_CELLS,
    FIELDS_SCORED,
    WELL_PROFILES,
    PROFILES,
    WELL_FEATURES,
    PROFILE_FEATURES,
    REPLICATES,
    MOVERS,
    FLUX,
    EXAMPLES,
    CORRECTIONS,
    AGREEMENT,
    LEARNING,
    SIMULATED_CELLS,
    WELLS,
    IMAGES,
)
"""All of them, in the order of the work."""

__all__ = [
    'ADAPTATION',
    'AGREEMENT',
    'CONFUSION',
    'CORRECTIONS',
    'EXAMPLES',
    'EXPLANATIONS',
    'FEATURES',
    'FIELDS_SCORED',
    'FLUX',
    'IMAGES',
    'MAPS',
    'LEARNING',
    'MAP_POINTS',
    'MAXIMAL',
    'MOVERS',
    'NEAREST',
    'NOVELTY',
    'PATCHES',
    'PREDICTIONS',
    'PROBES',
    'PROFILES',
    'PROFILE_FEATURES',
    'PROTEINS',
    'REPLICATES',
    'SCORED_CELLS',
    'SIMULATED_CELLS',
    'TABLES',
    'TRANSFERS',
    'UNITS',
    'WELLS',
    'WELL_FEATURES',
    'WELL_PROFILES',
    'Column',
    'Features',
    'TableSchema',
    'channel_names',
    'class_names',
    'class_values',
    'read_features',
    'read_fits',
    'read_flux',
    'read_movers',
    'read_predictions',
    'read_proteins',
    'read_scored_cells',
    'read_scored_fields',
    'read_table',
    'scored_parts',
]
