"""Task `novelty`: measures how well cells of unseen classes are detected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from deeploc_jax.command_line import require
from deeploc_jax.data.split_check import PURPOSES
from deeploc_jax.devices import is_main
from deeploc_jax.files import write_json
from deeploc_jax.lookup import check_name
from deeploc_jax.markdown import markdown_table
from deeploc_jax.names import split_names
from deeploc_jax.precision_recall import auroc
from deeploc_jax.probe.novelty import NOVELTIES
from deeploc_jax.splits import overlaps, whole_splits
from deeploc_jax.tables.features import Features, read_sets
from deeploc_jax.tables.novelty import NOVELTY
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.weights.novelty import threshold
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.record import environment, short

MAY_CHANGE = ('splits.test',)
HEADER = ('features', 'score', 'class', 'cells', 'AUROC', 'flagged')


def run(config: ml_collections.ConfigDict, workdir: Path) -> None:
    """Writes `novelty.parquet`: AUROC and share flagged of each new class.

    The score is fitted to the known cells of train, its threshold set on the known ones
    of validation, and both are tested on test.

    Raises:
        ValueError: Features or new classes are missing or unknown.
    """
    if not is_main():  # not a task for several hosts
        return
    if not 0 < config.flagged < 1:
        raise ValueError(f'flagged ({config.flagged}) must be between 0 and 1.')
    splits = {name: whole_splits(config.splits[name]) for name in PURPOSES}
    for first, second, _ in overlaps(splits):
        raise ValueError(
            f'splits.{first} ({config.splits[first]}) and splits.{second} '
            f'({config.splits[second]}) share cells.'
        )
    require(config, features='<workdir of features>', new='<class>', methods='<name>')
    new, methods = split_names(config.new), split_names(config.methods)
    for name in methods:
        check_name('method', name, NOVELTIES)
    sets = read_sets(split_names(config.features))
    for name, found in sets.items():
        check(config, name, found, new)
    claim_workdir(workdir, config.to_dict(), MAY_CHANGE)
    rows = [
        dict(features=name, score=method) | row
        for name, found in sets.items()
        for method in methods
        for row in examine(config, found, new, NOVELTIES[method])
    ]
    write_table(rows_to_table(rows, NOVELTY.arrow()), workdir / NOVELTY.path)
    about = {name: found.about for name, found in sets.items()}
    write_json(workdir / 'run.json', environment() | dict(features=about))
    print(f'\n{markdown_table(HEADER, map(_text, rows))}')
    print(f'\nTable: {short(workdir / "novelty.parquet")}')


def check(
    config: ml_collections.ConfigDict, name: str, features: Features, new: list[str]
) -> None:
    """Raises a ValueError unless these classes are new, and there is all to test."""
    for label in new:
        check_name('class', label, features.class_names)
    seen = sorted(set(new) & set(features.about.get('trained_classes', ())))
    if seen:
        raise ValueError(
            f'The network behind {name} was trained on {", ".join(seen)}; train one '
            f'with --config.leave_out={config.new}.'
        )
    known = [label for label in features.class_names if label not in new]
    learned = features.of_split(config.splits.train).of_classes(known).labels
    if len(np.unique(learned)) < 2:
        raise ValueError(
            f'{name} must have cells of at least two classes that are not in new in '
            f'split {config.splits.train!r}.'
        )
    wanted = {'train': [known], 'validation': [known]}
    wanted['test'] = [known, *([label] for label in new)]
    for purpose, groups in wanted.items():
        for split in config.splits[purpose].split('+'):
            cells = features.of_split(split)
            for group in groups:
                if not len(cells.of_classes(group)):
                    raise ValueError(
                        f'{name} has no cell of {", ".join(group)} in split {split!r}.'
                    )


def examine(
    config: ml_collections.ConfigDict, features: Features, new: list[str], method: Any
) -> list[dict[str, Any]]:
    """A row for all new classes together, for each, and for the known ones."""
    known = [name for name in features.class_names if name not in new]
    train, validation, test = (
        features.of_split(config.splits[s]) for s in ('train', 'validation', 'test')
    )
    seen = train.of_classes(known)
    novelty = method.fit(seen.values, seen.labels)
    limit = threshold(
        novelty.score(validation.of_classes(known).values), config.flagged
    )
    usual = novelty.score(test.of_classes(known).values)
    scores = {name: novelty.score(test.of_classes([name]).values) for name in new}
    groups = {'all new': np.concatenate(list(scores.values())), **scores}
    rows = [dict(name='known', cells=len(usual), auroc=None, flagged=usual > limit)]
    for name, values in groups.items():
        rows.append(
            dict(
                name=name,
                cells=len(values),
                auroc=auroc(usual, values),
                flagged=values > limit,
            )
        )
    return [row | dict(flagged=float(np.mean(row['flagged']))) for row in rows]


def _text(row: dict[str, Any]) -> list[str]:
    auroc = '' if row['auroc'] is None else f'{row["auroc"]:.3f}'
    return [
        row['features'],
        row['score'],
        row['name'],
        f'{row["cells"]:,}',
        auroc,
        f'{row["flagged"]:.3f}',
    ]
