"""Judges a training on groups, such as proteins, that it has not seen.

Where validation has cells of such groups in every class, they judge the network itself.
Otherwise a group of the class is left out of the labelled cells, and a network that is
trained without it is judged on it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped

from deeploc_jax import metrics
from deeploc_jax.transfer.draws import Draw
from deeploc_jax.transfer.target_screen import Target

Groups = Shaped[np.ndarray, '_']


@dataclasses.dataclass(frozen=True, eq=False)
class Apart:
    """A training that leaves groups out, and the validation cells that judge it.

    Attributes:
        draw: The cells to learn from, as many as before; the draw itself where nothing
            needs to be left out.
        cells: Which validation cells judge: of a class without a new group all that
            were not trained on.
        classes: Number of classes that are judged on new groups.
    """

    draw: Draw
    cells: Bool[np.ndarray, ' v']
    classes: int


@dataclasses.dataclass(frozen=True, eq=False)
class Unseen:
    """Judges trainings on one target, and the source as it is on the same cells.

    Attributes:
        target: The cells to train on, and those that judge.
        group_by: Metadata column of the groups; cells of an unknown group ('') never
            count as new, and single cells (`cell_id`) are no groups.
        seed: Seed of the groups that are left out; draw i takes `seed + i`.
        as_is: Function that returns the classes of all validation cells by the source
            as it is; None where it cannot be asked.
    """

    target: Target
    group_by: str
    seed: int
    as_is: Callable[[], Int[np.ndarray, ' v']] | None

    def apart(self, draw: Draw) -> Apart | None:
        """What judges a training on a draw; None where no class has a new group."""
        train, validation = (self.target.cells[n] for n in ('train', 'validation'))
        if self.group_by == 'cell_id':
            return None
        groups = train.metadata[self.group_by].astype(str)
        own = validation.metadata[self.group_by].astype(str)
        drawn, rows = train.labels[draw.rows], draw.rows
        pair = validation.labels, own
        out = left_out(drawn, groups[rows], *pair, self.seed + draw.number)
        kept = ~np.isin(groups[rows], out)
        if out:
            rows = _as_many(rows, drawn, kept)
            draw = dataclasses.replace(draw, rows=rows)
        new = (own != '') & ~np.isin(own, groups[rows])
        known = validation.labels >= 0
        classes = np.unique(validation.labels[known & new])
        if not len(classes):
            return None
        others = ~np.isin(validation.labels, classes) & self.target.held_out(rows)
        return Apart(draw, known & (new | others), len(classes))

    def scores(
        self, apart: Apart | None, guesses: Int[np.ndarray, ' v'] | None
    ) -> dict[str, Any]:
        """Scores of predicted classes.

        Args:
            apart: From `apart`.
            guesses: Class indices of all validation cells, from the training that it
                describes; None where there is none.

        Returns:
            `unseen`, the balanced accuracy on the cells that judge, `unseen_as_is`,
            that of the source as it is (None where they are not known), and
            `unjudged_classes`, the number of classes without cells of a new group.
        """
        labels = self.target.cells['validation'].labels
        classes = len(np.unique(labels[labels >= 0]))
        if apart is None or guesses is None:
            return dict(unseen=None, unseen_as_is=None, unjudged_classes=classes)
        plain = self._score(self.as_is(), apart) if self.as_is else None
        return dict(
            unseen=self._score(guesses, apart),
            unseen_as_is=plain,
            unjudged_classes=classes - apart.classes,
        )

    def _score(self, guesses: np.ndarray, apart: Apart) -> float:
        cells = self.target.cells['validation']
        certain = metrics.certain(guesses[apart.cells], len(cells.class_names))
        return float(metrics.balanced_accuracy(certain, cells.labels[apart.cells]))


def left_out(
    labels: Int[np.ndarray, ' n'],
    groups: Groups,
    validation_labels: Int[np.ndarray, ' v'],
    validation_groups: Groups,
    seed: int,
) -> list[str]:
    """Groups to leave out, so that validation has cells of a new one in each class.

    Args:
        labels: Classes of the cells to learn from.
        groups: Their groups, as text; '' is unknown.
        validation_labels: Classes of the validation cells, -1 where not labelled.
        validation_groups: Their groups.
        seed: Seed of the choice.

    Returns:
        One group for each class that needs it and has two or more; no class loses all
        of its cells.
    """
    rng, out = np.random.default_rng(seed), list[str]()
    for label in np.unique(labels):
        own = set(validation_groups[validation_labels == label].tolist()) - {''}
        if own - (set(groups.tolist()) - set(out)):
            continue
        drawn = np.unique(groups[labels == label])
        for group in rng.permutation([g for g in drawn.tolist() if g in own]).tolist():
            kept = labels[~np.isin(groups, [*out, group])]
            if len(np.unique(kept)) == len(np.unique(labels)):
                out.append(group)
                break
    return out


def _as_many(rows: np.ndarray, labels: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The rows that are kept, of each class repeatedly up to the number before."""
    return np.concatenate(
        [
            np.resize(rows[kept & (labels == label)], (labels == label).sum())
            for label in np.unique(labels)
        ]
    )
