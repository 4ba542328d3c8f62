"""What is typed wrong gets one plain answer, and leaves nothing behind."""

import sys
from pathlib import Path

import pytest
from absl import flags

from deeploc_jax import tasks

# Of ml_collections, where it loads a config.
pytestmark = pytest.mark.filterwarnings('ignore:the load_module')
ROOT = Path(__file__).parents[1]
CONFIGS = {
    'syntax.py': 'def get_config(:',
    'no_function.py': 'x = 1',
    'no_task.py': 'import ml_collections as m\nget_config = m.ConfigDict',
    'number.py': 'def get_config():\n    return 5',
    'no_module.py': 'import nothing_such',
    'zero.py': 'def get_config():\n    x = 1 / 0',
}


@pytest.fixture
def launch(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(ROOT)
    for name in ('config', 'workdir'):  # of an earlier test
        if name in flags.FLAGS:
            delattr(flags.FLAGS, name)
    for name in ('launch', 'config_config'):  # the latter holds the last config
        monkeypatch.delitem(sys.modules, name, raising=False)
    import launch

    flags.mark_flag_as_required('config')
    return launch


@pytest.mark.parametrize(
    ('asked', 'answer'),
    [
        ('--config=configs/deeplok.py', 'There is no file configs/deeplok.py in '),
        ('--config=configs/deeplok.py', 'Did you mean configs/deeploc.py?'),
        ('--config=configs/deeplok.py --config.seed=3', 'There is no file'),
        ('--config configs/deeplok.py', 'There is no file'),
        ('--config=configs', 'configs is a folder'),
        ('--config=', 'Give a config, --config=<file>. Known: configs/'),
        ('', '--config=<file>'),
        ('--config={}/syntax.py', 'syntax.py, line 1: invalid syntax.'),
        ('--config=README.md', 'README.md, line '),
        ('--config={}/no_function.py', 'not a config: it has no function get_config'),
        ('--config={}/no_task.py', 'is not a config: its get_config() names no task'),
        ('--config={}/number.py', 'is not a config: its get_config() names no task'),
        ('--config={}/no_module.py', "line 1: ModuleNotFoundError: No module named"),
        ('--config={}/zero.py', 'zero.py, line 2: ZeroDivisionError: division by'),
        ('--config=configs/deeploc.py:nonsense', "No variant 'nonsense'; there are"),
        ('--config=configs/evaluate.py:sim', 'has no variants: leave out :sim.'),
        ('--confg=configs/deeploc.py', "Unknown command line flag 'confg'. Did you"),
        ('--config=configs/deeploc.py --wrkdir=x', 'Did you mean: workdir ?'),
        ('--config=configs/deeploc.py --config.sed=1', '"seed" instead of "sed"'),
        ('--config=configs/deeploc.py --config.seed=x', '--config.seed=x: invalid'),
    ],
)  # fmt: skip
def test_mistakes_on_the_command_line_are_errors_of_one_line(
    launch, tmp_path, monkeypatch, asked, answer
):
    for name, text in CONFIGS.items():
        (tmp_path / name).write_text(text)
    arguments = ['launch.py', *asked.format(tmp_path).split()]
    monkeypatch.setattr(sys, 'argv', arguments)  # where fields are looked for
    with pytest.raises(SystemExit) as stopped:
        launch.parse(arguments)
    assert answer in stopped.value.code
    assert stopped.value.code.startswith('ERROR: ')
    assert '\n' not in stopped.value.code


def test_a_right_command_line_is_understood(launch):
    assert launch.parse(['launch.py', '--config=configs/deeploc.py:sim', 'x'])[1:] == [
        'x'
    ]


@pytest.mark.parametrize(
    ('task', 'workdir', 'answer'),
    [
        ('trian', 'out', "Unknown task 'trian'. Did you mean 'train'?"),
        ('train', 'file', 'file is a file, but must be a folder'),
        ('train', 'file/out', 'file is a file, but must be a folder'),
    ],
)
def test_no_workdir_is_made_for_an_unknown_task_or_in_a_file(
    tmp_path, capsys, task, workdir, answer
):
    (tmp_path / 'file').touch()
    config = type('Config', (), dict(task=task))
    assert tasks.run(config, tmp_path / workdir) == 1
    assert answer in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['file']
