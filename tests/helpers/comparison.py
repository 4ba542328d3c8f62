"""The tables of a made-up comparison, as a workdir has them."""

from __future__ import annotations

import numpy as np

from deeploc_jax.screens.examples import ProteinCells, write_pictures
from deeploc_jax.tables.changes import FLUX, MOVERS
from deeploc_jax.tables.parquet import class_metadata, write_table
from deeploc_jax.tables.profiles import PROFILES
from deeploc_jax.tables.schema import rows_to_table

CLASSES = ('CYTOPLASM', 'ER', 'GOLGI', 'MITOCHONDRIA', 'NUCLEI', 'VACUOLE')
BEFORE, AFTER = 'untreated', 'alpha_120'


def movers_rows(names, n_moved, n_abundance, seed=0, classes=CLASSES):
    """Rows of movers.parquet: first those that moved, then those of abundance."""
    rng = np.random.default_rng(seed)
    k = len(classes)
    rows = []
    for i, name in enumerate(names):
        moved, changed = i < n_moved, n_moved <= i < n_moved + n_abundance
        origin, target = rng.choice(k, 2, replace=False)
        before = 0.9 * np.eye(k)[origin] + 0.1 * rng.dirichlet(np.ones(k))
        share = rng.uniform(0.3, 0.85) if moved else abs(rng.normal(0, 0.03))
        after = before * (1 - share) + share * np.eye(k)[target]
        effect = rng.uniform(6, 18) if moved else rng.gamma(4, 0.3)
        p = 10.0 ** -rng.uniform(4, 12) if moved else rng.uniform()
        fold = rng.choice([-2, 1.3, 2]) if changed else rng.normal(0, 0.15)
        q = min(1.0, p * len(names) / 10)
        abundance = 1e-6 if changed else float(rng.uniform(0.2, 1))
        row = {
            'protein': name,
            'condition_before': BEFORE,
            'condition_after': AFTER,
            'n_cells_before': int(rng.integers(80, 300)),
            'n_cells_after': int(rng.integers(80, 300)),
            'n_wells_before': 3,
            'n_wells_after': 3,
            'class_before': classes[origin],
            'class_after': classes[int(after.argmax())],
            'from': classes[origin],
            'to': classes[target],
            'share_moved': share,
            'share_moved_low': max(0.0, share - 0.08),
            'share_moved_high': share + 0.08,
            'effect': effect,
            'statistic': effect**2,
            'p': p,
            'q': q,
            'moved': moved,
            'log2_fold': fold,
            'log2_fold_low': fold - 0.2,
            'log2_fold_high': fold + 0.2,
            'abundance_p': abundance / 10,
            'abundance_q': abundance,
            'abundance_changed': bool(changed),
            'paper_class': classes[target],
            'paper_score': 3 * effect,
            'paper_moved': bool(moved or rng.random() < 0.05),
            'paper_log2_fold': fold,
            'paper_abundance_changed': bool(abs(fold) > 1),
            'remarks': ['Seen in one well only.'] if i == 1 else [],
        }
        for j, c in enumerate(classes):
            row |= {f'before_{c}': before[j], f'after_{c}': after[j]}
            row |= {f'change_{c}': after[j] - before[j], f'score_{c}': 0.0}
        rows.append(row)
    return rows


def flux_rows(rows):
    """Rows of flux.parquet for the proteins that moved."""
    pairs = {}
    for row in rows:
        if row['moved']:
            pairs.setdefault((row['from'], row['to']), []).append(row['protein'])
    return [
        dict(method='ours', to=to, proteins=len(names), names=sorted(names), score=0.5)
        | {'from': origin}
        for (origin, to), names in pairs.items()
    ]


def write_comparison(folder, rows, crops=None, classes=CLASSES):
    """Writes the tables of the rows, and pictures of random cells of the movers."""
    schema = MOVERS.arrow(classes, class_metadata(classes))
    write_table(rows_to_table(rows, schema), folder / 'movers.parquet')
    write_table(rows_to_table(flux_rows(rows), FLUX.arrow()), folder / 'flux.parquet')
    if crops is None:
        crops = [random_cells(row['protein']) for row in rows if row['moved']]
    write_pictures(folder / 'examples.parquet', crops, marker=1)
    return folder


def random_cells(protein, count=5):
    """A few noisy crops of each condition, as large as those of large cells."""
    rng = np.random.default_rng(len(protein))
    crops = {
        name: rng.integers(0, 4095, (count, 90, 90, 2)) for name in (BEFORE, AFTER)
    }
    return ProteinCells(protein, crops, {BEFORE: 100, AFTER: 90})


def write_profiles(folder, names, condition='', replicates=('',)):
    """Writes profiles.parquet and a few cells of every protein."""
    rng = np.random.default_rng(0)
    rows = []
    for name in names:
        for replicate in replicates:
            p = rng.dirichlet(np.ones(len(CLASSES)))
            first, second = np.argsort(-p)[:2]
            row = dict(screen='s', condition=condition, replicate=replicate)
            row |= dict(protein=name, n_all=60, n_cells=int(rng.integers(20, 60)))
            row |= dict(first=CLASSES[first], second=CLASSES[second])
            row |= dict(share=p[first], share_low=p[first] / 2, share_high=1.0)
            row |= dict(n_wells=1, predicted=int(first), predicted_name=CLASSES[first])
            row |= dict(certainty=0.9, heterogeneity=0.1, log2_abundance=8.0)
            row |= {f'p_{c}': p[j] for j, c in enumerate(CLASSES)}
            rows.append(row)
    schema = PROFILES.arrow(CLASSES, class_metadata(CLASSES))
    write_table(rows_to_table(rows, schema), folder / 'profiles.parquet')
    rng = np.random.default_rng(1)
    crops = [
        ProteinCells(
            name, {condition: rng.integers(0, 255, (3, 64, 64, 1))}, {condition: 30}
        )
        for name in names
    ]
    write_pictures(folder / 'examples.parquet', crops, marker=-1)
    return folder
