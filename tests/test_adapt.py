import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest

import deeploc_jax
from configs import adapt as adapt_config
from deeploc_jax import sharding
from deeploc_jax.adapt.choice import Tried, choose
from deeploc_jax.adapt.information import agreement, information
from deeploc_jax.adapt.run import spread_rows
from deeploc_jax.adapt.statistics import blended, shifts, statistics_of
from deeploc_jax.models import MODELS
from deeploc_jax.tasks import adapt as task
from deeploc_jax.weights.folder import TrainedNetwork, write_weights
from tests.helpers.small import Small, make_card, random_cells, random_variables
from tests.helpers.spot_screen import SpotScreen

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def small_network(monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Small)


def make_network(side=16, **fields):
    card = make_card(model=dict(name='small'), side=side, crop=side, **fields)
    model = Small()
    return TrainedNetwork(card, model, random_variables(model, side))


def one_hot(called, k=3):
    return np.eye(k)[called].astype(np.float32)


def test_information_is_that_which_the_group_has_about_the_class():
    groups = np.repeat(np.arange(40), 200)
    called = (groups + (np.arange(8000) % 5 == 0)) % 2  # one in five is mistaken
    p = np.array([0.8, 0.2])
    expected = np.log(2) + (p * np.log(p)).sum()  # mutual information in nats
    found = information(one_hot(called, 2), groups)
    assert found.shape == (40,) and found.mean() == pytest.approx(expected, abs=0.006)


def test_names_that_say_nothing_about_the_protein_have_no_information():
    groups = np.arange(600) % 200  # three cells each
    called = RNG.integers(0, 3, 600)
    assert information(one_hot(called), groups).mean() < 0.02
    assert abs(information(one_hot(0 * called), groups)).max() < 1e-6
    alone = information(one_hot(called[:50]), np.arange(50))  # one cell each
    np.testing.assert_allclose(alone, 0, atol=1e-6)


def test_agreement_is_the_share_of_the_most_frequent_class():
    called = np.array([0, 0, 1, 2, 2, 1])
    groups = np.array(['a', 'a', 'a', 'b', 'b', 'alone'])
    assert agreement(called, groups) == pytest.approx((2 / 3 + 1) / 2)
    assert np.isnan(agreement(called[:2], groups[[0, 5]]))


def tried(share, informed):
    return Tried(share, one_hot([0]), None, np.array(informed), 1.0)


@pytest.mark.parametrize(
    ('gains', 'chosen'),
    [
        ([[0.5, 0.6, 0.4, 0.5], [0.1, 0.1, 0.0, 0.1]], 1),  # for sure
        ([[0.5, 0.6, 0.4, 0.5], [0.9, 0.8, 0.7, 0.8]], 2),
        ([[3.0, -0.5, -0.5, -0.5]], 0),  # of one protein alone
        ([[-0.1, -0.1, -0.1, -0.1]], 0),
        ([[0.0, 0.0, 0.0, 0.0]], 0),
    ],
)
def test_what_gains_for_sure_is_chosen(gains, chosen):
    before = np.array([0.3, 0.2, 0.6, 0.1])
    all_tried = [tried(0.0, before)]
    all_tried += [tried(0.5, before + gain) for gain in gains]
    assert choose(all_tried) is all_tried[chosen]


def test_statistics_are_those_of_the_cells():
    network, cells = make_network(), random_cells(24, size=16)
    found = statistics_of(network, cells, sharding.make_mesh(), 64)
    kernel = network.variables['params']['conv']
    maps = jax.lax.conv_general_dilated(
        jnp.asarray(cells.images),
        kernel['kernel'],
        (2, 2),
        'SAME',
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
    )
    maps = np.asarray(maps) + np.asarray(kernel['bias'])
    np.testing.assert_allclose(found['bn/mean'], maps.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(found['bn/var'], maps.var((0, 1, 2)), rtol=1e-3)


def test_statistics_are_the_mean_over_whole_batches():
    network, cells = make_network(), random_cells(20, size=16)
    mesh = sharding.make_mesh()
    found = statistics_of(network, cells, mesh, 8)  # four cells are left over
    parts = [
        statistics_of(network, cells.at(np.arange(i, i + 8)), mesh, 8) for i in (0, 8)
    ]
    expected = np.mean([part['bn/mean'] for part in parts], axis=0)
    np.testing.assert_allclose(found['bn/mean'], expected, rtol=1e-6)


def test_a_share_of_the_statistics_is_taken():
    network, cells = make_network(), random_cells(16, size=16)
    found = statistics_of(network, cells, sharding.make_mesh(), 16)
    own = network.variables['batch_stats']['bn']['mean']
    none, half = (blended(network, found, share) for share in (0.0, 0.5))
    np.testing.assert_array_equal(none.variables['batch_stats']['bn']['mean'], own)
    np.testing.assert_allclose(
        half.variables['batch_stats']['bn']['mean'],
        (own + found['bn/mean']) / 2,
        rtol=1e-6,
    )
    assert shifts(network, found).keys() == {'bn'}
    moved = {
        'bn/mean': own + 2 * np.sqrt(network.variables['batch_stats']['bn']['var'])
    }
    assert shifts(network, found | moved)['bn'] == pytest.approx(2, rel=1e-5)


def test_cells_are_spread_over_the_proteins():
    proteins = np.array(['many'] * 50 + ['few'] * 5 + [''] * 5)
    rows = spread_rows(proteins, 20)
    assert len(set(rows)) == 20 and (proteins[rows] == 'few').sum() == 5
    assert set(proteins[rows]) == {'many', 'few'}
    np.testing.assert_array_equal(rows, spread_rows(proteins, 20))
    assert len(spread_rows(proteins, 1000)) == 55
    with pytest.raises(ValueError, match='are 1. Whether'):
        spread_rows(proteins[:50], 20)


@pytest.fixture
def config(data_dir, tmp_path):
    network = make_network(side=64)
    write_weights(tmp_path / 'source', network.variables, network.card)
    config = adapt_config.get_config()
    config.source, config.screen = str(tmp_path / 'source'), SpotScreen.name
    config.data_dir = data_dir
    config.split, config.batch_size = 'train', 8
    return config


def test_a_screen_without_labels_is_adapted_to(config, tmp_path, capsys):
    task.run(config, tmp_path / 'out')
    out = capsys.readouterr().out
    assert '| share | information | gain |' in out
    assert re.search(
        r'24 cells of \d+ proteins\. The means .* are \d\.\d\d standard', out
    )
    rows = pq.read_table(tmp_path / 'out/adapt.parquet').to_pylist()
    assert [row['share'] for row in rows] == [0, 0.25, 0.5, 0.75, 1]
    assert sum(row['chosen'] for row in rows) == 1
    assert rows[0]['gain'] == rows[0]['changed'] == 0
    assert all(row['cells'] == 24 and row['flagged'] is None for row in rows)
    network = deeploc_jax.load(tmp_path / 'out')
    share = next(row['share'] for row in rows if row['chosen'])
    said = f'{share:.0%} of the statistics' if share else 'Not changed'
    assert said in network.card.note
    own = deeploc_jax.load(config.source).network.variables['batch_stats']['bn']
    new = network.network.variables['batch_stats']['bn']
    assert np.array_equal(own['mean'], new['mean']) == (share == 0)
    assert json.loads((tmp_path / 'out/run.json').read_text())['shifts'].keys() == {
        'bn'
    }
    page = (tmp_path / 'out/report.html').read_text()
    assert 'Adaptation to spot_screen' in page and '(chosen)' in page


def test_an_unknown_group_is_refused(config, tmp_path):
    config.group_by = 'plate'
    with pytest.raises(ValueError, match="Unknown group_by 'plate'"):
        task.run(config, tmp_path / 'out')
