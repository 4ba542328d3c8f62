"""What the documentation shows a person to type: its Python runs, its configs load."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import imagecodecs
import numpy as np
import pytest
from absl import flags

from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table
from deeploc_jax.types import METADATA

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [ROOT / 'README.md', *ROOT.glob('docs/*.md'), *ROOT.glob('datasets/**/*.md')]
)
# What stands for something in a command: <screen>, $field, a glob.
STAND_INS = (
    (r'<screen>', 'yeast_sim'),
    (r'<[^>]*>', 'something'),
    (r'\$\{?\w+\}?', 'something'),
)


def blocks(page, language):
    return re.findall(rf'^```{language}\n(.*?)^```', page.read_text(), re.M | re.S)


def commands(page):
    """Every `python launch.py` of a page, in blocks and within sentences."""
    text = page.read_text()
    for pattern, word in STAND_INS:
        text = re.sub(pattern, word, text)
    text = text.replace('\\\n', ' ')
    for found in re.findall(r'python launch\.py ([^`\n]*)', text):
        if not found.startswith('--config=...'):  # any config
            yield shlex.split(found.split('&&')[0].rstrip('.'), comments=True)


@pytest.fixture
def parse(monkeypatch):
    """What the entry makes of a command line, as if none had been parsed before."""
    import launch

    def forget():
        flags.FLAGS.unparse_flags()
        for name in [name for name in flags.FLAGS if name.startswith('config.')]:
            delattr(flags.FLAGS, name)

    def parse(*arguments):
        forget()
        monkeypatch.setattr(sys, 'argv', ['launch.py', *arguments])
        return launch.parse(sys.argv)

    yield parse
    forget()


# How ml_collections loads a config.
@pytest.mark.filterwarnings(r'ignore:the load_module\(\) method:DeprecationWarning')
@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_name_configs_and_fields_that_exist(page, parse, monkeypatch):
    monkeypatch.chdir(ROOT)
    for arguments in commands(page):
        parse(*arguments)


# What a person has before the first line of a page: a trained network, crops, files.
PRELUDE = """
import jax, numpy as np
from deeploc_jax import simulate
from deeploc_jax.data import record_builder, record_writer
images = np.random.default_rng(0).integers(0, 4000, (2, 64, 64, 2), np.uint16)
write = record_writer.write_split
def write_few(features, examples, template):
    return write(features, (cell for cell, _ in zip(examples, range(3))), template)
record_builder.write_split = write_few  # three cells are as good as thousands
simulate.simulate_many = map  # and are made sooner than processes start
"""
HEAVY = ('tensorflow', 'torch')  # which a checkout may do without
PREPARED = "import deeploc_jax.datasets; tfds.data_source('yeast_sim', split='train')"


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
        ROOT / 'deeploc_jax/weights/pretrained/lean-sim', folder / 'runs/sim/weights'
    )
    metadata = {name: np.array(['', '']) for name in METADATA} | dict(
        x=[1, 2], y=[1, 2]
    )
    table = predictions_table(metadata, np.array([0, -1]), np.eye(2), ('ER', 'VACUOLE'))
    write_table(table, folder / 'runs/sim/evaluation/test/predictions.parquet')
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


def test_python_of_the_pages_runs_as_written(tmp_path):
    lay_out(tmp_path)
    code = [PRELUDE]
    for page in PAGES:
        for block in blocks(page, 'python'):
            needed = [m for m in HEAVY if re.search(rf'import {m}\b', block)]
            if all(map(has, needed)):
                code.append(block)
    readme = (ROOT / 'README.md').read_text()
    assert PREPARED in readme
    code.append("tfds.builder('yeast_sim').download_and_prepare()")
    code.append(PREPARED)
    # An export is read in a later block than the sentence that writes it.
    export = "network = deeploc_jax.load('runs/sim'); network.export('runs/program')"
    code.insert(1, f'import deeploc_jax; {export}')
    script = tmp_path / 'pages.py'
    script.write_text("if __name__ == '__main__':\n" + indent('\n'.join(code)))
    places = dict(TFDS_DATA_DIR=str(tmp_path / 'tfds'), HOME=str(tmp_path))
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | places | dict(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert not done.returncode, done.stderr[-3000:]


def indent(code):
    return '\n'.join('    ' + line for line in code.splitlines())
