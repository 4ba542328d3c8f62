"""What a person can ask for, one task a file, each with `run(config, workdir)`."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

TASKS = (
    'prepare',
    'train',
    'convert',
    'evaluate',
    'features',
    'novelty',
    'probe',
    'realism',
    'simulate',
    'transfer',
)


def run(config: Any, workdir: Path) -> int:
    """Runs `config.task` and returns an exit status.

    What a person can mend (a missing file, a wrong value, a damaged checkpoint) is
    answered in words; the traceback goes to `<workdir>/error.log`. An interrupted
    training says how to continue and exits with 130.
    """
    from absl import logging
    from jax.experimental import multihost_utils

    from deeploc_jax import compilation, sharding
    from deeploc_jax.lookup import check_name
    from deeploc_jax.train.interrupt import Interrupted

    logging.set_verbosity(logging.ERROR)  # Orbax tells of every rename
    try:
        check_name('task', config.task, TASKS)
        compilation.keep_programs()
        sharding.initialize_distributed()
        module = importlib.import_module(f'deeploc_jax.tasks.{config.task}')
        module.run(config, workdir)
        multihost_utils.sync_global_devices('done')  # nobody leaves before the last
    except (Interrupted, KeyboardInterrupt) as error:
        print(f'\n{error} Run the same command to continue.', file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        print(f'\nERROR: {error}{_keep_traceback(workdir)}', file=sys.stderr)
        return 1
    return 0


def _keep_traceback(workdir: Path) -> str:
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / 'error.log').write_text(traceback.format_exc())
    except OSError:  # the disk is full or read-only: the words must do
        return ''
    return f'\n(traceback in {workdir / "error.log"})'
