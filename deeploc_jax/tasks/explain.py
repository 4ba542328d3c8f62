"""Task `explain`: shows what a network has learned, and what it looks at in a cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen, name_without_version
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.explain import parts
from deeploc_jax.explain.attribution import ATTRIBUTIONS
from deeploc_jax.explain.embed import METHODS, require_umap
from deeploc_jax.explain.maximal import Recipe
from deeploc_jax.explain.sample import Sample
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.report.section import read_section, write_section, write_sections
from deeploc_jax.weights.folder import read_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short
from deeploc_jax.workdir.source import data_folders

MOST = 4_000
"""Cells that are named, to find the surest of each class; more where more are asked."""
OPTIONS = {
    'attributions': ('methods', 'cells', 'shown'),
    'units': ('sampled', 'measurements', 'units'),
    'maps': ('sampled', 'measurements', 'maps'),
    'maximal': ('sampled', 'judge', 'maximal'),
}
"""Fields of the config that each part is made from."""
MAY_CHANGE = (
    'parts',
    'sampled',
    'measurements',
    'judge',
    'units.',
    'maps.',
    'maximal.',
)
"""Fields that a run is continued with other values of; `sections/` has those used."""
PARTS: dict[str, Any] = {
    'attributions': parts.attributions_part,
    'units': parts.units_part,
    'maps': parts.maps_part,
    'maximal': parts.maximal_part,
}
"""Functions that make the parts, by name, in the order of the page."""


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `explain.html`, figures and tables.

    Raises:
        ValueError: No source is given, there is no such part, method, layer or unit, or
            the channels do not fit the network.
    """
    asked = check(config)
    opened = open_cells(config, workdir)
    if not is_main():
        return
    for part in asked:
        fields = {name: config.to_dict()[name] for name in OPTIONS[part]}
        if read_section(workdir, part, fields):
            print(f'{part}: finished already.')
            continue
        section = PARTS[part](opened, options(config, part))
        print(f'\n{markdown_table(section.header, section.rows)}\n')
        write_section(workdir, part, section, fields)
    write_json(workdir / 'run.json', opened.record)
    made = {part: read_section(workdir, part) for part in PARTS}
    page = write_sections(
        workdir / 'explain.html',
        {part: section for part, section in made.items() if section},
        title=f'What the network has learned: {opened.record["dataset"]}',
        simulated=opened.record['simulated'],
    )
    print(f'\nReport:  {short(page)}')


def check(config: ml_collections.ConfigDict) -> list[str]:
    """Checks the config, and returns the parts that are asked for."""
    require(config, source='<workdir of a training, or weights>', parts='units')
    asked = split_names(config.parts)
    for part in asked:
        check_name('part', part, PARTS)
    if 'attributions' in asked:
        require(config, methods=','.join(ATTRIBUTIONS))
    for name in split_names(config.methods):
        check_name('method', name, ATTRIBUTIONS)
    check_counts(config)
    for name in split_names(config.maps.methods):
        check_name('method', name, METHODS)
    if 'maps' in asked and 'umap' in config.maps.methods:
        require_umap()
    return asked


def check_counts(config: ml_collections.ConfigDict) -> None:
    """Raises a ValueError that names a field that must be at least 1 and is not."""
    fields = ('cells', 'shown', 'sampled', 'batch_size', 'units.each', 'units.patches')
    maximal = ('maximal.cells', 'maximal.units', 'maximal.iterations')
    for field in (*fields, *maximal):
        group, _, name = field.rpartition('.')
        value = (config[group] if group else config)[name]
        if value < 1:
            raise ValueError(f'{field} ({value}) must be at least 1.')


def options(config: ml_collections.ConfigDict, part: str) -> Any:
    """The options of a part, as fields of its own class."""
    if part == 'attributions':
        methods = split_names(config.methods)
        return parts.AttributionOptions(methods, config.cells, config.shown)
    fields = config[part].to_dict()
    if part == 'maximal':
        names = ('iterations', 'step', 'decay', 'blur')
        recipe = Recipe(**{name: fields.pop(name) for name in names})
        return parts.MaximalOptions(recipe, judge=config.judge or '', **fields)
    fields['layers'] = split_names(fields['layers'] or '')
    if part == 'units':
        return parts.UnitOptions(**fields | dict(units=fields['units'] or ''))
    lists = {name: split_names(fields[name] or '') for name in ('methods', 'near')}
    return parts.MapOptions(**fields | lists)


def open_cells(config: ml_collections.ConfigDict, workdir: Path) -> parts.Opened:
    """Opens the network and reads some of the cells into memory."""
    source = read_weights(config.source, white_level=config.white_level)
    folders = data_folders(config.source, config.data_dir, config.manual_dir)
    name = config.screen or name_without_version(source.card.screen)
    builder = open_screen(name, **folders)
    asked = split_names(config.channels or '')
    network, screen = fit_to_screen(source, describe_screen(builder), asked)
    inputs = dict(screen=screen.identity, source=source.sha256)
    claim_workdir(workdir, config.to_dict() | folders, MAY_CHANGE, **inputs)
    card = network.card
    cells = read_cells(
        builder,
        config.split,
        memory_limit=0,
        channels=screen.channels,
        normalize=make_normalize(card.normalization, card.white_level),
    )
    most = max(MOST, config.sampled)
    rows = np.random.default_rng(config.seed).permutation(len(cells))[:most]
    record = dict(
        environment(),
        trained_on=card.screen,
        **screen.facts(),
        split=config.split,
        cells_of_split=len(cells),
        cells_looked_at=len(rows),
    )
    return parts.Opened(
        workdir,
        Sample(network, cells.at(np.sort(rows)), config.batch_size),
        sampled=config.sampled,
        measurements=config.measurements,
        seed=config.seed,
        record=record,
    )
