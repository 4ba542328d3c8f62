"""Runs the task that a config names; each file here is one task."""

from __future__ import annotations

import importlib
import sys
import traceback
from contextlib import nullcontext
from pathlib import Path
from typing import Any

TASKS = (
    'prepare',
    'train',
    'adapt',
    'compare',
    'convert',
    'curate',
    'evaluate',
    'explain',
    'features',
    'profile',
    'novelty',
    'probe',
    'realism',
    'score',
    'screen',
    'simulate',
    'transfer',
)


def run(config: Any, workdir: Path) -> int:
    """Runs `config.task` and returns an exit status: 0, or what the task returns.

    An error that the user can mend (a missing file, a wrong value, a damaged
    checkpoint, too little memory) is printed in one sentence, and its traceback goes
    to `<workdir>/error.log`; processes other than the first print it. An interrupted
    run says how to continue and exits with 130. A workdir in which another run is
    under way is left alone.
    """
    from absl import logging

    from deeploc_jax.command_line import check_workdir
    from deeploc_jax.lookup import check_name
    from deeploc_jax.train.interrupt import Interrupted
    from deeploc_jax.workdir.lock import WorkdirInUse

    logging.set_verbosity(logging.ERROR)  # Orbax logs every rename
    try:
        check_name('task', config.task, TASKS)
        check_workdir(workdir)
        _join()
    except (ValueError, OSError, RuntimeError) as error:
        print(f'\nERROR: {error}', file=sys.stderr)
        return 1
    try:
        return _run_alone(config, workdir)
    except (Interrupted, KeyboardInterrupt) as error:
        print(
            f'\n{str(error) or "Interrupted."} Run the same command to continue.',
            file=sys.stderr,
        )
        return 130
    except WorkdirInUse as error:
        print(f'\nERROR: {error}', file=sys.stderr)
        return 1
    except (ValueError, OSError, RuntimeError, ImportError, MemoryError) as error:
        words = _words(error, config)
        print(f'\nERROR: {words}{_keep_traceback(workdir)}', file=sys.stderr)
        return 1


def _join() -> None:
    from deeploc_jax import compilation, sharding

    compilation.keep_programs()
    sharding.initialize_distributed()


def _run_alone(config: Any, workdir: Path) -> int:
    """Runs the task; returns the exit status that it asks for, else 0."""
    from jax.experimental import multihost_utils

    from deeploc_jax import devices
    from deeploc_jax.workdir import lock

    if devices.is_main():
        print(devices.running_on(), flush=True)
    # Preparing goes to the data directory, which has its own way of being whole.
    held = (
        nullcontext() if config.task == 'prepare' else lock.hold(_own(config, workdir))
    )
    with held:
        status = start(config, workdir)
        multihost_utils.sync_global_devices('done')  # nobody leaves before the last
    return status


def start(config: Any, workdir: Path) -> int:
    """Starts `config.task`; returns the exit status that it asks for, else 0."""
    module = importlib.import_module(f'deeploc_jax.tasks.{config.task}')
    return module.run(config, workdir) or 0


def _own(config: Any, workdir: Path) -> Path:
    """The folder that no other run may work in: shards of a run share the workdir."""
    shard = getattr(config, 'shard', None)
    return workdir / f'.shard-{shard.replace("/", "-of-")}' if shard else workdir


def _words(error: BaseException, config: Any) -> str:
    from deeploc_jax.memory import explain_memory

    advice = explain_memory(error, config.to_dict())
    first = str(error) or type(error).__name__
    return f'{advice}\n({first})' if advice else first


def _keep_traceback(workdir: Path) -> str:
    """Words on where the traceback is: one file has room for the first process's."""
    if not _is_first():
        return f'\n{traceback.format_exc()}'
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / 'error.log').write_text(traceback.format_exc())
    except OSError:  # the disk is full or read-only: the words must do
        return ''
    return f'\n(traceback in {workdir / "error.log"})'


def _is_first() -> bool:
    from deeploc_jax.devices import is_main

    try:
        return is_main()
    except RuntimeError:  # the error was that no device can be reached
        return True
