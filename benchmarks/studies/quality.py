"""Flags are held against the truth of simulated plates: focus, dead cells, debris.

python -m benchmarks.studies.quality --seeds=311,312,313 --fields=60

Of each seed one plate is simulated and every eighth field is put out of focus, by 6, 8,
10 or 12 units of 0.12 micrometers; the others keep the focus that the simulator drew.
Cells are found in the marker; `lean-sim`, which has not seen these proteins, classifies
the cells at their true centers. The forest learns from cells of the first plate and is
judged on the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from absl import app, flags

import deeploc_jax
from deeploc_jax import simulate
from deeploc_jax.markdown import markdown_table
from deeploc_jax.progress import progress_bar
from deeploc_jax.screens.cells import CellOptions, cut_crops, find_cells, measure_cells
from deeploc_jax.screens.fields.field import FieldImage
from deeploc_jax.screens.quality import (
    FieldLimits,
    field_quality,
    fit_forest,
    flag_cells,
    flag_fields,
    forest_features,
)

_SEEDS = flags.DEFINE_list('seeds', ['311', '312', '313'], 'Seeds of the screens.')
_FIELDS = flags.DEFINE_integer('fields', 60, 'Fields of each plate.')
_LABELLED = flags.DEFINE_integer('labelled', 200, 'Cells that the forest learns from.')
_SIDES = flags.DEFINE_list('shape', ['640', '864'], 'Rows and columns of a field.')

CHANNELS = ('GFP', 'RFP')
DISTANCES = (6, 8, 10, 12)  # units out of focus
SHARP = 4.0  # units within which a field counts as in focus
SAME = 0.5  # intersection over union with a live cell that makes an object a cell


@dataclasses.dataclass
class Plate:
    """What is found on a plate, and the truth about it.

    Attributes:
        focus: True distance from focus of each field, units.
        rows: Rows of fields.parquet.
        states: True state of each cell that has a crop: live, dead or ghost.
        crops: Its crop.
        measured: Measurements of what was found, a dict for each field.
        is_cell: Whether it is a live cell, an array for each field.
    """

    focus: list[float]
    rows: list[dict]
    states: list[str]
    crops: list[np.ndarray]
    measured: list[dict[str, np.ndarray]]
    is_cell: list[np.ndarray]


def main(argv: list[str]) -> None:
    """Prints tables in Markdown."""
    del argv
    plates = [measure(int(seed)) for seed in _SEEDS.value]
    print(f'\nSIMULATED: {_FIELDS.value} fields of each seed {_SEEDS.value}\n')
    limits = (2.5, 3.0, 3.5)
    header = ('focus limit', *(f'out by {d}' for d in DISTANCES), 'in focus, flagged')
    print(markdown_table(header, [focus_row(plates, limit) for limit in limits]))
    print('\n' + markdown_table(('state', 'cells', 'flagged'), class_rows(plates)))
    print('\n' + forest_line(plates))


def specs_of(seed: int) -> Iterator[simulate.FieldSpec]:
    """Fields of the first plate of a screen, some of them out of focus."""
    wild_type = simulate.SCREENS[0]
    shape = (int(_SIDES.value[0]), int(_SIDES.value[1]))
    chip = dataclasses.replace(wild_type.instrument, field_shape=shape)
    screen = dataclasses.replace(wild_type, seed=seed, instrument=chip)
    specs = simulate.screen_layout(screen)
    specs = [s for s in specs if s.plate.name == specs[0].plate.name]
    rng = np.random.default_rng(seed)
    chosen = np.linspace(0, len(specs) - 1, _FIELDS.value).round().astype(int)
    for number, index in enumerate(chosen):
        far = float(rng.choice(DISTANCES) * rng.choice([-1, 1]))
        focus = specs[index].focus if number % 8 else far
        yield dataclasses.replace(specs[index], focus=focus)


def measure(seed: int) -> Plate:
    """Simulates a plate and measures fields and cells."""
    plate = Plate([], [], [], [], [], [])
    specs = list(specs_of(seed))
    made = simulate.simulate_many(simulate.simulate_field, specs)
    for spec, field in zip(
        specs, progress_bar(made, len(specs), f'seed {seed}', unit='field'), strict=True
    ):
        image = FieldImage(field.image, CHANNELS, simulate.UNIT)
        labels = find_cells(image, CellOptions(marker='RFP'))
        found = measure_cells(labels, image)
        row = dict(screen='s', condition='', replicate='', plate=str(seed))
        row |= dict(well=spec.well, n_cells=len(found['x']))
        plate.rows.append(row | field_quality(image, labels))
        plate.focus.append(abs(spec.focus))
        plate.measured.append(found)
        live = [i for i, c in enumerate(field.cells, 1) if c['state'] == 'live']
        plate.is_cell.append(
            cells_among(labels, np.where(np.isin(field.mask, live), field.mask, 0))
        )
        x, y = (np.array([cell[axis] for cell in field.cells]) for axis in 'xy')
        crops, inside = cut_crops(field.image, x, y)
        plate.crops += list(crops)
        states = np.array([cell['state'] for cell in field.cells])
        plate.states += states[inside].tolist()
    return plate


def cells_among(labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Whether each object of a label image overlaps one live cell well enough."""
    rows, columns = int(labels.max()) + 1, int(mask.max()) + 1
    pairs = labels.astype(np.int64).ravel() * columns + mask.ravel()
    both = np.bincount(pairs, minlength=rows * columns).reshape(rows, columns)
    union = both.sum(1)[:, None] + both.sum(0) - both
    overlap = both[1:, 1:] / union[1:, 1:]
    return overlap.max(1, initial=0) > SAME


def focus_row(plates: list[Plate], limit: float) -> list[str]:
    """Fields that are flagged as out of focus, by their true distance."""
    focus = np.array([distance for plate in plates for distance in plate.focus])
    rows = [row for plate in plates for row in plate.rows]
    found = flag_fields(rows, CHANNELS, FieldLimits(focus=limit))
    flagged = np.array([any(w == 'out_of_focus' for w, _ in f) for f in found])
    groups = [focus == distance for distance in DISTANCES] + [focus < SHARP]
    counts = [f'{flagged[group].sum()} of {group.sum()}' for group in groups]
    return [f'{limit:g}', *counts]


def class_rows(plates: list[Plate]) -> list[list[str]]:
    """Share of the cells of each state that are flagged."""
    network = deeploc_jax.load('lean-sim')
    crops = np.stack([crop for plate in plates for crop in plate.crops])
    states = np.array([state for plate in plates for state in plate.states])
    p = network.predict(crops)
    flags = flag_cells(np.ones(len(p), bool), p, network.class_names)
    flagged = np.array([bool(f) for f in flags])
    return [
        [
            state,
            f'{(states == state).sum():,}',
            f'{flagged[states == state].mean():.1%}',
        ]
        for state in ('live', 'dead', 'ghost')
    ]


def forest_line(plates: list[Plate]) -> str:
    """What a forest that learned on one plate finds on the others."""
    features, is_cell, owner = [], [], []
    for number, plate in enumerate(plates):
        columns = {
            k: np.concatenate([m[k] for m in plate.measured]) for k in plate.measured[0]
        }
        features.append(
            forest_features(columns, CHANNELS, np.full(len(columns['x']), 0))
        )
        is_cell.append(np.concatenate(plate.is_cell))
        owner.append(np.full(len(columns['x']), number))
    x, y, plate_of = map(np.concatenate, (features, is_cell, owner))
    first = np.flatnonzero(plate_of == 0)
    chosen = np.random.default_rng(0).choice(first, _LABELLED.value, replace=False)
    forest = fit_forest(x[chosen], y[chosen])
    rest = plate_of > 0
    called = forest.predict(x[rest])
    return (
        f'Forest, {_LABELLED.value} labelled objects of the first plate: of '
        f'{(~y[rest]).sum():,} objects of the others that are no live cell it finds '
        f'{(~called[~y[rest]]).mean():.1%}, and of {y[rest].sum():,} live cells it '
        f'takes {(~called[y[rest]]).mean():.1%} for none; out of bag '
        f'{forest.oob_score_:.1%} are right.'
    )


if __name__ == '__main__':
    app.run(main)
