import itertools
import multiprocessing
import os

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
