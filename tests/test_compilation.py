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


@pytest.mark.parametrize('folder', ['/elsewhere', ''])
def test_programs_are_kept_where_the_user_says(set_folder, folder):
    set_folder(folder)
    compilation.keep_programs()
    assert jax.config.values[OPTION] == folder
