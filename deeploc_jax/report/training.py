"""Training curves show loss and accuracy against the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from deeploc_jax.report import style

MANY_POINTS = 100
"""Number of points above which a training curve gets a running mean on top."""


def series(history: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """One metric against the step.

    Args:
        history: Rows of metrics.jsonl. A step logged twice (by a resumed run) counts
            once, as logged last; None is left out.
        name: Name of the metric, such as `validation/loss`.

    Returns:
        float64 [points, 2]: step and value, by step.
    """
    points = {row['step']: row[name] for row in history if row.get(name) is not None}
    return np.array(sorted(points.items()), np.float64).reshape(-1, 2)


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of the last `window` values at each point; fewer at the start."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)


def training_curves(
    history: Sequence[Mapping[str, Any]], chosen_step: int | None
) -> Figure:
    """Draws loss and accuracy of training and validation against the step.

    Args:
        history: Rows of metrics.jsonl.
        chosen_step: Step of the kept checkpoint, marked by a line; None for no mark.
    """
    figure = style.new_figure(style.WIDTH, 3.5)
    panels = figure.subplots(1, 2)
    for axes, metric in zip(panels, ('loss', 'accuracy'), strict=True):
        style.grid(axes)
        _plot_training(axes, series(history, f'train/{metric}'))
        points = series(history, f'validation/{metric}')
        marks = {'marker': 'o', 'markersize': 3.5} if len(points) < 60 else {}
        axes.plot(*points.T, color=style.VALIDATION, label='validation', **marks)
        if chosen_step is not None:
            label = f'kept: step {chosen_step:,}'
            axes.axvline(chosen_step, color=style.CHOSEN, ls='--', lw=1.2, label=label)
        axes.set_title(metric, loc='left')
        axes.set_xlabel('step')
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{x:,.0f}'))
    if _falls_far(history):
        _make_logarithmic(panels[0])
    panels[1].set_ylim(None, 1.0)
    panels[1].legend(loc='lower right')
    return figure


def _plot_training(axes: Axes, points: np.ndarray) -> None:
    steps, values = points.T
    if len(values) <= MANY_POINTS:
        axes.plot(steps, values, color=style.TRAIN, label='training')
        return
    window = len(values) // 40
    axes.plot(steps, values, color=style.TRAIN, alpha=0.25, lw=0.7)
    mean = running_mean(values, window)
    label = f'training (mean of {window} points)'
    axes.plot(steps, mean, color=style.TRAIN, label=label)


def _falls_far(history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the loss spans more than an order of magnitude."""
    names = ('train/loss', 'validation/loss')
    losses = np.concatenate([series(history, name)[:, 1] for name in names])
    return bool(len(losses) and 0 < 10 * losses.min() < losses.max())


def _make_logarithmic(axes: Axes) -> None:
    """Makes an axis logarithmic, with plain numbers at 1, 2 and 5 of each decade."""
    axes.set_yscale('log')
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f'{y:g}'))
    axes.yaxis.set_minor_locator(NullLocator())
