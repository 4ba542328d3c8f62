"""Fits of a transfer that are not done yet, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import jax

from deeploc_jax.progress import progress_bar
from deeploc_jax.transfer.draws import Draw, Tuned
from deeploc_jax.workdir.finished_fits import Fits


class Method(Protocol):
    """A way to learn from draws: `tuner.Tuner` or `prober.Prober`."""

    def cells_seen(self, draw: Draw) -> int:
        """Cells that a training on the draw sees, which is how long it takes."""

    def together(self, draws: Sequence[Draw]) -> int:
        """Number of draws of one size that are fitted in one call of `fit`."""

    def fit(self, draws: Sequence[Draw]) -> list[Tuned]:
        """Learns from each of the draws alone, and is tested."""


def fit_missing(
    fits: Fits, methods: Mapping[str, Method], draws: Sequence[Sequence[Draw]]
) -> Iterator[tuple[str, Tuned]]:
    """Fits what is missing, and shows the time that is left.

    Draws are always fitted in the same groups, whichever of them are finished: the
    numbers do not depend on it.

    Args:
        fits: The finished fits.
        methods: The methods by mode.
        draws: The draws of each size.

    Yields:
        The mode, and what was fitted.
    """
    jobs = [(mode, draw) for mode in methods for draw in itertools.chain(*draws)]
    if jax.process_index() == 0:
        fits.tell_done([draw.job(mode) for mode, draw in jobs])
    amounts = [methods[mode].cells_seen(draw) for mode, draw in jobs]
    done = sum(itertools.compress(amounts, (d.job(m) in fits for m, d in jobs)))
    with progress_bar(None, sum(amounts), 'transfer', initial=done, unit='cell') as bar:
        for mode, group in _groups(methods, draws):
            missing = [draw for draw in group if draw.job(mode) not in fits]
            if not missing:
                continue
            for tuned in methods[mode].fit(group):
                if tuned.draw in missing:
                    yield mode, tuned
                    bar.update(methods[mode].cells_seen(tuned.draw))


def _groups(
    methods: Mapping[str, Method], draws: Sequence[Sequence[Draw]]
) -> Iterator[tuple[str, Sequence[Draw]]]:
    """Mode and draws of each call of `fit`, mode by mode and size by size."""
    for mode, method in methods.items():
        for of_size in draws:
            together = method.together(of_size)
            for first in range(0, len(of_size), together):
                yield mode, of_size[first : first + together]
