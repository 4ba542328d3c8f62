"""Do prediction sets hold on proteins that were not trained on?

    python -m benchmarks.new_proteins --folder=runs/new lean-sim
    python -m benchmarks.studies.coverage --folder=runs/new \
        --cells=yeast_wt2/cells.npz --figure=deepyeast_figure/cells.npz

`--folder` has what `benchmarks.new_proteins` wrote of simulated proteins that a network
did not train on. Limits are fitted on some proteins and tested on others: on those of
the split test as the card has them, and on random halves of all proteins, by class,
over 20 seeds. The archives are real cells of `benchmarks.real_cells.yeast_wt2` and of a
figure; a cell is covered where any class of its annotation is in its set. For the
five real proteins limits are also fitted anew, on the cells of three of them, and
tested on the two others, one of either kind: six choices.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from absl import app, flags

import deeploc_jax
from benchmarks.new_proteins import joined
from benchmarks.studies.over_seeds import spread
from deeploc_jax.evaluate.confidence import set_numbers
from deeploc_jax.groups import NewCells
from deeploc_jax.markdown import markdown_table
from deeploc_jax.predict.calibration import mean_crop_probabilities
from deeploc_jax.predict.prediction_sets import fit_sets, smallest_probability
from deeploc_jax.predict.predictor import Predictor
from deeploc_jax.reliability import expected_calibration_error
from deeploc_jax.weights.prediction_sets import PredictionSets

_CELLS = flags.DEFINE_string('cells', None, 'Archive of real cells.')
_FIGURE = flags.DEFINE_string('figure', None, 'Archive of the cells of a figure.')
_HALVES = flags.DEFINE_integer('halves', 20, 'Random halves.')

GROUPS = {'MITOCHONDRIA': ('AAC1', 'AAC3'), 'CYTOPLASM': ('AAH1', 'AAP1', 'AAR2')}
ANNOTATED = {name: (kind,) for kind, names in GROUPS.items() for name in names}
ANNOTATED |= dict.fromkeys(('AAH1', 'AAR2'), ('CYTOPLASM', 'NUCLEI'))
ALL = list(itertools.product(*GROUPS.values()))
FEW, MANY = ['validation'], ['validation', 'new-101', 'new-102']
HEADER = ('limits from', 'tested on', 'coverage', 'classes in a set', 'empty')
HEADER += ('class means: mean', 'lowest')


def main(argv: list[str]) -> None:
    """Prints tables in Markdown."""
    network = deeploc_jax.load(argv[1] if len(argv) > 1 else 'lean-sim')
    temperature, names = network.card.temperature, network.class_names
    folder = Path(flags.FLAGS.folder)  # of `new_proteins`
    test, rows = joined(folder, ['test']), []
    per_class: dict[str, float] = {}
    counts: dict[str, int] = {}
    for which in (FEW, MANY):  # the second one is that of the card
        sets = fitted(joined(folder, which), temperature)
        row = tested(sets, test, temperature, names)
        rows.append((' + '.join(which), 'test', *row_text([row])))
        per_class = row['set_90_per_class']
        counts = dict(zip(names, sets.groups, strict=True))
    everything = joined(folder, [*MANY, 'test'])
    halves = [half(everything, temperature, names, s) for s in range(_HALVES.value)]
    rows.append(('half of all proteins', 'the other half', *row_text(halves)))
    print(markdown_table(HEADER, rows))
    rows = [
        (name, str(counts[name]), f'{value:.2f}') for name, value in per_class.items()
    ]
    print(markdown_table(('class', 'proteins it is calibrated with', 'coverage'), rows))
    found = mean_crop_probabilities(test[0], temperature)
    error = expected_calibration_error(found, test[1])
    print(f'\ncalibration error, simulated test proteins: {error:.3f}')
    print('\n| cells | n | called right | covered | classes | empty | ECE |')
    if _FIGURE.value:
        with np.load(_FIGURE.value, allow_pickle=False) as archive:
            images, label = archive['image'], archive['label'].astype(str)
        show('figure', network, network.predict(images), [(name,) for name in label])
    if _CELLS.value:
        real(network, _CELLS.value)


def fitted(cells: tuple[np.ndarray, ...], temperature: float) -> PredictionSets:
    """Limits from logits, labels and proteins of cells."""
    logits, labels, proteins = cells
    everyone = np.ones(len(labels), bool)
    sets = fit_sets(
        logits, labels, NewCells('protein', everyone, proteins), temperature
    )
    assert sets is not None
    return sets


def tested(sets, cells, temperature, names) -> dict:
    """Numbers of the sets of cells, by their views."""
    logits, labels, _ = cells
    found = mean_crop_probabilities(logits, temperature)
    return set_numbers(labels, names, sets.members(found, logits.shape[1]))


def half(cells, temperature, names, seed) -> dict:
    """Half of the proteins of each class for the limits, tested on the other half."""
    logits, labels, proteins = cells
    rng, chosen = np.random.default_rng(seed), []
    unique, group = np.unique(proteins, return_inverse=True)
    votes = np.zeros((len(unique), len(names)))
    np.add.at(votes, (group, labels), 1)
    own = votes[:, : len(names) - 2].argmax(
        axis=1
    )  # the last are dead cells and ghosts
    for index in np.unique(own):
        mine = rng.permutation(np.flatnonzero(own == index))
        chosen.extend(mine[: len(mine) // 2].tolist())
    taken = np.isin(group, chosen)
    sets = fitted((logits[taken], labels[taken], proteins[taken]), temperature)
    rest = logits[~taken], labels[~taken], proteins[~taken]
    return tested(sets, rest, temperature, names)


def row_text(numbers: list[dict]) -> list[str]:
    """Coverage, size and share of empty sets, and of the classes mean and lowest."""
    classes = [list(n['set_90_per_class'].values()) for n in numbers]
    keys = 'set_90_coverage', 'set_90_size', 'set_90_empty'
    columns = [[n[key] for n in numbers] for key in keys]
    columns += [[float(np.mean(c)) for c in classes], [min(c) for c in classes]]
    if len(numbers) == 1:
        return [f'{column[0]:.3f}' for column in columns]
    return [spread(column) for column in columns]


def show(what: str, network: Predictor, p: np.ndarray, true: list[tuple]) -> None:
    """Prints coverage and size of real cells, by the limits on the card."""
    sets, card = network.card.prediction_sets, network.card
    assert sets is not None
    members, names = sets.members(p, card.crops), np.array(network.class_names)
    assert members is not None
    hit = [
        np.isin(names[row], own).any() for row, own in zip(members, true, strict=True)
    ]
    called = zip(names[p.argmax(axis=1)], true, strict=True)
    right, sizes = np.array([name in own for name, own in called]), members.sum(axis=1)
    print(
        f'| {what} | {len(p):,} | {right.mean():.3f} | {np.mean(hit):.3f} | '
        f'{sizes.mean():.2f} | {(sizes == 0).mean():.3f} | '
        f'{calibration_error(p.max(axis=1), right):.3f} |'
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """That of calls [n] that are right or not."""
    pairs = np.stack([confidence, np.zeros_like(confidence)], axis=1)
    return float(expected_calibration_error(pairs, np.where(right, 0, 1)))


def real(network: Predictor, path: str) -> None:
    """Prints what holds on the real proteins, by the card and by limits fitted anew."""
    with np.load(path, allow_pickle=False) as archive:
        images = archive['image'][..., ::-1]  # the archive has the marker first
        proteins = archive['protein'].astype(str)
    p = network.predict(images)
    for name in ANNOTATED:
        mine = proteins == name
        show(name, network, p[mine], [ANNOTATED[name]] * int(mine.sum()))
    show('all', network, p, [ANNOTATED[name] for name in proteins])
    columns = [
        network.class_names.index(n) for n in ('MITOCHONDRIA', 'CYTOPLASM', 'NUCLEI')
    ]
    asked = np.stack([p[:, columns[0]], p[:, columns[1:]].sum(axis=1)], axis=1)
    asked /= asked.sum(axis=1, keepdims=True)
    label = np.isin(proteins, GROUPS['CYTOPLASM']).astype(int)
    true = asked[np.arange(len(label)), label].astype(np.float32)
    covered: dict[str, list[float]] = {'each protein once': [], 'each cell once': []}
    sizes: dict[str, list[float]] = {name: [] for name in covered}
    errors = []
    for choice in ALL:
        test = np.isin(proteins, choice)
        for name, units in zip(covered, (proteins, np.arange(len(label))), strict=True):
            limits = np.array(
                [
                    smallest_probability(
                        true[~test & (label == c)], units[~test & (label == c)]
                    )
                    for c in (0, 1)
                ],
                np.float32,
            )
            members = asked[test].astype(np.float32) >= limits
            covered[name].append(float((true[test] >= limits[label[test]]).mean()))
            sizes[name].append(float(members.sum(axis=1).mean()))
        errors.append(float(expected_calibration_error(asked[test], label[test])))
    for name in covered:
        print(
            f'\n{name}: covered {spread(covered[name])}, {spread(sizes[name])} of two'
        )
    print(f'calibration error asked for two classes: {spread(errors)}')


if __name__ == '__main__':
    app.run(main)
