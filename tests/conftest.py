"""Four virtual CPU devices for every test, and real images when they are there."""

import os
import tempfile
from pathlib import Path

# Before JAX looks for devices: tests need four, and a GPU rounds otherwise.
os.environ.setdefault('JAX_PLATFORMS', 'cpu')

import jax  # noqa: E402
import pytest  # noqa: E402

from tests.helpers import type_check  # noqa: E402

type_check.install()

from tests.helpers.small import random_cells  # noqa: E402

jax.config.update('jax_num_cpu_devices', 4)
# A rank that is promoted silently is a broadcasting mistake waiting to happen.
jax.config.update('jax_numpy_rank_promotion', 'raise')
# Tests compile the same programs again and again.
jax.config.update('jax_compilation_cache_dir', tempfile.mkdtemp())
jax.config.update('jax_persistent_cache_min_compile_time_secs', 0)

_SHARED = Path(__file__).parents[2] / 'shared' / 'data'


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


@pytest.fixture(scope='session')
def data_dir(tmp_path_factory):
    """A folder in which `spot_screen` is prepared, for tests that read it."""
    from deeploc_jax.datasets import prepare_screen
    from tests.helpers.spot_screen import SpotScreen

    folder = str(tmp_path_factory.mktemp('screens'))
    prepare_screen(SpotScreen.name, folder)
    return folder
