import pytest

from benchmarks.studies.few_labels import pool
from deeploc_jax.files import write_json
from deeploc_jax.report.learning_curve_table import mean_and_spread
from deeploc_jax.tables.fits import transfers_table
from deeploc_jax.tables.parquet import write_table


def make_transfer(folder, accuracies, n_test, **config):
    rows = [
        dict(mode='probe', cells_per_class=5, n_train=10, n_test=n_test)
        | dict(accuracy=value, balanced_accuracy=value)
        for value in accuracies
    ]
    write_table(transfers_table(rows, 'AB'), folder / 'transfer.parquet')
    usual = dict(screen=folder.name, steps=5, inputs=dict(screen=folder.name))
    write_json(folder / 'config.json', usual | config)
    return folder


def test_fields_are_pooled_with_all_their_draws(tmp_path):
    one = make_transfer(tmp_path / 'one', [0.5, 0.6], 10)
    two = make_transfer(tmp_path / 'two', [0.7, 0.8], 30)
    (row,) = mean_and_spread(pool([one, two]))
    assert row['n_test'] == 40 and row['draws'] == 4
    assert row['accuracy'] == pytest.approx((0.65, 0.1291), abs=1e-4)


def test_other_trainings_are_not(tmp_path):
    one = make_transfer(tmp_path / 'one', [0.5], 10)
    two = make_transfer(tmp_path / 'two', [0.7], 30, steps=6)
    with pytest.raises(ValueError, match='two and .*one differ in steps'):
        pool([one, two])
