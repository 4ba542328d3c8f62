"""Which processes were started together, by the environment variables that say so."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

BY_HAND = ('JAX_COORDINATOR_ADDRESS', 'JAX_NUM_PROCESSES', 'JAX_PROCESS_ID')
ALONE = 'To run alone, set JAX_NUM_PROCESSES=1.'
# What JAX (0.10) needs to know the step, and what srun --pty sets in a shell.
_SLURM_STEP = ('SLURM_JOB_ID', 'SLURM_STEP_NODELIST', 'SLURM_NTASKS')
_SLURM_STEP += ('SLURM_PROCID', 'SLURM_LOCALID')
_SLURM_SHELL = ('SLURM_PTY_PORT', 'SLURM_PTY_WIN_COL', 'SLURM_PTY_WIN_ROW')
_SLURM_SCRIPTS = ('4294967290', '4294967291')  # interactive and batch, as step ids


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Processes that shall run as one.

    Attributes:
        launcher: What started them.
        processes: How many.
        index: Of this one; None: JAX finds out.
        address: Host and port of the first; None: JAX finds out.
        nodes: Where they run, as far as that is known.
    """

    launcher: str
    processes: int
    index: int | None = None
    address: str | None = None
    nodes: str = ''

    def words(self) -> str:
        """Who waits, for whom, and how not to."""
        number = '' if self.index is None else f' number {self.index}'
        where = f' on {self.nodes}' if self.nodes else ''
        if self.address:
            where += f' at {self.address}'
        return (
            f'Process{number} waits until all {self.processes} processes of '
            f'{self.launcher}{where} have joined. {ALONE}'
        )


def find_cluster(environ: Mapping[str, str], pid: int) -> Cluster | None:
    """The processes that this one belongs to; None: it runs alone.

    Alone is also who was started in one shell of an allocation for several processes
    (salloc, sbatch without srun, srun --pty), and by hand with JAX_NUM_PROCESSES=1.
    JAX_COORDINATOR_ADDRESS is enough where a launcher says the number and index.

    Args:
        environ: The environment variables.
        pid: Number of this process: one that Slurm started itself is in no shell.

    Raises:
        ValueError: It is not known where the first process is, or which one this is.
    """
    if environ.get('JAX_NUM_PROCESSES') == '1':
        return None
    found = _mpi(environ) or _slurm(environ, pid)
    if any(environ.get(name) for name in BY_HAND):
        return _by_hand(environ, found)
    if found and found.launcher != 'Slurm' and not _joined_by_jax(environ):
        raise ValueError(
            f'This is one of {found.processes} processes of {found.launcher}, which '
            'does not say where the first one is: give all of them '
            f'JAX_COORDINATOR_ADDRESS=<host of the first>:<free port>. {ALONE}'
        )
    return found or _tpu(environ)


def _by_hand(environ: Mapping[str, str], found: Cluster | None) -> Cluster:
    values = {name: environ.get(name) for name in BY_HAND}
    if found:
        values['JAX_NUM_PROCESSES'] = values['JAX_NUM_PROCESSES'] or str(
            found.processes
        )
        values['JAX_PROCESS_ID'] = values['JAX_PROCESS_ID'] or str(found.index)
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
    launcher = found.launcher if found else 'this run'
    return Cluster(launcher, processes, index, address, found.nodes if found else '')


def _mpi(environ: Mapping[str, str]) -> Cluster | None:
    """Open MPI, or one that says PMI: MPICH, Intel MPI, Cray MPICH."""
    kinds = [('Open MPI', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK')]
    if environ.get('PMI_SIZE') != environ.get('SLURM_STEP_NUM_TASKS'):
        kinds.append(('MPI', 'PMI_SIZE', 'PMI_RANK'))  # else they are those of srun
    for launcher, size, rank in kinds:
        if size in environ and (processes := _number(environ, size)) > 1:
            return Cluster(launcher, processes, _number(environ, rank))
    return None


def _joined_by_jax(environ: Mapping[str, str]) -> bool:
    return 'OMPI_MCA_orte_hnp_uri' in environ  # of Open MPI before version 5


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
