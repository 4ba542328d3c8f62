"""Finds the processes that were started together, from environment variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

BY_HAND = ('JAX_COORDINATOR_ADDRESS', 'JAX_NUM_PROCESSES', 'JAX_PROCESS_ID')
ALONE = 'To run alone, set JAX_NUM_PROCESSES=1.'
# What JAX (0.10) needs to identify the step, and what srun --pty sets in a shell.
_SLURM_STEP = ('SLURM_JOB_ID', 'SLURM_STEP_NODELIST', 'SLURM_NTASKS')
_SLURM_STEP += ('SLURM_PROCID', 'SLURM_LOCALID')
_SLURM_SHELL = ('SLURM_PTY_PORT', 'SLURM_PTY_WIN_COL', 'SLURM_PTY_WIN_ROW')
_SLURM_SCRIPTS = ('4294967290', '4294967291')  # interactive and batch, as step ids


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Processes that run as one.

    Attributes:
        launcher: Name of the program that started them.
        processes: Number of processes.
        index: Index of this process; None if JAX finds it out.
        address: Host and port of the first process; None if JAX finds them out.
        nodes: Hosts of the processes, '' if they are not known.
    """

    launcher: str
    processes: int
    index: int | None = None
    address: str | None = None
    nodes: str = ''

    def words(self) -> str:
        """Describes which process waits for which, and how to avoid it."""
        number = '' if self.index is None else f' number {self.index}'
        where = f' on {self.nodes}' if self.nodes else ''
        if self.address:
            where += f' at {self.address}'
        return (
            f'Process{number} waits until all {self.processes} processes of '
            f'{self.launcher}{where} have joined. {ALONE}'
        )


def find_cluster(environ: Mapping[str, str], pid: int) -> Cluster | None:
    """Finds the processes that this one belongs to; None if it runs alone.

    A process also runs alone in a shell within an allocation for several processes
    (salloc, sbatch without srun, srun --pty), and with JAX_NUM_PROCESSES=1. Where a
    launcher states number and index, JAX_COORDINATOR_ADDRESS suffices.

    Args:
        environ: Environment variables.
        pid: Id of this process, which shows whether Slurm started it outside a shell.

    Raises:
        ValueError: The address of the first process or the index of this one is
            missing.
    """
    if environ.get('JAX_NUM_PROCESSES') == '1':
        return None
    launched = _mpi(environ) or _slurm(environ, pid)
    if any(environ.get(name) for name in BY_HAND):
        return _by_hand(environ, launched)
    if launched and launched.launcher != 'Slurm' and not _joined_by_jax(environ):
        raise ValueError(
            f'This is one of {launched.processes} processes of {launched.launcher}, '
            'which does not state where the first one is: set for all of them '
            f'JAX_COORDINATOR_ADDRESS=<host of the first>:<free port>. {ALONE}'
        )
    return launched or _tpu(environ)


def _by_hand(environ: Mapping[str, str], launched: Cluster | None) -> Cluster:
    values = {name: environ.get(name) for name in BY_HAND}
    if launched:
        values['JAX_NUM_PROCESSES'] = values['JAX_NUM_PROCESSES'] or str(
            launched.processes
        )
        values['JAX_PROCESS_ID'] = values['JAX_PROCESS_ID'] or str(launched.index)
    missing = ', '.join(name for name, value in values.items() if not value)
    if missing:
        raise ValueError(f'To run on several hosts, set {missing} too. {ALONE}')
    address, *numbers = values.values()
    processes, index = (
        _number(values, name) for name in ('JAX_NUM_PROCESSES', 'JAX_PROCESS_ID')
    )
    if not index < processes:
        raise ValueError(
            f'JAX_PROCESS_ID ({index}) must be below JAX_NUM_PROCESSES '
            f'({processes}). {ALONE}'
        )
    launcher = launched.launcher if launched else 'this run'
    nodes = launched.nodes if launched else ''
    return Cluster(launcher, processes, index, address, nodes)


def _mpi(environ: Mapping[str, str]) -> Cluster | None:
    """Finds Open MPI, or an MPI that uses PMI: MPICH, Intel MPI, Cray MPICH."""
    kinds = [('Open MPI', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK')]
    if environ.get('PMI_SIZE') != environ.get('SLURM_STEP_NUM_TASKS'):
        kinds.append(('MPI', 'PMI_SIZE', 'PMI_RANK'))  # otherwise srun has set them
    for launcher, size, rank in kinds:
        if size in environ and (processes := _number(environ, size)) > 1:
            return Cluster(launcher, processes, _number(environ, rank))
    return None


def _joined_by_jax(environ: Mapping[str, str]) -> bool:
    return 'OMPI_MCA_orte_hnp_uri' in environ  # Open MPI before version 5


def _slurm(environ: Mapping[str, str], pid: int) -> Cluster | None:
    whole = all(name in environ for name in _SLURM_STEP)
    # A step that srun starts within such a shell inherits them.
    shell = any(name in environ for name in _SLURM_SHELL)
    shell = shell and environ.get('SLURM_TASK_PID') != str(pid)
    script = environ.get('SLURM_STEP_ID') in _SLURM_SCRIPTS
    if not whole or shell or script or 'SLURM_STEP_NUM_TASKS' not in environ:
        return None
    processes = _number(environ, 'SLURM_STEP_NUM_TASKS')
    if processes < 2:
        return None
    index = _number(environ, 'SLURM_PROCID')
    return Cluster('Slurm', processes, index, nodes=environ['SLURM_STEP_NODELIST'])


def _tpu(environ: Mapping[str, str]) -> Cluster | None:
    hosts = environ.get('TPU_WORKER_HOSTNAMES', '')
    slices = _number(environ, 'MEGASCALE_NUM_SLICES', '1')
    processes = (hosts.count(',') + 1) * slices
    if processes < 2:
        return None
    return Cluster('the TPU pod', processes, nodes=hosts)


def _number(environ: Mapping[str, str | None], name: str, default: str = '') -> int:
    value = environ.get(name) or default
    if not value.isdecimal():
        raise ValueError(f'{name} ({value}) must be a number. {ALONE}')
    return int(value)
