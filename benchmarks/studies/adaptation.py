"""Does adapting batch norm without labels help, and is it known where it does harm?

    python -m benchmarks.studies.adaptation --cells=cells.npz lean-sim

Networks are adapted to real cells (the archive of `benchmarks.real_cells.yeast_wt2`),
to the simulated screen of another microscope and to that of the training, with the
marker and without. Every share of the new statistics is tried. The tables show how much
the names of the cells then say about their proteins, by which one share is chosen, and
the accuracy, which the choice does not see.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from absl import app, flags

from deeploc_jax import sharding
from deeploc_jax.adapt.choice import Tried
from deeploc_jax.adapt.run import Adapted, adapt, spread_rows
from deeploc_jax.class_map import ClassMap, make_class_map
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.data.stored_images import FirstChannel
from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.channels import match_channels, match_without
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.folder import TrainedNetwork, read_weights

_CELLS = flags.DEFINE_string('cells', 'cells.npz', 'Archive of real cells.')
_DATA = flags.DEFINE_string('data_dir', None, 'Folder of the prepared screens.')
_OTHER = flags.DEFINE_string('other', 'yeast_sim/manual_imaging', 'Other microscope.')
_MOST = flags.DEFINE_integer('most', 2_000, 'Cells of each screen, at most.')

SWAT_MAP = (
    'nucleus=NUCLEI,nuclear_periphery=NUCLEARPERIPHERY,vacuole=VACUOLE,'
    'vacuole_membrane=VACUOLARMEMBRANE,cytosol=CYTOPLASM,bud=BUDTIP,bud_neck=BUDNECK,'
    'cell_periphery=CELLPERIPHERY,mitochondria=MITOCHONDRIA,ER=ER,'
    'punctate=GOLGI+ENDOSOME+PEROXISOME+ACTIN+SPINDLEPOLE'
)
HEADER = ('share', 'information, nats', 'gain', 'agreement', 'accuracy')


class Screen(NamedTuple):
    """A screen as a network takes it.

    Attributes:
        name: Name for the table.
        network: The network, for the channels that there are.
        cells: The cells, with labels that the adaptation does not see.
        classes: Their classes in terms of those of the network.
    """

    name: str
    network: TrainedNetwork
    cells: Cells
    classes: ClassMap


def main(argv: list[str]) -> None:
    """Prints a table for each network and screen."""
    if len(argv) < 2:
        raise app.UsageError('Name weights or workdirs of trainings.')
    for name in argv[1:]:
        for screen in screens(read_weights(name)):
            cells, adapted = adapted_to(screen)
            rows = list(rows_of(screen, adapted, cells.labels))
            print(f'\n{name}, {screen.name}, {len(cells):,} cells\n')
            print(markdown_table(HEADER, rows), flush=True)


def screens(network: TrainedNetwork) -> Iterator[Screen]:
    """The screens, with the marker where there is one, and without."""
    for name, cells, told in (
        ('yeast_wt2 (real)', real_cells(network), ''),
        ('yeast_sim (simulated)', simulated('yeast_sim', network), ''),
        (f'{_OTHER.value} (simulated)', simulated(_OTHER.value, network), SWAT_MAP),
    ):
        classes = make_class_map(network.card.class_names, cells.class_names, told)
        if len(cells.channels) > 1:
            yield Screen(name, network, cells, classes)
        match = match_without(network.card, network.card.channels[1:])
        alone = dataclasses.replace(
            cells, images=FirstChannel(cells.images), channels=cells.channels[:1]
        )
        yield Screen(
            f'{name}, protein alone', fit_channels(network, match), alone, classes
        )


def real_cells(network: TrainedNetwork) -> Cells:
    """The cells of the archive, labelled by the annotation of their proteins."""
    with np.load(_CELLS.value, allow_pickle=False) as archive:
        images = archive['image'][..., ::-1]  # the archive has the marker first
        proteins = archive['protein'].astype(str)
    empty = np.full(len(proteins), '', object)
    return Cells(
        images=percentile_normalize(images),
        labels=np.char.startswith(proteins, 'AAC').astype(np.int32),
        metadata=dict.fromkeys(METADATA, empty) | dict(protein=proteins),
        class_names=('CYTOPLASM', 'MITOCHONDRIA'),
        channels=network.card.channels,
    )


def simulated(name: str, network: TrainedNetwork) -> Cells:
    """The test split of a simulated screen, in the channels that fit the network."""
    builder = open_screen(name, _DATA.value, None)
    stored = describe_screen(builder)
    match = match_channels(network.card, stored.channels, stored.marker)
    return read_cells(builder, 'test', channels=match.read)


def adapted_to(screen: Screen) -> tuple[Cells, Adapted]:
    """The cells that were looked at, and what adapting to them came to."""
    proteins = screen.cells.metadata['protein'].astype(str)
    rows = spread_rows(proteins, _MOST.value)
    cells, mesh = screen.cells.at(rows), sharding.make_mesh()
    made = adapt(screen.network, cells, proteins[rows], mesh, 512, screen.name)
    return cells, made


def rows_of(
    screen: Screen, adapted: Adapted, labels: np.ndarray
) -> Iterator[list[str]]:
    """A row for each share; the chosen one is marked."""
    before: Tried = adapted.tried[0]
    for one in adapted.tried:
        pairs = zip(one.called.tolist(), labels.tolist(), strict=True)
        right = [name in screen.classes.covers[label] for name, label in pairs]
        gain, error = one.gain(before)
        yield [
            f'{one.share:.2f}' + (' **chosen**' if one is adapted.chosen else ''),
            f'{one.information.mean():.3f}',
            f'{gain:.3f} ± {error:.3f}',
            f'{one.agreement:.3f}',
            f'{np.mean(right):.3f}',
        ]


if __name__ == '__main__':
    app.run(main)
