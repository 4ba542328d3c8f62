"""Task `adapt`: adapts a trained network to a screen without labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax import sharding
from deeploc_jax.adapt.choice import SHARES, Tried, choose
from deeploc_jax.adapt.statistics import (
    Statistics,
    blended,
    shifts,
    statistics_of,
)
from deeploc_jax.command_line import require
from deeploc_jax.data.cells import read_cells, with_classes
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import open_screen
from deeploc_jax.devices import is_main
from deeploc_jax.evaluate.groups import UNITS, unit_names
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.features import make_split_program
from deeploc_jax.predict.program import Program
from deeploc_jax.report.adaptation import as_text, in_words, write_adaptation
from deeploc_jax.tables.adaptation import ADAPTATION
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.channels import match_channels
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork, read_weights, write_weights
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
    stored = describe_screen(builder)
    asked = split_names(config.channels or '')
    match = match_channels(source.card, stored.channels, stored.marker, asked)
    inputs = dict(screen=stored.identity, source=source.sha256)
    claim_workdir(workdir, config.to_dict() | folders, **inputs)
    if is_main():
        print(match.describe(source.card))
    network, screen = fit_channels(source, match), stored.with_channels(match.read)
    card = network.card
    cells = read_cells(
        builder,
        config.split,
        memory_limit=config.memory_limit,
        channels=screen.channels,
        normalize=make_normalize(card.normalization, card.white_level),
    )
    cells, groups = some_cells(cells, config.group_by, config.cells)
    found = statistics_of(network, cells, mesh, config.batch_size)
    program = make_split_program(network, mesh, config.batch_size, crops=1)
    tried = [try_share(program, network, found, s, cells, groups) for s in SHARES]
    chosen = choose(tried)
    if not is_main():
        return
    rows = [row_of(one, tried[0], chosen, cells, card.class_names) for one in tried]
    record = dict(
        environment(),
        trained_on=card.screen,
        **screen.facts(),
        split=config.split,
        group_by=config.group_by,
        shifts=shifts(network, found),
    )
    write(workdir, blended(network, found, chosen.share), chosen, rows, record)
    page = write_adaptation(workdir, rows, tried, chosen, card.class_names, record)
    header, *lines = as_text(rows)
    print(f'\n{markdown_table(header, lines)}\n\n{in_words(rows, record)}')
    print(f'Weights: {short(workdir / "weights")}\nReport:  {short(page)}')


def some_cells(cells: Cells, unit: str, most: int) -> tuple[Cells, np.ndarray]:
    """Cells of known proteins, as many of each as there is room for, well mixed.

    Args:
        cells: The cells.
        unit: Key of `groups.UNITS`.
        most: Largest number of cells.

    Returns:
        The cells, and the group of each.

    Raises:
        ValueError: Fewer than two groups are known.
    """
    groups = unit_names(cells.metadata, unit).astype(str)
    order = np.random.default_rng(0).permutation(np.flatnonzero(groups != ''))
    names, rows = np.unique(groups[order], return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f'The cells are of {len(names)} {unit}(s). Whether an adaptation helps is '
            'judged by at least two: name them in the table of the screen, or take '
            'another --config.group_by.'
        )
    seen = np.zeros(len(names), int)
    place = np.zeros(len(order), int)  # of a cell among those of its group
    for i, row in enumerate(rows):
        place[i], seen[row] = seen[row], seen[row] + 1
    taken = order[np.argsort(place, kind='stable')[:most]]
    taken = np.random.default_rng(1).permutation(taken)
    return cells.at(taken), groups[taken]


def try_share(
    program: Program,
    network: TrainedNetwork,
    found: Statistics,
    share: float,
    cells: Cells,
    groups: np.ndarray,
) -> Tried:
    """What the network makes of the cells with a share of the new statistics."""
    variables = blended(network, found, share).variables
    placed = sharding.put_replicated(variables, program.mesh)
    program = dataclasses.replace(program, variables=placed)
    logits, features = program(cells, f'share {share:g}')
    guesses = mean_crop_probabilities(logits, network.card.temperature)
    novelty = network.novelty.score(features) if network.novelty else None
    return Tried.of(share, guesses, novelty, groups)


def row_of(
    one: Tried, before: Tried, chosen: Tried, cells: Cells, class_names: Sequence[str]
) -> dict[str, Any]:
    """The row of the table for a share."""
    gain, error = one.gain(before)
    labels = with_classes(cells, class_names).labels
    known = labels >= 0
    right = float((one.called == labels)[known].mean()) if known.any() else None
    flagged = None if one.novelty is None else float((one.novelty > 1).mean())
    return dict(
        share=one.share,
        chosen=one is chosen,
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


def write(
    workdir: Path,
    network: TrainedNetwork,
    chosen: Tried,
    rows: list[dict[str, Any]],
    record: dict[str, Any],
) -> None:
    """Writes the weights, the table and `run.json`."""
    note = (
        f'Batch norm has {chosen.share:.0%} of the statistics of {record["dataset"]}.'
        if chosen.share
        else f'Not changed: no adaptation to {record["dataset"]} was better for sure.'
    )
    # Sets that were calibrated with the source's statistics do not hold with others.
    card = dataclasses.replace(
        network.card,
        note=f'{network.card.note} {note}'.strip(),
        prediction_sets=None if chosen.share else network.card.prediction_sets,
    )
    write_weights(workdir / 'weights', network.variables, card, network.novelty)
    write_table(rows_to_table(rows, ADAPTATION.arrow()), workdir / ADAPTATION.path)
    write_json(workdir / 'run.json', record)
