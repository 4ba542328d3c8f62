"""What a round of training learned is said in a few sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def round_words(points: Sequence[Mapping[str, Any]]) -> str:
    """What a round learned, and what its last labels were worth.

    Args:
        points: Its rows of `tables.curation.LEARNING`; none before the first round.

    Returns:
        A few sentences; '' without a point.
    """
    if not points:
        return ''
    last = points[-1]
    words = f'Round {last["round"]} learned from {last["cells"]:,} labels.'
    if last['accuracy'] is None:
        return f'{words} Its accuracy is not known: no cell was decided on.'
    error = '' if last['error'] is None else f' ± {last["error"]:.3f} (standard error)'
    words += (
        f' Accuracy {last["accuracy"]:.3f}{error} on the '
        f'{last["tested"]:,} cells decided on, each {last["left_out"]} left out in '
        f'turn; calling all of them the most frequent class: '
        f'{last["most_frequent"]:.3f}'
    )
    if last['left_out'] == 'cell':
        words += '. For other fields, wells and proteins it is not known'
    if len(points) > 1:
        more, gain = (last[n] - points[-2][n] for n in ('decided', 'accuracy'))
        words += f'. The last {more:,} decisions changed it by {gain:+.3f}'
        if last['gain_error'] is not None:
            words += f' ± {last["gain_error"]:.3f}'
    return words + '.'
