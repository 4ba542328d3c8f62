"""Task `explain`: shows what a network has learned, and what it looks at in a cell."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells, with_classes
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen, name_without_version
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.explain.attribution import ATTRIBUTIONS
from deeploc_jax.explain.embed import METHODS, require_umap
from deeploc_jax.explain.invented import (
    invent_classes,
    invent_units,
    last_convolution,
)
from deeploc_jax.explain.judged import attributions, judge
from deeploc_jax.explain.layers import default_layers, layer_names
from deeploc_jax.explain.maps import make_maps, nearest_rows, point_rows
from deeploc_jax.explain.maximal import Recipe
from deeploc_jax.explain.named import (
    check_judge,
    named_right,
    named_rows,
    real_right,
)
from deeploc_jax.explain.organelles import is_simulated_now, organelle_masks
from deeploc_jax.explain.sample import Measured, Sample
from deeploc_jax.explain.unit_rows import look_at_units, read_units
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.report.explanations import Explained, explanations_section
from deeploc_jax.report.maps import Mapped, maps_section
from deeploc_jax.report.maximal import maximal_section
from deeploc_jax.report.section import (
    Section,
    read_section,
    write_section,
    write_sections,
)
from deeploc_jax.report.units import units_section
from deeploc_jax.tables.explanations import EXPLANATIONS
from deeploc_jax.tables.maps import MAP_POINTS, MAPS, NEAREST
from deeploc_jax.tables.maximal import MAXIMAL
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import TableSchema, rows_to_table
from deeploc_jax.tables.units import PATCHES, UNITS
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


@dataclasses.dataclass(frozen=True)
class Opened:
    """What all parts are made from.

    Attributes:
        config: The config.
        workdir: Folder of the run.
        sample: The network, fit to the screen, and some cells of the split.
        record: What `run.json` says.
    """

    config: ml_collections.ConfigDict
    workdir: Path
    sample: Sample
    record: dict[str, Any]

    def drawn(self) -> Sample:
        """The cells that all parts but the attributions look at."""
        return self.sample.drawn(self.config.sampled, self.config.seed)

    def measured(self, sample: Sample) -> Measured | None:
        """Measurements of some cells, where they are asked for."""
        if not self.config.measurements:
            return None
        folder = self.workdir / 'measurements.parquet'
        return sample.measured(folder, self.config.split)

    def layers(self, asked: str | None) -> list[str]:
        """The layers asked for, or those that are shown where none is."""
        names = layer_names(self.sample.network)
        chosen = split_names(asked or '') or default_layers(names)
        for name in chosen:
            check_name('layer', name, names)
        return chosen

    def organelles(self, rows: np.ndarray) -> np.ndarray | None:
        """Where organelles of some cells lie in their crops, where the screen tells."""
        name, sample = self.record['dataset'], self.sample
        if not is_simulated_now(name):
            return None
        ids = sample.cells.metadata['cell_id'][rows]
        masks = organelle_masks(name.split('/')[1], ids.tolist())
        inner = slice(sample.margin, sample.margin + sample.network.card.crop)
        return masks[:, inner, inner]

    def write(self, rows: list[dict[str, Any]], schema: TableSchema) -> None:
        """Writes a table of the workdir."""
        write_table(rows_to_table(rows, schema.arrow()), self.workdir / schema.path)


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `explain.html`, figures and tables.

    Raises:
        ValueError: No source is given, there is no such part, method, layer or unit, or
            the channels do not fit the network.
    """
    require(config, source='<workdir of a training, or weights>', parts='units')
    parts = split_names(config.parts)
    for part in parts:
        check_name('part', part, PARTS)
    for name in split_names(config.methods):
        check_name('method', name, ATTRIBUTIONS)
    check_counts(config)
    for name in split_names(config.maps.methods):
        check_name('method', name, METHODS)
    if 'maps' in parts and 'umap' in config.maps.methods:
        require_umap()
    opened = open_cells(config, workdir)
    if not is_main():
        return
    for part in parts:
        asked = {name: config.to_dict()[name] for name in OPTIONS[part]}
        if read_section(workdir, part, asked):
            print(f'{part}: finished already.')
        else:
            write_section(workdir, part, PARTS[part](opened), asked)
    write_json(workdir / 'run.json', opened.record)
    made = {part: read_section(workdir, part) for part in PARTS}
    page = write_sections(
        workdir / 'explain.html',
        {part: section for part, section in made.items() if section},
        title=f'What the network has learned: {opened.record["dataset"]}',
        simulated=opened.record['simulated'],
    )
    print(f'\nReport:  {short(page)}')


def attributions_part(opened: Opened) -> Section:
    """The pixels that speak for the class that a cell is called."""
    config, network = opened.config, opened.sample.network
    images, cells = opened.sample.images, opened.sample.cells
    methods, size = split_names(config.methods), config.batch_size
    require(config, methods=','.join(ATTRIBUTIONS))
    called = opened.sample.probabilities()
    classes, sure = called.argmax(1), called.max(1)
    drawn = np.random.default_rng(config.seed).permutation(len(images))[: config.cells]
    found = attributions(network, images[drawn], classes[drawn], methods, size)
    where = opened.organelles(drawn)
    rows = judge(
        network, images[drawn], classes[drawn], found, size, config.seed, where
    )
    shown = surest(classes, sure, config.shown)
    pictures = attributions(network, images[shown], classes[shown], methods, size)
    opened.write(rows, EXPLANATIONS)
    card = network.card
    explained = Explained(
        images[shown],
        classes[shown],
        with_classes(cells, card.class_names).labels[shown],
        pictures,
        card.class_names,
        card.channels,
        card.marker_channel,
    )
    return told(explanations_section(rows, explained, opened.record))


def units_part(opened: Opened) -> Section:
    """The patches that units answer most, and what the units tell."""
    config, sample = opened.config.units, opened.drawn()
    layers = opened.layers(config.layers)
    asked = read_units(config.units or '')
    seen = look_at_units(
        sample,
        opened.measured(sample),
        list(dict.fromkeys([*layers, *asked])),
        asked=asked,
        units=config.each,
        patches=config.patches,
    )
    opened.write(seen.rows, UNITS)
    opened.write(seen.patches, PATCHES)
    images, marker = sample.images, sample.network.card.marker_channel
    return told(units_section(seen.rows, seen.patches, seen.sizes, images, marker))


def maps_part(opened: Opened) -> Section:
    """Maps of cells, by layers and by measurements."""
    config, sample = opened.config.maps, opened.drawn()
    layers = opened.layers(config.layers)
    methods, seed = split_names(config.methods), opened.config.seed
    cells = sample.cells.metadata
    chosen = [sample.row_of(name) for name in split_names(config.near or '')]
    maps = make_maps(sample, opened.measured(sample), layers, methods, seed)
    chosen = chosen or maps.middle
    opened.write(maps.rows, MAPS)
    opened.write(point_rows(maps, sample), MAP_POINTS)
    opened.write(nearest_rows(maps, sample, chosen), NEAREST)
    mapped = Mapped(
        sample.images,
        sample.network.card.marker_channel,
        *sample.classes(),
        cells,
        maps.maps,
        maps.best,
        chosen,
    )
    return told(maps_section(maps.rows, mapped))


def maximal_part(opened: Opened) -> Section:
    """Images that classes and units answer most."""
    config, sample = opened.config.maximal, opened.drawn()
    network, seed = sample.network, opened.config.seed
    judge = read_weights(opened.config.judge) if opened.config.judge else None
    if judge:
        check_judge(network, judge)
    recipe = Recipe(
        config.iterations, config.step, decay=config.decay, blur=config.blur
    )
    made = invent_classes(sample, recipe, config.cells, config.percentile, seed)
    layer = last_convolution(network)
    units = invent_units(sample, layer, config.units, seed)
    rows = named_rows(sample, made, judge)
    opened.write(rows, MAXIMAL)
    shares = {who: named_right(rows, who) for who in ('own', 'judge', 'before')}
    if judge:
        shares['real'] = real_right(sample, judge)
    by_unit = dict(zip(units.targets.tolist(), units.images, strict=True))
    names, marker = (layer, opened.config.judge or ''), network.card.marker_channel
    return told(maximal_section(rows, made.images, by_unit, shares, names, marker))


PARTS = {
    'attributions': attributions_part,
    'units': units_part,
    'maps': maps_part,
    'maximal': maximal_part,
}
"""Functions that make the parts, by name, in the order of the page."""


def told(section: Section) -> Section:
    """Prints the table of a section."""
    print(f'\n{markdown_table(section.header, section.rows)}\n')
    return section


def open_cells(config: ml_collections.ConfigDict, workdir: Path) -> Opened:
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
    sample = Sample(network, cells.at(np.sort(rows)), config.batch_size)
    return Opened(config, workdir, sample, record)


def check_counts(config: ml_collections.ConfigDict) -> None:
    """Raises a ValueError that names a field that must be at least 1 and is not."""
    fields = ('cells', 'shown', 'sampled', 'batch_size', 'units.each', 'units.patches')
    maximal = ('maximal.cells', 'maximal.units', 'maximal.iterations')
    for field in (*fields, *maximal):
        group, _, name = field.rpartition('.')
        value = (config[group] if group else config)[name]
        if value < 1:
            raise ValueError(f'{field} ({value}) must be at least 1.')


def surest(classes: np.ndarray, sure: np.ndarray, count: int) -> np.ndarray:
    """Rows of the cells of each class that the network is surest of, class by class."""
    order = np.lexsort((-sure, classes))
    first = np.searchsorted(classes[order], classes[order])
    return order[np.arange(len(order)) - first < count]
