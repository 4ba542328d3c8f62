"""Transfers and probes of several test fields, or of several screens, in one table.

    python -m benchmarks.few_labels --figure=few_labels.png runs/transfer-* runs/probe-*

Rows of one method and size become one: means over workdirs and draws, with the standard
deviation (of the sample) over all of them. Test cells are those of all workdirs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from absl import app, flags

from deeploc_jax.report import style
from deeploc_jax.report.size_table import in_markdown
from deeploc_jax.report.sizes import size_curves

_FIGURE = flags.DEFINE_string('figure', None, 'Where the figure goes, a .png.')


def main(argv: list[str]) -> None:
    """Prints the table in Markdown, and draws it."""
    if len(argv) < 2:
        raise app.UsageError('Say which workdirs, e.g. runs/transfer-*.')
    rows = [row for name in argv[1:] for row in read(Path(name))]
    tested: dict[tuple[str, int], dict[str, int]] = {}
    for row in rows:
        of = tested.setdefault((row['series'], row['cells_per_class']), {})
        of[row['workdir']] = row['n_test']
    for row in rows:
        of = tested[row['series'], row['cells_per_class']]
        row['n_test'] = sum(of.values())
    print(in_markdown(rows))
    if _FIGURE.value:
        with style.house_style():
            size_curves(rows).savefig(_FIGURE.value)


def read(workdir: Path) -> list[dict[str, Any]]:
    """Rows of a finished transfer, or of probes on features."""
    path = workdir / 'transfer.parquet'
    if path.exists():
        rows = pq.read_table(path).to_pylist()
        return [row | dict(series=row['mode'], workdir=str(workdir)) for row in rows]
    rows = pq.read_table(workdir / 'probe.parquet').to_pylist()
    return [row | dict(series=row['probe'], workdir=str(workdir)) for row in rows]


if __name__ == '__main__':
    app.run(main)
