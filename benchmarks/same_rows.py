"""The same rows come from one process, from four, and from Dask with a killed worker.

    python -m benchmarks.same_rows

A few fields of each simulated microscope are scored three ways: by one process, by
four, and by two Dask workers, one of which is killed with SIGKILL when the first parts
are written. The tables of cells and of fields and the list of what was set aside are
compared, value by value or byte by byte.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import distributed
from absl import app, flags

from configs import score as score_config
from configs import simulate as simulate_config
from deeploc_jax.markdown import markdown_table
from deeploc_jax.tables import read_scored_cells
from deeploc_jax.tasks import score, simulate

_SOURCE = flags.DEFINE_string('source', 'lean-sim', 'Weights.')
_WELLS = flags.DEFINE_integer('wells', 1, 'Wells of each plate.')
_SCREENS = flags.DEFINE_list(
    'screens', ['wild_type', 'other_microscope', 'manual_imaging'], 'Simulated screens.'
)
_KILL_AFTER = flags.DEFINE_integer('kill_after', 2, 'Parts before the worker dies.')

CHANNELS = dict(
    wild_type='protein=GFP,marker=RFP',
    other_microscope='protein=GFP,marker=far_red',
    manual_imaging='protein=RFP,marker=brightfield',
)
FILES = ('fields.parquet', 'set_aside.csv')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown; raises where two ways differ."""
    del argv
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for screen in _SCREENS.value:
            root = Path(folder) / screen
            plates = simulate_config.get_config(screen)
            plates.wells = _WELLS.value
            with contextlib.redirect_stdout(io.StringIO()):
                simulate.run(plates, root / 'plates')
                score_plates(screen, root, 'one', workers=1)
                score_plates(screen, root, 'four', workers=4)
                killed = score_on_dask(screen, root)
            cells = compare(root, ['four', 'dask'])
            parts = len(list((root / 'one/cells.parquet').iterdir()))
            rows.append([screen, f'{cells:,}', str(parts), str(killed)])
    print('\nEqual rows from one process, four, and Dask with a killed worker\n')
    print(markdown_table(['screen', 'cells', 'parts', 'killed after'], rows))


def score_plates(screen: str, root: Path, name: str, **words: Any) -> None:
    """Scores simulated plates into a folder beside them."""
    config = score_config.get_config()
    config.source, config.fields = _SOURCE.value, str(root / 'plates')
    config.channels, config.crops, config.fields_per_part = CHANNELS[screen], 1, 1
    config.update(words)
    if screen == 'manual_imaging':
        config.cells.light = 'transmitted'
    if status := score.run(config, root / name):
        raise RuntimeError(f'{screen}: scoring ended with status {status}.')


def score_on_dask(screen: str, root: Path) -> int:
    """Scores with two workers; the number of parts when one of them was killed."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        pid, found = cluster.workers[0].pid, list[int]()
        watcher = threading.Thread(target=kill, args=(root / 'dask', pid, found))
        watcher.start()
        score_plates(screen, root, 'dask', scheduler=cluster.scheduler_address)
        watcher.join()
    return found[0]


def kill(workdir: Path, pid: int, found: list[int]) -> None:
    """Kills a process when enough parts are written, and notes their number."""
    while (n := len(list(workdir.glob('cells.parquet/*')))) < _KILL_AFTER.value:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    found.append(n)


def compare(root: Path, names: list[str]) -> int:
    """Number of cells, if the others have the rows of the first."""
    one = read_scored_cells(root / 'one')
    for name in names:
        if not one.equals(read_scored_cells(root / name)):
            raise RuntimeError(f'{root.name}: the cells of {name} differ.')
        for file in FILES:
            if (root / 'one' / file).read_bytes() != (root / name / file).read_bytes():
                raise RuntimeError(f'{root.name}: {file} of {name} differs.')
    return len(one)


if __name__ == '__main__':
    app.run(main)
