"""Intervals by resampling: what is resampled, and whether the intervals cover."""

import numpy as np
import pytest

from deeploc_jax import metrics, precision_recall
from deeploc_jax.evaluate import bootstrap
from deeploc_jax.groups import UNIT_COLUMNS, unit_names


def predictions(cells=300, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=cells)
    p = rng.dirichlet(np.ones(classes), size=cells)
    p[np.arange(cells), labels] += 0.4
    return p / p.sum(axis=1, keepdims=True), labels


def metadata(cells, **columns):
    blank = dict.fromkeys(UNIT_COLUMNS, [''] * cells)
    return {name: np.array(c, object) for name, c in (blank | columns).items()}


def test_interval_of_accuracy_is_the_binomial_one():
    p, y = predictions(1000)
    low, high = bootstrap.bootstrap_intervals(p, y, np.arange(1000))['accuracy']
    value = metrics.accuracy(p, y)
    half = 1.96 * np.sqrt(value * (1 - value) / 1000)
    assert low == pytest.approx(value - half, abs=0.006)
    assert high == pytest.approx(value + half, abs=0.006)


def test_intervals_hold_the_value_of_every_statistic():
    p, y = predictions()
    found = bootstrap.bootstrap_intervals(p, y, np.arange(300), resamples=200)
    for name, statistic in bootstrap.STATISTICS.items():
        low, high = found[name]
        assert low < statistic(p, y) < high


def test_cells_that_copy_each_other_widen_the_interval():
    p, y = predictions(100)
    p, y = p.repeat(16, axis=0), y.repeat(16)
    ends = [
        bootstrap.bootstrap_intervals(p, y, groups, resamples=400)['accuracy']
        for groups in (np.arange(1600), np.arange(100).repeat(16))
    ]
    single, whole = (high - low for low, high in ends)
    assert whole == pytest.approx(4 * single, rel=0.25)


def weights_of(p, y, groups, **options):
    """Weights of the cells in each resample, [r, n]."""
    seen = []

    def record(p, y, weights):
        seen.append(weights)
        return weights.mean(axis=1)

    statistics = dict(recorded=record)
    bootstrap.bootstrap_intervals(p, y, groups, statistics=statistics, **options)
    return np.concatenate(seen)


def test_a_resample_is_whole_groups_as_many_as_there_are():
    groups = np.repeat(np.arange(50), 3)
    drawn = weights_of(*predictions(150), groups, resamples=20)
    assert drawn.shape == (20, 150)
    times = drawn[:, ::3]
    np.testing.assert_array_equal(drawn, times[:, groups])
    np.testing.assert_array_equal(times.sum(axis=1), 50)
    assert len(np.unique(times, axis=0)) == 20


def test_agrees_with_resampling_by_hand():
    p, y = predictions(60)
    groups = np.arange(60) // 5
    drawn = weights_of(p, y, groups, resamples=50, seed=4).astype(int)
    by_hand = []
    for times in drawn:
        rows = np.repeat(np.arange(60), times)
        by_hand.append(precision_recall.macro_average_precision(p[rows], y[rows]))
    found = bootstrap.bootstrap_intervals(p, y, groups, resamples=50, seed=4)
    np.testing.assert_allclose(
        found['macro_average_precision'], np.percentile(by_hand, [2.5, 97.5])
    )


def test_seed_decides_and_block_size_does_not(monkeypatch):
    p, y = predictions()
    groups = np.arange(300) // 3
    first = bootstrap.bootstrap_intervals(p, y, groups, resamples=50, seed=3)
    other = bootstrap.bootstrap_intervals(p, y, groups, resamples=50, seed=4)
    monkeypatch.setattr(bootstrap, 'BLOCK', 700)
    assert bootstrap.bootstrap_intervals(p, y, groups, resamples=50, seed=3) == first
    assert other != first


def test_rare_class_that_a_resample_misses_gives_no_nan():
    p, y = predictions(30)
    y[:] = 0
    y[0] = 1
    found = bootstrap.bootstrap_intervals(p, y, np.arange(30), resamples=100)
    assert np.isfinite(list(found.values())).all()


def test_groups_are_proteins_then_wells_then_fields_then_cells():
    wells, fields = ['A01', 'A01', 'A02'], ['1', '2', '1']
    proteins = ['Sec61', 'Sec61', 'Nup49']
    cases = {
        'protein': metadata(3, protein=proteins, well=wells, field=fields),
        'well': metadata(3, well=wells, field=fields),
        'field': metadata(3, field=fields),
        'cell': metadata(3),
    }
    counts = []
    for unit, columns in cases.items():
        name, groups = bootstrap.choose_groups(columns)
        assert name == unit
        counts.append(len(np.unique(groups)))
        assert groups.max() + 1 == counts[-1]
    assert counts == [2, 2, 2, 3]


def test_one_well_name_on_two_plates_is_two_wells():
    columns = metadata(4, well=['A01'] * 4, plate=['1', '1', '2', '2'])
    name, groups = bootstrap.choose_groups(columns)
    assert name == 'well'
    np.testing.assert_array_equal(groups, [0, 0, 1, 1])


@pytest.mark.parametrize('column', ['condition', 'replicate'])
def test_one_well_name_in_two_conditions_or_replicates_is_two_wells(column):
    columns = metadata(4, well=['A01'] * 4, plate=['1'] * 4, field=[*'1212'])
    columns[column] = np.array(['', '', '2', '2'], object)
    name, groups = bootstrap.choose_groups(columns)
    assert name == 'well'
    np.testing.assert_array_equal(groups, [0, 0, 1, 1])
    assert len(set(unit_names(columns, 'field'))) == 4


def test_tables_without_conditions_are_grouped_as_before_there_were_any():
    columns = metadata(
        6,
        screen=['WT1', 'WT1', 'WT2', 'WT2', '', ''],
        plate=['1', '2', '1', '1', '', '1'],
        well=['A01', 'A01', 'A01', '', 'B01', 'B01'],
        field=['1', '', '1', '2', '1', '1'],
    )
    wells = ['WT1/1/A01', 'WT1/2/A01', 'WT2/1/A01', '', '//B01', '/1/B01']
    assert unit_names(columns, 'well').tolist() == wells
    fields = ['WT1/1/A01/1', '', 'WT2/1/A01/1', 'WT2/1//2', '//B01/1', '/1/B01/1']
    assert unit_names(columns, 'field').tolist() == fields
    _, groups = bootstrap.choose_groups(columns)
    np.testing.assert_array_equal(groups, [3, 4, 5, 0, 1, 2])


def test_cells_without_a_protein_fall_back_to_their_well():
    columns = metadata(
        7,
        protein=['P', 'P', 'Q', 'Q', '', '', ''],
        well=['A', 'A', 'B', 'B', 'C', 'C', ''],
    )
    name, groups = bootstrap.choose_groups(columns)
    assert name == 'protein'
    assert groups[4] == groups[5]
    assert len(np.unique(groups)) == 4


def test_one_protein_alone_is_not_resampled():
    columns = metadata(4, protein=['P'] * 4, well=['A', 'A', 'B', 'B'])
    assert bootstrap.choose_groups(columns)[0] == 'well'


def test_unusable_arguments_are_errors():
    p, y = predictions(10)
    with pytest.raises(ValueError, match='9 groups for 10 labels'):
        bootstrap.bootstrap_intervals(p, y, np.arange(9))
    with pytest.raises(ValueError, match=r'level \(95.0\)'):
        bootstrap.bootstrap_intervals(p, y, np.arange(10), level=95.0)
