"""Profiles of wells and proteins: counts, shares, intervals, heterogeneity."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from deeploc_jax.profiles.blend import make_reference
from deeploc_jax.profiles.cells import profiled_cells
from deeploc_jax.profiles.groups import group_by
from deeploc_jax.profiles.localization import Options, heterogeneity
from deeploc_jax.profiles.mixture import likeliest_shares, share_of_two
from deeploc_jax.profiles.summarize import profile_rows, well_rows
from deeploc_jax.tables import PROFILES, class_values
from deeploc_jax.tables.predictions import predictions_table
from deeploc_jax.types import METADATA

NAMES = ('ER', 'GOLGI', 'NUCLEI', 'DEAD')
OPTIONS = Options(np.array([1, 1, 1, 0]) / 3, resamples=50)


def table_of(probabilities, labels=None, **columns):
    n = len(probabilities)
    metadata = {name: np.full(n, '', object) for name in METADATA}
    metadata |= dict(x=np.zeros(n, np.float32), y=np.zeros(n, np.float32))
    metadata |= {name: np.array(values, object) for name, values in columns.items()}
    labels = np.full(n, -1) if labels is None else np.array(labels)
    return predictions_table(metadata, labels, np.array(probabilities), NAMES)


def one_group(n):
    return group_by({'protein': np.full(n, 'A', object)}, ['protein'])


def test_groups_are_sorted_and_tell_all_columns_apart():
    columns = dict(
        well=np.array(['A2', 'A1', 'A2', 'A1'], object),
        protein=np.array(['x', 'y', 'x', 'x'], object),
    )
    groups = group_by(columns, ['well', 'protein'])
    assert groups.keys['well'].tolist() == ['A1', 'A1', 'A2']
    assert groups.keys['protein'].tolist() == ['x', 'y', 'x']
    assert groups.of_cell.tolist() == [2, 1, 2, 0]
    some = groups.where(np.array([True, True, False, False]))
    assert some.count().tolist() == [0, 1, 1]
    means = groups.mean(np.arange(4.0)[:, None])
    np.testing.assert_allclose(means[:, 0], [3, 1, 1])
    assert np.isnan(some.mean(np.arange(2.0)[:, None])[0, 0])


def test_rows_for_wells_and_for_proteins():
    sure = [[0.9, 0.1, 0, 0]] * 4 + [[0.1, 0.2, 0.7, 0]] * 2
    table = table_of(
        [*sure, [0.1, 0.1, 0.1, 0.7]],
        labels=[0, 0, 1, -1, 2, 2, 3],
        protein=['Sec61'] * 4 + ['Nup49'] * 3,
        well=['A1', 'A1', 'B1', 'B1', 'A2', 'A2', 'A2'],
        replicate=['1'] * 7,
    )
    cells = profiled_cells(table, ['DEAD'])
    wells, profiles = well_rows(cells, OPTIONS), profile_rows(cells, OPTIONS)
    assert wells['well'].to_pylist() == ['A1', 'A2', 'B1']
    assert wells['n_cells'].to_pylist() == [2, 2, 2]
    assert wells['n_all'].to_pylist() == [2, 3, 2]
    assert profiles['protein'].to_pylist() == ['Nup49', 'Sec61']
    assert profiles['n_wells'].to_pylist() == [1, 2]
    assert profiles['n_all'].to_pylist() == [3, 4]  # the dead cell is counted,
    np.testing.assert_allclose(class_values(profiles)[0], sure[-1], atol=1e-6)
    assert profiles['label_name'].to_pylist() == ['NUCLEI', 'ER']
    assert profiles['first'].to_pylist() == ['NUCLEI', 'ER']
    assert profiles['second'].to_pylist() == ['GOLGI', 'GOLGI']
    assert profiles['intensity'].to_pylist() == [None, None]
    posterior = class_values(profiles, 'posterior_')[1]
    np.testing.assert_allclose(posterior, [4.6 / 8, 1.4 / 8, 1 / 8, 1 / 8], atol=1e-6)
    low, high = class_values(profiles, 'low_'), class_values(profiles, 'high_')
    assert (low < high).all() and (low[1] < posterior).all()
    assert (class_values(profiles, 'share_')[:, 3] == 0).all()


def test_a_group_without_usable_cells_has_no_numbers():
    table = table_of([[0, 0, 0, 1], [1, 0, 0, 0]], protein=['A', 'B'])
    first, second = profile_rows(profiled_cells(table, ['DEAD']), OPTIONS).to_pylist()
    assert first['n_all'] == 1 and first['n_cells'] == 0
    assert first['predicted'] is None and first['first'] == '' == first['label_name']
    numbers = [name for name in first if name.startswith(('p_', 'low_', 'share'))]
    assert [first[name] for name in numbers] == [None] * len(numbers)
    assert second['predicted_name'] == 'ER' and second['heterogeneity'] is None


def test_no_cell_is_an_empty_table():
    table = table_of(np.zeros((0, 4)))
    found = profile_rows(profiled_cells(table), OPTIONS)
    assert len(found) == 0
    assert found.schema.equals(PROFILES.arrow(NAMES))


def test_flagged_cells_and_cells_without_probabilities_are_only_counted():
    table = table_of([[1, 0, 0, 0]] * 3 + [[0, 1, 0, 0]], protein=['A'] * 4)
    flags = [[], None, ['border'], []]
    p = pa.array([1, 1, None, 0], pa.float32())
    index = table.column_names.index('p_ER')
    table = table.append_column('flags', [flags]).set_column(
        index, table.schema.field('p_ER'), p
    )
    cells = profiled_cells(table)
    assert cells.usable.tolist() == [True, True, False, True]
    (row,) = profile_rows(cells, OPTIONS).to_pylist()
    assert (row['n_all'], row['n_cells']) == (4, 3)
    assert row['p_ER'] == pytest.approx(2 / 3)


def test_intensities_are_means_of_means_and_logarithms_of_what_is_positive():
    table = table_of([[1, 0, 0, 0]] * 4, protein=['A', 'A', 'B', 'B'])
    for name, values in {
        'mean_GFP': [10.0, 30, 5, None],
        'corrected_GFP': [6.0, 10, -1, None],
    }.items():
        table = table.append_column(name, [np.array(values, float)])
    first, second = profile_rows(profiled_cells(table, (), 'GFP'), OPTIONS).to_pylist()
    assert (first['intensity'], first['abundance']) == (20, 8)
    assert first['log2_abundance'] == 3
    assert (second['abundance'], second['log2_abundance']) == (-1, None)
    with pytest.raises(ValueError, match='no column mean_RFP'):
        profiled_cells(table, (), 'RFP')


def test_a_class_that_is_not_there_cannot_be_ignored():
    with pytest.raises(ValueError, match='no class GHOST, but ER, GOLGI'):
        profiled_cells(table_of([[1, 0, 0, 0]]), ['GHOST'])


def calibrated(shares, n, seed=0, spread=1.0):
    """Likelihoods of cells of classes that overlap, drawn in these shares."""
    rng = np.random.default_rng(seed)
    of_cell = rng.choice(len(shares), n, p=shares)
    scores = rng.normal(size=(n, len(shares))) + spread * np.eye(len(shares))[of_cell]
    likelihoods = np.exp(spread * scores)  # of the scores, up to a factor a cell
    return likelihoods / likelihoods.sum(axis=1, keepdims=True)


def test_likeliest_shares_are_those_drawn_and_means_are_not():
    shares = np.array([0.7, 0.3, 0.0])
    p = calibrated(shares, 20_000)
    found = likeliest_shares(p, one_group(len(p)))
    np.testing.assert_allclose(found[0], shares, atol=0.03)
    assert p.mean(axis=0)[0] < 0.5  # soft counts are drawn to what is left open


def test_shares_of_each_group_are_its_own():
    p = np.concatenate([calibrated([1, 0], 200), calibrated([0, 1], 100, seed=1)])
    names = np.array(['B'] * 200 + ['A'] * 100, object)
    groups = group_by({'protein': names}, ['protein'])
    found = likeliest_shares(p, groups)
    alone = likeliest_shares(p[200:], one_group(100))
    np.testing.assert_allclose(found[0], alone[0], atol=1e-3)
    assert found[0, 1] > 0.9 and found[1, 0] > 0.9


def test_intervals_hold_the_share_as_often_as_they_say():
    rng, held = np.random.default_rng(0), []
    for seed in range(150):
        p = calibrated([0.65, 0.35], 60, seed, spread=2.0)
        wells = np.zeros(60, int)
        _, low, high = share_of_two(*p.T, wells, level=0.9, rng=rng)
        held.append(low <= 0.65 <= high)
    assert np.mean(held) == pytest.approx(0.9, abs=0.06)


def test_wells_that_differ_make_the_interval_wider():
    p = np.repeat([[0.99, 0.01], [0.01, 0.99]], 50, axis=0)
    rng = np.random.default_rng(0)
    widths = []
    for wells in (np.arange(100) // 50, np.arange(100) % 2):
        share, low, high = share_of_two(*p.T, wells, rng=rng)
        assert share == pytest.approx(0.5, abs=0.02)
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1]


def test_heterogeneity_is_not_what_the_network_leaves_open():
    half = np.full((10, 2), 0.5)
    assert heterogeneity(half, one_group(10))[0] == 0
    two = np.repeat(np.eye(2), 500, axis=0)
    assert heterogeneity(two, one_group(1000))[0] == pytest.approx(0.5, abs=1e-3)
    rng = np.random.default_rng(0)
    pairs = rng.dirichlet(np.ones(3), size=40)
    distances = [
        ((a - b) ** 2).sum() / 2
        for i, a in enumerate(pairs)
        for j, b in enumerate(pairs)
        if i != j
    ]
    found = heterogeneity(pairs, one_group(40))[0]
    assert found == pytest.approx(np.mean(distances))


def between(share, n, seed=0):
    """Probabilities of cells whose logits lie between those of two classes."""
    rng = np.random.default_rng(seed)
    first, second = np.array([8.0, 0, 0, -2]), np.array([0, 1, 9.0, -2])
    logits = share * first + (1 - share) * second + rng.normal(size=(n, 4))
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True)


def test_a_blend_lies_between_the_labelled_cells_of_two_classes():
    pure = np.concatenate([between(1, 500), between(0, 500, seed=1)])
    labels = [0] * 500 + [2] * 500
    labelled = profiled_cells(table_of(pure, labels), ['DEAD'])
    kept = OPTIONS.prior > 0
    reference = make_reference([labelled], kept)
    assert reference.counts.tolist() == [
        (labelled.usable & (labelled.labels == label)).sum() for label in range(4)
    ]
    options = dataclasses.replace(OPTIONS, reference=reference)
    shares = (1, 0.7, 0.5, 0.2)
    cells = np.concatenate([between(s, 400, seed=9) for s in shares])
    names = [f'P{share}' for share in shares for _ in range(400)]
    table = profile_rows(profiled_cells(table_of(cells, protein=names)), options)
    for row in table.to_pylist():
        share = float(row['protein'][1:])
        assert row['blend'] == pytest.approx(max(share, 1 - share), abs=0.05)
        assert row['blend_low'] <= row['blend'] <= row['blend_high']
        assert row['blend_first'] == ('NUCLEI' if share < 0.5 else 'ER') or share == 0.5
        assert {row['blend_first'], row['blend_second']} <= {'ER', 'NUCLEI', ''}
    rows = {row['protein']: row for row in table.to_pylist()}
    # The means of the probabilities leap where the blend moves.
    assert rows['P0.7']['p_ER'] > 0.85


def test_a_reference_takes_two_classes():
    labelled = profiled_cells(table_of(between(1, 5), [0] * 5))
    with pytest.raises(ValueError, match='labelled cells of two classes'):
        make_reference([labelled], OPTIONS.prior > 0)
