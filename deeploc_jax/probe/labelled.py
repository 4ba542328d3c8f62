"""The labelled cells that probes learn from and are tested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deeploc_jax.lookup import check_name
from deeploc_jax.splits import shared_cells, whole_splits
from deeploc_jax.tables.features import Features


def labelled_sets(
    every: Mapping[str, Features],
    classes: Sequence[str] | None,
    train: str,
    test: str,
) -> dict[str, Features]:
    """The labelled cells of each set of features, with the classes asked for.

    Args:
        every: Features by name.
        classes: Names in index order; None takes all.
        train: Split to learn from, or several joined by a plus.
        test: Split to test on, likewise.

    Raises:
        ValueError: A class is unknown, a split has no labelled cell of them, there is
            but one class to learn, or test cells are trained on.
    """
    if shared_cells(whole_splits(train), whole_splits(test)):
        raise ValueError(
            f'splits.test ({test}) shares cells with splits.train ({train}).'
        )
    sets = dict(every)
    for name, found in sets.items():
        for label in classes or ():
            check_name('class', label, found.class_names)
        sets[name] = found = found.of_classes(classes or found.class_names)
        for split in (*train.split('+'), *test.split('+')):
            if not len(found.of_split(split)):
                raise ValueError(
                    f'{name} has no labelled cell in split {split!r}; '
                    f'it has {sorted(set(found.metadata["split"]))}.'
                )
        learned = set(found.of_split(train).labels.tolist())
        none = [c for i, c in enumerate(found.class_names) if i not in learned]
        if len(learned) < 2:
            raise ValueError(
                f'Only one class to learn: {name} has cells of '
                f'{" ".join(set(found.class_names) - set(none))} alone in {train!r}.'
            )
        if none:
            print(
                f'{name} has no cell of {", ".join(none)} in {train!r} to learn from.'
            )
    return sets
