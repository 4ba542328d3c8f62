"""Cells are found in fields whose cells are known, and how many of them is counted.

    python launch.py --config=configs/simulate.py:wild_type --config.wells=4 \
        --workdir=plates/wild_type      # other_microscope and manual_imaging likewise
    python -m benchmarks.segmentation --plates=plates --real=wt2017_fields

Plates with odd numbers in the order of their names are for choosing, the others for the
report. `--fit` prints the coefficients of `screens/cells/joining.py` from the former.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags
from scipy import ndimage
from skimage import feature, filters, segmentation
from sklearn.linear_model import LogisticRegression

from deeploc_jax.images import open_image
from deeploc_jax.markdown import markdown_table
from deeploc_jax.screens.cells import CellOptions, find_cells, save_outlines
from deeploc_jax.screens.cells.background import light_above_background
from deeploc_jax.screens.cells.contacts import find_contacts
from deeploc_jax.screens.cells.pieces import cut_pieces
from deeploc_jax.screens.fields.field import FieldImage

_PLATES = flags.DEFINE_string('plates', None, 'Folder of simulated plates.')
_REAL = flags.DEFINE_string('real', None, 'Folder wt2017_fields.')
_FIELDS = flags.DEFINE_integer('fields', 12, 'Fields of a screen, at most.')
_FIT = flags.DEFINE_bool('fit', False, 'Fit how pieces are joined, and nothing else.')
_SHOW = flags.DEFINE_string('show', None, 'Folder for pictures of the real fields.')

RED, FAR_RED = dict(marker='RFP'), dict(marker='far_red')
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ('wild_type', 'marker', RED),
    ('other_microscope', 'marker', FAR_RED),
    ('other_microscope', 'marker and nuclei', FAR_RED | dict(nuclei='nucleus')),
    (
        'manual_imaging',
        'bright field',
        dict(marker='brightfield', light='transmitted'),
    ),
    ('wild_type', 'protein', {}),
    ('other_microscope', 'protein', {}),
    ('manual_imaging', 'protein', {}),
    ('wt2017_fields', 'marker', FAR_RED | dict(border='drop')),
    (
        'wt2017_fields',
        'marker and nuclei',
        FAR_RED | dict(nuclei='nucleus', border='drop'),
    ),
)
"""Screen, what cells are found by, and how."""
SIMILAR = {'wt2017_fields': 'other_microscope'}
"""Where parameters for a screen are chosen that has no plates for it."""
REAL_CHANNELS = {'GFP': 1, 'nucleus': 2, 'far_red': 3}
TUNED = dict(smoothing=(1.0, 2.0), share=(0.4, 0.6, 0.8, 1.0), apart=(0.3, 0.5))
Labels = np.ndarray
Known = tuple[FieldImage, Labels]


def main(argv: list[str]) -> None:
    """Prints a table in Markdown, or coefficients."""
    del argv
    if _FIT.value:
        print_fit('SHAPE', ['wild_type', 'other_microscope'], nuclei=False)
        print_fit('WITH_NUCLEI', ['other_microscope'], nuclei=True)
        return
    rows = []
    for screen, by, words in CASES:
        known = [*read_known(screen, chosen=False)]
        if not known:
            continue
        options = CellOptions(**words)
        rows.append(
            _row(screen, by, 'ours', known, lambda i, o=options: find_cells(i, o))
        )
        if options.light == 'fluorescence' and not options.nuclei:
            simple = tune_simple(SIMILAR.get(screen, screen), options)
            rows.append(_row(screen, by, 'Otsu + distance', known, simple))
        if _SHOW.value and screen == 'wt2017_fields' and options.nuclei:
            _save_pictures(known, options)
    names = ['screen', 'found by', 'method', 'fields', 'true', 'found']
    names += ['F1@0.5', 'precision', 'recall', 'F1@0.75', 's a field']
    print('\n' + markdown_table(names, rows))


def read_known(screen: str, chosen: bool) -> Iterator[Known]:
    """Fields of a screen with the labels of their cells.

    Args:
        screen: A folder of `--plates`, or wt2017_fields, which has no plates to choose.
        chosen: Whether those for choosing are meant, or those for the report.
    """
    if screen == 'wt2017_fields':
        yield from _read_real()
        return
    folder = Path(_PLATES.value or '') / screen
    plates = sorted(folder.glob('images/*'))[0 if chosen else 1 :: 2]
    paths = [path for plate in plates for path in sorted(plate.glob('*.tif'))]
    step = max(len(paths) // _FIELDS.value, 1)
    for path in paths[::step][: _FIELDS.value]:
        mask = folder / 'masks' / path.relative_to(folder / 'images')
        with open_image(path) as file, open_image(mask) as labels:
            size = file.pixel_size[0] if file.pixel_size else None
            image = FieldImage(file.read(), file.channel_names, size)
            yield image, labels.read()[..., 0].astype(np.int32)


def _read_real() -> Iterator[Known]:
    """Three real fields, with the masks that another lab's program made of them."""
    for path in sorted(Path(_REAL.value or 'none').glob('masks/*_labeled.tiff')):
        name = path.name.removesuffix('_labeled.tiff')
        planes = []
        for number in REAL_CHANNELS.values():
            plane = path.parents[1] / 'images' / f'{name}-ch{number}sk1fk1fl1.tiff'
            with open_image(plane) as file:
                planes.append(file.read()[..., 0])
        with open_image(path) as file:
            labels = file.read()[..., 0].astype(np.int32)
        yield FieldImage(np.stack(planes, -1), (*REAL_CHANNELS,), 0.2), labels


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Counts of cells over fields.

    Attributes:
        true: Cells that are there.
        found: Cells that were found.
        half: Pairs of one of each whose intersection over union is above 0.5.
        most: Those above 0.75.
    """

    true: int = 0
    found: int = 0
    half: int = 0
    most: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Agreement(*(a + b for a, b in pairs))

    def f1(self, matched: int) -> float:
        """F1 of so many pairs."""
        return 2 * matched / max(self.true + self.found, 1)


def agree(true: Labels, found: Labels) -> Agreement:
    """How well two label images agree; above 0.5 each cell has one partner at most."""
    n, m = int(true.max()) + 1, int(found.max()) + 1
    both = np.bincount(true.ravel().astype(np.int64) * m + found.ravel(), None, n * m)
    both = both.reshape(n, m)
    size_true, size_found = both.sum(1)[1:], both.sum(0)[1:]
    union = size_true[:, None] + size_found - both[1:, 1:]
    share = both[1:, 1:] / np.maximum(union, 1)
    counts = (size_true > 0).sum(), (size_found > 0).sum()
    return Agreement(*map(int, (*counts, (share > 0.5).sum(), (share > 0.75).sum())))


def _row(
    screen: str,
    by: str,
    method: str,
    known: list[Known],
    find: Callable[[FieldImage], Labels],
) -> list[str]:
    total, seconds = Agreement(), []
    for image, true in known:
        start = time.process_time()
        found = find(image)
        seconds.append(time.process_time() - start)
        total += agree(true, found)
    shares = (
        total.f1(total.half),
        total.half / max(total.found, 1),
        total.half / max(total.true, 1),
        total.f1(total.most),
    )
    counts = [str(len(known)), f'{total.true:,}', f'{total.found:,}']
    return [
        screen,
        by,
        method,
        *counts,
        *(f'{share:.3f}' for share in shares),
        f'{statistics.median(seconds):.2f}',
    ]


def find_simple(
    image: FieldImage,
    options: CellOptions,
    smoothing: float,
    share: float,
    apart: float,
) -> Labels:
    """Cells by Otsu's threshold and a watershed of the distance to the edge.

    Args:
        image: The field.
        options: As for `find_cells`.
        smoothing: Standard deviation in pixels.
        share: Factor of the threshold.
        apart: Least distance of two seeds in diameters.
    """
    plane = image.pixels[..., image.channels.index(options.marker or image.channels[0])]
    smooth = ndimage.gaussian_filter(plane.astype(np.float32), smoothing)
    diameter = options.diameter_in(image.pixel_size)
    cells = smooth > share * filters.threshold_otsu(smooth)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(cells), 1.0)
    peaks = feature.peak_local_max(
        depth,
        min_distance=int(apart * diameter),
        labels=cells.astype(int),
        exclude_border=False,
    )
    seeds = np.zeros(cells.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = segmentation.watershed(-depth, seeds, mask=cells)
    low, high = options.areas_in(image.pixel_size)
    area = np.bincount(labels.ravel())
    kept = (area >= low) & (area <= high)
    kept[0] = False
    if options.border == 'drop':
        edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
        kept[np.unique(np.concatenate(edges))] = False
    return np.where(kept, kept.cumsum(), 0)[labels]


def tune_simple(screen: str, options: CellOptions) -> Callable[[FieldImage], Labels]:
    """The best of `TUNED` on the fields for choosing."""
    known = [*itertools.islice(read_known(screen, chosen=True), 4)]

    def score(values: tuple[float, ...]) -> float:
        total = Agreement()
        for image, true in known:
            total += agree(true, find_simple(image, options, *values))
        return total.f1(total.half)

    best = max(itertools.product(*TUNED.values()), key=score)
    return lambda image: find_simple(image, options, *best)


def print_fit(name: str, screens: list[str], nuclei: bool) -> None:
    """Prints a logistic regression on pairs of pieces of the fields for choosing."""
    rows, answers, names = [], [], []
    for image, true in itertools.chain(*(read_known(s, chosen=True) for s in screens)):
        diameter = CellOptions().diameter_in(image.pixel_size)
        planes = dict(
            zip(image.channels, np.moveaxis(image.pixels, -1, 0), strict=True)
        )
        marker = planes['far_red' if 'far_red' in planes else 'RFP']
        light, least = light_above_background(marker.astype(np.float32), diameter)
        pieces, depth = cut_pieces(light, least, diameter)
        plane = planes['nucleus'].astype(np.float32) if nuclei else None
        contacts = find_contacts(pieces, depth, plane, diameter)
        m = int(true.max()) + 1
        both = np.bincount(pieces.ravel().astype(np.int64) * m + true.ravel())
        both.resize((int(pieces.max()) + 1) * m)
        owner = both.reshape(-1, m).argmax(axis=1)
        a, b = owner[contacts.small], owner[contacts.large]
        known, names = (a > 0) & (b > 0), [*contacts.measures]
        rows.append(np.stack([*contacts.measures.values()], axis=1)[known])
        answers.append((a == b)[known])
    values, same = np.concatenate(rows), np.concatenate(answers)
    mean, scale = values.mean(axis=0), values.std(axis=0)
    model = LogisticRegression().fit((values - mean) / scale, same)
    factors = model.coef_[0] / scale
    start = model.intercept_[0] - (factors * mean).sum()
    parts = [f'{n}={f:.2f}' for n, f in zip(names, factors, strict=True)]
    print(
        f'{name} = dict(intercept={start:.2f}, {", ".join(parts)})  # {len(same)} pairs'
    )


def _save_pictures(known: list[Known], options: CellOptions) -> None:
    for number, (image, true) in enumerate(known, start=1):
        plane = image.pixels[..., image.channels.index(options.marker)]
        folder = Path(_SHOW.value or '.')
        save_outlines(
            folder / f'field_{number}_ours.png', find_cells(image, options), plane
        )
        save_outlines(folder / f'field_{number}_theirs.png', true, plane)


if __name__ == '__main__':
    app.run(main)
