import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SCREENS = (
    'chong2015',
    'wt2017',
    'swat_rfp',
    'deepyeast',
    'yeast_sim',
    'own_screen',
)


def run(code, folder=REPOSITORY, path=''):
    """Runs code in a fresh interpreter, whose sys.path begins with `folder`."""
    environment = os.environ | {'PYTHONPATH': str(path)}
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_carries_the_screens():
    config = tomllib.loads((REPOSITORY / 'pyproject.toml').read_text())
    wheel = config['tool']['hatch']['build']['targets']['wheel']
    assert wheel['packages'] == ['deeploc_jax']
    assert wheel['force-include'] == {'datasets': 'deeploc_jax/datasets'}


def test_types_are_for_other_projects_too():
    # A file of the package, so it is in the wheel.
    assert (REPOSITORY / 'deeploc_jax/py.typed').exists()


def test_only_systems_with_wheels_of_all_dependencies_are_named():
    config = tomllib.loads((REPOSITORY / 'pyproject.toml').read_text())['project']
    systems = {c for c in config['classifiers'] if c.startswith('Operating System')}
    assert systems == {
        'Operating System :: MacOS',
        'Operating System :: POSIX :: Linux',
    }
    extras = config['optional-dependencies']
    assert {'cuda', 'cuda12', 'tpu', 'tensorflow'} <= extras.keys()
    assert not [name for name in config['dependencies'] if name == 'tensorflow']


def test_datasets_folder_is_no_package():
    assert not (REPOSITORY / 'datasets' / '__init__.py').exists()
    for name in SCREENS:
        assert (REPOSITORY / 'datasets' / name / '__init__.py').exists()


def test_importing_registers_every_screen():
    code = f"""
import sys
import deeploc_jax.datasets
import tensorflow_datasets as tfds
for name in {SCREENS}:
    cls = tfds.builder_cls(name)
    assert cls.__module__ == f'deeploc_jax.datasets.{{name}}.{{name}}', cls.__module__
    assert cls.pkg_dir_path.name == name and cls.code_path.exists()
assert not {{'tensorflow', 'flax'}} & set(sys.modules)
"""
    run(code)


@pytest.mark.parametrize('first', ['deeploc_jax.datasets', 'datasets'])
def test_two_module_names_of_one_screen(first):
    second = {'datasets', 'deeploc_jax.datasets'}.difference([first]).pop()
    code = f"""
import importlib
for package in {[first, second]}:
    for name in {SCREENS}:
        importlib.import_module(f'{{package}}.{{name}}.{{name}}')
"""
    run(code)


def test_a_package_named_datasets_is_left_alone(tmp_path):
    """Hugging Face's `datasets` is found, before and after ours."""
    theirs = tmp_path / 'datasets'
    theirs.mkdir()
    (theirs / '__init__.py').write_text('whose = "theirs"\n')
    code = """
import datasets, deeploc_jax.datasets, datasets.again
import tensorflow_datasets as tfds
assert datasets.whose == 'theirs'
tfds.builder_cls('swat_rfp')
"""
    (theirs / 'again.py').touch()
    run(code, path=tmp_path)


def test_installed_beside_a_package_named_datasets(tmp_path):
    """As in a wheel: our screens lie inside, `datasets` next door is another's."""
    package = tmp_path / 'deeploc_jax'
    package.mkdir()
    for source in (REPOSITORY / 'deeploc_jax').iterdir():
        if source.name != 'datasets':
            (package / source.name).symlink_to(source)
    (package / 'datasets').mkdir()
    for source in (REPOSITORY / 'deeploc_jax/datasets').glob('*.py'):
        (package / 'datasets' / source.name).symlink_to(source)
    for name in SCREENS:
        (package / 'datasets' / name).symlink_to(REPOSITORY / 'datasets' / name)
    (tmp_path / 'datasets').mkdir()
    (tmp_path / 'datasets/__init__.py').write_text('whose = "theirs"\n')
    code = """
import datasets, deeploc_jax.datasets
assert datasets.whose == 'theirs'
assert len(list(deeploc_jax.datasets.__path__)) == 1
"""
    run(code, folder=tmp_path)


def test_prepared_screen_is_read_without_our_code(tmp_path, shared_data):
    folder = shared_data('swat_rfp_36')
    prepare = f"""
from deeploc_jax.datasets import prepare_screen
print(prepare_screen('swat_rfp', {str(tmp_path)!r}, {str(folder)!r}).data_path)
"""
    path = run(prepare).splitlines()[-1]
    code = f"""
import sys
import tensorflow_datasets as tfds
builder = tfds.builder_from_directory({path!r})
cells = builder.as_data_source('test')
cell = cells[0]
print(len(cells), cell['image'].shape, cell['image'].dtype)
print(builder.info.features['label'].names[:2], builder.info.metadata['channels'])
assert len(tfds.data_source('swat_rfp', split='test', data_dir={str(tmp_path)!r})) == 36
assert not {{'deeploc_jax', 'tensorflow'}} & set(sys.modules)
"""
    assert run(code, folder=tmp_path).splitlines() == [
        '36 (64, 64, 2) float64',
        "['ER', 'bud'] ['RFP', 'brightfield']",
    ]
