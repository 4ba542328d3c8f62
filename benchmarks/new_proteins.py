"""Cells of simulated proteins that no network was trained on, as it sees them.

    python -m benchmarks.new_proteins --folder=runs/new --seeds=101,102 lean-sim

draws a screen of 5,000 cells and 343 proteins for each seed, twenty or more of each
class, imaged as in `yeast_sim/varied`, and writes what the network says of the cells
(`new-101.npz`: logits of its views, labels, proteins). The names of the proteins begin
with the seed, so that none is one of the screen that was trained on. Then limits of
prediction sets (`predict.prediction_sets`) are fitted on all of them together with the
split validation of `yeast_sim/varied` and, with `--write`, written into the card of
the network, whose arrays and other fields stay as they are; so are the names of the
proteins that it was trained on. The card of `lean-sim` has those of seeds 101 and 102.
What is in the folder is not done again.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from absl import app, flags

from deeploc_jax import sharding, simulate
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.datasets import open_screen
from deeploc_jax.groups import NewCells
from deeploc_jax.predict.features import make_split_program
from deeploc_jax.predict.prediction_sets import fit_sets
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.folder import (
    PRETRAINED,
    TrainedNetwork,
    read_weights,
    write_weights,
)

_FOLDER = flags.DEFINE_string('folder', 'runs/new', 'Folder of what networks say.')
_SEEDS = flags.DEFINE_list('seeds', ['101', '102'], 'Seeds of the simulated screens.')
_DATA = flags.DEFINE_string('data_dir', None, 'Folder of prepared screens.')
_WRITE = flags.DEFINE_bool('write', False, 'Whether the card gets the limits.')
NUM_CELLS, BATCH = 5_000, 128
SCREEN = 'yeast_sim/varied'  # the one that `lean-sim` is trained on
SPLITS = ('validation', 'test')


def main(argv: list[str]) -> None:
    """Simulates and predicts what is missing, and fits the limits."""
    source = argv[1] if len(argv) > 1 else 'lean-sim'
    network, folder = read_weights(source), Path(_FOLDER.value)
    builder = open_screen(SCREEN, _DATA.value)
    normalize = make_normalize(network.card.normalization)
    read = dict(memory_limit=8, channels=network.card.channels, normalize=normalize)
    for split in SPLITS:
        if not (folder / f'{split}.npz').exists():
            keep(network, read_cells(builder, split, **read), folder / f'{split}.npz')
    for seed in map(int, _SEEDS.value):
        path = folder / f'new-{seed}.npz'
        if not path.exists():
            keep(network, simulated(seed, network), path)
    names = ['validation', *(f'new-{seed}' for seed in _SEEDS.value)]
    logits, labels, proteins = joined(folder, names)
    new = NewCells('protein', np.ones(len(labels), bool), proteins)
    sets = fit_sets(logits, labels, new, network.card.temperature)
    print(sets)
    if _WRITE.value and sets:
        card = dataclasses.replace(
            network.card, prediction_sets=sets, proteins=trained_proteins()
        )
        place = PRETRAINED / source if (PRETRAINED / source).exists() else source
        write_weights(place, network.variables, card, network.novelty)


def trained_proteins() -> tuple[str, ...]:
    """Names of the proteins of the split train of `SCREEN`, in every version of it."""
    layout = simulate.screen_layout(trained_screen())
    return tuple(sorted({s.protein.name for s in layout if s.split == 'train'}))


def trained_screen() -> simulate.Screen:
    """The screen that the network was trained on."""
    (screen,) = (s for s in simulate.SCREENS if s.name == SCREEN.split('/')[1])
    return screen


def simulated(seed: int, network: TrainedNetwork) -> Cells:
    """The cells of a screen of this seed, as the network takes them."""
    name = f'new_proteins_{seed}'
    screen = dataclasses.replace(
        trained_screen(),
        name=name,
        strains=f'NEW{seed}-',
        num_cells=NUM_CELLS,
        seed=seed,
    )
    layout = simulate.screen_layout(screen)
    many = simulate.simulate_many(simulate.simulate_crops, layout)
    crops = [crop for field in many for crop in field]
    names = [simulate.labels_of(screen.classes, c.truth)['label'] for c in crops]
    classes = network.card.class_names
    text = {n: np.full(len(crops), '', object) for n in METADATA if n not in 'xy'}
    text['protein'] = np.array([c.spec.protein.name for c in crops], object)
    places = {n: np.zeros(len(crops), np.float32) for n in 'xy'}
    normalize = make_normalize(network.card.normalization)
    images = normalize(np.stack([crop.image for crop in crops]))
    labels = np.array([classes.index(name) for name in names], np.int32)
    return Cells(images, labels, text | places, classes, network.card.channels)


def keep(network: TrainedNetwork, cells: Cells, path: Path) -> None:
    """Writes what the network says of cells."""
    program = make_split_program(network, sharding.make_mesh(), BATCH)
    batches = list(program.batches(cells, path.stem))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        logits=np.concatenate([batch.logits for batch in batches]),
        features=np.concatenate([batch.features for batch in batches]),
        labels=cells.labels,
        protein=cells.metadata['protein'].astype(str),
    )


def joined(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, labels and proteins of several of these files together."""
    found = [np.load(folder / f'{name}.npz') for name in names]
    logits, labels, proteins = (
        np.concatenate([file[key] for file in found])
        for key in ('logits', 'labels', 'protein')
    )
    return logits, labels, proteins


if __name__ == '__main__':
    app.run(main)
