"""Networks trained on simulated cells alone, applied to real ones as they are.

    python -m benchmarks.zero_shot --cells=cells.npz runs/sim-0 runs/sim-1 runs/sim-2

The archive is that of `benchmarks.yeast_wt2`: 1,220 cells of five proteins, of which
only the annotated localization of the protein is known, not that of each cell. Prints
the share of cells of each protein that are called that, a mean over the networks; and
how right networks that know what they have seen are of the cells that they flag as
unlike it, and of the others.
"""

from __future__ import annotations

import collections

import numpy as np
from absl import app, flags

import deeploc_jax
from deeploc_jax.predict.predictor import Predictor

_CELLS = flags.DEFINE_string('cells', 'cells.npz', 'The archive of real cells.')

ANNOTATED = {
    'AAC1': ('MITOCHONDRIA',),
    'AAC3': ('MITOCHONDRIA',),
    'AAH1': ('CYTOPLASM', 'NUCLEI'),
    'AAP1': ('CYTOPLASM',),
    'AAR2': ('CYTOPLASM', 'NUCLEI'),
}
GROUPS = {
    'mitochondrial': ('AAC1', 'AAC3'),
    'cytoplasmic': ('AAH1', 'AAP1', 'AAR2'),
}


def main(argv: list[str]) -> None:
    """Prints a table in Markdown, a row a protein and one for each group of them."""
    if len(argv) < 2:
        raise app.UsageError('Say which weights or workdirs.')
    with np.load(_CELLS.value, allow_pickle=False) as archive:
        images = archive['image'][..., ::-1]  # the archive has the marker first
        proteins = archive['protein'].astype(str)
    networks = [deeploc_jax.load(name) for name in argv[1:]]
    called = np.stack([call(network, images) for network in networks])
    print(f'\nyeast_wt2, all {len(images):,} cells, {len(called)} networks; ')
    print('share of cells, mean ± sd over the networks\n')
    print('| protein | cells | first annotated class | any annotated | otherwise |')
    print('|---|---|---|---|---|')
    for name, members in (*((p, (p,)) for p in ANNOTATED), *GROUPS.items()):
        rows = np.isin(proteins, members)
        print('| ' + ' | '.join([name, *row(called[:, rows], proteins[rows])]) + ' |')
    if all(network.knows_novelty for network in networks):
        print('\n| network | cells flagged | right of these | right of the others |')
        print('|---|---|---|---|')
        for name, network, names in zip(argv[1:], networks, called, strict=True):
            flagged = network.novelty(images) > 1
            right = np.array(
                [c in ANNOTATED[p] for c, p in zip(names, proteins, strict=True)]
            )
            parts = right[flagged], right[~flagged]
            shares = [flagged.mean(), *(p.mean() if len(p) else np.nan for p in parts)]
            print(f'| {name} | ' + ' | '.join(f'{s:.3f}' for s in shares) + ' |')


def call(network: Predictor, images: np.ndarray) -> np.ndarray:
    """Name of the class of each cell, by one network."""
    return np.array(network.class_names)[network.predict(images).argmax(axis=1)]


def row(called: np.ndarray, proteins: np.ndarray) -> list[str]:
    """Numbers of one row, from classes [networks, n]."""
    first = np.array([ANNOTATED[name][0] for name in proteins])
    right = called == first
    fits = right.copy()
    for i, name in enumerate(proteins):
        fits[:, i] = np.isin(called[:, i], ANNOTATED[name])
    wrong = collections.Counter(called[~fits].tolist()).most_common(3)
    others = ', '.join(f'{name} {n / called.size:.2f}' for name, n in wrong)
    return [str(len(proteins)), spread(right), spread(fits), others]


def spread(hits: np.ndarray) -> str:
    """Mean and standard deviation of a share over the networks."""
    shares = hits.mean(axis=1)
    deviation = f' ± {shares.std(ddof=1):.3f}' if len(shares) > 1 else ''
    return f'{shares.mean():.3f}{deviation}'


if __name__ == '__main__':
    app.run(main)
