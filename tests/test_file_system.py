import errno
import fcntl
import os

import pytest
from orbax.checkpoint._src.serialization import tensorstore_utils

from deeploc_jax.train.file_system import suit_file_system


@pytest.fixture(autouse=True)
def defaults(monkeypatch):
    """Orbax's own, put back after each test."""
    for name in ('_BASE_TS_CONTEXT', '_DEFAULT_OCDBT_TS_CONTEXT'):
        monkeypatch.setattr(tensorstore_utils, name, {})


def refuse(*args, **kwargs):
    raise OSError(errno.ENOTSUP, 'not here')


@pytest.mark.parametrize(
    ('module', 'name', 'field', 'value'),
    [
        (os, 'fsync', 'file_io_sync', False),
        (fcntl, 'lockf', 'file_io_locking', {'mode': 'lockfile'}),
    ],
)
@pytest.mark.parametrize('ocdbt', [True, False])
def test_what_the_file_system_refuses_is_not_asked_of_it(
    tmp_path, monkeypatch, module, name, field, value, ocdbt
):
    monkeypatch.setattr(module, name, refuse)
    suit_file_system(tmp_path / 'not/there/yet')
    context = tensorstore_utils.get_ts_context(use_ocdbt=ocdbt)
    assert context[field].to_json() == value
    assert not list(tmp_path.iterdir())


def test_a_local_disk_is_synced_and_locked(tmp_path):
    suit_file_system(tmp_path)
    assert tensorstore_utils._DEFAULT_OCDBT_TS_CONTEXT == {}
