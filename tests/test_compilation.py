import warnings

import jax
import pytest

from deeploc_jax import compilation

OPTION = 'jax_compilation_cache_dir'


@pytest.fixture
def set_folder():
    before = jax.config.values[OPTION]
    yield lambda folder: jax.config.update(OPTION, folder)
    jax.config.update(OPTION, before)


def test_programs_are_kept_in_the_cache_of_the_user(set_folder, monkeypatch, tmp_path):
    set_folder(None)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    compilation.keep_programs()
    folder = tmp_path / 'deeploc_jax' / 'compiled'
    assert jax.config.values[OPTION] == str(folder)


def test_a_cache_that_cannot_be_written_keeps_nothing(
    set_folder, monkeypatch, tmp_path
):
    for home in (tmp_path / 'file/x', '/proc/nothing'):  # also for root
        (tmp_path / 'file').touch()
        set_folder(None)
        monkeypatch.setenv('XDG_CACHE_HOME', str(home))
        compilation.keep_programs()
        assert jax.config.values[OPTION] is None


def test_a_quota_that_is_used_up_keeps_nothing(set_folder, monkeypatch, tmp_path):
    def full(*unused, **options):
        raise OSError(122, 'Disk quota exceeded')

    set_folder(None)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(compilation.tempfile, 'TemporaryFile', full)
    compilation.keep_programs()
    assert jax.config.values[OPTION] is None


def test_who_has_no_home_gets_no_folder_beside_the_program(
    set_folder, monkeypatch, tmp_path
):
    set_folder(None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setattr('os.path.expanduser', lambda path: path)
    compilation.keep_programs()
    assert jax.config.values[OPTION] is None
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_later_raises_one_warning(set_folder):
    set_folder('/elsewhere')
    with warnings.catch_warnings(record=True) as told:
        warnings.resetwarnings()
        compilation.keep_programs()
        for _ in range(3):
            warnings.warn(
                'Error writing persistent compilation cache entry for x: full',
                stacklevel=1,
            )
    assert len(told) == 1


@pytest.mark.parametrize('folder', ['/elsewhere', ''])
def test_programs_are_kept_in_the_folder_that_the_user_chose(set_folder, folder):
    set_folder(folder)
    compilation.keep_programs()
    assert jax.config.values[OPTION] == folder
