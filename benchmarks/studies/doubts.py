"""Which score tells the cells that a network names wrongly from the others?

    python -m benchmarks.studies.doubts --screen=yeast_sim/varied \
        --others=yeast_sim/other_microscope --cells=yeast_wt2/cells.npz \
        --figure=deepyeast_figure/cells.npz lean-sim runs/lean-1 runs/lean-2

The first network is judged; the others, trained with other seeds, make an ensemble with
it. Scores of a cell, larger for one to doubt:

    neighbours     distance to the tenth-nearest training cell (the column `novelty`)
    confidence     1 less the largest probability, of the mean over the views
    energy         less the log of the sum of exp(logits) (Liu et al. 2020, NeurIPS)
    vim            virtual logit: the part of the features outside the principal space
                   of the training cells, against the logits (Wang et al. 2022, CVPR)
    views          Jensen-Shannon divergence of the five views
    ensemble       the same of the networks

Two tables are printed. The first: AUROC of wrong against right cells in the test split
of the screen and in real cells, and of cells of `--others` (all of them) and of crops
of noise against the test split. The second: the score is cut where it flags 5 % of the
validation cells, and the share called right among the flagged and among the others
follows, with the share flagged. The validation split has proteins of its own; nothing
is fitted to the test split or to real cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from absl import app, flags
from scipy.ndimage import uniform_filter
from sklearn.metrics import roc_auc_score

from benchmarks.studies.doubt_scores import Judge, Scores
from benchmarks.studies.real_sets import real_sets
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.datasets import open_screen
from deeploc_jax.markdown import markdown_table
from deeploc_jax.types import Cells
from deeploc_jax.weights.folder import TrainedNetwork, read_weights

_SCREEN = flags.DEFINE_string('screen', 'yeast_sim/varied', 'Screen trained on.')
_OTHERS = flags.DEFINE_list('others', [], 'Screens of which every cell is foreign.')
_DATA = flags.DEFINE_string('data_dir', None, 'Folder of prepared screens.')
NOISE, FLAGGED = 400, 0.05
Read = Callable[[str, str], Cells]
"""`(screen, split) -> cells`."""


def main(argv: list[str]) -> None:
    """Prints two tables in Markdown."""
    networks = [read_weights(name) for name in argv[1:]]
    read = reader(networks[0])
    judge = Judge(networks, read(_SCREEN.value, 'train'))
    usual, _ = judge.scores(read(_SCREEN.value, 'validation'))
    limits = {name: np.quantile(found, 1 - FLAGGED) for name, found in usual.items()}
    known = read(_SCREEN.value, 'test')
    base, called = judge.scores(known)
    rows, flagged = {name: [name] for name in base}, []
    header = ['score']

    def right_and_wrong(title: str, scores: Scores, right: np.ndarray) -> None:
        header.append(f'{title}: wrong ({(~right).sum()} of {len(right)})')
        for name, score in scores.items():
            rows[name].append(f'{roc_auc_score(~right, score):.3f}')
            doubted = score > limits[name]
            shares = doubted.mean(), right[doubted].mean(), right[~doubted].mean()
            flagged.append([title, name, *(f'{share:.3f}' for share in shares)])

    right_and_wrong('test', base, called == known.labels)
    for title, images, classes in real_sets():
        if images.shape[-1] == len(networks[0].card.channels):
            scores, called = judge.scores(judge.as_cells(images))
            names = np.array(networks[0].card.class_names)[called]
            hits = [n in any_of for n, any_of in zip(names, classes, strict=True)]
            right_and_wrong(title, scores, np.array(hits))
    for title, cells in foreign(judge, read):
        header.append(title)
        scores, _ = judge.scores(cells)
        for name, score in scores.items():
            truth = np.repeat([0, 1], [len(known), len(cells)])
            both = np.concatenate([base[name], score])
            rows[name].append(f'{roc_auc_score(truth, both):.3f}')
    print(markdown_table(header, list(rows.values())))
    columns = ('cells', 'score', 'flagged', 'right of these', 'right of the others')
    print(f'\n{markdown_table(columns, flagged)}')


def reader(network: TrainedNetwork) -> Read:
    """A function that reads the cells of a split as the network takes them."""
    normalize = make_normalize(network.card.normalization)

    def read(screen: str, split: str) -> Cells:
        builder = open_screen(screen, _DATA.value, None)
        number = len(network.card.channels)
        channels = builder.info.metadata['channels'][:number]
        return read_cells(
            builder, split, memory_limit=8, channels=channels, normalize=normalize
        )

    return read


def foreign(judge: Judge, read: Read) -> Iterator[tuple[str, Cells]]:
    """Titles and cells that the first network should doubt, all of them."""
    for screen in _OTHERS.value:
        yield screen, read(screen, 'test')
    rng = np.random.default_rng(0)
    shape = (NOISE, 64, 64, len(judge.networks[0].card.channels))
    yield 'uniform noise', judge.as_cells(rng.uniform(0, 1, shape))
    smooth = uniform_filter(rng.normal(size=shape), (1, 3, 3, 1))
    yield 'smooth noise', judge.as_cells(smooth)


if __name__ == '__main__':
    app.run(main)
