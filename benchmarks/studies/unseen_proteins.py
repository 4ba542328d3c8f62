"""A network is tuned on some proteins of a localization, and tested on another one.

    python -m benchmarks.studies.unseen_proteins --cells=cells.npz --folder=runs/unseen

The archive is that of `benchmarks.real_cells.yeast_wt2`: two mitochondrial and three
cytoplasmic proteins. Each choice of one protein of either kind is for testing, six in
all: every cell of them. Cells of the others are for training (fields 1 and 2) and
validation (field 3). Finished fits stay in the folder, and what is missing is added.

Printed are, by mode and number of labels, accuracy and calibration error on the test
proteins, and balanced accuracy on validation: of proteins that were trained on, and of
those that were left out, which decide what is advised. Means over the six choices and
the draws with the standard deviation over these.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks.studies.over_seeds import spread
from configs import transfer
from deeploc_jax import sharding
from deeploc_jax.class_map import ClassMap, make_class_map
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import ScreenInfo
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names, split_sizes
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.report.learning_curve_table import size_name
from deeploc_jax.report.transfer import ranking
from deeploc_jax.tasks.transfer import recipe_of
from deeploc_jax.transfer.as_is import AsIs
from deeploc_jax.transfer.draws import Draw, make_draws
from deeploc_jax.transfer.jobs import Job
from deeploc_jax.transfer.missing_fits import fit_missing
from deeploc_jax.transfer.prober import Prober
from deeploc_jax.transfer.target_screen import Target
from deeploc_jax.transfer.tuner import Tuner
from deeploc_jax.transfer.unseen import Unseen
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.folder import TrainedNetwork, read_weights
from deeploc_jax.workdir.finished_fits import Fits

_CELLS = flags.DEFINE_string('cells', 'cells.npz', 'Archive of real cells.')
_FOLDER = flags.DEFINE_string('folder', 'runs/unseen', 'Folder of finished fits.')
_SOURCE = flags.DEFINE_string('source', 'lean-sim', 'Network that is transferred.')
_SIZES = flags.DEFINE_string('cells_per_class', '5', "Labels of a class; '' for all.")
_PULLS = flags.DEFINE_list('l2_sp', ['0'], 'Pulls of fine_tune towards the source.')
_HEADS = flags.DEFINE_list('heads', ['mapped'], 'Starts of its layer of the classes.')
_MODES = flags.DEFINE_string('modes', 'as_is,probe,fine_tune,scratch', 'Modes.')
_DRAWS = flags.DEFINE_integer('draws', 1, 'Draws of the labelled cells.')
_STEPS = flags.DEFINE_integer('steps', 150, 'Updates of each training.')
_BATCH = flags.DEFINE_integer('batch_size', 32, 'Largest batch size.')
_ONLY = flags.DEFINE_list('only', None, 'Choices like AAC3-AAR2; no value: all.')

KINDS = {'mitochondria': ('AAC1', 'AAC3'), 'cytoplasm': ('AAH1', 'AAP1', 'AAR2')}
ALL = ['-'.join(each) for each in itertools.product(*KINDS.values())]
CLASS_MAP = 'mitochondria=MITOCHONDRIA,cytoplasm=CYTOPLASM+NUCLEI'
VALIDATION_FIELD = 3
HEADER = ('mode', 'cells a class', 'fits', 'accuracy, new proteins', 'lowest')
HEADER += ('calibration error there', 'balanced accuracy, known proteins')
HEADER += ('proteins left out',)


def main(argv: list[str]) -> None:
    """Fits what is missing and prints the table."""
    del argv
    source = read_weights(_SOURCE.value)
    cells = read_archive(_CELLS.value, source)
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    choices = itertools.product(*KINDS.values())
    for tested in (each for each in choices if '-'.join(each) in (_ONLY.value or ALL)):
        target = split(cells, tested)
        fits = Fits(Path(_FOLDER.value, '-'.join(tested), 'fits.jsonl'), {})
        found: list[dict[str, Any]] = [
            fits.row(job.name)
            | dict(series=job.mode, cells_per_class=job.draw.cells_per_class)
            for job in run(source, target, fits)
        ]
        for row in found + advised(found):
            key = row['series'], size_name(row['cells_per_class'])
            rows.setdefault(key, []).append(row)
    print(markdown_table(HEADER, [[*key, *cells_of(row)] for key, row in rows.items()]))


def run(source: TrainedNetwork, target: Target, fits: Fits) -> list[Job]:
    """Fits what is missing of one choice; the jobs of all fits."""
    mesh, train = sharding.make_mesh(), target.cells['train']
    classes = make_class_map(source.card.class_names, train.class_names, CLASS_MAP)
    config = transfer.get_config()
    config.steps, config.batch_size = _STEPS.value, _BATCH.value
    recipe, sizes = recipe_of(config), split_sizes(_SIZES.value)
    draws = make_draws(train, sizes, _DRAWS.value, group_by='protein', seed=0)
    settings = (('source', source.sha256), ('steps', recipe.steps))
    common = source, target, mesh
    asked = split_names(_MODES.value)
    as_is = AsIs(recipe, classes, *common)
    unseen = Unseen(target, 'protein', recipe.seed, as_is.validation_guesses)
    methods: dict[str, Any] = {}
    if 'as_is' in asked:
        methods['as_is'] = as_is
    if 'probe' in asked:
        methods['probe'] = Prober(recipe, PROBES['ridge'], *common, 'protein', unseen)
    for pull, head in itertools.product(_PULLS.value, _HEADS.value):
        own = dataclasses.replace(recipe, l2_sp=float(pull))
        start: ClassMap | None = classes if head == 'mapped' else None
        if 'fine_tune' in asked:
            name = f'fine_tune, {head}, l2_sp {pull}'
            methods[name] = Tuner(own, 'fine_tune', *common, unseen, start)
    if 'scratch' in asked:
        methods['scratch'] = Tuner(recipe, 'scratch', *common, unseen)
    none = [Draw(0, 0, np.zeros(0, int))]
    jobs = [
        Job(name, draw, settings)
        for name in methods
        for draw in (none if name == 'as_is' else draws)
    ]
    for job, tuned in fit_missing(fits, methods, jobs):
        fits.add(job.name, tuned.result)
    return jobs


def advised(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the mode that is advised at each size, by validation alone."""
    chosen = []
    for size, ranked in ranking(rows, 'protein').items():
        best = ranked[0][0]
        own = 0 if best == 'as_is' else size
        chosen += [
            row | dict(series='advised', cells_per_class=size)
            for row in rows
            if (row['series'], row['cells_per_class']) == (best, own)
        ]
    return chosen


def read_archive(path: str, source: TrainedNetwork) -> Cells:
    """All cells of the archive, as the network takes them."""
    normalize = make_normalize(source.card.normalization)
    with np.load(path, allow_pickle=False) as archive:
        images = normalize(archive['image'][..., ::-1])  # the marker is first there
        columns = {name: archive[name].astype(str) for name in ('protein', 'field')}
        kinds, columns['cell_id'] = archive['localization'], archive['name'].astype(str)
    unknown = {name: np.full(len(images), '') for name in METADATA if name not in 'xy'}
    places = {name: np.full(len(images), np.nan, np.float32) for name in 'xy'}
    labels = np.array([list(KINDS).index(kind) for kind in kinds], np.int32)
    metadata = unknown | columns | places
    return Cells(images, labels, metadata, tuple(KINDS), ('GFP', 'RFP'))


def split(cells: Cells, tested: tuple[str, ...]) -> Target:
    """The cells of these proteins for testing, those of the others for training."""
    test = np.isin(cells.metadata['protein'], tested)
    held = cells.metadata['field'] == str(VALIDATION_FIELD)
    parts = dict(train=~test & ~held, validation=~test & held, test=test)
    screen = ScreenInfo(
        name='yeast_wt2',
        version='1.0.0',
        class_names=cells.class_names,
        channels=cells.channels,
        default_channels=cells.channels,
        marker_channel=1,
        license='of its authors',
        simulated=False,
        identity='-'.join(tested),
        splits={name: int(part.sum()) for name, part in parts.items()},
    )
    known = {name: cells.at(np.flatnonzero(part)) for name, part in parts.items()}
    return Target(screen, known, np.full(len(known['validation']), -1))


def cells_of(rows: list[dict[str, Any]]) -> list[str]:
    """Number of fits and their scores, as cells of the table."""

    def values(name: str) -> str:
        found = [row[name] for row in rows if row.get(name) is not None]
        return spread(found) if found else ''

    lowest = f'{min(row["accuracy"] for row in rows):.3f}'
    names = 'ece', 'validation', 'unseen'
    return [str(len(rows)), values('accuracy'), lowest, *map(values, names)]


if __name__ == '__main__':
    app.run(main)
