"""Explains mistakes on the command line, each in one line."""

from __future__ import annotations

import ast
import contextlib
import difflib
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags


def explain(error: BaseException, arguments: Sequence[str]) -> str:
    """Explains what is wrong with the flags or the config file, and where.

    Args:
        error: Exception that reading them has raised.
        arguments: Arguments of the command line.
    """
    asked = _asked(arguments)
    file, _, variant = asked.partition(':')
    if isinstance(error, flags.UnrecognizedFlagError):
        return _last_line(error)
    if not asked:
        return f'Give a config, --config=<file>. {_configs(file)}'
    if Path(file).is_dir():
        return f'{file} is a folder, not a config.'
    if not Path(file).is_file():
        return f'There is no file {file} in {Path.cwd()}. {_configs(file)}'
    if isinstance(error, SyntaxError):
        return f'{error.filename}, line {error.lineno}: {error.msg}.'
    text = _last_line(error)
    if isinstance(error, AttributeError) and "'get_config'" in text:
        return f'{file} is not a config: it has no function get_config.'
    if 'get_config() takes 0 positional arguments' in text:
        return f'{file} has no variants: leave out :{variant}.'
    if isinstance(error, AttributeError) and "'task'" in text:
        return f'{file} is not a config: its get_config() names no task.'
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    where = f'{file}, line {lines[-1]}: {type(error).__name__}: ' if lines else ''
    return where + text


def require(config: Any, **examples: str) -> None:
    """Checks that fields which have no default were given.

    Args:
        config: Config of a task, which names the task.
        **examples: What to type, by the name of the field: `source='<weights>'`.

    Raises:
        ValueError: A field is empty; says what to type for it.
    """
    for field, example in examples.items():
        value = config
        for name in field.split('.'):
            value = value[name]
        if not value:
            raise ValueError(
                f'Say --config.{field}={example}; configs/{config["task"]}.py explains '
                'it.'
            )


def check_workdir(workdir: Path) -> None:
    """Raises a ValueError where there cannot be a folder of this name."""
    for path in (workdir, *workdir.parents):
        if path.exists() and not path.is_dir():
            raise ValueError(
                f'--workdir={workdir}: {path} is a file, but must be a folder.'
            )


def _asked(arguments: Sequence[str]) -> str:
    """The value of --config, also where flags were not parsed; '' without one."""
    found = ''
    for argument, following in zip(arguments, [*arguments[1:], ''], strict=True):
        name, equals, value = argument.lstrip('-').partition('=')
        if name == 'config' and argument.startswith('-'):
            found = value if equals else following
    return found


def _configs(file: str) -> str:
    there = sorted(path.as_posix() for path in Path('configs').glob('*.py'))
    close = difflib.get_close_matches(file, there, n=1)
    if close:
        return f'Did you mean {close[0]}?'
    return f'Known: {", ".join(there)}.' if there else ''


def _last_line(error: BaseException) -> str:
    """The last line of the message; the lines before only lead to it."""
    text = str(error.args[-1] if error.args else error).strip() or type(error).__name__
    with contextlib.suppress(ValueError, SyntaxError):  # a text in Python's quotes
        text = str(ast.literal_eval(text))
    last = ' '.join(text.strip().splitlines()[-1].split()).removeprefix('ValueError: ')
    return f'Unknown field. {last}' if last.startswith('Did you mean') else last
