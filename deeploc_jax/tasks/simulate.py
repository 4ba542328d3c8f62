"""Task `simulate`: writes whole plates of simulated micrographs and their truth."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import ml_collections
import pyarrow as pa

from deeploc_jax import simulate
from deeploc_jax.devices import is_main
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names
from deeploc_jax.progress import progress_bar
from deeploc_jax.screens import simulated_plates
from deeploc_jax.tables.parquet import read_table, write_table
from deeploc_jax.tables.simulated import SIMULATED_CELLS
from deeploc_jax.workdir.claim import claim_workdir


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes the plates of `config.screen`, field by field.

    A field with a table of cells is complete, and is not simulated a second time.

    Raises:
        ValueError: There is no such screen or condition, `wells` is below 1, or the
            workdir holds plates of another version of the simulation.
    """
    screens = {screen.name: screen for screen in simulate.SCREENS}
    check_name('screen', config.screen, screens)
    if config.wells is not None and config.wells < 1:
        raise ValueError(f'wells ({config.wells}) must be at least 1.')
    claim_workdir(workdir, config.to_dict(), simulation=simulate.VERSION)
    if not is_main():
        return
    screen = screens[config.screen]
    layout = of_conditions(simulate.screen_layout(screen), config.conditions)
    specs = first_wells(layout, config.wells)
    simulated_plates.write_tables(workdir, specs, screen)
    missing = [
        spec
        for spec in specs
        if not simulated_plates.cells_path(workdir, spec).exists()
    ]
    made = simulate.simulate_many(
        partial(simulated_plates.write_field, workdir, screen), missing
    )
    done = len(specs) - len(missing)
    for _ in progress_bar(made, len(specs), 'simulate', initial=done, unit='field'):
        pass
    cells = pa.concat_tables(
        read_table(simulated_plates.cells_path(workdir, spec), SIMULATED_CELLS)
        for spec in specs
    )
    write_table(cells, workdir / SIMULATED_CELLS.path)
    names = {spec.plate.name for spec in specs}
    print(
        f'\nSimulated {screen.name}: {len(names)} plates, {len(specs)} fields, '
        f'{len(cells):,} cells\nImages: {workdir / "images"}\n'
        f'Masks:  {workdir / "masks"} (0 or the number of the cell)\n'
        f'Tables: {workdir}/wells.csv, images.csv, cells.parquet (the truth)'
    )


def of_conditions(
    specs: list[simulate.FieldSpec], conditions: str | None
) -> list[simulate.FieldSpec]:
    """The fields of some conditions, with commas between their names, or of all."""
    if conditions is None:
        return specs
    names = split_names(conditions)
    for name in names:
        check_name('condition', name, {spec.condition for spec in specs})
    return [spec for spec in specs if spec.condition in names]


def first_wells(
    specs: list[simulate.FieldSpec], wells: int | None
) -> list[simulate.FieldSpec]:
    """The fields of the first wells of each plate, or of all."""
    if wells is None:
        return specs
    used = sorted({(spec.plate.name, spec.well) for spec in specs})
    kept: dict[str, list[str]] = {}
    for plate, well in used:
        kept.setdefault(plate, []).append(well)
    return [spec for spec in specs if spec.well in kept[spec.plate.name][:wells]]
