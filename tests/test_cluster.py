"""Which processes belong together is decided from environment variables alone."""

import pytest

from deeploc_jax.cluster import find_cluster

STEP = dict(
    SLURM_JOB_ID='77',
    SLURM_STEP_ID='0',
    SLURM_STEP_NODELIST='node[1-2]',
    SLURM_STEP_NUM_TASKS='4',
    SLURM_NTASKS='4',
    SLURM_PROCID='2',
    SLURM_LOCALID='0',
)
BY_HAND = dict(
    JAX_COORDINATOR_ADDRESS='host0:1234', JAX_NUM_PROCESSES='2', JAX_PROCESS_ID='1'
)
MPI5 = dict(OMPI_COMM_WORLD_SIZE='4', OMPI_COMM_WORLD_RANK='3')
MPI4 = MPI5 | dict(OMPI_MCA_orte_hnp_uri='1531576320.0;tcp://10.96.0.1:34911')
PMI = dict(PMI_SIZE='4', PMI_RANK='3')


def without(environ, name):
    return {key: value for key, value in environ.items() if key != name}


@pytest.mark.parametrize(
    'environ',
    [
        {},
        dict(SLURM_STEP_NUM_TASKS='4'),
        dict(SLURM_JOB_ID='77', SLURM_NTASKS='4'),  # salloc
        dict(SLURM_JOB_ID='77', SLURM_NTASKS='4', SLURM_PROCID='0')
        | dict(SLURM_LOCALID='0'),  # sbatch
        *(without(STEP, name) for name in STEP if name != 'SLURM_STEP_ID'),
        STEP | dict(SLURM_PTY_PORT='43210', SLURM_PROCID='0'),  # srun --pty
        STEP | dict(SLURM_PTY_WIN_COL='80', SLURM_PTY_WIN_ROW='24'),
        STEP | PMI | dict(SLURM_PTY_WIN_ROW='24', PMI_RANK='0'),
        STEP | dict(SLURM_STEP_ID='4294967290'),  # salloc's step on the first node
        STEP | dict(SLURM_STEP_NUM_TASKS='1'),
        STEP | dict(JAX_NUM_PROCESSES='1'),
        BY_HAND | dict(JAX_NUM_PROCESSES='1'),
        dict(JAX_NUM_PROCESSES='1'),
        MPI5 | dict(JAX_NUM_PROCESSES='1'),
        MPI5 | dict(OMPI_COMM_WORLD_SIZE='1'),
        dict(KUBERNETES_SERVICE_HOST='10.0.0.1'),
        dict(TPU_WORKER_HOSTNAMES='localhost'),
    ],
)
def test_one_shell_of_an_allocation_runs_alone(environ):
    assert find_cluster(environ, 1) is None


@pytest.mark.parametrize(
    ('environ', 'launcher', 'processes', 'index', 'address'),
    [
        (BY_HAND, 'this run', 2, 1, 'host0:1234'),
        (STEP, 'Slurm', 4, 2, None),
        (STEP | dict(SLURM_PTY_PORT='1', SLURM_TASK_PID='1'), 'Slurm', 4, 2, None),
        (STEP | PMI, 'Slurm', 4, 2, None),  # srun --mpi=pmi2
        (STEP | dict(JAX_COORDINATOR_ADDRESS='a:1'), 'Slurm', 4, 2, 'a:1'),
        (MPI4, 'Open MPI', 4, 3, None),
        # mpirun starts its own processes on the nodes by srun, one on each.
        (STEP | MPI4 | dict(SLURM_STEP_NUM_TASKS='2'), 'Open MPI', 4, 3, None),
        (STEP | MPI4 | dict(SLURM_PTY_PORT='1'), 'Open MPI', 4, 3, None),
        (MPI5 | dict(JAX_COORDINATOR_ADDRESS='a:1'), 'Open MPI', 4, 3, 'a:1'),
        (PMI | dict(JAX_COORDINATOR_ADDRESS='a:1'), 'MPI', 4, 3, 'a:1'),
        (dict(TPU_WORKER_HOSTNAMES='a,b'), 'the TPU pod', 2, None, None),
        (dict(MEGASCALE_NUM_SLICES='2'), 'the TPU pod', 2, None, None),
    ],
)
def test_processes_started_together_wait_for_each_other(
    environ, launcher, processes, index, address
):
    found = find_cluster(environ, 1)
    assert (found.launcher, found.processes) == (launcher, processes)
    assert (found.index, found.address) == (index, address)
    words = found.words()
    assert f'all {processes} processes of {launcher}' in words
    assert 'To run alone, set JAX_NUM_PROCESSES=1.' in words


def test_the_message_names_the_nodes_of_the_others():
    assert 'number 2 waits' in find_cluster(STEP, 1).words()
    assert 'of Slurm on node[1-2]' in find_cluster(STEP, 1).words()


@pytest.mark.parametrize(
    ('environ', 'answer'),
    [
        (without(BY_HAND, 'JAX_PROCESS_ID'), 'set JAX_PROCESS_ID too'),
        (dict(JAX_NUM_PROCESSES='2'), 'set JAX_COORDINATOR_ADDRESS, JAX_PROCESS_ID'),
        (BY_HAND | dict(JAX_NUM_PROCESSES='two'), r'JAX_NUM_PROCESSES \(two\) must be'),
        (BY_HAND | dict(JAX_PROCESS_ID='2'), r'JAX_PROCESS_ID \(2\) must be below'),
        (STEP | dict(SLURM_STEP_NUM_TASKS='4(x2)'), r'NUM_TASKS \(4\(x2\)\) must be'),
        (MPI5, 'one of 4 processes of Open MPI, .* set for all of them JAX_COORD'),
        (PMI, 'one of 4 processes of MPI, '),
        (without(MPI5, 'OMPI_COMM_WORLD_RANK'), r'OMPI_COMM_WORLD_RANK \(\) must be'),
    ],
)
def test_what_is_missing_is_named(environ, answer):
    with pytest.raises(ValueError, match=answer) as error:
        find_cluster(environ, 1)
    assert 'JAX_NUM_PROCESSES=1' in str(error.value)
