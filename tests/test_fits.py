"""Finished fits are never deleted, and found by their job and how they were tested."""

import json

import pytest

from deeploc_jax.workdir.finished_fits import Fits

JOB = dict(mode='scratch', draw=0)
ON_TEST, ON_OTHERS = dict(crops=1), dict(crops=5)


@pytest.fixture
def path(tmp_path):
    Fits(tmp_path / 'fits.jsonl', ON_TEST).add(JOB, dict(accuracy=0.5))
    return tmp_path / 'fits.jsonl'


def test_another_test_deletes_nothing_and_the_first_is_found_again(path):
    others = Fits(path, ON_OTHERS)
    assert JOB not in others and others.jobs() == [JOB]
    others.add(JOB, dict(accuracy=0.7))
    for tested, accuracy in ((ON_TEST, 0.5), (ON_OTHERS, 0.7)):
        assert Fits(path, tested).row(JOB) == JOB | dict(accuracy=accuracy)
    assert len(path.read_text().splitlines()) == 2


def test_the_order_of_fields_does_not_matter(path):
    assert dict(reversed(JOB.items())) in Fits(path, ON_TEST)


@pytest.mark.parametrize('end', ['{"job": {"mo', '\0\0\0\0', '{"job"\n', ''])
def test_a_row_after_a_line_cut_short_stands_on_its_own(path, end):
    path.write_text(path.read_text() + end)
    Fits(path, ON_OTHERS).add(JOB, dict(accuracy=0.7))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row['result']['accuracy'] for row in rows] == [0.5, 0.7]


def test_a_last_line_without_its_end_is_whole(path):
    path.write_text(path.read_text().rstrip())
    Fits(path, ON_OTHERS).add(JOB, dict(accuracy=0.7))
    assert JOB in Fits(path, ON_TEST)


@pytest.mark.parametrize(
    'row',
    [
        dict(job=JOB, result=dict(accuracy=0.1)),  # of a version without `tested`
        dict(job=JOB, tested=ON_OTHERS, result=dict(loss=0.1)),
        dict(job=JOB, tested=ON_OTHERS, result=None),
        [1, 2],
    ],
)
def test_rows_of_earlier_versions_are_left_in_the_file_and_done_anew(path, row):
    path.write_text(json.dumps(row) + '\n' + path.read_text())
    fits = Fits(path, ON_OTHERS, needed=['accuracy'])
    assert JOB not in fits
    fits.add(JOB, dict(accuracy=0.7))
    assert json.loads(path.read_text().splitlines()[0]) == row
    assert JOB in Fits(path, ON_OTHERS, ['accuracy'])
    assert JOB in Fits(path, ON_TEST, ['accuracy'])


def test_a_broken_line_between_others_is_named_and_nothing_is_deleted(path):
    text = 'broken\n' + path.read_text()
    path.write_text(text)
    with pytest.raises(ValueError, match=r'fits\.jsonl, line 1'):
        Fits(path, ON_TEST)
    assert path.read_text() == text
