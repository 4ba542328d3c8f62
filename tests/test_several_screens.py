"""Several screens in one table: fields of one name are told apart everywhere."""

import csv
import os

import pytest

from configs import score as config_of_score
from deeploc_jax import tables
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.field import Field, Plane
from deeploc_jax.screens.fields.inventory import Inventory
from deeploc_jax.screens.fields.plates import group_plates, name_apart
from deeploc_jax.screens.scoring.fingerprints import fingerprint_field
from deeploc_jax.tasks import score as task
from tests.helpers import spot_fields

ROLES = 'protein=GFP,marker=RFP'


def make_field(screen='', condition='', plate='P1', **more):
    place = dict(replicate='', well='A01', field='1', protein='', label='', planes={})
    return Field(screen=screen, condition=condition, plate=plate, **place | more)


@pytest.fixture
def two_screens(tmp_path):
    """The table of two screens whose plates, wells and fields have the same names."""
    rows = []
    for screen in ('one', 'two'):
        path = spot_fields.write_screen(tmp_path / screen, plates=1, wells=2, fields=1)
        with path.open() as table:
            for row in csv.DictReader(table):
                image = f'{screen}/{row["image"]}'
                rows.append(row | dict(screen=screen, image=image))
    table = tmp_path / 'fields.csv'
    with table.open('w', newline='') as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return table


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    with spot_fields.small_weights(tmp_path_factory.mktemp('weights')) as folder:
        yield folder


def score(weights, fields, workdir, **options):
    config = config_of_score.get_config()
    config.update(source=weights, fields=str(fields), channels=ROLES, batch_size=8)
    config.update(workers=1, **options)
    return task.run(config, workdir)


def test_cells_parts_and_outlines_of_both_screens_are_kept(
    two_screens, weights, tmp_path
):
    workdir = tmp_path / 'run'
    assert score(weights, two_screens, workdir, outlines=True) == 0
    cells = tables.read_scored_cells(workdir)
    names = cells['cell_id'].to_pylist()
    assert len(set(names)) == len(names) > 10
    assert {name.split('-')[0] for name in names} == {'one', 'two'}
    assert len(list((workdir / 'cells.parquet').iterdir())) == 2
    outlines = {path.stem for path in (workdir / 'outlines').iterdir()}
    wells = [f'{screen}-P1-A0{n}-1' for screen in ('one', 'two') for n in (1, 2)]
    assert outlines == set(wells)


def test_what_is_set_aside_names_its_screen(two_screens, weights, tmp_path):
    (tmp_path / 'two/images/P1_A02_1.ome.tif').unlink()
    (tmp_path / 'one/images/P1_A01_1.ome.tif').write_bytes(b'II*\0')
    assert score(weights, two_screens, tmp_path / 'run') == task.INCOMPLETE
    with (tmp_path / 'run/set_aside.csv').open() as file:
        rows = [row for row in csv.DictReader(file) if row['stage'] != 'border']
    found = {(row['screen'], row['plate'], row['well']) for row in rows}
    assert found == {('one', 'P1', 'A01'), ('two', 'P1', 'A02')}


def test_what_is_understood_names_the_screens(two_screens):
    text = describe_fields(str(two_screens), channels=ROLES).describe()
    assert 'Screens: one, two' in text and 'Plate one-P1: 2 wells' in text


def test_names_differ_also_where_their_parts_run_together():
    alike = (
        make_field('', 'a-b', 'c'),
        make_field('', 'a', 'b-c'),
        make_field('a', '', 'b-c'),
        make_field('', 'A', 'b-C'),  # one file on some systems
        make_field('', 'a/b', 'c'),
    )
    named = name_apart(alike)
    assert len({field.name.casefold() for field in named}) == len(alike)
    assert named[0].name == 'a-b-c-A01-1'  # the first keeps its name
    plates = group_plates((make_field(plate='P1'), make_field(plate='p1', field='2')))
    assert len({name.casefold() for name in plates}) == 2


def test_one_screen_keeps_the_names_and_digests_of_earlier_versions(tmp_path):
    path = tmp_path / 'a.tif'
    path.write_bytes(b'1234')
    os.utime(path, ns=(10**18, 10**18))
    planes = {'GFP': Plane(path, channel=0)}
    field = make_field(replicate='1', protein='YFG1', planes=planes)
    (named,) = name_apart((field,))
    assert named.name == '1-P1-A01-1'
    assert fingerprint_field(named, 3) == '95e391158db700ac'
    (other, _) = name_apart((field, make_field('two')))
    assert other.name == named.name  # of the screen without a name
    two = name_apart((make_field('one', planes=planes), make_field('two')))[0]
    alone = name_apart((make_field('one', planes=planes),))[0]
    assert fingerprint_field(two) != fingerprint_field(alone)


def test_names_that_differ_in_letter_case_alone_are_told():
    heat = (make_field(condition='Heat'), make_field(condition='heat', field='2'))
    inventory = Inventory('fields.csv', {'protein': 'GFP'}, heat)
    said = 'Conditions that differ in letter case alone, and count as several: Heat, h'
    assert said in inventory.describe()
    alone = Inventory('fields.csv', {'protein': 'GFP'}, heat[:1])
    assert 'letter case' not in alone.describe()
