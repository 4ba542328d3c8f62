"""Numbers and sentences are written as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deeploc_jax.reliability import NOT_CALIBRATED
from deeploc_jax.report.results import Results

UNKNOWN = '–'
UNLIKE = 'unlike anything seen in training'


def percent(value: float | None) -> str:
    """A share as `94.1 %`; a dash when it is not known."""
    return UNKNOWN if value is None else f'{100 * value:.1f}\u00a0%'


def decimal(value: float | None, places: int = 3) -> str:
    """A number with a fixed number of places; a dash when it is not known."""
    return UNKNOWN if value is None else f'{value:.{places}f}'


def interval(number: Mapping[str, Any], write: Any = percent) -> str:
    """A 95 % interval as `93.2 % to 94.9 %`; a dash when it is not known."""
    low, high = number.get('interval') or (None, None)
    if low is None or high is None:
        return UNKNOWN
    return f'{write(low)} to {write(high)}'


def count(number: int, noun: str) -> str:
    """`1 cell`, `4,491 cells`, `12 classes`."""
    ending = '' if number == 1 else 'es' if noun.endswith('s') else 's'
    return f'{number:,} {noun}{ending}'


def duration(seconds: float | None) -> str:
    """A time as its two largest units, `1 h 12 min`; a dash when not known."""
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f'{seconds:.1f} s'
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f'{minutes} min {rest} s'
    return f'{minutes // 60} h {minutes % 60} min'


def resampled(metrics: Mapping[str, Any]) -> str:
    """The units that are resampled for the intervals: `212 whole proteins`."""
    unit = metrics.get('resampled_by') or 'cell'
    number = metrics.get('n_resampled')
    kind = 'single cell' if unit == 'cell' else f'whole {unit}'
    return f'{kind}s' if number is None else count(number, kind)


def outcome(metrics: Mapping[str, Any], split: str, calibration: str) -> str:
    """What an evaluation found, in a line or two for the screen.

    Args:
        metrics: Content of `metrics.json`.
        split: Name of the split.
        calibration: What the card of the network says of its calibration.
    """
    unlike = metrics['unlike_training']
    new = '' if unlike is None else f'; {unlike:.1%} {UNLIKE}'
    known = not calibration.startswith(NOT_CALIBRATED)
    unsure = '' if known else f'\nConfidence: {calibration}'
    if not metrics['n_labelled']:
        number = metrics['n_cells']
        return f'{number:,} unlabelled cells of {split!r} were predicted{new}.{unsure}'
    accuracy = metrics['accuracy']
    low, high = accuracy['interval']
    return (
        f'{split} accuracy: {accuracy["value"]:.3f} (95 % {low:.3f} to {high:.3f}, '
        f'resampled by {metrics["resampled_by"]}) over {metrics["n_labelled"]:,} cells'
        f'{new}{unsure}'
    )


def next_steps(source: Path) -> str:
    """What can be done with a trained network, for the screen."""
    return (
        f'Next:       python launch.py --config=configs/evaluate.py '
        f'--config.source={source} --config.split=validation '
        f'--workdir={source}-validation\n'
        'Your cells: docs/own_cells.md'
    )


def summary(results: Results) -> str:
    """A paragraph on what was trained on which cells, and how well it does."""
    return ' '.join([_training(results), _judgement(results)])


def placed(groups: Mapping[str, Any], wrong: int) -> str:
    """A sentence or two on how many proteins (or wells) are called right."""
    total = count(groups['n_labelled'], groups['unit'])
    if not wrong:
        return f'All {total} with a known localization are called right.'
    text = (
        f'By the mean class probabilities of their cells, '
        f'{groups["n_labelled"] - wrong:,} of {total} with a known localization are '
        f'called right ({percent(groups["accuracy_1"])})'
    )
    if groups['n_10']:
        text += (
            f'; of the {groups["n_10"]:,} with ten cells or more '
            f'{percent(groups["accuracy_10"])}'
        )
    return f'{text}. Those placed elsewhere, most cells first:'


def example_caption(labelled: bool, channels: int, many: bool) -> str:
    """The caption of the sheet of examples."""
    text = 'Cells drawn at random from those that are called right, one row per class.'
    if not labelled:
        text = 'Cells drawn at random, one row per called class.'
    if many:
        text += ' Shown are the classes that are most often '
        text += 'confused.' if labelled else 'called.'
    if channels > 1:
        text += ' Every block shows the same cells, in another view.'
    return text + ' Each channel of a cell is scaled to its own range.'


def _training(results: Results) -> str:
    run, config = results.run, results.config
    text = 'A network'
    if run.get('parameters'):
        text += f' of {run["parameters"]:,} parameters'
    if 'trained_on' in run:  # splits and seed are those of another run's evaluation
        text += f' was trained on {run["trained_on"]}'
    else:
        cells = (run.get('splits') or {}).get('train')
        text += f' was trained on {run["dataset"]}'
        text += f' ({count(cells, "cell")})' if cells else ''
        text += f' with seed {config["seed"]}' if 'seed' in config else ''
    if run.get('best_step') is not None:
        text += f'; the checkpoint of step {run["best_step"]:,} was kept'
    return text + '.'


def _set_aside(cells: dict[str, int]) -> str:
    """A sentence on unused labels, those of classes that the network does not know."""
    named = ', '.join(f'{name} ({n:,})' for name, n in cells.items() if n)
    if not named:
        return ''
    return f' Cells of classes that it does not know count as unlabelled: {named}.'


def _judgement(results: Results) -> str:
    metrics = results.metrics
    cells = count(metrics['n_cells'], 'cell')
    if 0 < metrics['n_labelled'] < metrics['n_cells']:
        cells = f'{metrics["n_labelled"]:,} labelled of {cells}'
    groups = metrics['proteins']
    among = f' of {count(groups["n"], groups["unit"])}' if groups['n'] else ''
    screen = f' of {results.run["dataset"]}' if 'trained_on' in results.run else ''
    where = f'{cells}{among} in the {results.split} split{screen}'
    unlike = metrics.get('unlike_training')
    new = '' if unlike is None else f' {percent(unlike)} of them are {UNLIKE}.'
    aside = _set_aside(results.run.get('set_aside') or {})
    new += aside
    if not metrics['n_labelled']:
        none = 'no labels that it knows' if aside else 'no labels'
        return (
            f'The {where} carry {none}: this page shows what the network calls them, '
            f'not how often it is right.{new}'
        )
    accuracy, balanced = metrics['accuracy'], metrics['balanced_accuracy']
    return (
        f'On the {where} it calls the right one of '
        f'{count(len(results.class_names), "class")} for '
        f'{percent(accuracy["value"])} of the cells (95\u00a0% interval '
        f'{interval(accuracy)}, resampling {resampled(metrics)}); with every class '
        f'weighted alike, for {percent(balanced["value"])} ({interval(balanced)}).{new}'
    )
