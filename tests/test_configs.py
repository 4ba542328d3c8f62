"""Configs explain themselves: every field has a comment, which agrees with the code."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from deeploc_jax.data.normalize import NORMALIZATIONS
from deeploc_jax.models import MODELS
from deeploc_jax.models.deepyeast import WIDTHS
from deeploc_jax.predict.logits import POOLS
from deeploc_jax.probe import ensemble
from deeploc_jax.probe.classifiers import PROBES
from deeploc_jax.probe.novelty import NOVELTIES
from deeploc_jax.report.transfer import MODES
from deeploc_jax.simulate import SCREENS
from deeploc_jax.tasks.transfer import HEADS, SCHEDULES
from deeploc_jax.train.optimizer import make_optimizer, make_schedule
from deeploc_jax.train.validation import SELECTORS
from deeploc_jax.types import METADATA
from deeploc_jax.weights.imagenet import IN_FILES
from deeploc_jax.weights.released import RELEASED

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / 'configs').glob('*.py'))


def comments_of(source):
    """Pairs of field and comment, '' for none; a field may be set again.

    The keys of `x = dict(...)` are fields x.key. A comment stands on the lines of what
    it explains, or on the lines just above.
    """
    lines = source.splitlines()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {t.start[0]: t.string for t in tokens if t.type == tokenize.COMMENT}

    def comment(node):
        first = node.lineno
        while lines[first - 2].lstrip().startswith('#'):
            first -= 1
        rows = range(first, node.end_lineno + 1)
        return ' '.join(comments[row] for row in rows if row in comments)

    for name, node in assignments(ast.parse(source)):
        keys = dict_keys(node.value)
        if name.endswith('.update') or not keys:
            yield name, comment(node)
        else:
            yield from ((f'{name}.{key.arg}', comment(key)) for key in keys)


def assignments(tree):
    """Assignments to fields and to constants, and updates of groups of fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            (target,) = node.targets
            if isinstance(target, ast.Attribute):
                yield ast.unparse(target).partition('.')[2], node
            elif node in tree.body:
                yield ast.unparse(target), node
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func)
            if name.endswith('.update'):
                yield name.partition('.')[2], node


def dict_keys(value):
    is_dict = isinstance(value, ast.Call) and ast.unparse(value.func) == 'dict'
    return value.keywords if is_dict else []


SOURCE = """
def get_config():
    # too far above: a blank line is between

    config.a = 1
    config.b = 2  # beside
    # above
    config.c = dict(
        d=3,
        e=4,  # beside
    )
    config.c.update(d=5)
    local = 6
"""


def test_a_field_without_a_comment_is_found():
    assert list(comments_of(SOURCE)) == [
        ('a', ''),
        ('b', '# beside'),
        ('c.d', ''),
        ('c.e', '# beside'),
        ('c.update', ''),
    ]


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.name)
def test_every_field_has_a_comment(path):
    comments = list(comments_of(path.read_text()))
    assert comments
    assert not [name for name, comment in comments if not comment]


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.name)
def test_the_top_has_command_result_time_and_machine(path):
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert f'python launch.py --config=configs/{path.name}' in text
    assert re.search(r'^Result\b.*:\s+\S', text, re.M)
    _, found, time = text.partition('\nTime:')
    assert found and re.search('core|H100|not measured', time)


def refused(make, *arguments):
    """The names that a function has, as it lists them where it knows none like it."""
    with pytest.raises(ValueError, match='Known: ') as caught:
        make('?', *arguments)
    return re.findall(r'\w+', str(caught.value).partition('Known: ')[2])


RATE_SCHEDULES = refused(make_schedule, 0.1, 10)
OPTIMIZERS = refused(make_optimizer, make_schedule('constant', 0.1, 10))
GROUPS = set(METADATA) - {'x', 'y'}
ALLOWED = {
    ('convert', 'network'): RELEASED | IN_FILES,
    ('deeploc', 'model.name'): MODELS,
    ('deeploc', 'normalization'): NORMALIZATIONS,
    ('deeploc', 'optimizer.name'): OPTIMIZERS,
    ('deeploc', 'schedule.name'): RATE_SCHEDULES,
    ('deeploc', 'select_by'): SELECTORS,
    ('deepyeast', 'model.depth'): map(str, WIDTHS),
    ('deepyeast', 'normalization'): NORMALIZATIONS,
    ('deepyeast', 'optimizer.update'): OPTIMIZERS,
    ('deepyeast', 'schedule.update'): RATE_SCHEDULES,
    ('deepyeast', 'select_by'): SELECTORS,
    ('features', 'pool'): POOLS,
    ('novelty', 'methods'): NOVELTIES,
    ('prepare', 'screen'): (path.name for path in (ROOT / 'datasets').glob('*/')),
    ('probe', 'group_by'): GROUPS,
    ('probe', 'probes'): {*PROBES, ensemble.NAME},
    ('realism', 'real.group_by'): GROUPS,
    ('simulate', 'screen'): (screen.name for screen in SCREENS),
    ('transfer', 'group_by'): GROUPS,
    ('transfer', 'head'): HEADS,
    ('transfer', 'modes'): MODES,
    ('transfer', 'probe'): PROBES,
    ('transfer', 'schedule'): SCHEDULES,
}


@pytest.mark.parametrize(
    ('config', 'field'), ALLOWED, ids=lambda text: text.replace('.', '_')
)
def test_comments_name_every_value_that_the_code_has(config, field):
    path = ROOT / f'configs/{config}.py'
    (comment,) = [c for f, c in comments_of(path.read_text()) if f == field]
    names = list(ALLOWED[config, field])
    assert names
    assert not [name for name in names if not re.search(rf'\b{name}\b', comment)]


def test_the_list_of_configs_has_each_of_them_once():
    text = (ROOT / 'configs/README.md').read_text()
    linked = re.findall(r'\]\((\w+\.py)\)', text)
    assert sorted(linked) == [path.name for path in CONFIGS]
    named = re.findall(r'`python launch\.py --config=configs/(\w+\.py)', text)
    assert named == linked
