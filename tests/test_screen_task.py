"""Task `screen`: all stages one after the other, each as if it were run alone."""

import csv
import shutil

import pyarrow.parquet as pq
import pytest

from configs import compare as compare_config
from configs import profile as profile_config
from configs import score as score_config
from configs import screen as screen_config
from deeploc_jax import tables
from deeploc_jax.tasks import compare, profile, score
from deeploc_jax.tasks import screen as task
from deeploc_jax.tasks.screen import folder_of
from tests.helpers import chromium, spot_fields

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
    assert 'SIMULATED DATA' not in page


def test_the_page_says_what_was_found(done):
    page = (done / 'report.html').read_text()
    cells = tables.read_scored_cells(done / 'scored')
    assert f'2 plates, 64 wells, 64 fields, {len(cells):,} cells' in page
    movers = pq.read_table(done / 'movers/movers.parquet').to_pylist()
    called = [row['protein'] for row in movers if row['moved']]
    compared = sum(row['p'] is not None for row in movers)
    assert f'{len(called)} of {compared} proteins moved' in page
    for name in called[:12]:
        assert f'movers/movers.html#open={name}' in page
    assert 'No field was set aside' in page and 'Nothing was repeated' in page
    assert f'Only {compared} proteins could be compared' in page
    assert f'--config.cells={done}/scored --config.before=before' in page


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    started = chromium.start(tmp_path_factory.mktemp('chromium'))
    yield started
    started.quit()


@pytest.mark.parametrize('width', [1280, 800, 400])
def test_the_pages_fit_into_a_window(done, browser, width):
    """A wide table scrolls by itself, and nothing is asked of a network."""
    size = dict(width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    names = ('report', 'scored/plates', 'profiles/proteins', 'profiles/report')
    for name in (*names, 'movers/movers'):
        chromium.visit(browser, (done / f'{name}.html').as_uri(), 'h1')
        assert browser.execute_script('return innerWidth') == width
        over = browser.execute_script(
            'const root = document.documentElement;'
            'return root.scrollWidth - root.clientWidth'
        )
        assert over <= 0, name
        assert not chromium.complaints(browser)


def test_a_finished_screen_is_not_scored_again(done, weights, fields, capsys):
    parts = sorted((done / 'scored/cells.parquet').iterdir())
    times = [path.stat().st_mtime_ns for path in parts]
    assert task.run(make_config(weights, fields), done) == 0
    assert [path.stat().st_mtime_ns for path in parts] == times


def test_a_screen_may_be_moved(done, weights, fields, tmp_path):
    """With its plates inside, as `sim` has them; nothing is scored again."""
    old, new = tmp_path / 'old', tmp_path / 'there/new'
    shutil.copytree(fields.parent, old / 'plates')
    config = make_config(weights, old / 'plates/fields.csv')
    assert task.run(config, old) == 0
    new.parent.mkdir()
    old.rename(new)
    files = [*(new / 'plates').rglob('*.tif'), *(new / 'scored').rglob('*.parquet')]
    parts = [path for path in files if path.name != 'fields.parquet']
    times = [path.stat().st_mtime_ns for path in parts]
    assert len(parts) > 64
    config = make_config(weights, new / 'plates/fields.csv')
    assert task.run(config, new) == 0
    assert [path.stat().st_mtime_ns for path in parts] == times
    page = (new / 'profiles/proteins.html').read_text()
    assert (
        'There are no pictures' not in page
        and 'There are no pictures' not in (new / 'movers/movers.html').read_text()
    )


def test_conditions_must_be_told_apart_before_anything_is_scored(
    weights, fields, tmp_path
):
    with pytest.raises(ValueError, match='before, after: say with which'):
        task.run(make_config(weights, fields, before=None), tmp_path)
    with pytest.raises(ValueError, match="Did you mean 'before'"):
        task.run(make_config(weights, fields, before='befor'), tmp_path)
    assert not (tmp_path / 'scored').exists()


def test_one_condition_ends_with_its_proteins(weights, tmp_path, capsys):
    path = spot_fields.write_screen(tmp_path / 'fields', plates=1, wells=2, fields=1)
    config = make_config(weights, path, before=None)
    assert task.run(config, tmp_path / 'screen') == 0
    assert (tmp_path / 'screen/profiles/proteins.html').exists()
    assert not list((tmp_path / 'screen').glob('movers*'))
    assert "One condition, '': nothing is compared" in capsys.readouterr().out


def test_a_comparison_that_cannot_be_made_loses_nothing_else(
    weights, fields, tmp_path, capsys
):
    """A third condition has a single well; the other two are compared."""
    with fields.open() as table:
        rows = list(csv.DictReader(table))
    rows.append(rows[0] | dict(plate='P3', condition='heat'))
    own = fields.with_name('third.csv')
    with own.open('w', newline='') as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    config = make_config(weights, own)
    config.profile.pictures = config.compare.pictures = 0
    (tmp_path / 'movers').mkdir()
    (tmp_path / 'movers/movers.html').touch()  # of a run of two conditions
    assert task.run(config, tmp_path) == task.INCOMPLETE
    out = capsys.readouterr().out
    assert 'NOT COMPARED: before and heat are not compared: 1 proteins can be' in out
    assert 'movers is not of this run' in out and 'movers-heat is not' not in out
    page = (tmp_path / 'report.html').read_text()
    assert 'before and heat are not compared: 1 proteins' in page
    assert 'movers-after/movers.html' in page and 'movers-heat/' not in page


def test_a_bad_field_is_in_the_exit_status(weights, tmp_path):
    path = spot_fields.write_screen(tmp_path / 'fields', plates=1, wells=2, fields=2)
    (tmp_path / 'fields/images/P1_A01_1.ome.tif').write_bytes(b'II*')
    config = make_config(weights, path, before=None)
    assert task.run(config, tmp_path / 'screen') == 3
    assert (tmp_path / 'screen/profiles/proteins.html').exists()
    page = (tmp_path / 'screen/report.html').read_text()
    assert '1 of 4 fields could not be used' in page and 'P1 A01 1</th>' in page


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
        (['heat', 'Heat'], ['movers-heat-1', 'movers-Heat-2']),
    ],
)
def test_every_comparison_has_its_folder(conditions, folders):
    assert [folder_of(name, conditions) for name in conditions] == folders


def test_the_simulated_screen_is_a_variant_and_no_other():
    assert screen_config.get_config('sim').plates.task == 'simulate'
    with pytest.raises(ValueError, match='no variant'):
        screen_config.get_config('smi')
