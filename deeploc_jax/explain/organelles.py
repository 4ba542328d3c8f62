"""Where organelles of simulated cells lie: their light alone, without a camera."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float32

from deeploc_jax.progress import progress_bar
from deeploc_jax.simulate import CROP, SCREENS, VERSION, Screen, screen_layout
from deeploc_jax.simulate.cell_light import cell_light, cell_view
from deeploc_jax.simulate.crowd import Placed, place_cells
from deeploc_jax.simulate.field import TEXTURE_SIZE
from deeploc_jax.simulate.field_spec import FieldSpec
from deeploc_jax.simulate.specimen import Specimen

BRIGHT = 0.5
"""An organelle is where its light is brighter than this share of its brightest."""


def is_simulated_now(full_name: str) -> bool:
    """Whether a screen is one that this version of the simulator makes.

    Args:
        full_name: Such as 'yeast_sim/wild_type/6.0.0'.
    """
    name, _, rest = full_name.partition('/')
    screen, _, version = rest.partition('/')
    known = screen in {one.name for one in SCREENS}
    return name == 'yeast_sim' and known and version == VERSION


def organelle_masks(
    screen_name: str, cell_ids: Sequence[str]
) -> Bool[np.ndarray, 'n 64 64']:
    """Where the organelles of cells lie in their crops; nowhere in dead cells.

    Args:
        screen_name: Name of a simulated screen, a `Screen.name`.
        cell_ids: Names of its cells, which end in their numbers in the screen.
    """
    masks = np.zeros((len(cell_ids), CROP, CROP), bool)
    for row, spec, one in _placed(_screen(screen_name), cell_ids):
        light = organelle_light(spec, one)
        masks[row] = light > BRIGHT * light.max()
    return masks


def class_lights(
    screen_name: str, cell_ids: Sequence[str], class_names: Sequence[str], draws: int
) -> Float32[np.ndarray, 'n k d 64 64']:
    """Light of the organelles of all classes in the same cells; 0 in dead cells.

    A simulated cell has one outline, nucleus and set of vacuoles, whatever its protein.
    What no cell has in one place, such as its mitochondria, is drawn anew each time.

    Args:
        screen_name: Name of a simulated screen, a `Screen.name`.
        cell_ids: Names of its cells, which end in their numbers in the screen.
        class_names: Names of classes; one that is not of the screen, or has no
            organelle, gives no light.
        draws: How often each is drawn.
    """
    screen = _screen(screen_name)
    shape = (len(cell_ids), len(class_names), draws, CROP, CROP)
    lights = np.zeros(shape, np.float32)
    for row, spec, one in _placed(screen, cell_ids):
        for k, name in enumerate(class_names):
            for where in screen.classes.get(name, ()):
                tagged = dataclasses.replace(
                    one.protein, localization=where, second=where, share=1.0
                )
                for d, rng in enumerate(one.rng.spawn(draws)):
                    other = dataclasses.replace(one, protein=tagged, rng=rng)
                    lights[row, k, d] += organelle_light(spec, other)
    return lights


def _screen(name: str) -> Screen:
    (screen,) = (one for one in SCREENS if one.name == name)
    return screen


def _placed(
    screen: Screen, cell_ids: Sequence[str]
) -> Iterator[tuple[int, FieldSpec, Placed]]:
    """Row, field, and the cell itself, of all that are alive."""
    specs = screen_layout(screen)
    firsts = np.array([spec.first for spec in specs])
    numbers = np.array([int(name.rpartition('_')[2]) for name in cell_ids])
    fields = np.searchsorted(firsts, numbers, side='right') - 1
    each = progress_bar(np.unique(fields), description='organelles', unit='field')
    for field in each:
        spec = specs[field]
        placed = place_cells(spec)
        for row in np.flatnonzero(fields == field):
            one = placed[numbers[row] - spec.first]
            if one.state == 'live':
                yield int(row), spec, one


def organelle_light(spec: FieldSpec, placed: Placed) -> Float32[np.ndarray, '64 64']:
    """Light of the bound protein alone, blurred by the lens, in the crop of a cell.

    Args:
        spec: Its field.
        placed: The cell, as `place_cells` has just made it: its random stream is used.
    """
    plate = dataclasses.replace(spec.plate, glow=(0.0,) * len(spec.plate.glow))
    view, first = cell_view(placed, plate)
    placed.rng.integers(TEXTURE_SIZE, size=2)  # as the field draws its texture
    bound = dataclasses.replace(placed.protein, diffuse=0.0)
    even = np.zeros(view.shape, np.float32)
    specimen = Specimen(placed.cell, view, bound, even, placed.rng)
    light = cell_light(specimen, placed.state, plate)[0][0, 0]
    crop = np.zeros((CROP, CROP), np.float32)
    left, top = (round(c) - CROP // 2 for c in placed.center)
    rows = np.arange(CROP) + top - first[1]
    columns = np.arange(CROP) + left - first[0]
    down = (rows >= 0) & (rows < light.shape[0])
    across = (columns >= 0) & (columns < light.shape[1])
    crop[np.ix_(down, across)] = light[np.ix_(rows[down], columns[across])]
    return crop
