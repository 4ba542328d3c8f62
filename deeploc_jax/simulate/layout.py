"""A layout says which protein of a screen grows where and which fields are imaged.

It is a pure function of the screen; the pixels come later, field by field (field.py).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from deeploc_jax.simulate.classes import STATES, class_of, class_sizes
from deeploc_jax.simulate.field_spec import FieldSpec
from deeploc_jax.simulate.microscope.plate import (
    WELLS,
    Instrument,
    Plate,
    draw_plate,
    drifted,
)
from deeploc_jax.simulate.protein import Protein
from deeploc_jax.simulate.screens import Screen
from deeploc_jax.simulate.strains import Strain, draw_strains

CROWD = (60, 150)  # fewest and most cells in a field of REFERENCE_AREA
REFERENCE_AREA = 960 * 1280  # pixels of one unit of length
WANTED_SHARE = 0.3  # most cells wanted from a field, relative to its average number
APART_SHARE = 0.2  # the same where wanted cells keep apart


@dataclasses.dataclass(frozen=True)
class _Site:
    """A field of a strain before plate and culture are known.

    Attributes:
        strain: Protein and split.
        well: Index of the well, counted over all plates.
        name: Number of the field in its well.
        wanted: Number of cells of each state that the screen takes from here.
    """

    strain: Strain
    well: int
    name: str
    wanted: dict[str, int]


def screen_layout(screen: Screen) -> list[FieldSpec]:
    """The fields of a screen, in the order of the cells that are taken from them.

    Returns:
        One FieldSpec per image. All fields of a protein have the same split.

    Raises:
        ValueError: There are too few cells for every class to be in every split, or the
            seed is negative.
    """
    if screen.seed < 0:
        raise ValueError(f'seed ({screen.seed}) must not be negative.')
    strains = draw_strains(np.random.default_rng([screen.seed, 0]), screen)
    seed = (screen.seed, 1 + screen.replicate)
    rng = np.random.default_rng(seed)
    sites = _draw_sites(rng, strains, screen)
    specs: list[FieldSpec] = []
    for index in range(len(screen.conditions)):
        specs += _image(rng, sites, screen, index, specs)
    return specs


def _draw_sites(
    rng: np.random.Generator, strains: list[Strain], screen: Screen
) -> list[_Site]:
    """Draws the wells of all strains, with fields for all wanted cells, in order."""
    room = _typical_crowd(screen.instrument)
    capacity = max(1, int(room * (APART_SHARE if screen.swapped else WANTED_SHARE)))
    places = rng.permutation(-(-len(strains) // len(WELLS)) * len(WELLS))
    sites = []
    for strain, place in zip(strains, places.tolist(), strict=False):
        count = -(-strain.size // capacity)
        share, more = divmod(strain.size, count)
        sites += [
            _Site(strain, place, str(i + 1), {'live': share + (i < more)})
            for i in range(count)
        ]
    sizes = class_sizes(screen.num_cells, screen.classes)
    for name in (name for name in STATES if name in sizes):
        _spread(rng, sites, STATES[name], sizes[name])
    return sorted(sites, key=lambda site: (site.well, site.name))


def _spread(
    rng: np.random.Generator, sites: list[_Site], state: str, count: int
) -> None:
    """Adds wanted cells of a state evenly to all fields, and so to the splits."""
    order = sorted(rng.permutation(len(sites)), key=lambda i: sites[i].strain.split)
    chosen = (np.arange(count) + rng.random()) * len(sites) / count
    for i in chosen.astype(int) % len(sites):
        wanted = sites[order[i]].wanted
        wanted[state] = wanted.get(state, 0) + 1


def _image(
    rng: np.random.Generator,
    sites: list[_Site],
    screen: Screen,
    index: int,
    before: list[FieldSpec],
) -> list[FieldSpec]:
    """The fields of one condition; in swapped screens they repeat the first one's.

    Args:
        rng: Random stream of the layout.
        sites: All fields of the screen.
        screen: The screen.
        index: Index of the condition.
        before: Fields of the conditions before it.
    """
    condition, _ = screen.conditions[index]
    first = before[-1].first + _count(before[-1]) if before else 0
    if screen.swapped and index:
        return _swapped(rng, before, condition, first, screen)
    stem = condition or (f'r{screen.replicate}' if screen.replicate else '')
    plates: dict[int, Plate] = {}
    specs: list[FieldSpec] = []
    for site in sites:
        number = site.well // len(WELLS)
        if number not in plates:
            name = f'{stem}_P{number + 1:02d}'.lstrip('_')
            plates[number] = draw_plate(rng, name, screen.instrument)
        # A held-out protein must not be seen in the crops of a training cell.
        peers = [other for other in sites if other.strain.split == site.strain.split]
        stranger = peers[rng.integers(len(peers))].strain.proteins[index]
        stream = len(before) + len(specs)
        spec = _field(rng, site, screen, index, plates[number], stranger, stream, first)
        first += _count(spec)
        specs.append(spec)
    return specs


def _field(
    rng: np.random.Generator,
    site: _Site,
    screen: Screen,
    index: int,
    plate: Plate,
    stranger: Protein,
    stream: int,
    first: int,
) -> FieldSpec:
    plate = drifted(rng, _session(rng, plate, screen))
    low, high = (_typical_crowd(plate.instrument) * n / sum(CROWD) for n in CROWD)
    condition, culture = screen.conditions[index]
    return FieldSpec(
        seed=(screen.seed, 1 + screen.replicate),
        stream=stream,
        split=site.strain.split,
        condition=condition,
        replicate=str(screen.replicate or ''),
        plate=plate,
        well=WELLS[site.well % len(WELLS)],
        name=site.name,
        protein=site.strain.proteins[index],
        stranger=stranger,
        around=None,
        apart=screen.swapped,
        culture=culture,
        focus=float(rng.normal(0, 2.0 if rng.random() < 0.93 else 5.0)),
        crowd=max(round(rng.uniform(2 * low, 2 * high)), 2),
        wanted=tuple(site.wanted.items()),
        first=first,
    )


def _session(rng: np.random.Generator, plate: Plate, screen: Screen) -> Plate:
    """The plate, or one of its name with optics of its own for this field."""
    if not screen.session_per_field:
        return plate
    return draw_plate(rng, plate.name, screen.instrument)


def _typical_crowd(instrument: Instrument) -> float:
    """Number of cells in an average field."""
    rows, columns = instrument.field_shape
    area = rows * columns / instrument.scale**2
    return float(np.mean(CROWD) * area / REFERENCE_AREA)


def _count(spec: FieldSpec) -> int:
    return sum(count for _, count in spec.wanted)


def _swapped(
    rng: np.random.Generator,
    before: list[FieldSpec],
    condition: str,
    first: int,
    screen: Screen,
) -> list[FieldSpec]:
    """The same fields, but the cells around the wanted ones carry another protein."""
    offset = first - before[0].first
    places = [class_of(screen.classes, s.protein.localization, 'live') for s in before]
    specs = []
    for spec, own in zip(before, places, strict=True):
        others = [
            other.protein
            for other, place in zip(before, places, strict=True)
            if place != own and other.split == spec.split
        ]
        around = others[rng.integers(len(others))]
        name = spec.plate.name.replace(spec.condition, condition)
        specs.append(
            dataclasses.replace(
                spec,
                condition=condition,
                plate=dataclasses.replace(spec.plate, name=name),
                around=around,
                first=spec.first + offset,
            )
        )
    return specs
