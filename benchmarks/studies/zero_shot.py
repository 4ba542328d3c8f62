"""Networks trained on simulated cells alone are applied to real ones as they are.

    python -m benchmarks.studies.zero_shot --cells=cells.npz \
        runs/sim-0 runs/sim-1 runs/sim-2

The archive is that of `benchmarks.real_cells.yeast_wt2`: 1,220 cells of five proteins,
of which only the annotated localization of the protein is known, not that of each cell.
Two tables are printed: the share of each protein's cells that is called by its
annotation, as a mean over the networks; and, of networks that know what they have seen,
the share of cells flagged as novel and the share called right among these and among the
others.
"""

from __future__ import annotations

import collections

import numpy as np
from absl import app, flags

import deeploc_jax
from benchmarks.studies.over_seeds import spread
from deeploc_jax.markdown import markdown_table
from deeploc_jax.predict.predictor import Predictor

_CELLS = flags.DEFINE_string('cells', 'cells.npz', 'Archive of real cells.')

ANNOTATED = {
    'AAC1': ('MITOCHONDRIA',),
    'AAC3': ('MITOCHONDRIA',),
    'AAH1': ('CYTOPLASM', 'NUCLEI'),
    'AAP1': ('CYTOPLASM',),
    'AAR2': ('CYTOPLASM', 'NUCLEI'),
}
CALLS_HEADER = ('protein', 'cells', 'first annotated class', 'any annotated')
CALLS_HEADER += ('otherwise',)
NOVELTY_HEADER = ('network', 'cells flagged', 'right of these', 'right of the others')
GROUPS = {
    'mitochondrial': ('AAC1', 'AAC3'),
    'cytoplasmic': ('AAH1', 'AAP1', 'AAR2'),
}


def main(argv: list[str]) -> None:
    """Prints tables in Markdown."""
    if len(argv) < 2:
        raise app.UsageError('Name weights or workdirs of trainings.')
    with np.load(_CELLS.value, allow_pickle=False) as archive:
        images = archive['image'][..., ::-1]  # the archive has the marker first
        proteins = archive['protein'].astype(str)
    networks = [deeploc_jax.load(name) for name in argv[1:]]
    called = np.stack([call(network, images) for network in networks])
    print(f'\nyeast_wt2, all {len(images):,} cells, {len(called)} networks; ')
    print('share of cells, mean ± sd over the networks\n')
    rows = []
    for name, members in (*((p, (p,)) for p in ANNOTATED), *GROUPS.items()):
        mine = np.isin(proteins, members)
        rows.append([name, *calls_row(called[:, mine], proteins[mine])])
    print(markdown_table(CALLS_HEADER, rows))
    if all(network.knows_novelty for network in networks):
        rows = [
            [name, *novelty_row(network.novelty(images) > 1, names, proteins)]
            for name, network, names in zip(argv[1:], networks, called, strict=True)
        ]
        print(f'\n{markdown_table(NOVELTY_HEADER, rows)}')


def call(network: Predictor, images: np.ndarray) -> np.ndarray:
    """Name of the class of each cell, by one network."""
    return np.array(network.class_names)[network.predict(images).argmax(axis=1)]


def novelty_row(
    flagged: np.ndarray, called: np.ndarray, proteins: np.ndarray
) -> list[str]:
    """Share flagged [n], and shares called right among these and the others."""
    pairs = zip(called, proteins, strict=True)
    right = np.array([name in ANNOTATED[protein] for name, protein in pairs])
    parts = right[flagged], right[~flagged]
    shares = [flagged.mean(), *(p.mean() if len(p) else np.nan for p in parts)]
    return [f'{share:.3f}' for share in shares]


def calls_row(called: np.ndarray, proteins: np.ndarray) -> list[str]:
    """Number of cells and shares called right, from class names [networks, n]."""
    first = np.array([ANNOTATED[name][0] for name in proteins])
    right = called == first
    fits = right.copy()
    for i, name in enumerate(proteins):
        fits[:, i] = np.isin(called[:, i], ANNOTATED[name])
    wrong = collections.Counter(called[~fits].tolist()).most_common(3)
    others = ', '.join(f'{name} {n / called.size:.2f}' for name, n in wrong)
    shares = (spread(hits.mean(axis=1).tolist()) for hits in (right, fits))
    return [str(len(proteins)), *shares, others]


if __name__ == '__main__':
    app.run(main)
