"""Hand-made features, as profiling pipelines measure them, are the baseline."""

from __future__ import annotations

from deeploc_jax.measurements.measure import measure_cell as measure_cell
from deeploc_jax.measurements.measure import measure_cells as measure_cells
