"""Four virtual CPU devices for every test, and real images when they are there."""

import os
import shutil
import tempfile
from pathlib import Path

# Before JAX looks for devices: tests need four, and a GPU rounds otherwise.
os.environ.setdefault('JAX_PLATFORMS', 'cpu')
# Most of the time is XLA's, which compiles small programs that run once: they are not
# optimized. All processes of a run, those that tests start too, share what is compiled.
_FLAGS = os.environ.get('XLA_FLAGS', '')
if 'optimization_level' not in _FLAGS:
    os.environ['XLA_FLAGS'] = f'{_FLAGS} --xla_backend_optimization_level=0'.strip()
_PROGRAMS = None
if 'PYTEST_XDIST_WORKER' not in os.environ:
    _PROGRAMS = tempfile.mkdtemp(prefix='deeploc_jax_tests_')
    os.environ['JAX_COMPILATION_CACHE_DIR'] = _PROGRAMS
    os.environ['JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS'] = '0'

import jax  # noqa: E402
import pytest  # noqa: E402

from tests.helpers import type_check  # noqa: E402

type_check.install()

from tests.helpers.small import random_cells  # noqa: E402

jax.config.update('jax_num_cpu_devices', 4)
# A rank that is promoted silently is a broadcasting mistake waiting to happen.
jax.config.update('jax_numpy_rank_promotion', 'raise')

_SHARED = Path(__file__).parents[2] / 'shared' / 'data'


# The files that take longest, longest first: one that starts last is waited for.
LONGEST = ('transfer', 'score', 'tasks', 'documentation_python', 'screen_task')


def pytest_collection_modifyitems(items):
    def place(item):
        name = item.path.stem.removeprefix('test_')
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)

    items.sort(key=place)


def pytest_unconfigure():
    if _PROGRAMS:
        shutil.rmtree(_PROGRAMS, ignore_errors=True)


@pytest.fixture
def shared_data():
    """`shared_data('yeast_wt2')` is the folder of a real data set, or a skip."""

    def find(name):
        folder = Path(os.environ.get('DEEPLOC_SHARED_DATA', _SHARED)) / name
        if not folder.exists():
            pytest.skip(f'no real images in {folder}')
        return folder

    return find


@pytest.fixture
def make_cells():
    """`make_cells(n, num_classes=3)`: random cells of several proteins, in memory."""
    return random_cells


@pytest.fixture
def native_convolutions(monkeypatch):
    """XLA's own convolutions, which compile in a fraction of the time of ours."""
    from deeploc_jax.models import conv

    monkeypatch.setattr(conv, 'MIN_CHANNELS', 10**6)


@pytest.fixture
def no_pictures(monkeypatch, request):
    """Figures are made but not drawn, which takes seconds, where none is looked at."""
    from deeploc_jax.report import style

    if not request.node.get_closest_marker('pictures'):
        monkeypatch.setattr(style, 'to_png', lambda figure: b'a picture')


@pytest.fixture(scope='session')
def data_dir(tmp_path_factory):
    """A folder in which `spot_screen` is prepared, for tests that read it."""
    from deeploc_jax.datasets import prepare_screen
    from tests.helpers.spot_screen import SpotScreen

    folder = str(tmp_path_factory.mktemp('screens'))
    prepare_screen(SpotScreen.name, folder)
    return folder


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    """A Chromium, for files that do not start one of their own; else a skip."""
    from tests.helpers import chromium

    started = chromium.start(tmp_path_factory.mktemp('chromium'), 1280, 1000)
    yield started
    started.quit()
