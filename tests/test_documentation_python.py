"""The Python of the documentation runs as it is written there."""

import os
import re
import shutil
import subprocess
import sys

import h5py
import imagecodecs
import numpy as np

from configs import compare, profile
from deeploc_jax import tasks
from deeploc_jax.tables.parquet import write_table
from tests.helpers import pages
from tests.helpers.changed_screen import changed_screen

# What a person has before the first line of a page: a trained network, crops, files,
# and what earlier commands left.
PRELUDE = """
import pathlib, shutil, sys
import deeploc_jax.datasets, jax, numpy as np
from deeploc_jax import simulate, tasks
from deeploc_jax.data import record_builder, record_writer
from deeploc_jax.models import conv
from deeploc_jax.report import style
images = np.random.default_rng(0).integers(0, 4000, (2, 64, 64, 2), np.uint16)
write = record_writer.write_split
def write_few(features, examples, template):
    return write(features, (cell for cell, _ in zip(examples, range(3))), template)
record_builder.write_split = write_few  # three cells are as good as thousands
simulate.simulate_many = map  # and are made sooner than processes start
conv.MIN_CHANNELS = 10**6  # XLA's own convolutions compile sooner than ours
style.to_png = lambda figure: b'a picture'  # figures are made, but not drawn

from configs import evaluate, features
for module, folder in ((evaluate, 'named'), (features, 'features')):
    config = module.get_config()
    config.update(source='runs/sim', screen='yeast_sim/smoke')
    assert tasks.run(config, pathlib.Path('runs', folder).absolute()) == 0
shutil.copytree('runs/named/evaluation', 'runs/sim/evaluation')
"""
HEAVY = ('tensorflow', 'torch', 'dask_jobqueue')  # which a checkout may do without
PREPARED = (
    'import tensorflow_datasets as tfds, deeploc_jax.datasets; '
    "tfds.data_source('yeast_sim', split='train')"
)
LAST = f"""
import tensorflow_datasets as tfds
tfds.builder('yeast_sim').download_and_prepare()
{PREPARED}
"""


def has(module):
    return (
        subprocess.run(
            [
                sys.executable,
                '-c',
                f'import importlib.util as u; u.find_spec({module!r}).name',
            ],
            capture_output=True,
        ).returncode
        == 0
    )


def lay_out(folder):
    """The files that the pages speak of."""
    shutil.copytree(
        pages.ROOT / 'deeploc_jax/weights/pretrained/lean-sim',
        folder / 'runs/sim/weights',
    )
    names = 'ER bud bud_neck cell_periphery cytosol mitochondria nuclear_periphery'
    names = [*names.split(), 'nucleus', 'punctate', 'vacuole', 'vacuole_membrane']
    (folder / 'downloads').mkdir()
    for part in ('train', 'test'):
        with h5py.File(folder / f'downloads/Schuldiner_{part}_set.hdf5', 'w') as file:
            file['data1'] = np.random.default_rng(1).random((30, 8192))
            file['Index1'] = np.eye(11, dtype=np.uint8)[np.arange(30) % 11]
            file.attrs['Index1_columns'] = np.array(names, 'S')
    rows = ['image_GFP,image_RFP,label,plate,well,field,protein']
    (folder / 'crops').mkdir()
    for n in range(6):
        pair = [f'crops/{n}_{name}.png' for name in ('gfp', 'rfp')]
        for path in pair:
            pixels = np.random.default_rng(n).integers(0, 255, (64, 64), np.uint8)
            (folder / path).write_bytes(imagecodecs.png_encode(pixels))
        label = ('ER', 'VACUOLE')[n % 2]
        rows.append(f'{pair[0]},{pair[1]},{label},P1,A{n + 1:02d},1,SEC61')
    (folder / 'cells.csv').write_text('\n'.join(rows) + '\n')
    write_table(changed_screen(), folder / 'runs/scored/cells.parquet/1.parquet')
    (folder / 'runs/scored/run.json').write_text('{}')
    for config, name in (
        (profile.get_config(), 'profiles'),
        (compare.get_config(), 'movers'),
    ):
        config.cells = str(folder / 'runs/scored')
        if name == 'movers':
            config.before, config.after = 'before', 'after'
        assert tasks.start(config, folder / 'runs' / name) == 0


def script():
    """The blocks of every page, each page a function: names do not leave a page."""
    code = [PRELUDE]
    for number, page in enumerate(pages.PAGES):
        found = []
        for block in pages.blocks(page, 'python'):
            needed = [m for m in HEAVY if re.search(rf'(import|from) {m}\b', block)]
            if all(map(has, needed)):
                found.append(block)
        if found:
            code += [f'def page_{number}():', indent('\n'.join(found))]
            code += [f'print({pages.name(page)!r})', f'page_{number}()']
    return "if __name__ == '__main__':\n" + indent('\n'.join([*code, LAST]))


def test_python_of_the_pages_runs_as_written(tmp_path):
    assert PREPARED in (pages.ROOT / 'README.md').read_text()
    lay_out(tmp_path)
    (tmp_path / 'pages.py').write_text(script())
    places = dict(TFDS_DATA_DIR=str(tmp_path / 'tfds'), HOME=str(tmp_path))
    done = subprocess.run(
        [sys.executable, 'pages.py'],
        cwd=tmp_path,
        env=os.environ | places | dict(PYTHONPATH=str(pages.ROOT)),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert not done.returncode, done.stdout[-500:] + done.stderr[-3000:]


def indent(code):
    return '\n'.join('    ' + line for line in code.splitlines())
