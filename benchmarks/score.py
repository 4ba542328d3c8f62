"""The way from images of fields to scored cells is compared with the network alone.

    python -m benchmarks.score
    python -m benchmarks.score --crops=5 --memory=

Simulated fields (`wild_type`, 960 x 1280 pixels, two channels, some 100 cells) are
scored by the task `score`, from compressed OME-TIFF to Parquet, with so many workers:
cells are looked for, or their centers are taken from a table. In the same process and
by turns, the network alone runs on as many crops as were scored, a batch at a time,
normalized before and in memory. CPU seconds count all threads: on a busy machine they
change less than the time that passes. The second table says what the steps before the
network take on a field, by CPU; the third how much memory a process of its own took at
most for growing numbers of fields.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import numpy as np
from absl import app, flags

from configs import score as score_config
from deeploc_jax import compilation, huge_pages, sharding, simulate
from deeploc_jax.markdown import markdown_table
from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.program import make_program
from deeploc_jax.predict.views import views_of
from deeploc_jax.screens import simulated_plates
from deeploc_jax.screens.cells import CellOptions, cut_crops, find_cells, measure_cells
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.screens.quality import field_quality
from deeploc_jax.tables import read_scored_cells
from deeploc_jax.tasks import score
from deeploc_jax.weights.folder import read_weights

_SOURCE = flags.DEFINE_string('source', 'lean-sim', 'Weights.')
_FIELDS = flags.DEFINE_integer('fields', 32, 'Fields that are scored.')
_CROPS = flags.DEFINE_integer('crops', 1, 'Views of a cell: 1 or 5.')
_ROUNDS = flags.DEFINE_integer('rounds', 3, 'Rounds after the warm-up.')
_WORKERS = flags.DEFINE_integer('workers', 1, 'Processes that read fields.')
_MEMORY = flags.DEFINE_list('memory', ['16', '64', '256'], 'Numbers of fields.')
_ONLY = flags.DEFINE_string('only', None, 'Table of fields to score once; internal.')

DISTINCT = 8  # fields that are simulated; more are links to these
ROLES = 'protein=GFP,marker=RFP'
Measured = tuple[float, float]
"""Seconds that passed, and CPU seconds."""


def main(argv: list[str]) -> None:
    """Prints tables in Markdown."""
    del argv
    if _ONLY.value:
        return score_once(Path(_ONLY.value), Path(tempfile.mkdtemp()))
    compilation.keep_programs()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        simulate_fields(root)
        print_speed(list_fields(root, _FIELDS.value), root)
        print_steps(list_fields(root, DISTINCT))
        print_memory({int(n): list_fields(root, int(n)) for n in _MEMORY.value})


def simulate_fields(root: Path) -> None:
    """Writes the distinct fields."""
    screen = next(s for s in simulate.SCREENS if s.name == 'wild_type')
    for spec in simulate.screen_layout(screen)[:DISTINCT]:
        simulated_plates.write_field(root, screen, spec)


def list_fields(root: Path, number: int) -> Path:
    """A table of so many fields, four a well, whose files are links."""
    images = sorted((root / 'images').rglob('*.tif'))
    folder = root / f'screen-{number}'
    folder.mkdir(exist_ok=True)
    with (folder / 'fields.csv').open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['plate', 'well', 'field', 'image'])
        for index in range(number):
            link = folder / f'{index:05}.ome.tif'
            if not link.exists():
                os.link(images[index % len(images)], link)
            plate, well = divmod(index // 4, 96)
            name = f'{"ABCDEFGH"[well // 12]}{well % 12 + 1:02}'
            rows.writerow([f'P{plate}', name, index % 4 + 1, link.name])
    return folder / 'fields.csv'


def score_once(fields: Path, workdir: Path, centers: Path | None = None) -> None:
    """Scores the fields of a table; cells are looked for unless they are given."""
    config = score_config.get_config()
    config.source, config.fields, config.channels = _SOURCE.value, str(fields), ROLES
    config.crops, config.workers = _CROPS.value, _WORKERS.value
    config.cells.centers = str(centers) if centers else None
    score.run(config, workdir)


def print_speed(fields: Path, root: Path) -> None:
    """Compares the task with the network alone."""
    score_once(fields, root / 'warm-up')
    table = read_scored_cells(root / 'warm-up', ['border'])
    stored = sum(p.stat().st_size for p in (root / 'warm-up/cells.parquet').iterdir())
    cells = int(np.sum(~table['border'].to_numpy(zero_copy_only=False)))
    centers = root / 'centers.csv'
    write_centers(root / 'warm-up', centers)
    alone, rounds = network_alone(cells), []
    for number in range(_ROUNDS.value):
        folder = root / f'round-{number}'
        with contextlib.redirect_stdout(io.StringIO()):
            found = measured(partial(score_once, fields, folder / 'found'))
            given = measured(partial(score_once, fields, folder / 'given', centers))
        rounds.append((measured(alone), given, found))
    print(
        f'\n{_SOURCE.value}, {_FIELDS.value} fields, {len(table):,} cells, {cells:,} '
        f'of them with a crop, {stored / len(table):.0f} bytes a cell in Parquet; '
        f'{_CROPS.value} view(s), {_WORKERS.value} worker(s); {len(rounds)} rounds on '
        f'{jax.devices()[0].device_kind}, {os.cpu_count()} cores\n'
    )
    lines = []
    names = ('network alone', 'task `score`, centers given', 'task `score`')
    for index, name in enumerate(names):
        seconds, cpu = (statistics.median(r[index][i] for r in rounds) for i in (0, 1))
        shares = [
            f'{100 * statistics.median(r[0][i] / r[index][i] for r in rounds):.0f} %'
            for i in (0, 1)
        ]
        lines.append(
            [name, f'{cells / seconds:,.0f}', f'{1e6 * cpu / cells:,.0f}', *shares]
        )
    header = ['', 'cells/s', 'CPU us a cell', 'of the network', 'by CPU']
    print(markdown_table(header, lines))


def write_centers(workdir: Path, path: Path) -> None:
    """Writes the centers of all cells of a scored screen as a table."""
    names = ['plate', 'well', 'field', 'x', 'y']
    rows = read_scored_cells(workdir, names).to_pylist()
    with path.open('w', newline='') as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def network_alone(cells: int) -> Callable[[], None]:
    """Makes a function that runs the network on so many crops in memory."""
    network, size = read_weights(_SOURCE.value), 128
    mesh, card = sharding.make_mesh(), network.card
    function = make_logits(network.model, views_of(card, _CROPS.value))
    program = make_program(function, network.variables, mesh, size)
    shape = (size, card.side, card.side, len(card.channels))
    batch = np.random.default_rng(0).random(shape, np.float32)

    def run() -> None:
        for _ in range(-(-cells // size)):
            placed = sharding.put_batch(batch, mesh)
            jax.block_until_ready(program.function(program.variables, placed))

    run()
    return run


def print_steps(fields: Path) -> None:
    """Says what each step before the network takes on a field, by CPU."""
    options, found, cells = CellOptions(marker='RFP'), [], []
    for field in describe_fields(str(fields), channels=ROLES).fields:
        marks = [time.process_time()]

        def mark(marks: list[float] = marks) -> None:
            marks.append(time.process_time())

        image = read_field(field)
        mark()
        labels = find_cells(image, options)
        mark()
        columns = measure_cells(labels, image)
        mark()
        field_quality(image, labels)
        mark()
        cut_crops(image.pixels, columns['x'], columns['y'])
        mark()
        found.append(np.diff(marks))
        cells.append(len(columns['x']))
    names = ['read', 'find cells', 'measure them', 'quality of the field', 'cut crops']
    took = 1000 * np.median(found, axis=0)
    print(f'\nOne field with {np.median(cells):.0f} cells (median of {len(cells)})\n')
    rows = [[n, f'{ms:.0f}'] for n, ms in zip(names, took, strict=True)]
    print(
        markdown_table(['step', 'CPU ms'], [*rows, ['together', f'{took.sum():.0f}']])
    )


def print_memory(tables: dict[int, Path]) -> None:
    """Says how much memory a process takes at most, by number of fields."""
    rows = []
    for number, table in tables.items():
        command = [sys.executable, '-m', 'benchmarks.score', f'--only={table}']
        command += [f'--source={_SOURCE.value}', f'--crops={_CROPS.value}']
        command += [f'--workers={_WORKERS.value}']
        rows.append([f'{number:,}', f'{peak_of(command) / 2**20:.2f}'])
    if rows:
        print()
        print(markdown_table(['fields', 'peak GiB'], rows))


def peak_of(command: list[str]) -> int:
    """Largest resident memory of a command, KiB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f'{" ".join(command)} failed.')
    return usage.ru_maxrss


def measured(run: Callable[[], None]) -> Measured:
    """Measures one call."""
    start, before = time.perf_counter(), _cpu_seconds()
    run()
    return time.perf_counter() - start, _cpu_seconds() - before


def _cpu_seconds() -> float:
    of = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(who)[:2]) for who in of)


if __name__ == '__main__':
    huge_pages.use_huge_pages()
    app.run(main)
