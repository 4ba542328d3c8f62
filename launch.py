"""Runs a task: `python launch.py --config=configs/deeploc.py:sim --workdir=runs/sim`.

The config names the task, and all results go to the workdir. Run the same command
again to continue an interrupted run.
"""

import sys
from pathlib import Path

from absl import app, flags
from ml_collections import config_flags

from deeploc_jax.huge_pages import use_huge_pages

_CONFIG = config_flags.DEFINE_config_file(
    'config', None, 'File that says what to run, with its variant after a colon.'
)
_WORKDIR = flags.DEFINE_string(
    'workdir', None, 'Folder for the results; default: runs/<config>-<variant>.'
)


def main(argv: list[str]) -> None:
    """Runs the task of the config."""
    if len(argv) > 1:
        sys.exit(
            f'ERROR: unknown arguments {" ".join(argv[1:])}; options begin with --.'
        )
    # Imported late, so that --help and the error for a mistyped field appear at once.
    from deeploc_jax import tasks

    asked = config_flags.get_config_filename(flags.FLAGS['config'])
    file, _, variant = asked.partition(':')
    name = '-'.join([Path(file).stem, *variant.split('/')]).rstrip('-')
    workdir = Path(_WORKDIR.value or Path('runs', name))
    sys.exit(tasks.run(_CONFIG.value, workdir.absolute()))


def parse(argv: list[str]) -> list[str]:
    """Parses flags; a mistake ends the program with one line and leaves no files."""
    try:
        rest = flags.FLAGS(argv)
        _ = _CONFIG.value.task  # loads the config, which may fail
        return rest
    except Exception as error:  # a config is a program: anything may go wrong in it
        from deeploc_jax.command_line import explain

        sys.exit(f'ERROR: {explain(error, argv)}')


if __name__ == '__main__':
    use_huge_pages()
    flags.mark_flag_as_required('config')
    app.run(main, flags_parser=parse)
