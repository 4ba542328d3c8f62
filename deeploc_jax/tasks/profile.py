"""Task `profile`: sums up cells by well, and by protein, condition and replicate."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np
import pyarrow as pa

from deeploc_jax.command_line import require
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.names import split_names
from deeploc_jax.profiles import cytominer
from deeploc_jax.profiles.blend import make_reference
from deeploc_jax.profiles.cells import ProfiledCells, profiled_cells
from deeploc_jax.profiles.export import Normalization, write_cytominer, write_rows
from deeploc_jax.profiles.features import STATISTICS
from deeploc_jax.profiles.localization import Options
from deeploc_jax.profiles.opening import check_once, open_cells
from deeploc_jax.profiles.tables_of_cells import (
    Profiles,
    feature_profiles,
    localization_profiles,
)
from deeploc_jax.report.movers import write_proteins_page
from deeploc_jax.report.profiles import write_profiles_page
from deeploc_jax.screens.examples import try_examples
from deeploc_jax.screens.simulated_source import is_simulated
from deeploc_jax.tables.cell_parts import cell_parts, cells_digest, feature_parts
from deeploc_jax.tables.examples import EXAMPLES
from deeploc_jax.tables.h5ad import check_anndata
from deeploc_jax.tables.parquet import class_names
from deeploc_jax.tables.profiles import (
    PROFILE_FEATURES,
    PROFILES,
    WELL_FEATURES,
    WELL_PROFILES,
)
from deeploc_jax.workdir.claim import claim_remade
from deeploc_jax.workdir.record import environment, short

CELLS_SHOWN = 4  # cells of a protein on the page of proteins


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes wells.parquet, profiles.parquet and what else is asked for.

    Raises:
        ValueError: Neither cells nor features are given, they do not fit each other or
            are named twice, or a field has a value that is not known.
        ImportError: What is asked for needs an extra that is not installed.
    """
    if not is_main():  # not a task for several hosts
        return
    check(config)
    read = ('cells', 'features', 'labelled')
    for name in read:
        check_once(name, split_names(config[name] or ''))
    digests = {
        name: [cells_digest(path) for path in split_names(config[name] or '')]
        for name in read
    }
    claim_remade(workdir, config.to_dict(), **digests)
    made, unusable = [], None
    wells, columns = pa.table({}), list[str]()
    if config.cells:
        found, about = profile_cells(config, workdir)
        schemas = WELL_PROFILES, PROFILES
        made += write_rows(workdir, found, schemas, h5ad=config.h5ad)
        simulated = any(map(is_simulated, split_names(config.cells)))
        made.append(write_profiles_page(workdir, found.proteins, about, simulated))
        made.append(list_proteins(config, workdir, found.proteins))
        wells, unusable = found.wells, found.unusable
        columns = [f'p_{name}' for name in class_names(wells)]
    if config.features:
        parts = _chained(feature_parts, config.features)
        found, names = feature_profiles(parts, workdir, config.statistic, unusable)
        schemas = WELL_FEATURES, PROFILE_FEATURES
        made += write_rows(workdir, found, schemas, names, config.h5ad)
        wells, columns = found.wells, list(names)
    how = Normalization(config.normalize or '', config.controls or '', config.select)
    made += write_cytominer(workdir, wells, columns, how, config.agreement, config.seed)
    write_json(workdir / 'run.json', environment())
    print('\nProfiles:')
    for path in made:
        print(f'  {short(path)}')


def check(config: ml_collections.ConfigDict) -> None:
    """Raises an error unless the fields have values that are known."""
    if not config.features:
        require(config, cells='<workdir of configs/score.py or configs/evaluate.py>')
    check_name('statistic', config.statistic, STATISTICS)
    if config.normalize:
        check_name('normalize', config.normalize, cytominer.METHODS)
    if not 0 < config.level < 1 or config.resamples < 1:
        raise ValueError(
            f'level ({config.level}) must be between 0 and 1, and resamples '
            f'({config.resamples}) at least 1.'
        )
    if config.h5ad:
        check_anndata()
    if config.normalize or config.agreement:
        cytominer.check_libraries()


def profile_cells(
    config: ml_collections.ConfigDict, workdir: Path
) -> tuple[Profiles, dict[str, str]]:
    """Profiles of the cells, and what was taken for what, in words."""
    ignored = None if config.ignored is None else split_names(config.ignored)
    cells = open_cells(split_names(config.cells), ignored, config.channel)
    options = options_of(config, cells.class_names, cells.ignored)
    found = localization_profiles(
        cells.parts, workdir, options, cells.ignored, cells.channel
    )
    return found, {
        'cells': config.cells,
        'labelled cells': config.labelled or 'none, so no blends',
        'ignored classes': ', '.join(cells.ignored) or 'none',
        'protein channel': cells.channel or 'not measured',
        'intervals': f'{config.level:.0%}',
    }


def list_proteins(
    config: ml_collections.ConfigDict, workdir: Path, profiles: pa.Table
) -> Path:
    """Writes pictures of cells of the proteins with most, and the page of them all."""
    scored, warnings = split_names(config.cells), []
    if config.pictures:
        most = profiles.sort_by([('n_cells', 'descending'), ('protein', 'ascending')])
        names = list(dict.fromkeys(most['protein'].to_pylist()))[: config.pictures]
        path = workdir / EXAMPLES.path
        warnings = try_examples(scored, path, names, count=CELLS_SHOWN)
    return write_proteins_page(workdir, any(map(is_simulated, scored)), warnings)


def options_of(
    config: ml_collections.ConfigDict, names: tuple[str, ...], ignored: list[str]
) -> Options:
    """How cells of these classes are summed up.

    Probabilities count as calibrated on cells with the class shares of the labelled
    cells, or without these with equal shares.
    """
    kept = np.array([name not in ignored for name in names], bool)
    prior, reference = kept / kept.sum(), None
    if config.labelled:
        parts = _chained(cell_parts, config.labelled)
        reference = make_reference((_of(names, part, ignored) for part in parts), kept)
        counts = np.where(kept, np.maximum(reference.counts, 1), 0)
        prior = counts / counts.sum()
    return Options(prior, config.level, config.resamples, config.seed, reference)


def _of(names: tuple[str, ...], part: pa.Table, ignored: list[str]) -> ProfiledCells:
    if class_names(part) != names:
        raise ValueError(
            'labelled: these cells have other classes than those profiled, '
            f'{", ".join(class_names(part))} and not {", ".join(names)}.'
        )
    return profiled_cells(part, ignored)


def _chained(read: Callable[[str], Iterator[Any]], paths: str) -> Iterator[Any]:
    """Parts of several workdirs or tables, one after the other."""
    return itertools.chain.from_iterable(read(path) for path in split_names(paths))
