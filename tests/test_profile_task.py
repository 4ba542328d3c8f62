"""The task: tables, AnnData, pycytominer's columns, how replicates agree, the page."""

import json

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from copairs.map import average_precision, mean_average_precision

from configs import compare as compare_config
from configs import profile as profile_config
from deeploc_jax.profiles import agreement, cytominer
from deeploc_jax.report.profiles import heat_map, in_order
from deeploc_jax.tables import REPLICATES, read_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table
from deeploc_jax.tasks import compare as compare_task
from deeploc_jax.tasks import profile as task
from deeploc_jax.types import METADATA

NAMES = ('ER', 'GOLGI', 'NUCLEI', 'DEAD')
RNG = np.random.default_rng(0)


def screen(replicate, proteins=6, cells=8):
    """Cells of proteins whose profile repeats, up to noise."""
    n = proteins * cells
    protein = np.repeat([f'P{i}' for i in range(proteins)], cells).astype(object)
    metadata = {name: np.full(n, '', object) for name in METADATA}
    metadata |= dict(protein=protein, well=protein, x=np.zeros(n), y=np.zeros(n))
    metadata['cell_id'] = np.array([f'{replicate}-{i}' for i in range(n)], object)
    metadata['replicate'] = np.full(n, str(replicate), object)
    metadata['plate'] = np.full(n, f'plate{replicate}', object)
    alpha = 20 * np.random.default_rng(7).dirichlet(np.ones(4), size=proteins) + 0.2
    p = np.concatenate([RNG.dirichlet(a, size=cells) for a in alpha])
    labels = np.repeat(alpha.argmax(axis=1), cells)
    return predictions_table(metadata, labels, p.astype(np.float32), NAMES)


@pytest.fixture
def config(tmp_path):
    places = []
    for replicate in (1, 2, 3):
        place = tmp_path / f'r{replicate}'
        write_table(screen(replicate), place / 'evaluation/test/predictions.parquet')
        places.append(str(place))
    config = profile_config.get_config()
    config.cells = ','.join(places)
    return config


def test_the_task_writes_tables_and_a_page(config, tmp_path, capsys):
    config.h5ad = config.agreement = True
    config.normalize = 'standardize'
    config.select = False
    out = tmp_path / 'out'
    task.run(config, out)
    profiles = pq.read_table(out / 'profiles.parquet')
    assert len(profiles) == 18 and len(pandas.read_csv(out / 'profiles.csv')) == 18
    page = (out / 'report.html').read_text()
    assert '18 profiles' in page and 'DEAD' in page
    assert (out / 'figures/profiles.png').stat().st_size > 5000
    # Fields of these cells are nowhere: the page says so and has all else.
    page = (out / 'proteins.html').read_text()
    assert 'There are no pictures of cells' in page and '6 proteins by' in page
    import anndata

    found = anndata.read_h5ad(out / 'profiles.h5ad')
    assert found.shape == (18, 4) and set(found.var_names) == set(NAMES)
    np.testing.assert_allclose(found.X[:, 0], profiles['p_ER'].to_numpy())
    np.testing.assert_allclose(found.layers['low'][:, 2], profiles['low_NUCLEI'])
    normalized = pandas.read_parquet(out / 'normalized_pycytominer.parquet')
    by_plate = normalized.groupby('Metadata_Plate')['Cells_p_ER']
    np.testing.assert_allclose(by_plate.mean(), 0, atol=1e-6)
    np.testing.assert_allclose(by_plate.std(ddof=0), 1, atol=1e-6)
    consensus = pandas.read_parquet(out / 'consensus_pycytominer.parquet')
    assert len(consensus) == 6
    rows = read_table(out / 'replicates.parquet', REPLICATES)
    assert rows['n_profiles'].to_pylist() == [3] * 6
    assert np.mean(rows['mean_average_precision'].to_numpy()) > 0.8
    text = capsys.readouterr().out
    assert 'Replicates of 6 proteins: mean average precision' in text
    assert 'profiles.parquet' in text and 'report.html' in text


def test_the_same_command_gives_the_same_rows(config, tmp_path):
    config.h5ad = False
    for name in 'ab':
        task.run(config, tmp_path / name)
    first, second = (pq.read_table(tmp_path / f'{n}/wells.parquet') for n in 'ab')
    assert first.equals(second)


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('cells', None, 'Say --config.cells='),
        ('ignored', 'GHOST', 'no class GHOST'),
        ('channel', 'GFP', 'no column mean_GFP'),
        ('statistic', 'mode', 'statistic'),
        ('normalize', 'magic', 'normalize'),
        ('level', 1.0, r'level \(1.0\)'),
    ],
)
def test_values_that_cannot_be_are_refused(config, tmp_path, field, value, message):
    config[field] = value
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')
    assert not list(tmp_path.glob('out/*.parquet'))


def twice(folder):
    return [str(folder / 'r1')] * 2


def spelled(folder):
    (folder / 'link').symlink_to(folder / 'r1')
    return [str(folder / 'r1'), str(folder / 'link')]


def file_too(folder):
    return [str(folder / 'r1'), str(folder / 'r1/evaluation/test/predictions.parquet')]


def copied(folder):
    """Named by another network, so that the file is another one."""
    rows = screen(1)
    again = folder / 'again/evaluation/test/predictions.parquet'
    write_table(rows.slice(20, 9), again)
    return [str(folder / name) for name in ('r1', 'r2', 'again')]


@pytest.mark.parametrize(
    ('places', 'message'),
    [
        (twice, 'r1 is named twice; its cells'),
        (spelled, 'r1 is named twice, also as .*link'),
        (file_too, "parquet has cells that .*r1 has too, for example '1-0'"),
        (copied, "again has cells that .*r1 has too, for example '1-20'"),
    ],
)
def test_no_cell_counts_twice(config, tmp_path, places, message):
    config.cells = ','.join(places(tmp_path))
    with pytest.raises(ValueError, match=message):
        task.run(config, tmp_path / 'out')
    compare = compare_config.get_config()
    compare.update(cells=config.cells, before='', after='heat')
    with pytest.raises(ValueError, match=message):
        compare_task.run(compare, tmp_path / 'compared')


def wells(rng, plates=2, n=20, features=5):
    plate = np.repeat(np.arange(plates), n)
    names = [f'f{i}' for i in range(features)]
    values = (
        rng.normal(size=(len(plate), features)) * (1 + plate[:, None]) + plate[:, None]
    )
    columns = {
        **{c: np.full(len(plate), '', object) for c in ('screen', 'condition')},
        'replicate': np.array([str(p) for p in plate], object),
        'plate': np.full(len(plate), 'same name', object),
        'well': np.array([f'A{i % n}' for i in range(len(plate))], object),
        'protein': np.array([f'P{i % n}' for i in range(len(plate))], object),
        'n_cells': np.full(len(plate), 3),
        **dict(zip(names, values.T, strict=True)),
    }
    return pa.table(columns), names


def test_pycytominer_knows_features_and_metadata_by_their_names():
    table, names = wells(np.random.default_rng(0))
    found = cytominer.cytominer_table(table, names)
    from pycytominer.cyto_utils import infer_cp_features

    frame = found.to_pandas()
    assert infer_cp_features(frame) == [f'Cells_{name}' for name in names]
    assert set(infer_cp_features(frame, metadata=True)) >= {
        'Metadata_Plate',
        'Metadata_Well',
        'Metadata_Object_Count',
    }


def test_plates_are_normalized_against_their_controls():
    table, names = wells(np.random.default_rng(0))
    frame = cytominer.cytominer_table(table, names).to_pandas()
    controls = "Metadata_Protein in ['P0', 'P1', 'P2', 'P3']"
    found = cytominer.normalize_plates(frame, 'standardize', controls)
    chosen = found.query(controls).groupby('Metadata_Replicate')['Cells_f1']
    np.testing.assert_allclose(chosen.mean(), 0, atol=1e-9)
    np.testing.assert_allclose(chosen.std(ddof=0), 1)
    with pytest.raises(ValueError, match='Plate .*same name has no'):
        cytominer.normalize_plates(frame, 'standardize', "Metadata_Protein == 'X'")


def test_sphering_leaves_no_correlation_and_no_constant_feature():
    table, names = wells(np.random.default_rng(0), n=60)
    constant = np.where(np.arange(len(table)) < 60, 1.0, np.arange(len(table)))
    table = table.append_column('constant', pa.array(constant))
    frame = cytominer.cytominer_table(table, [*names, 'constant']).to_pandas()
    found = cytominer.normalize_plates(frame, 'spherize')
    assert cytominer.feature_names(found) == [f'Cells_{name}' for name in names]
    for _, plate in found.groupby('Metadata_Replicate'):
        spread = np.cov(cytominer.feature_values(plate).T)
        np.testing.assert_allclose(spread, np.eye(len(names)), atol=1e-3)


def test_features_that_say_the_same_are_left_out():
    table, names = wells(np.random.default_rng(0), plates=1, n=200)
    table = table.append_column('copy', table['f0']).append_column(
        'constant', pa.array(np.ones(len(table)))
    )
    frame = cytominer.cytominer_table(table, [*names, 'copy', 'constant']).to_pandas()
    left = cytominer.feature_names(cytominer.select_features(frame))
    assert 'Cells_constant' not in left and len(left) == len(names)
    with pytest.raises(ValueError, match='No feature'):
        cytominer.select_features(
            cytominer.cytominer_table(table, ['constant']).to_pandas()
        )


def test_ranking_in_blocks_agrees_with_copairs(monkeypatch):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), [1, 2, 3, 4] * 3)
    values = rng.normal(size=(30, 6)) + rng.normal(size=(12, 6))[groups]
    monkeypatch.setattr(agreement, 'BLOCK', 7)
    theirs = average_precision(
        pandas.DataFrame(dict(g=groups)),
        values,
        ['g'],
        [],
        [],
        ['g'],
        progress_bar=False,
    )
    ours = agreement.average_precisions(values, groups)
    known = ~np.isnan(ours)
    assert (np.bincount(groups)[groups] > 1).tolist() == known.tolist()
    expected = theirs['average_precision'].to_numpy()
    np.testing.assert_allclose(ours[known], expected[known], atol=1e-6)


def test_p_values_are_those_of_copairs(tmp_path):
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(8), 3)
    values = rng.normal(size=(24, 4)) + 0.5 * rng.normal(size=(8, 4))[groups]
    scores = average_precision(
        pandas.DataFrame(dict(g=groups)),
        values,
        ['g'],
        [],
        [],
        ['g'],
        progress_bar=False,
    )
    theirs = mean_average_precision(
        scores, ['g'], 500, 0.05, 0, progress_bar=False, cache_dir=tmp_path
    )
    names = [dict(condition='', protein=f'P{i}') for i in range(8)]
    rows = agreement.agreement_rows(values, groups, names, null_size=500)
    assert [row['protein'] for row in rows] == [f'P{i}' for i in range(8)]
    for name, column in dict(p_value='p_value', q_value='corrected_p_value').items():
        np.testing.assert_allclose([r[name] for r in rows], theirs[column], atol=1e-6)


def test_equal_profiles_are_no_agreement():
    same = np.ones((6, 3))
    found = agreement.average_precisions(same, np.repeat([0, 1, 2], 2))
    np.testing.assert_allclose(found, 1 / 5)  # the other one comes last of five


def test_correlations_are_means_over_pairs():
    rng = np.random.default_rng(0)
    values, groups = rng.normal(size=(5, 9)), np.array([0, 0, 0, 1, 1])
    found = agreement.replicate_correlations(values, groups)
    r = np.corrcoef(values)
    np.testing.assert_allclose(found, [np.mean([r[0, 1], r[0, 2], r[1, 2]]), r[3, 4]])


def test_one_replicate_agrees_with_nothing():
    with pytest.raises(ValueError, match='Agreement takes two proteins'):
        agreement.agreement_rows(np.ones((2, 3)), np.array([0, 1]), [{}, {}])


def test_the_heat_map_goes_by_compartment_and_share(config, tmp_path):
    task.run(config, tmp_path / 'out')
    profiles = pq.read_table(tmp_path / 'out/profiles.parquet')
    order = in_order(profiles)
    first = [NAMES.index(profiles['first'][int(i)].as_py()) for i in order]
    assert first == sorted(first) and len(order) == len(profiles)
    few, many = (
        heat_map(pa.concat_tables([profiles] * times)).get_size_inches()[1]
        for times in (1, 20)
    )
    assert few < many < 10
    at = profiles.column_names.index('first')
    unseen = profiles.set_column(at, 'first', pa.array([''] * len(profiles)))
    assert heat_map(unseen).axes[0].get_images()[0].get_array().mask.all()


@pytest.mark.parametrize('simulated', [True, False])
def test_pages_of_simulated_cells_say_so(config, tmp_path, simulated):
    (tmp_path / 'r2/run.json').write_text(json.dumps(dict(simulated=simulated)))
    task.run(config, tmp_path / 'out')
    for name in ('report.html', 'proteins.html'):
        text = (tmp_path / 'out' / name).read_text()
        assert ('SIMULATED DATA' in text) == simulated


def test_cells_that_were_scored_again_are_noticed(config, tmp_path, capsys):
    config.h5ad = False
    task.run(config, tmp_path / 'out')
    capsys.readouterr()
    write_table(screen(1, cells=9), tmp_path / 'r1/evaluation/test/predictions.parquet')
    task.run(config, tmp_path / 'out')
    assert 'cells: changed since the last run' in capsys.readouterr().out
