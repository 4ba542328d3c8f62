"""The layout of a simulated screen: proteins, plates, wells, fields, cells, splits.

Everything here is a pure function of the number of cells and a seed; the pixels come
later, cell by cell (see render.py).
"""

from __future__ import annotations

import collections
import dataclasses

import numpy as np

from deeploc_jax.simulate.classes import (
    CHONG_TEST_COUNTS,
    CLASS_NAMES,
    LOCALIZATIONS,
)
from deeploc_jax.simulate.specimen import Protein

SPLIT_SHARES = {'train': 0.70, 'validation': 0.15, 'test': 0.15}
CELLS_PER_PROTEIN = 55
PROTEINS_PER_CLASS = 12  # at least, however rare the class
RAREST_SHARE = 1 / 80  # of all cells: 250 of 20,000
WELLS = tuple(f'{row}{column:02d}' for row in 'ABCDEFGH' for column in range(1, 13))
FIELDS_PER_WELL = 4
SITE, SITE_ROWS, SITE_COLUMNS = 80, 12, 16  # cells of a field on a jittered grid
FIELD_SHAPE = (SITE * SITE_ROWS, SITE * SITE_COLUMNS)  # rows, columns, in pixels


@dataclasses.dataclass(frozen=True)
class Plate:
    """One plate, imaged in one session.

    Attributes:
      name: identifier in the screen.
      marker: photoelectrons a pixel of the cytosolic marker.
      autofluorescence: photoelectrons a pixel of an unlabelled cell, protein channel.
      background: photoelectrons a pixel outside cells, protein and marker channel.
      vignette: loss of light (0 to 1) in the corners of a field.
      bright: where in the field the illumination peaks (x, y), 0 to 1.
      shift: misalignment (x, y) in pixels of the marker channel.
    """

    name: str
    marker: float
    autofluorescence: float
    background: tuple[float, float]
    vignette: float
    bright: tuple[float, float]
    shift: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Field:
    """One image of a well.

    Attributes:
      name: number of the field in its well.
      focus: focal plane above the middle of the cells, pixels.
      density: mean number of neighbours about a cell.
    """

    name: str
    focus: float
    density: float


@dataclasses.dataclass(frozen=True)
class CellSpec:
    """Everything about one cell that is known before it is drawn.

    Attributes:
      index: number of the cell in the screen.
      split: train, validation or test.
      protein: what the cell carries.
      stranger: another protein of the plate, found in contaminating cells.
      plate: where it grows.
      well: its well on the plate.
      field: the image it is in.
      x: column of its centre in the field, pixels.
      y: row of its centre in the field, pixels.
    """

    index: int
    split: str
    protein: Protein
    stranger: Protein
    plate: Plate
    well: str
    field: Field
    x: float
    y: float

    @property
    def label(self) -> int:
        """Index of its class in CLASS_NAMES."""
        return self.protein.label

    @property
    def cell_id(self) -> str:
        """Identifier, unique in the screen."""
        return f'{self.plate.name}_{self.well}_{self.field.name}_{self.index:06d}'


def class_sizes(num_cells: int) -> dict[str, int]:
    """Cells of each class: the real screen's imbalance, with a floor for rare ones.

    Args:
      num_cells: cells in the screen.

    Raises:
      ValueError: if a class could not have a cell in every split.
    """
    fewest = len(SPLIT_SHARES) * len(CLASS_NAMES)
    if num_cells < fewest:
        raise ValueError(
            f'num_cells ({num_cells}) must be at least {fewest}: each of the '
            f'{len(CLASS_NAMES)} classes needs a cell in each split.'
        )
    even = num_cells // len(CLASS_NAMES)
    floor = max(int(num_cells * RAREST_SHARE), min(PROTEINS_PER_CLASS, even))
    counts = np.array([CHONG_TEST_COUNTS[name] for name in CLASS_NAMES], float)
    sizes = _with_floor(counts / counts.sum(), num_cells, floor)
    return dict(zip(CLASS_NAMES, sizes.tolist(), strict=True))


def _with_floor(shares: np.ndarray, total: int, floor: int) -> np.ndarray:
    """Whole numbers that add up to total, near shares * total, none below floor."""
    small = np.zeros(len(shares), bool)
    for _ in shares:
        rest = total - floor * small.sum()
        ideal = np.where(small, floor, rest * shares / shares[~small].sum())
        if (ideal[~small] >= floor).all() or small.sum() == len(shares) - 1:
            break
        small |= ideal < floor
    sizes = np.floor(ideal).astype(int)
    order = np.argsort(sizes - ideal, kind='stable')
    sizes[order[: total - sizes.sum()]] += 1
    return sizes


def screen_layout(num_cells: int, seed: int) -> list[CellSpec]:
    """The cells of a screen, in the order of their index.

    Args:
      num_cells: cells in the screen.
      seed: the layout's random seed.

    Returns:
      One CellSpec a cell: its protein (one class each), plate, well, field, position,
      and its split, which all cells of a protein share.

    Raises:
      ValueError: if there are too few cells for every class to be in every split.
    """
    rng = np.random.default_rng([seed, 0x1A7])
    proteins, splits, sizes = _draw_proteins(rng, class_sizes(num_cells))
    plates = _draw_plates(rng, -(-len(proteins) // len(WELLS)))
    places = rng.permutation(len(plates) * len(WELLS))[: len(proteins)]
    on_plate = collections.defaultdict(list)
    for protein, place in zip(proteins, places, strict=True):
        on_plate[place // len(WELLS)].append(protein)
    specs: list[CellSpec] = []
    for protein, split, size, place in zip(
        proteins, splits, sizes, places, strict=True
    ):
        plate, well = plates[place // len(WELLS)], WELLS[place % len(WELLS)]
        others = on_plate[place // len(WELLS)]
        stranger = others[rng.integers(len(others))]
        for field, x, y in _draw_positions(rng, size):
            spec = CellSpec(
                len(specs), split, protein, stranger, plate, well, field, x, y
            )
            specs.append(spec)
    return specs


def _draw_proteins(rng, cells_per_class: dict[str, int]):
    """Proteins of every class with their splits and numbers of cells."""
    proteins, splits, sizes = [], [], []
    for label, (name, size) in enumerate(cells_per_class.items()):
        count = min(max(PROTEINS_PER_CLASS, round(size / CELLS_PER_PROTEIN)), size)
        splits += _split_names(rng, count)
        sizes += [size // count + (i < size % count) for i in range(count)]
        proteins += [_draw_protein(rng, label, name) for _ in range(count)]
    names = rng.permutation(len(proteins))
    proteins = [
        dataclasses.replace(protein, name=f'SIM{name:04d}')
        for protein, name in zip(proteins, names.tolist(), strict=True)
    ]
    return proteins, splits, sizes


def _split_names(rng, count: int) -> list[str]:
    """A split for each of a class's proteins, every split at least once."""
    held = [max(1, round(count * SPLIT_SHARES[n])) for n in ('validation', 'test')]
    names = ['validation'] * held[0] + ['test'] * held[1]
    names += ['train'] * (count - len(names))
    return [names[i] for i in rng.permutation(count)]


def _draw_protein(rng, label: int, class_name: str) -> Protein:
    """A protein; dead cells and ghosts are found among cells of any localization."""
    anywhere = LOCALIZATIONS[rng.integers(len(LOCALIZATIONS))]
    return Protein(
        name='',
        label=label,
        localization=class_name if class_name in LOCALIZATIONS else anywhere,
        abundance=float(65 * np.exp(0.65 * rng.normal())),
        diffuse=float(rng.beta(1.2, 7)),
        nuclear=float(rng.uniform(0.55, 1.1)),
        count=float(np.exp(0.25 * rng.normal())),
        size=float(rng.uniform(0, 0.35)),
    )


def _draw_plates(rng, count: int) -> list[Plate]:
    return [
        Plate(
            name=f'P{number:02d}',
            marker=float(55 * np.exp(0.25 * rng.normal())),
            autofluorescence=float(rng.uniform(3.5, 6.5)),
            background=(float(rng.uniform(2, 5)), float(rng.uniform(2, 6))),
            vignette=float(rng.uniform(0.1, 0.4)),
            bright=tuple(rng.uniform(0.35, 0.65, 2).tolist()),
            shift=tuple(rng.normal(0, 0.4, 2).clip(-1.2, 1.2).tolist()),
        )
        for number in range(1, count + 1)
    ]


def _draw_positions(rng, count: int) -> list[tuple[Field, float, float]]:
    """Field and position of each of a well's cells; no two crops overlap."""
    fields = [
        Field(
            name=str(number),
            # Autofocus holds most fields and misses some.
            focus=float(rng.normal(0, 2.2 if rng.random() < 0.93 else 6)),
            density=float(2.2 * np.exp(0.4 * rng.normal())),
        )
        for number in range(1, FIELDS_PER_WELL + 1)
    ]
    sites = SITE_ROWS * SITE_COLUMNS
    chosen = rng.permutation(FIELDS_PER_WELL * sites)[:count]
    jitter = rng.uniform(-7.5, 7.5, (len(chosen), 2))
    rows, columns = np.divmod(chosen % sites, SITE_COLUMNS)
    x, y = (np.stack([columns, rows], 1) * SITE + SITE / 2 + jitter).T
    return [
        (fields[n // sites], float(i), float(j))
        for n, i, j in zip(chosen, x, y, strict=True)
    ]
