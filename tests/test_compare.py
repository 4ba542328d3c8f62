"""The task: from scored cells of two conditions to movers, abundance and flux."""

import json

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from configs import compare as compare_config
from deeploc_jax.changes.abundance import even_plates, find_folds
from deeploc_jax.changes.compare import Options, compare
from deeploc_jax.changes.flux import flux_table, score_moves, write_networks
from deeploc_jax.changes.remarks import BRIGHTNESS, UNKNOWN, UNLIKE
from deeploc_jax.changes.units import Condition
from deeploc_jax.changes.wells import Wells, sum_wells
from deeploc_jax.profiles.cells import profiled_cells
from deeploc_jax.tables import read_flux, read_movers
from deeploc_jax.tasks import compare as task
from tests.helpers.changed_screen import (
    BRIGHTER,
    MOVERS,
    NAMES,
    PROTEINS,
    changed_screen,
)


def wells_of(*tables):
    parts = (profiled_cells(table, ('DEAD',), 'GFP') for table in tables)
    return sum_wells(parts, ('DEAD',))


def called(movers, column):
    flags = movers[column].to_pylist()
    return {n for n, f in zip(movers['protein'].to_pylist(), flags, strict=True) if f}


@pytest.fixture(scope='module')
def scored():
    """One replicate and three, as tables of scored cells."""
    return {n: changed_screen(n, seed=n) for n in (1, 3)}


@pytest.mark.parametrize('replicates', [1, 3])
def test_movers_and_abundance_are_found(scored, replicates):
    found = compare(wells_of(scored[replicates]), 'before', 'after', Options())
    moved, changed = (called(found.movers, c) for c in ('moved', 'abundance_changed'))
    assert set(MOVERS) <= moved and len(moved - set(MOVERS)) <= 2
    assert set(BRIGHTER) <= changed and len(changed - set(BRIGHTER)) <= 2
    assert found.n_compared == PROTEINS and found.repeated == (replicates > 1)
    first = found.movers.slice(0, len(MOVERS)).to_pylist()
    for row in first:
        number = int(row['protein'][1:])
        assert (row['from'], row['to']) == (NAMES[number % 4], NAMES[(number + 1) % 4])
        assert row['share_moved_low'] < row['share_moved'] < row['share_moved_high']
        assert row['n_wells_before'] == replicates
        assert bool(row['remarks']) == (replicates == 1)


def test_folds_are_those_that_were_put_in(scored):
    """Eight times as bright is 3 in log2, whatever the lamps of the plates are."""
    found = compare(
        wells_of(scored[3]), 'before', 'after', Options()
    ).movers.to_pylist()
    rows = {row['protein']: row for row in found}
    folds = np.array([rows[name]['log2_fold'] for name in BRIGHTER])
    inside = [
        rows[name]['log2_fold_low'] < 3 < rows[name]['log2_fold_high']
        for name in BRIGHTER
    ]
    assert folds.mean() == pytest.approx(3, abs=0.2) and np.mean(inside) >= 0.75
    others = [r['log2_fold'] for n, r in rows.items() if n not in BRIGHTER]
    assert abs(np.median(others)) < 0.05


def test_few_cells_make_no_change_of_abundance():
    """Folds scatter by the number of cells: 2 is much for 100 cells, not for 4."""
    rng = np.random.default_rng(0)
    few = np.arange(200) < 60
    count = np.where(few, 4.0, 100.0)
    log = rng.normal(0, 1.5 / np.sqrt(count / 2), 200)
    log[-10:] += np.tile([2.0, -2.0], 5)
    before, after = (condition(count, values) for values in (np.zeros(200), log))
    folds = find_folds(before, after, np.zeros(200, bool))
    assert (folds.q[-10:] <= 0.05).all() and (np.abs(log[few]) > 1.6).sum() >= 4
    assert (folds.q[:-10] <= 0.05).sum() <= 1
    width = folds.high - folds.low
    assert width[few].min() > 2 * width[~few].max()


def condition(count, log):
    """One well a protein, with these cells and mean logarithms of their intensity."""
    sums = np.stack([count, count, count, count * log], axis=1)
    cells = Wells({}, ('A', 'B'), sums, np.ones((len(log), 2)), np.ones((len(log), 2)))
    ones = np.ones(len(log), int)
    return Condition('x', cells, np.arange(len(log)), ones, ones, cells)


def test_lamps_of_plates_change_no_fold():
    even, uneven = (
        compare(
            wells_of(changed_screen(2, seed=5, lamp=lamp)), 'before', 'after', Options()
        ).movers
        for lamp in (1.0, 9.0)
    )
    for column in ('log2_fold', 'abundance_p', 'p'):
        one, other = (np.array(table[column].to_pylist()) for table in (even, uneven))
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_change_common_to_a_compartment_is_no_move(scored):
    """All proteins of NUCLEI look a fifth like VACUOLE; none of them moved."""
    movers = compare(wells_of(scored[3]), 'before', 'after', Options()).movers
    rows = [
        row
        for row in movers.to_pylist()
        if row['class_before'] == 'NUCLEI' and row['protein'] not in MOVERS
    ]
    seen = np.mean([row['after_VACUOLE'] - row['before_VACUOLE'] for row in rows])
    beyond = np.mean([row['change_VACUOLE'] for row in rows])
    assert seen > 0.1 > 5 * abs(beyond)


def test_without_a_change_hardly_anything_is_called():
    calls = []
    for seed in range(6):
        wells = wells_of(changed_screen(1 + seed % 2, seed=20 + seed, moving=False))
        movers = compare(wells, 'before', 'after', Options()).movers
        calls += [called(movers, c) for c in ('moved', 'abundance_changed')]
    assert sum(map(bool, calls)) <= 2, calls


def test_replicates_that_disagree_are_not_called():
    """A protein that moves in one of two replicates has no significant change."""
    table = changed_screen(2, seed=8)
    still = changed_screen(2, seed=8, moving=False)
    second = np.array(table['replicate'].to_pylist()) == '2'
    wells = wells_of(table.filter(~second), still.filter(second))
    movers = compare(wells, 'before', 'after', Options()).movers
    assert not called(movers, 'moved') & set(MOVERS)


def test_parts_of_cells_add_up_to_the_same_wells(scored):
    table = scored[1]
    whole, parts = wells_of(table), wells_of(table.slice(0, 777), table.slice(777))
    assert [k.tolist() for k in whole.keys.values()] == [
        k.tolist() for k in parts.keys.values()
    ]
    for name in ('sums', 'total', 'squares'):
        np.testing.assert_allclose(getattr(whole, name), getattr(parts, name))
    np.testing.assert_allclose(whole.mean().sum(axis=1), 1)


def test_proteins_with_few_cells_stand_in_the_table_with_the_reason(scored):
    table = scored[1]
    names = np.array(table['protein'].to_pylist())
    number = np.arange(len(names))
    rare = (names == 'P050') & (number % 20 > 2)
    gone = (names == 'P051') & (np.array(table['condition'].to_pylist()) == 'after')
    movers = compare(
        wells_of(table.filter(~(rare | gone))), 'before', 'after', Options()
    ).movers.to_pylist()
    last = {row['protein']: row for row in movers[-2:]}
    assert set(last) == {'P050', 'P051'}
    assert last['P050']['n_cells_after'] == 3 and last['P051']['n_cells_after'] == 0
    for row in last.values():
        assert row['p'] is None and row['moved'] is None
        assert 'fewer than 5 cells' in row['remarks'][0]


def test_medians_of_plates_are_taken_off():
    table = changed_screen(2, seed=3, lamp=9.0)
    even = even_plates(wells_of(table))
    plate, level = even.keys['plate'], even.log2_intensity()
    protein = even.keys['protein'].astype(str)
    mean = {name: np.median(level[protein == name]) for name in set(protein)}
    rest = level - np.array([mean[name] for name in protein])
    for name in set(plate):
        assert abs(np.median(rest[plate == name])) < 0.02


def test_plates_are_evened_out_without_intensities():
    table = changed_screen(1).drop_columns(['mean_GFP', 'corrected_GFP'])
    wells = sum_wells([profiled_cells(table, ('DEAD',))], ('DEAD',))
    assert even_plates(wells) is wells
    found = compare(wells, 'before', 'after', Options()).movers
    assert set(MOVERS) <= called(found, 'moved')
    assert found['log2_fold'].null_count == len(found)
    assert UNKNOWN in found['remarks'][0].as_py()


def renamed(table, name, values):
    at = table.column_names.index(name)
    kind = table.schema.field(at)
    return table.set_column(at, kind, pa.array(list(values), kind.type))


def test_a_protein_alone_on_its_plates_has_no_fold_but_may_move(scored):
    """Its light is that of its plate: nothing tells the two apart."""
    for table in scored.values():
        columns = (table[name].to_pylist() for name in ('protein', 'condition'))
        plates = map('-'.join, zip(*columns, strict=True))
        wells = wells_of(renamed(table, 'plate', plates))
        movers = compare(wells, 'before', 'after', Options()).movers
        assert set(MOVERS) <= called(movers, 'moved')
        assert movers['log2_fold'].null_count == len(movers)
        assert UNKNOWN in movers['remarks'][0].as_py()


@pytest.mark.parametrize(('measured', 'known'), [(34, True), (25, False)])
def test_few_measured_proteins_are_no_reason_to_tell_nothing(scored, measured, known):
    """A fourth of them moves, so that less than 30 say how folds scatter."""
    table = scored[1]
    kept = [*MOVERS, *(f'P{i:03d}' for i in range(20, 12 + measured))]
    dark = ~np.isin(np.array(table['protein'].to_pylist()), kept)
    for name in ('mean_GFP', 'corrected_GFP'):
        values = np.ma.masked_array(table[name].to_numpy(), dark)
        table = renamed(table, name, values.tolist())
    movers = compare(wells_of(table), 'before', 'after', Options()).movers
    assert set(MOVERS) <= called(movers, 'moved')
    folds = len(movers) - movers['log2_fold'].null_count
    assert folds == measured * known
    assert (called(movers, 'abundance_changed') >= set(BRIGHTER)) == known


def test_a_mover_with_few_of_its_class_is_remarked_on(scored):
    table = scored[1]
    names = table['protein'].to_pylist()
    own = [int(name[1:]) % 4 == 1 and name > 'P006' for name in names]
    few = table.filter(~np.array(own))
    for cells, expected in ((few, True), (table, False)):
        movers = compare(wells_of(cells), 'before', 'after', Options()).movers
        rows = {row['protein']: row for row in movers.to_pylist()}
        assert rows['P001']['moved']
        assert (UNLIKE in rows['P001']['remarks']) == expected
        assert UNLIKE not in rows['P000']['remarks']


def test_a_mover_that_is_much_brighter_is_remarked_on(scored):
    table = scored[1]
    after = np.array(table['condition'].to_pylist()) == 'after'
    brighter = after & (np.array(table['protein'].to_pylist()) == 'P001')
    for name in ('mean_GFP', 'corrected_GFP'):
        light = table[name].to_numpy() * np.where(brighter, 4.0, 1.0)
        table = renamed(table, name, light.tolist())
    movers = compare(wells_of(table), 'before', 'after', Options()).movers
    remarked = [r['protein'] for r in movers.to_pylist() if BRIGHTNESS in r['remarks']]
    assert remarked == ['P001']  # those of BRIGHTER have not moved


@pytest.fixture
def config(scored, tmp_path):
    folder = tmp_path / 'scored/cells.parquet'
    folder.mkdir(parents=True)
    pq.write_table(scored[1], folder / 'part.parquet')
    (tmp_path / 'scored/run.json').write_text('{}')
    config = compare_config.get_config()
    config.cells = str(tmp_path / 'scored')
    config.before, config.after = 'before', 'after'
    return config


def test_the_task_writes_tables_and_networks(config, tmp_path, capsys):
    task.run(config, tmp_path / 'out')
    movers = read_movers(tmp_path / 'out/movers.parquet')
    flux = read_flux(tmp_path / 'out/flux.parquet')
    said = capsys.readouterr().out
    assert f'{len(called(movers, "moved"))} of 80 proteins moved' in said
    assert 'Nothing was repeated' in said and 'Only 80' not in said
    ours = [row for row in flux.to_pylist() if row['method'] == 'ours']
    assert sum(row['proteins'] for row in ours) == len(called(movers, 'moved'))
    facts = json.loads((tmp_path / 'out/run.json').read_text())
    assert facts['compared'] == 80 and not facts['repeated']
    assert (tmp_path / 'out/flux_ours.cyjs').exists()
    page = (tmp_path / 'out/movers.html').read_text()
    assert 'Nothing was repeated' in page and 'P000' in page


def fewer(table, proteins):
    names = [f'P{number:03d}' for number in range(proteins)]
    return table.filter(pc.is_in(table['protein'], pa.array(names)))


@pytest.mark.parametrize('proteins', [30, 49])
def test_few_proteins_are_compared_with_a_caution(
    scored, config, tmp_path, capsys, proteins
):
    few = fewer(scored[1], proteins)
    pq.write_table(few, tmp_path / 'scored/cells.parquet/part.parquet')
    task.run(config, tmp_path / 'out')
    caution = f'Only {proteins} proteins could be compared.'
    out, page = capsys.readouterr().out, (tmp_path / 'out/movers.html').read_text()
    assert caution in out and caution in page
    assert caution in json.loads((tmp_path / 'out/run.json').read_text())['cautions'][1]


@pytest.mark.parametrize('proteins', [5, 20, 29])
def test_a_null_of_still_fewer_proteins_is_refused(scored, config, tmp_path, proteins):
    few = fewer(scored[1], proteins)
    pq.write_table(few, tmp_path / 'scored/cells.parquet/part.parquet')
    message = f'{proteins} proteins can be compared, .*it takes 30.* configs/profile.py'
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('cells', None, 'cells'),
        ('after', 'aftr', "Did you mean 'after'"),
        ('after', 'before', 'same condition'),
        ('before', None, 'before'),
        ('rate', 1.5, 'between 0 and 1'),
        ('min_cells', 1, 'at least 2'),
        ('min_cells', 500, 'it takes 30'),
        ('channel', 'YFP', 'mean_YFP'),
        ('ignored', 'GHOST', 'no class GHOST'),
    ],
)
def test_mistakes_are_told(config, tmp_path, field, value, message):
    with config.ignore_type():
        config[field] = value
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')
    assert not (tmp_path / 'out/movers.parquet').exists()


def test_flux_keeps_strong_scores_alone():
    scores = np.array([[-12.0, 11, 0], [-12, 9, 0], [np.nan, 15, -10], [-10, 0, 10]])
    moves = score_moves(['a', 'b', 'c', 'd'], scores, 'XYZ', 10)
    assert moves == [
        ('a', 'X', 'Y', 11.5),
        ('c', 'Z', 'Y', 12.5),
        ('d', 'X', 'Z', 10.0),
    ]


def test_networks_can_be_read_back(tmp_path):
    moves = [('b', 'X', 'Y', 1.0), ('a', 'X', 'Y', 3.0), ('c', 'Y', 'Z', 5.0)]
    table = flux_table(dict(ours=moves))
    assert table.to_pylist()[0] == {
        'method': 'ours',
        'from': 'X',
        'to': 'Y',
        'proteins': 2,
        'names': ['a', 'b'],
        'score': 2.0,
    }
    graphml, cyjs = write_networks(table, tmp_path)
    graph = nx.read_graphml(graphml)
    assert graph.edges['X', 'Y'] == dict(proteins=2, names='a b', score=2.0)
    assert graph.nodes['Y'] == dict(lost=1, gained=2)
    again = nx.cytoscape_graph(json.loads(cyjs.read_text()))
    assert {(a, b) for a, b, *_ in again.edges} == {('X', 'Y'), ('Y', 'Z')}


def test_cells_that_were_scored_again_are_noticed(config, tmp_path, capsys):
    task.run(config, tmp_path / 'out')
    before = read_movers(tmp_path / 'out/movers.parquet')
    capsys.readouterr()
    file = tmp_path / 'scored/cells.parquet/part.parquet'
    cells = pq.read_table(file)
    pq.write_table(cells.slice(0, len(cells) - 40), file)
    task.run(config, tmp_path / 'out')
    assert 'cells: changed since the last run' in capsys.readouterr().out
    assert not read_movers(tmp_path / 'out/movers.parquet').equals(before)
