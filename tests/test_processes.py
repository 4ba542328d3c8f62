import itertools
import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from deeploc_jax.processes import map_in_processes


def made_by(x):
    return x, os.getpid()


def made_by_or_die(x):
    """As a process does that the system kills for lack of memory."""
    if x == 5 and multiprocessing.parent_process():
        os._exit(1)
    return made_by(x)


def test_other_processes_do_the_work_in_order():
    made = list(map_in_processes(made_by, iter(range(20)), 2))
    assert [x for x, _ in made] == list(range(20))
    assert os.getpid() not in {process for _, process in made}


def test_one_process_is_this_one():
    made = list(map_in_processes(made_by, range(3), 1))
    assert made == [(x, os.getpid()) for x in range(3)]


def test_the_work_goes_on_when_another_process_dies():
    with pytest.warns(RuntimeWarning, match='goes on in one process'):
        made = list(map_in_processes(made_by_or_die, range(20), 2))
    assert [x for x, _ in made] == list(range(20))
    assert made[-1][1] == os.getpid()


def test_memory_is_bounded_and_no_process_is_left_behind():
    items = itertools.count()
    made = map_in_processes(made_by, items, 2)
    assert next(made)[0] == 0
    made.close()
    assert next(items) < 20
    assert not multiprocessing.active_children()


def test_processes_end_with_the_one_that_started_them(tmp_path):
    script = tmp_path / 'main.py'
    script.write_text(
        'import os\n'
        'from deeploc_jax.processes import map_in_processes\n'
        'def process(_): return os.getpid()\n'
        'if __name__ == "__main__":\n'
        '    for number in map_in_processes(process, range(9**9), 1 + 1):\n'
        '        print(number, flush=True)\n'
        '        input()\n'
    )
    run = subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process = int(run.stdout.readline())
    os.kill(process, 0)  # it is there
    run.kill()
    run.communicate()
    until = time.monotonic() + 20
    while _is_there(process):
        assert time.monotonic() < until
        time.sleep(0.02)


def _is_there(process):
    try:
        with open(f'/proc/{process}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False
