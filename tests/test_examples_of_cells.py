"""Cells that a page shows are chosen among the scored ones and cut out once more."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from deeploc_jax.files import write_json
from deeploc_jax.images import write_ome_tiff
from deeploc_jax.screens.examples import try_examples, write_examples
from deeploc_jax.screens.simulated_source import is_simulated
from deeploc_jax.tables import EXAMPLES, read_table
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.scored_cells import scored_cells_table

CLASSES, CHANNELS = ('A', 'B'), ('GFP', 'RFP')
CONDITIONS = ('before', 'after')
SIDE = 200
CENTERS = [(x, y) for x in (40, 80, 120, 160) for y in (40, 80, 120, 160)]


@pytest.fixture
def scored(tmp_path):
    """A well a protein and condition, in which cell n is n + 1 pixels wide."""
    parts, rows = [], []
    for protein in ('P0', 'P1', 'P2'):
        for condition in CONDITIONS:
            well = f'A0{protein[1]}'
            file = f'{condition}_{well}.ome.tif'
            pixels = np.full((SIDE, SIDE, 2), 100, np.uint16)
            for number, (x, y) in enumerate(CENTERS):
                pixels[y : y + 1 + number, x : x + 1 + number] = 1000
            write_ome_tiff(tmp_path / file, pixels, CHANNELS, (0.1, 0.1))
            rows.append((condition, 'plate', well, '1', protein, file))
            parts.append(cells_of(protein, condition, well))
    with (tmp_path / 'fields.csv').open('w', newline='') as out:
        names = ('condition', 'plate', 'well', 'field', 'protein', 'image')
        csv.writer(out).writerows([names, *rows])
    workdir = tmp_path / 'scored'
    for number, part in enumerate(parts):
        write_table(part, workdir / 'cells.parquet' / f'{number}.parquet')
    asked = dict(fields=str(tmp_path / 'fields.csv'), channels='protein=GFP,marker=RFP')
    write_json(workdir / 'config.json', asked)
    write_json(workdir / 'run.json', {'fields': 6, 'cells': 96})
    return workdir


def cells_of(protein, condition, well):
    """Scored cells: number n has probability n / 16 of class A; the last is flagged."""
    n = len(CENTERS)
    place = dict(screen='', condition=condition, replicate='', plate='plate')
    place |= dict(well=well, field='1', protein=protein, label_name='')
    columns = {name: [value] * n for name, value in place.items()}
    x, y = np.array(CENTERS, np.float64).T
    columns |= dict(cell_id=[f'{well}{i}' for i in range(n)], label=[-1] * n, x=x, y=y)
    measured = ('area', 'minor_axis', 'orientation')
    kinds = [
        f'{kind}_{c}' for kind in ('mean', 'integrated', 'corrected') for c in CHANNELS
    ]
    columns |= {name: np.ones(n, np.float32) for name in (*measured, *kinds)}
    columns |= dict(major_axis=np.full(n, 20, np.float32), border=[False] * n)
    columns['flags'] = [[]] * (n - 1) + [['dead']]
    share = np.arange(n, dtype=np.float32) / 16  # exact, so that ties are
    p = np.stack([share, 1 - share], axis=1)
    return scored_cells_table(columns, np.ones(n, bool), p, None, CLASSES, CHANNELS)


def shown(path):
    rows = read_table(path, EXAMPLES).to_pylist()
    return {(row['protein'], row['condition']): row for row in rows}


def test_the_middle_cells_are_shown_in_the_order_asked_for(scored, tmp_path):
    path = tmp_path / 'examples.parquet'
    found = shown(write_examples([scored], path, ['P2', 'P0', 'unseen'], count=3))
    assert list(found) == [(p, c) for p in ('P2', 'P0') for c in CONDITIONS]
    for row in found.values():
        # 15 of 16 cells have no flag; their median is number 7.
        assert (row['n_shown'], row['n_cells']) == (3, 15)
        picture = np.asarray(Image.open(io.BytesIO(row['jpeg'])))
        assert picture.shape == (34, 3 * 36 - 2, 3)
        widths = [(picture[18, at : at + 34, 1] > 127).sum() for at in (0, 36, 72)]
        assert widths == [8, 7, 9]


def test_conditions_and_proteins_that_nobody_asked_for_are_left_out(scored, tmp_path):
    path = tmp_path / 'examples.parquet'
    found = shown(write_examples([scored], path, ['P1'], ['after']))
    assert list(found) == [('P1', 'after')]


def test_a_field_that_is_gone_costs_its_own_cells_alone(scored, tmp_path):
    (tmp_path / 'after_A01.ome.tif').write_bytes(b'II*\0 no image')
    found = shown(write_examples([scored], tmp_path / 'x.parquet', ['P0', 'P1']))
    assert set(found) == {('P0', 'before'), ('P0', 'after'), ('P1', 'before')}


def test_a_screen_that_was_moved_is_named(scored, tmp_path):
    (tmp_path / 'fields.csv').unlink()
    with pytest.raises(FileNotFoundError, match='fields.csv'):
        write_examples([scored], tmp_path / 'x.parquet', ['P0'])
    assert not (tmp_path / 'x.parquet').exists()


def test_a_page_does_without_pictures_that_cannot_be_made(scored, tmp_path):
    path = tmp_path / 'x.parquet'
    assert try_examples([scored], path, ['P0']) == [] and path.exists()
    (tmp_path / 'fields.csv').unlink()
    (why,) = try_examples([scored], path, ['P0'])
    assert 'no pictures of cells' in why and 'fields.csv' in why
    assert not path.exists()


@pytest.mark.parametrize('proteins', [[], ['unseen']])
def test_no_protein_has_no_picture_and_is_no_reason_to_warn(scored, tmp_path, proteins):
    path = tmp_path / 'x.parquet'
    assert try_examples([scored], path, proteins) == []
    assert shown(path) == {}


def test_two_screens_make_one_table(scored, tmp_path):
    found = shown(write_examples([scored, scored], tmp_path / 'x.parquet', ['P0']))
    assert {row['n_cells'] for row in found.values()} == {30}


def test_simulated_plates_are_known_by_the_truth_beside_them(scored, tmp_path):
    assert not is_simulated(scored) and not is_simulated(tmp_path / 'nowhere')
    for name in ('images.csv', 'cells.parquet'):
        (tmp_path / name).touch()
    assert is_simulated(scored)


@pytest.mark.parametrize('simulated', [True, False])
def test_an_evaluation_says_whether_its_cells_are_simulated(tmp_path, simulated):
    write_json(tmp_path / 'run.json', {'simulated': simulated})
    assert is_simulated(tmp_path) == simulated
