"""The lamp of simulated plates is estimated from their fields and compared with it.

python -m benchmarks.studies.uneven_light --seeds=111,112,113,114,115

Of each of three microscopes and each seed, one plate with the vignette that the
simulator drew. The error is the relative deviation (rms over the field) of what an even
specimen would look like after correction; before correction it is that of the lamp.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from absl import app, flags

from deeploc_jax import simulate
from deeploc_jax.markdown import markdown_table
from deeploc_jax.screens.fields.field import Field, FieldImage, Plane
from deeploc_jax.screens.fields.illumination import fit_illumination
from deeploc_jax.simulate.microscope.plate import illumination

_SEEDS = flags.DEFINE_list(
    'seeds', ['111', '112', '113', '114', '115'], 'Seeds of the screens.'
)
_SIDES = flags.DEFINE_list('shape', ['320', '432'], 'Rows and columns of a field.')

SCREENS = ('wild_type', 'other_microscope', 'manual_imaging')
CELLS = 1_900  # of the screen, which say how many wells its plate has
NUMBERS = (8, 16, 32)
"""Fields that the lamp is estimated from."""


def main(argv: list[str]) -> None:
    """Prints a table in Markdown."""
    del argv
    rows = []
    for screen in simulate.SCREENS:
        if screen.name in SCREENS:
            rows += channel_rows([measure(screen, int(s)) for s in _SEEDS.value])
    header = ('microscope', 'channel', 'before', *(f'{n} fields' for n in NUMBERS))
    print('\nSIMULATED\n\n' + markdown_table((*header, 'offset unknown'), rows))


def measure(screen: simulate.Screen, seed: int) -> dict[tuple[str, str], list[float]]:
    """Errors of each channel: before, after few and many fields, without offset."""
    shape = (int(_SIDES.value[0]), int(_SIDES.value[1]))
    chip = dataclasses.replace(screen.instrument, field_shape=shape)
    specs = simulate.screen_layout(
        dataclasses.replace(screen, seed=seed, instrument=chip, num_cells=CELLS)
    )
    specs = [s for s in specs if s.plate.name == specs[0].plate.name]
    chosen = np.linspace(0, len(specs) - 1, max(NUMBERS)).round().astype(int)
    made = simulate.simulate_many(simulate.simulate_field, [specs[i] for i in chosen])
    names = tuple(channel.name for channel in chip.channels)
    images = [FieldImage(field.image, names) for field in made]
    lamp, offset = illumination(specs[0].plate), chip.camera.offset
    shown = [fitted(images[:: len(images) // n], offset) for n in NUMBERS]
    shown.append(fitted(images, 0.0))
    even = np.ones((*shape, len(names)))
    return {
        (screen.name, name): [error(lamp, found[..., c]) for found in (even, *shown)]
        for c, name in enumerate(names)
    }


def fitted(images: list[FieldImage], offset: float) -> np.ndarray:
    """The lamp as it is estimated from these images, [h, w, c]."""
    planes = {name: Plane(Path(name)) for name in images[0].channels}
    fields = [
        Field('s', '', '', 'P', 'A01', str(number), '', '', planes)
        for number in range(len(images))
    ]
    found = fit_illumination(fields, lambda field: images[int(field.field)], offset)
    return found.lamp((images[0].pixels.shape[0], images[0].pixels.shape[1]))


def error(lamp: np.ndarray, found: np.ndarray) -> float:
    """Relative deviation of an even specimen, rms."""
    left = lamp / found
    return float(np.std(left) / np.mean(left))


def channel_rows(
    plates: list[dict[tuple[str, str], list[float]]],
) -> list[list[str]]:
    """A row for each channel: medians over the plates, and their range."""
    rows = []
    for key in plates[0]:
        values = np.array([plate[key] for plate in plates])
        cells = [
            f'{np.median(v):.1%} ({v.min():.1%} to {v.max():.1%})' for v in values.T
        ]
        rows.append([*key, *cells])
    return rows


if __name__ == '__main__':
    app.run(main)
