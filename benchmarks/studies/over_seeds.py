"""Several trainings that differ in their seed become one row of a table.

    for seed in 0 1 2; do
      python launch.py --config=configs/deeploc.py:sim --config.seed=$seed \
          --workdir=runs/sim-$seed
    done
    python -m benchmarks.studies.over_seeds runs/sim-*

Workdirs of one config, in which only the seed and places on disk may differ, make one
row: means over the seeds with the standard deviation (of the sample).
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import app

from deeploc_jax.files import read_json
from deeploc_jax.markdown import markdown_table

MAY_DIFFER = (
    'seed',
    'data_dir',
    'manual_dir',
    'memory_limit',
    'device_limit',
    'profile',
)
METRICS = ('accuracy', 'balanced_accuracy', 'macro_average_precision')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown, a row for each group of workdirs."""
    if len(argv) < 2:
        raise app.UsageError('Name the workdirs, e.g. runs/sim-*.')
    groups: dict[str, list[Path]] = {}
    for workdir in sorted({Path(name).resolve() for name in argv[1:]}):
        config = read_json(workdir / 'config.json')
        config = {name: config[name] for name in config if name not in MAY_DIFFER}
        groups.setdefault(json.dumps(config, sort_keys=True), []).append(workdir)
    header = ('data set', 'split', 'n', 'network', 'schedule', 'steps', 'seeds')
    print(markdown_table([*header, *METRICS], map(row, groups.values())))


def row(workdirs: list[Path]) -> list[str]:
    """One row of the table, from finished runs of one config."""
    configs = [read_json(workdir / 'config.json') for workdir in workdirs]
    runs = [read_json(workdir / 'run.json') for workdir in workdirs]
    results = [result(workdir) for workdir in workdirs]
    return [
        runs[0]['dataset'],
        str(configs[0]['splits']['test']),
        f'{results[0]["n_labelled"]:,}',
        configs[0]['model']['name'],
        configs[0]['schedule']['name'],
        f'{configs[0]["total_steps"]:,} x {configs[0]["batch_size"]}',
        ', '.join(str(seed) for seed in sorted(config['seed'] for config in configs)),
        *(spread([values[name]['value'] for values in results]) for name in METRICS),
    ]


def result(workdir: Path) -> dict[str, Any]:
    """Metrics of the test split of a training."""
    return read_json(workdir / 'evaluation' / 'test' / 'metrics.json')


def spread(values: Sequence[float]) -> str:
    """Mean and, of several values, standard deviation of the sample: 0.720 ± 0.011."""
    text = f'{statistics.mean(values):.3f}'
    return text + (f' ± {statistics.stdev(values):.3f}' if len(values) > 1 else '')


if __name__ == '__main__':
    app.run(main)
