"""Task `screen`: all stages one after the other, each as if it were run alone."""

import csv

import pytest

from configs import compare as compare_config
from configs import profile as profile_config
from configs import score as score_config
from configs import screen as screen_config
from deeploc_jax import tables
from deeploc_jax.tasks import compare, profile, score
from deeploc_jax.tasks import screen as task
from deeploc_jax.tasks.screen import folder_of
from tests.helpers import spot_fields

ROLES = 'protein=GFP,marker=RFP'


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    with spot_fields.small_weights(tmp_path_factory.mktemp('weights')) as folder:
        yield folder


@pytest.fixture(scope='module')
def fields(tmp_path_factory):
    """Two plates of 32 proteins, one before and one after."""
    folder = tmp_path_factory.mktemp('fields')
    path = spot_fields.write_screen(folder, plates=2, wells=32, fields=1)
    with path.open() as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        row['condition'] = {'P1': 'before', 'P2': 'after'}[row['plate']]
        row['protein'] = f'ORF{row["well"]}'
    with path.open('w', newline='') as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_config(weights, fields, **options):
    config = screen_config.get_config()
    config.source, config.fields, config.channels = weights, str(fields), ROLES
    config.before = 'before'
    config.update(options)
    easily(config.score, config.compare)
    return config


def easily(score_stage, compare_stage):
    """Small batches, one process, and proteins of few cells are compared."""
    score_stage.update(batch_size=8, workers=1)
    compare_stage.update(min_cells=2)


@pytest.fixture(scope='module')
def done(weights, fields, tmp_path_factory):
    workdir = tmp_path_factory.mktemp('screen')
    assert task.run(make_config(weights, fields), workdir) == 0
    return workdir


def test_each_stage_is_that_of_its_own_config(done, weights, fields, tmp_path):
    one, two, three = (
        module.get_config() for module in (score_config, profile_config, compare_config)
    )
    one.update(source=weights, fields=str(fields), channels=ROLES)
    easily(one, three)
    score.run(one, tmp_path / 'scored')
    two.cells = three.cells = str(tmp_path / 'scored')
    profile.run(two, tmp_path / 'profiles')
    three.update(before='before', after='after')
    compare.run(three, tmp_path / 'movers')
    same = tables.read_scored_cells(tmp_path / 'scored')
    assert same.equals(tables.read_scored_cells(done / 'scored')) and len(same) > 50
    for name in ('profiles/profiles.parquet', 'movers/movers.parquet'):
        assert (done / name).read_bytes() == (tmp_path / name).read_bytes()


def test_the_page_leads_to_what_was_made(done):
    page = (done / 'report.html').read_text()
    for path in ('movers/movers.html', 'profiles/proteins.html', 'scored/plates.html'):
        assert f'href="{path}"' in page and (done / path).exists()
    assert page.index('movers.html') < page.index('plates.html')
    assert 'simulated' not in page


def test_a_finished_screen_is_not_scored_again(done, weights, fields, capsys):
    parts = sorted((done / 'scored/cells.parquet').iterdir())
    times = [path.stat().st_mtime_ns for path in parts]
    assert task.run(make_config(weights, fields), done) == 0
    assert [path.stat().st_mtime_ns for path in parts] == times


def test_conditions_must_be_told_apart_before_anything_is_scored(
    weights, fields, tmp_path
):
    with pytest.raises(ValueError, match='before, after: say with which'):
        task.run(make_config(weights, fields, before=None), tmp_path)
    with pytest.raises(ValueError, match="Did you mean 'before'"):
        task.run(make_config(weights, fields, before='befor'), tmp_path)
    assert not (tmp_path / 'scored').exists()


def test_one_condition_ends_with_its_proteins(weights, tmp_path):
    path = spot_fields.write_screen(tmp_path / 'fields', plates=1, wells=2, fields=1)
    config = make_config(weights, path, before=None)
    assert task.run(config, tmp_path / 'screen') == 0
    assert (tmp_path / 'screen/profiles/proteins.html').exists()
    assert not list((tmp_path / 'screen').glob('movers*'))


def test_a_bad_field_is_in_the_exit_status(weights, tmp_path):
    path = spot_fields.write_screen(tmp_path / 'fields', plates=1, wells=2, fields=2)
    (tmp_path / 'fields/images/P1_A01_1.ome.tif').write_bytes(b'II*')
    config = make_config(weights, path, before=None)
    assert task.run(config, tmp_path / 'screen') == 3
    assert (tmp_path / 'screen/profiles/proteins.html').exists()


def test_a_dry_run_leaves_nothing(weights, fields, tmp_path, capsys):
    assert task.run(make_config(weights, fields, dry_run=True), tmp_path) == 0
    assert '64 wells' in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('conditions', 'folders'),
    [
        (['heat'], ['movers']),
        (['heat', 'alpha factor/2 h'], ['movers-heat', 'movers-alpha_factor_2_h']),
        (['a b', 'a/b'], ['movers-a_b-1', 'movers-a_b-2']),
    ],
)
def test_every_comparison_has_its_folder(conditions, folders):
    assert [folder_of(name, conditions) for name in conditions] == folders


def test_the_simulated_screen_is_a_variant_and_no_other():
    assert screen_config.get_config('sim').plates.task == 'simulate'
    with pytest.raises(ValueError, match='no variant'):
        screen_config.get_config('smi')
