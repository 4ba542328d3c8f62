"""Arrows between the floors of the house go down only."""

import ast
from pathlib import Path

import pytest

from deeploc_jax.tasks import TASKS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / 'deeploc_jax'
# Files beside the floors, which every floor may use.
GROUND = {
    'types',
    'command_line',
    'compilation',
    'sharding',
    'cluster',
    'devices',
    'memory',
    'metrics',
    'dirichlet',
    'files',
    'huge_pages',
    'class_map',
    'crc',
    'fingerprint',
    'groups',
    'progress',
    'processes',
    'lookup',
    'markdown',
    'names',
    'reliability',
    'precision_recall',
    'splits',
}
NETWORKS = {'models', 'weights'}
SCREENS = {'images', 'data'}
# What each floor stands on besides the ground.
FLOORS = {
    'models': set(),
    'weights': {'models'},
    'images': set(),
    'data': {'images'},
    'simulate': set(),
    'datasets': {'data', 'simulate'},
    'screens': NETWORKS
    | {'adapt', 'data', 'images', 'predict', 'simulate', 'tables', 'workdir'},
    'measurements': set(),
    'realism': set(),
    'tables': set(),
    'workdir': set(),
    'predict': NETWORKS | {'data'},
    'train': NETWORKS | {'data', 'predict'},
    'evaluate': {'data', 'tables', 'predict', 'weights'},
    'probe': {'tables', 'weights'},
    'report': {'tables'},
    'profiles': {'tables'},
    'changes': {'profiles', 'tables'},
    'explain': {
        'data',
        'measurements',
        'predict',
        'report',
        'simulate',
        'tables',
        'weights',
    },
    'adapt': NETWORKS | {'data', 'predict'},
    'curate': NETWORKS | {'data', 'images', 'predict', 'screens', 'tables', 'workdir'},
    'transfer': NETWORKS
    | {'data', 'tables', 'predict', 'train', 'probe', 'report', 'workdir'},
}
FLOORS['tasks'] = set(FLOORS)
# The door: what `import deeploc_jax` offers.
FLOORS['__init__'] = NETWORKS | {'predict'}
NETWORK_FLOORS = {'models/', 'weights/', 'train/', 'predict/', 'transfer/'}
NETWORK_FLOORS |= {'adapt/', 'explain/'}
# Libraries that only some floors or files know.
ONLY_IN = {
    'orbax': {'train/checkpoint.py', 'train/file_system.py'},
    'grain': {'data/'},
    'tensorflow_datasets': {'data/', 'datasets/'},
    'matplotlib': {'report/'},
    'ml_collections': {'tasks/'},
    'flax': {
        'models/',
        'weights/',
        'train/',
        'predict/',
        'transfer/',
        'adapt/',
        'explain/',
    },
    'safetensors': {'weights/'},
    'skimage': {'realism/', 'measurements/', 'screens/', 'explain/'},
    'mahotas': {'measurements/'},
    'starlette': {'curate/', 'tasks/curate.py'},
    'uvicorn': {'curate/', 'tasks/curate.py'},
    'sklearn': {
        'curate/',
        'realism/',
        'probe/',
        'screens/',
        'profiles/',
        'changes/',
        'explain/',
    },
    'networkx': {'changes/'},
    'distributed': {'screens/'},
    'zarr': {'screens/', 'images/'},
    'pycytominer': {'profiles/'},
    'copairs': {'profiles/'},
    'anndata': {'tables/h5ad.py'},
    'pandas': {'tables/h5ad.py', 'profiles/'},
    'tensorboardX': {'train/metric_log.py'},
    'tensorflow': set(),
}
FILES = sorted(PACKAGE.rglob('*.py'))


def imports(path):
    """Names of modules in import statements, and of ours in strings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from deeploc_jax import metrics` is an import of deeploc_jax.metrics.
            yield from (f'{node.module}.{alias.name}' for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith('deeploc_jax.') and ' ' not in node.value:
                yield node.value


def floor_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


@pytest.mark.parametrize('path', FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    inside, floor = path.relative_to(PACKAGE), floor_of(path)
    assert floor in FLOORS or floor in GROUND, f'{floor} is in no list of this test'
    below = GROUND | FLOORS.get(floor, set()) | {floor, '__version__', 'load'}
    for name in imports(path):
        parts = name.split('.')
        if parts[0] == 'deeploc_jax' and len(parts) > 1:
            assert parts[1] in below, f'{inside} imports {name}'
        if parts[0] in ONLY_IN:
            allowed = ONLY_IN[parts[0]]
            assert any(str(inside).startswith(a) for a in allowed), (
                f'{inside} imports {name}'
            )


def test_every_list_names_what_is_there():
    there = {floor_of(path) for path in FILES}
    assert there == set(FLOORS) | GROUND


def test_no_two_floors_stand_on_each_other():
    for floor, below in FLOORS.items():
        assert floor not in below
        for other in below:
            assert floor not in FLOORS[other], f'{floor} and {other}'


def test_the_ground_has_no_circle():
    """Files of the ground use each other, but never in a ring."""
    uses = {
        name: {
            parts[1]
            for parts in (n.split('.') for n in imports(PACKAGE / f'{name}.py'))
            if parts[0] == 'deeploc_jax' and len(parts) > 1 and parts[1] in GROUND
        }
        for name in GROUND
    }
    while uses:
        free = {name for name, used in uses.items() if not used & set(uses)}
        assert free, f'a ring among {sorted(uses)}'
        uses = {name: used for name, used in uses.items() if name not in free}


def test_tasks_hold_tasks():
    """Every file there defines `run`, and none imports another."""
    for path in (PACKAGE / 'tasks').glob('*.py'):
        names = {
            node.name
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef)
        }
        assert 'run' in names, path
        if path.stem != '__init__':
            ours = {n for n in imports(path) if n.startswith('deeploc_jax.tasks')}
            assert ours <= {'deeploc_jax.tasks.start'}, path  # by the name of a task


def test_every_task_can_be_named_by_a_config():
    names = [path.stem for path in (PACKAGE / 'tasks').glob('[!_]*.py')]
    assert sorted(names) == sorted(TASKS)


def test_data_sets_stand_on_data_and_the_simulator_only():
    for path in ROOT.glob('datasets/*/*.py'):
        for name in imports(path):
            if name.startswith('deeploc_jax.'):
                assert name.split('.')[1] in ('data', 'simulate', 'types'), path


def test_the_entry_is_tiny():
    assert len((ROOT / 'launch.py').read_text().splitlines()) <= 60
