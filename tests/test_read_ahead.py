"""Things are made ahead: in order, no more than asked for, errors where they belong."""

import threading

import pytest

from deeploc_jax.screens.scoring.read_ahead import read_ahead


def test_items_come_in_order_and_no_more_are_made_than_may_wait():
    made, taken = [], threading.Event()

    def items():
        for number in range(9):
            made.append(number)
            if number == 4:  # 0 is taken, 1 to 3 wait: nobody asked for this one
                assert taken.wait(10)
            yield number

    ahead = read_ahead(items(), 3)
    assert next(ahead) == 0
    assert max(made, default=0) <= 4
    taken.set()
    assert list(ahead) == list(range(1, 9))


def test_an_error_is_raised_after_what_was_made_before():
    def items():
        yield 1
        raise OSError('the disk is gone')

    ahead = read_ahead(items(), 5)
    assert next(ahead) == 1
    with pytest.raises(OSError, match='the disk is gone'):
        next(ahead)


def test_nobody_works_on_when_the_taker_leaves():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 1
        finally:
            closed.set()

    ahead = read_ahead(items(), 1)
    next(ahead)
    ahead.close()
    assert closed.is_set()
    assert not [t for t in threading.enumerate() if t.name == 'read-ahead']
