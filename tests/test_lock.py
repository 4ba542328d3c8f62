"""Two runs in one workdir: the second touches nothing, unless the first is dead."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from deeploc_jax import tasks
from deeploc_jax.workdir import lock, owner
from deeploc_jax.workdir.lock import LOCK, WorkdirInUse, hold


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(lock, 'BEAT', 0.01)
    monkeypatch.setattr(lock, 'PATIENCE', 0.1)


def lock_of(workdir, **other):
    """A lock as a run left it that was killed."""
    workdir.mkdir(exist_ok=True)
    about = json.loads(owner.own_words()) | other
    (workdir / LOCK).write_text(json.dumps(about))


def test_a_second_run_learns_who_works_there_and_touches_nothing(tmp_path):
    with hold(tmp_path):
        before = (tmp_path / LOCK).read_bytes()
        with pytest.raises(WorkdirInUse) as refused, hold(tmp_path):
            pass
        assert f'process {os.getpid()}), started 20' in str(refused.value)
        assert os.uname().nodename in str(refused.value)
        assert (tmp_path / LOCK).read_bytes() == before
    assert not (tmp_path / LOCK).exists()


def test_it_is_released_on_errors_and_interrupts(tmp_path):
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), hold(tmp_path / 'out'):
            raise error
        assert not (tmp_path / 'out').exists()  # nothing was made
    with hold(tmp_path / 'out'):
        (tmp_path / 'out/result').touch()
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['result']


def test_a_killed_run_on_this_machine_is_noticed_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, 'PATIENCE', 1e9)
    gone = subprocess.Popen([sys.executable, '-c', ''])
    lock_of(tmp_path, process=gone.pid, began=owner._began(gone.pid))
    gone.wait()
    with hold(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())['process'] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_a_process_not_yet_waited_for_is_dead(tmp_path):
    zombie = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
    began = owner._began(zombie.pid)
    assert began
    zombie.stdin.close()
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert owner._began(zombie.pid) == ''
    zombie.wait()


def test_a_pid_used_again_is_another_process(tmp_path):
    lock_of(tmp_path, began='12345')
    with hold(tmp_path):
        pass


@pytest.mark.parametrize('where', ['another host', 'a container', ''])
def test_where_pids_say_nothing_a_silent_lock_is_dead(tmp_path, where, capsys):
    lock_of(tmp_path, host='elsewhere', pids=where, process=1)
    with hold(tmp_path):
        assert 'elsewhere (process 1)' in capsys.readouterr().out


@pytest.mark.parametrize('clock', [0, 4e9], ids=['behind', 'ahead'])
def test_where_pids_say_nothing_a_renewed_lock_is_alive(tmp_path, clock):
    """By whatever clock: its time only has to change."""
    lock_of(tmp_path, host='elsewhere', pids='another host')
    path, stop = tmp_path / LOCK, threading.Event()

    def renew():
        number = 0
        while not stop.wait(0.005):
            number += 1
            os.utime(path, (clock + number, clock + number))

    thread = threading.Thread(target=renew)
    thread.start()
    with pytest.raises(WorkdirInUse, match='elsewhere'), hold(tmp_path):
        pass
    stop.set()
    thread.join()


@pytest.mark.parametrize('words', ['', '{"host": "a', '[]', '\0\0'])
def test_a_lock_cut_short_is_watched_and_then_taken(tmp_path, words):
    (tmp_path / LOCK).write_text(words)
    with hold(tmp_path):
        pass


def test_a_lock_is_renewed(tmp_path):
    with hold(tmp_path):
        first = (tmp_path / LOCK).stat().st_mtime_ns
        end = time.monotonic() + 5
        while (tmp_path / LOCK).stat().st_mtime_ns == first:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_who_was_taken_for_dead_gives_up(tmp_path, monkeypatch):
    lost = threading.Event()
    monkeypatch.setattr(lock, '_give_up', lambda path: lost.set())
    with hold(tmp_path):
        lock_of(tmp_path, host='elsewhere')
        assert lost.wait(5)
    assert (tmp_path / LOCK).exists()  # the other's


def try_to_hold(workdir, barrier, results):
    barrier.wait()
    try:
        with hold(workdir):
            results.put(True)
            barrier.wait(20)
    except WorkdirInUse:
        results.put(False)
        barrier.wait(20)


@pytest.mark.parametrize('stale', [False, True])
def test_of_several_that_start_at_once_one_goes_on(tmp_path, stale):
    if stale:
        lock_of(tmp_path, process=2**22 + 1)
    count = 4
    barrier, results = threading.Barrier(count), multiprocessing.SimpleQueue()
    threads = [
        threading.Thread(target=try_to_hold, args=(tmp_path, barrier, results))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(results.get() for _ in range(count)) == 1
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_lock(tmp_path, monkeypatch):
    class Full:
        def __init__(self, handle, mode):
            os.close(handle)

        def __enter__(self):
            raise OSError(28, 'No space left on device')

        def __exit__(self, *unused):
            pass

    monkeypatch.setattr(lock, 'open', Full, raising=False)
    with pytest.raises(OSError, match='No space left'), hold(tmp_path / 'out'):
        pass
    assert not list(tmp_path.rglob(LOCK))


def test_a_run_refused_leaves_the_workdir_as_it_was(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('deeploc_jax.compilation.keep_programs', lambda: None)
    config = type('Config', (), dict(task='simulate'))
    with hold(tmp_path):
        assert tasks.run(config, tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == [LOCK]
    assert 'is in use by a run on' in capsys.readouterr().err
