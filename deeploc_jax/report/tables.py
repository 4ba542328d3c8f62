"""Rows of the page's tables are made here; the template only lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.names import show_names
from deeploc_jax.reliability import NOT_CALIBRATED
from deeploc_jax.report import wording
from deeploc_jax.report.results import Results

MOST_CONDITIONS = 200
"""Most conditions listed on the page; the Parquet file has all."""
MOST_PROTEINS = 200
"""Most misplaced proteins listed on the page; the Parquet file has all."""
_SETTINGS = (
    'model',
    'optimizer',
    'schedule',
    'augmentation',
    'batch_size',
    'total_steps',
    'select_by',
    'seed',
)
"""Fields of a configuration that the page shows at the top."""
_NUMBERS = (
    ('top2_accuracy', 'Right class among the two most probable', wording.percent),
    ('macro_precision', 'Precision, mean of the classes', wording.percent),
    ('loss', 'Log loss (nats)', wording.decimal),
    ('ece', 'Expected calibration error', wording.decimal),
    ('ece_unseen_proteins', '… on proteins not trained on', wording.decimal),
    ('ece_before_temperature', '… before temperature scaling', wording.decimal),
    (
        'set_90_coverage',
        'Prediction sets (90\u00a0%) with the true class',
        wording.percent,
    ),
    ('set_90_size', '… classes in a set, on average', wording.decimal),
    ('unlike_training', f'Cells {wording.UNLIKE}', wording.percent),
    ('temperature', 'Temperature, fitted on validation cells', wording.decimal),
)
_WITH_INTERVAL = (
    ('accuracy', 'Accuracy', wording.percent),
    ('balanced_accuracy', 'Balanced accuracy (mean recall)', wording.percent),
    ('macro_average_precision', 'Average precision, mean of classes', wording.decimal),
)
_PLACED = (
    ('accuracy_1', 'n_labelled', ''),
    ('accuracy_10', 'n_10', ' with ten cells or more'),
)


def run_rows(results: Results) -> list[tuple[str, str]]:
    """Name and value of the facts about a run; unknown ones are left out."""
    run, config = results.run, results.config
    settings = [
        (key.replace('_', ' '), _setting(config[key]))
        for key in _SETTINGS
        if config.get(key) is not None
    ]
    step = run.get('best_step')
    rows = [
        ('data set', run.get('dataset')),
        ('trained on', run.get('trained_on')),
        ('channels', ', '.join(results.channels)),
        ('cells in the splits', _pairs(run.get('splits'), '{} {:,}')),
        *settings,
        ('parameters', f'{run["parameters"]:,}' if run.get('parameters') else None),
        ('calibration', run.get('calibration')),
        ('prediction sets', run.get('prediction_sets')),
        ('kept checkpoint', None if step is None else f'step {step:,}'),
        ('device', run.get('device')),
        (
            'training time',
            wording.duration(run['seconds']) if run.get('seconds') else None,
        ),
        ('versions', _pairs(run.get('versions'), '{} {}')),
    ]
    return [(name, str(value)) for name, value in rows if value not in (None, '')]


def number_rows(results: Results) -> list[tuple[str, str, str]]:
    """Name, value and 95 % interval of every number of a labelled split."""
    metrics = results.metrics
    fitted = not results.run.get('calibration', '').startswith(NOT_CALIBRATED)
    rows = [
        (title, write(metrics[key]['value']), wording.interval(metrics[key], write))
        for key, title, write in _WITH_INTERVAL
    ]
    for key, title, write in _NUMBERS:
        if key == 'temperature' and not fitted:
            title = 'Temperature, not fitted'
        if metrics.get(key) is not None:
            rows.append((title, write(metrics[key]), ''))
    groups = metrics['proteins']
    for key, number, which in _PLACED:
        if groups.get(key) is not None:
            title = f'{groups["unit"].capitalize()}s{which} called right, of '
            title += f'{groups[number]:,}'
            rows.append((title, wording.percent(groups[key]), ''))
    return rows


def class_rows(results: Results) -> list[dict[str, Any]]:
    """One row per class in index order, with the class most often called instead."""
    if not results.metrics['n_labelled']:
        return []
    counts = np.array(results.metrics['confusion'])
    np.fill_diagonal(counts, 0)
    rows = []
    for row, wrong in zip(results.metrics['per_class'], counts, strict=True):
        instead = f'{results.class_names[wrong.argmax()]} ({wrong.max():,})'
        rows.append(row | {'instead': instead if wrong.any() else ''})
    return rows


def called_rows(results: Results) -> list[dict[str, Any]]:
    """One row per class: number, share and mean confidence of the cells called it."""
    predicted, confidence = results.column('predicted'), results.column('confidence')
    rows = []
    for index, name in enumerate(results.class_names):
        called = predicted == index
        mean = float(confidence[called].mean()) if called.any() else None
        share = float(called.mean())
        n = int(called.sum())
        rows.append({'name': name, 'n': n, 'share': share, 'confidence': mean})
    return rows


def protein_table(results: Results) -> dict[str, Any] | None:
    """Proteins (or wells) placed wrongly, those with most cells first.

    Returns:
        The counts in metrics.json, `n_wrong`, a `sentence` and up to
        `MOST_PROTEINS` `rows`; None when no protein has a true class.
    """
    table = results.proteins
    if table is None or not results.metrics['proteins']['n_labelled']:
        return None
    labels, predicted = table['label'].to_numpy(), table['predicted'].to_numpy()
    wrong = np.flatnonzero((labels >= 0) & (labels != predicted))
    order = wrong[np.argsort(-table['n_cells'].to_numpy()[wrong], kind='stable')]
    rows = table.take(pa.array(order[:MOST_PROTEINS])).to_pylist()
    groups = results.metrics['proteins']
    sentence = wording.placed(groups, len(wrong))
    return groups | {'n_wrong': len(wrong), 'rows': rows, 'sentence': sentence}


def condition_table(results: Results) -> dict[str, Any] | None:
    """Cells of each condition, those with most cells first.

    Returns:
        The number `n` of conditions and up to `MOST_CONDITIONS` `rows` (name,
        replicates, n, n_labelled and accuracy, None without a labelled cell); None when
        neither condition nor replicate of any cell is known.
    """
    conditions, replicates = results.column('condition'), results.column('replicate')
    if not (conditions != '').any() and not (replicates != '').any():
        return None
    names, group = np.unique(conditions.astype(str), return_inverse=True)
    right = results.column('label') == results.column('predicted')
    n, n_labelled, n_right = (
        np.bincount(group[rows], minlength=len(names)).tolist()
        for rows in (slice(None), results.labelled, right)
    )
    pairs = sorted(set(zip(group.tolist(), replicates.tolist(), strict=True)))
    rows = [
        {
            'name': names[i] or wording.UNKNOWN,
            'replicates': show_names(r for g, r in pairs if g == i and r),
            'n': n[i],
            'n_labelled': n_labelled[i],
            'accuracy': n_right[i] / n_labelled[i] if n_labelled[i] else None,
        }
        for i in sorted(range(len(names)), key=lambda i: -n[i])[:MOST_CONDITIONS]
    ]
    return {'n': len(names), 'rows': rows}


def _setting(value: Any) -> str:
    """A configured value as text; for a group its name and `field value` pairs."""
    if not isinstance(value, Mapping):
        return f'{value:,}' if type(value) is int else str(value)
    pairs = [f'{key} {item}' for key, item in value.items() if key != 'name']
    return ', '.join([value['name'], *pairs] if 'name' in value else pairs)


def _pairs(values: Mapping[str, Any] | None, template: str) -> str:
    return ', '.join(template.format(*pair) for pair in (values or {}).items())
