"""Runs a task: `python launch.py --config=configs/deeploc.py:sim --workdir=runs/sim`.

The config names the task; everything it makes goes to the workdir. Run the same
command again to continue what was interrupted.
"""

import os
import sys
from pathlib import Path

from absl import app, flags
from ml_collections import config_flags

_CONFIG = config_flags.DEFINE_config_file('config', None, 'What to run.')
_WORKDIR = flags.DEFINE_string(
    'workdir', None, 'Where results go; default: runs/<config>-<variant>.'
)


def main(argv: list[str]) -> None:
    """Runs the task of the config."""
    if len(argv) > 1:
        sys.exit(f'Not understood: {" ".join(argv[1:])}. Options begin with --.')
    # Late, so that --help and a mistyped field are answered at once.
    from deeploc_jax import tasks

    asked = config_flags.get_config_filename(flags.FLAGS['config'])
    file, _, variant = asked.partition(':')
    name = '-'.join([Path(file).stem, *variant.split('/')]).rstrip('-')
    workdir = Path(_WORKDIR.value or Path('runs', name))
    sys.exit(tasks.run(_CONFIG.value, workdir.absolute()))


def parse(argv: list[str]) -> list[str]:
    """Parses flags; mistakes are answered in a line, and leave nothing behind."""
    try:
        rest = flags.FLAGS(argv)
        _ = _CONFIG.value.task  # only now a config that cannot be loaded is noticed
        return rest
    except Exception as error:  # a config is a program: anything may go wrong in it
        from deeploc_jax.command_line import explain

        sys.exit(f'ERROR: {explain(error, argv)}')


def use_huge_pages() -> None:
    """Starts anew with a setting that the C library reads as the program starts.

    XLA on a CPU maps its memory anew each step: a fifth of the time in small pages.
    """
    if sys.platform == 'linux' and 'GLIBC_TUNABLES' not in os.environ:
        os.environ['GLIBC_TUNABLES'] = 'glibc.malloc.hugetlb=1'
        os.execv(sys.executable, sys.orig_argv)


if __name__ == '__main__':
    use_huge_pages()
    flags.mark_flag_as_required('config')
    app.run(main, flags_parser=parse)
