"""Prediction sets name every class that a cell may have, with a stated coverage."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

LEVEL = 0.9
"""Share of the cells of a new protein whose set shall have their true class."""


@dataclasses.dataclass(frozen=True)
class PredictionSets:
    """From which probability on a class is in the set of a cell.

    Attributes:
        least: These probabilities of k classes by number of views of a cell; 0 for a
            class that is in every set, because too few groups were there to say more.
        unit: What counts once, and must be new for the coverage to hold: 'protein',
            'well', 'field' or 'cell'.
        groups: Number of groups that each class was calibrated with.
        alone: Whether a class has its own limit, so that the coverage holds for it. The
            others share one, and it holds for them together.
    """

    least: dict[str, tuple[float, ...]]
    unit: str
    groups: tuple[int, ...]
    alone: tuple[bool, ...]

    @classmethod
    def from_json(cls, fields: Any) -> PredictionSets:
        """Makes it from the JSON of `dataclasses.asdict`.

        Raises:
            ValueError: The fields are others.
        """
        try:
            least = {str(n): tuple(map(float, v)) for n, v in fields['least'].items()}
            groups, alone = tuple(map(int, fields['groups'])), fields['alone']
            return cls(least, str(fields['unit']), groups, tuple(map(bool, alone)))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f'its prediction sets are damaged: {error!r}.') from None

    def members(
        self, probabilities: Float[np.ndarray, 'n k'], views: int
    ) -> Bool[np.ndarray, 'n k'] | None:
        """Which classes are in the set of each cell; none may be, in an odd cell.

        Args:
            probabilities: Of the classes, calibrated.
            views: Number of views of a cell that they are the mean of.

        Returns:
            None where the limits for this number of views are not known.
        """
        if str(views) not in self.least:
            return None
        least = np.array(self.least[str(views)], np.float32)
        return np.asarray(probabilities, np.float32) >= least

    def words(self) -> str:
        """What the sets hold for, in a sentence or two."""
        always = sum(p == 0 for p in next(iter(self.least.values())))
        known = '' if self.unit != 'cell' else ' of the proteins that were trained on'
        new = 'new cells' if self.unit == 'cell' else f'the cells of a new {self.unit}'
        text = f'have the true class for {LEVEL:.0%} of {new}{known}'
        if always:
            text += f'; {always} of {len(self.groups)} classes are in every set, '
            text += f'because too few {self.unit}s of them were there'
        elif not all(self.alone):
            few = len(self.alone) - sum(self.alone)
            text += f'; of {few} classes with few {self.unit}s in the mean over them'
        return text
