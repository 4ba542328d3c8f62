"""Arrows between the floors of the house go down only."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / 'deeploc_jax'
GROUND = {
    'types',
    'compilation',
    'sharding',
    'cluster',
    'devices',
    'metrics',
    'files',
    'crc',
    'fingerprint',
    'progress',
    'lookup',
    'names',
    'reliability',
    'precision_recall',
    '__version__',
}
BELOW = {
    **{f'{name}.py': {'files', 'metrics'} for name in GROUND},
    'sharding.py': {'cluster'},
    'models': {'lookup'},
    'simulate': set(),
    'realism': set(),
    'measurements': GROUND,
    'probe': GROUND | {'evaluate', 'weights'},
    'report': GROUND,
    'data': GROUND,
    'train': GROUND | {'data', 'models'},
    'evaluate': GROUND | {'data', 'models', 'weights'},
    'weights': GROUND | {'models'},
    'transfer': GROUND | {'data', 'models', 'weights', 'train', 'evaluate', 'probe'},
    'tasks': GROUND
    | {'data', 'models', 'weights', 'train', 'evaluate', 'report', 'datasets'}
    | {'realism', 'simulate', 'measurements', 'probe', 'transfer'},
}
ONLY_IN = {
    'orbax': {'train/checkpoint.py', 'train/file_system.py'},
    'grain': {'data/'},
    'tensorflow_datasets': {'data/', 'tasks/prepare.py'},
    'matplotlib': {'report/'},
    'ml_collections': {'tasks/'},
    'flax': {
        'models/',
        'weights/',
        'train/',
        'evaluate/',
        'transfer/',
        'tasks/build.py',
    },
    'safetensors': {'weights/'},
    'skimage': {'realism/', 'measurements/'},
    'mahotas': {'measurements/'},
    'sklearn': {'realism/', 'probe/'},
    'anndata': {'evaluate/h5ad.py'},
    'pandas': {'evaluate/h5ad.py'},
    'tensorboardX': {'train/metric_log.py'},
    'tensorflow': set(),
}
FILES = sorted(PACKAGE.rglob('*.py'))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from deeploc_jax import metrics` is an import of deeploc_jax.metrics.
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


@pytest.mark.parametrize('path', FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    inside = path.relative_to(PACKAGE)
    floor = inside.parts[0]
    for name in imports(path):
        parts = name.split('.')
        if parts[0] == 'deeploc_jax' and floor in BELOW and parts[1] != floor:
            assert parts[1] in BELOW[floor], f'{inside} imports {name}'
        if parts[0] in ONLY_IN:
            allowed = ONLY_IN[parts[0]]
            assert any(str(inside).startswith(a) for a in allowed), (
                f'{inside} imports {name}'
            )


def test_data_sets_stand_on_data_and_the_simulator_only():
    for path in ROOT.glob('datasets/*/*.py'):
        for name in imports(path):
            if name.startswith('deeploc_jax.'):
                assert name.split('.')[1] in ('data', 'simulate', 'types'), path


def test_the_entry_is_tiny():
    assert len((ROOT / 'launch.py').read_text().splitlines()) <= 60
