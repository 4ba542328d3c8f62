"""Workers of a Dask cluster score the same rows as one process."""

import warnings

import pytest

from deeploc_jax import tables, tasks
from deeploc_jax.screens.scoring import on_dask
from deeploc_jax.tasks import score as task
from tests.helpers import spot_fields
from tests.test_score import make_config


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    with spot_fields.small_weights(tmp_path_factory.mktemp('weights')) as folder:
        yield folder


@pytest.fixture(scope='module')
def scheduler():
    """Address of a cluster of two workers inside this process."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address=None,
            protocol='tcp://',
        ) as cluster:
            yield cluster.scheduler_address


def test_a_cluster_makes_the_same_table(weights, scheduler, tmp_path):
    screen = spot_fields.write_screen(tmp_path / 'screen')
    assert task.run(make_config(weights, screen), tmp_path / 'here') == 0
    config = make_config(weights, screen, scheduler=scheduler)
    assert task.run(config, tmp_path / 'there') == 0
    one, other = (tables.read_scored_cells(tmp_path / n) for n in ('here', 'there'))
    assert one.equals(other)


def test_a_scheduler_that_is_not_there_is_an_error(
    weights, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(on_dask, 'PATIENCE', 0.5)
    screen = spot_fields.write_screen(tmp_path / 'screen', 1, 1, 1)
    config = make_config(weights, screen, scheduler='tcp://127.0.0.1:9')
    assert tasks.run(config, tmp_path / 'out') == 1
    assert 'No scheduler answers at tcp://127.0.0.1:9' in capsys.readouterr().err
