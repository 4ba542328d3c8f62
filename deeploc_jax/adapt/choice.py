"""Tries several degrees of adaptation, and keeps one only if it is better for sure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Shaped

from deeploc_jax.adapt.information import agreement, information

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the new statistics that are tried."""
SURE = 2.0
"""Standard errors by which the gain has to exceed 0."""


@dataclasses.dataclass(frozen=True)
class Tried:
    """A degree of adaptation, and what the network then makes of n cells.

    Attributes:
        share: Share of the new statistics.
        probabilities: Class probabilities, [n, k].
        novelty: Novelty, [n], None where the network does not know it.
        information: Of each group, see `information.information`.
        agreement: See `information.agreement`.
    """

    share: float
    probabilities: Float[np.ndarray, 'n k']
    novelty: Float[np.ndarray, ' n'] | None
    information: Float64[np.ndarray, ' g']
    agreement: float

    @classmethod
    def of(
        cls,
        share: float,
        probabilities: Float[np.ndarray, 'n k'],
        novelty: Float[np.ndarray, ' n'] | None,
        groups: Shaped[np.ndarray, ' n'],
    ) -> Tried:
        """Judges probabilities by the groups of the cells."""
        informed = information(probabilities, groups)
        called = probabilities.argmax(1)
        agreed = agreement(called, groups)
        return cls(share, probabilities, novelty, informed, agreed)

    @property
    def called(self) -> np.ndarray:
        """Index of the class of each cell, [n]."""
        return self.probabilities.argmax(1)

    def gain(self, before: Tried) -> tuple[float, float]:
        """Information gained over the network as it was, and its standard error.

        Groups, not cells, are the unit.
        """
        gained = self.information - before.information
        error = gained.std(ddof=1) / np.sqrt(len(gained)) if len(gained) > 1 else np.inf
        return float(gained.mean()), float(error)


def choose(tried: Sequence[Tried]) -> Tried:
    """The one with the most information, if it gains for sure; else the first.

    Args:
        tried: All that was tried, the network as it was first.
    """
    best = max(tried, key=lambda one: one.information.mean())
    gain, error = best.gain(tried[0])
    return best if gain > SURE * error else tried[0]
