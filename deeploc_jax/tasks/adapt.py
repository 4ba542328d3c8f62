"""Task `adapt`: adapts a trained network to a screen without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.adapt.choice import Tried
from deeploc_jax.adapt.run import Adapted, adapt, spread_rows
from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells, with_classes
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.groups import UNITS, unit_names
from deeploc_jax.lookup import check_name
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.predict.screen import fit_to_screen
from deeploc_jax.report.adaptation import as_text, in_words, write_adaptation
from deeploc_jax.tables.adaptation import ADAPTATION
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import read_weights, write_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short
from deeploc_jax.workdir.source import data_folders


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `weights/`, `adapt.parquet` and a page.

    Raises:
        ValueError: Source or screen are missing, the channels do not fit, or the cells
            have no proteins (or wells) to be judged by.
    """
    require(config, source='<workdir of a training, or weights>', screen='<screen>')
    check_name('group_by', config.group_by, UNITS)
    mesh = sharding.make_mesh()
    source = read_weights(config.source, white_level=config.white_level)
    folders = data_folders(config.source, config.data_dir, config.manual_dir)
    builder = open_screen(config.screen, **folders)
    asked = split_names(config.channels or '')
    network, screen = fit_to_screen(source, describe_screen(builder), asked)
    inputs = dict(screen=screen.identity, source=source.sha256)
    claim_workdir(workdir, config.to_dict() | folders, **inputs)
    card = network.card
    cells = read_cells(
        builder,
        config.split,
        memory_limit=config.memory_limit,
        channels=screen.channels,
        normalize=make_normalize(card.normalization, card.white_level),
    )
    groups = unit_names(cells.metadata, config.group_by).astype(str)
    rows = spread_rows(groups, config.cells)
    cells = cells.at(rows)
    name, size = screen.full_name, config.batch_size
    adapted = adapt(network, cells, groups[rows], mesh, size, name)
    if not is_main():
        return
    table = [row_of(one, adapted, cells) for one in adapted.tried]
    record = dict(
        environment(),
        trained_on=card.screen,
        **screen.facts(),
        split=config.split,
        group_by=config.group_by,
        shifts=adapted.shifts,
    )
    made = adapted.network
    write_weights(workdir / 'weights', made.variables, made.card, made.novelty)
    write_table(rows_to_table(table, ADAPTATION.arrow()), workdir / ADAPTATION.path)
    write_json(workdir / 'run.json', record)
    called = adapted.tried[0].called, adapted.chosen.called
    page = write_adaptation(workdir, table, *called, card.class_names, record)
    header, *lines = as_text(table)
    print(f'\n{markdown_table(header, lines)}\n\n{in_words(table, record)}')
    print(f'Weights: {short(workdir / "weights")}\nReport:  {short(page)}')


def row_of(one: Tried, adapted: Adapted, cells: Cells) -> dict[str, Any]:
    """The row of the table for a share."""
    before = adapted.tried[0]
    gain, error = one.gain(before)
    labels = with_classes(cells, adapted.network.card.class_names).labels
    known = labels >= 0
    right = float((one.called == labels)[known].mean()) if known.any() else None
    flagged = None if one.novelty is None else float((one.novelty > 1).mean())
    return dict(
        share=one.share,
        chosen=one is adapted.chosen,
        cells=len(cells),
        groups=len(one.information),
        information=float(one.information.mean()),
        gain=gain,
        gain_error=None if one is before or not np.isfinite(error) else error,
        agreement=one.agreement,
        changed=float((one.called != before.called).mean()),
        flagged=flagged,
        confidence=float(one.probabilities.max(1).mean()),
        accuracy=right,
    )
