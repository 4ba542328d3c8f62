"""Ranges of cells, and which splits share some."""

from deeploc_jax.splits import Range, overlaps, shared_cells, whole_splits


def test_shared_cells_are_counted_range_by_range():
    first = [Range('train', 0, 10), Range('test', 3, 5)]
    second = [Range('train', 8, 20), Range('test', 0, 100), Range('other', 0, 9)]
    assert shared_cells(first, second) == shared_cells(second, first) == 2 + 2
    assert shared_cells(first, [Range('train', 10, 20)]) == 0  # a stop is exclusive


def test_every_pair_that_overlaps_is_named_once():
    splits = dict(a=whole_splits('x+y'), b=whole_splits('y'), c=whole_splits('z'))
    assert list(overlaps(splits)) == [('a', 'b', 1)]
    assert not list(overlaps(dict(a=whole_splits('x'), b=whole_splits('xy'))))
