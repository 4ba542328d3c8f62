"""Transfers, or probes, of several test fields become one table and one figure.

    python -m benchmarks.studies.few_labels --figure=few_labels.png runs/transfer-*

The workdirs have one config, in which only the screen, the features and places on disk
may differ, and no two may test the same cells. Rows of one method and size become one:
the mean over workdirs and draws, with the standard deviation (of the sample) over all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from absl import app, flags

from deeploc_jax.files import read_json
from deeploc_jax.report import style
from deeploc_jax.report.learning_curve_table import in_markdown, mean_and_spread
from deeploc_jax.report.learning_curves import size_curves
from deeploc_jax.tables.fits import read_fits

_FIGURE = flags.DEFINE_string('figure', None, 'File of the figure, a .png.')
MAY_DIFFER = ('screen', 'features', 'data_dir', 'manual_dir', 'memory_limit', 'inputs')


def main(argv: list[str]) -> None:
    """Prints the table in Markdown and, when asked, draws it."""
    if len(argv) < 2:
        raise app.UsageError('Name the workdirs, e.g. runs/transfer-*.')
    table = mean_and_spread(pool([Path(name) for name in argv[1:]]))
    print(in_markdown(table))
    if _FIGURE.value:
        with style.house_style():
            size_curves(table).savefig(_FIGURE.value)


def pool(workdirs: list[Path]) -> list[dict[str, Any]]:
    """Rows of all workdirs; `n_test` is the sum over all of them.

    Raises:
        ValueError: Their configs differ in other fields than `MAY_DIFFER`.
    """
    first, *others = [_config(workdir) for workdir in workdirs]
    for workdir, config in zip(workdirs[1:], others, strict=True):
        if config != first:
            names = sorted(n for n in first | config if first.get(n) != config.get(n))
            raise ValueError(
                f'{workdir} and {workdirs[0]} differ in {", ".join(names)}.'
            )
    tables = [read(workdir) for workdir in workdirs]
    tested = sum(table[0]['n_test'] for table in tables)
    return [row | dict(n_test=tested) for table in tables for row in table]


def read(workdir: Path) -> list[dict[str, Any]]:
    """Rows of a finished transfer, or of probes on features."""
    path = workdir / 'transfer.parquet'
    if path.exists():
        return [row | dict(series=row['mode']) for row in read_fits(path).to_pylist()]
    about = read_json(workdir / 'run.json')['features']
    return [
        row | dict(series=f'{about[row["features"]]["source"]}, {row["probe"]}')
        for row in read_fits(workdir / 'probe.parquet').to_pylist()
    ]


def _config(workdir: Path) -> dict[str, Any]:
    config = read_json(workdir / 'config.json')
    return {name: config[name] for name in config if name not in MAY_DIFFER}


if __name__ == '__main__':
    app.run(main)
