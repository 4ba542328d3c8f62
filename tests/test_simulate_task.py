"""Task `simulate`: whole plates on disk."""

import csv
import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest
import tifffile

from configs import simulate as simulate_config
from deeploc_jax import simulate
from deeploc_jax.screens import simulated_plates as plates_task
from deeploc_jax.tables.simulated import LENGTH
from deeploc_jax.tasks import simulate as task

SMOKE = next(screen for screen in simulate.SCREENS if screen.name == 'smoke')


@pytest.fixture(scope='module')
def config():
    config = simulate_config.get_config('smoke')
    config.wells = 2
    return config


@pytest.fixture(scope='module')
def plates(config, tmp_path_factory):
    workdir = tmp_path_factory.mktemp('plates')
    task.run(config, workdir)
    return workdir


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_tables_give_lengths_in_the_unit_of_the_simulation():
    assert LENGTH == f'{simulate.UNIT} micrometre'


def test_images_and_masks_are_the_simulated_fields(plates):
    specs = task.first_wells(simulate.screen_layout(SMOKE), 2)
    images = rows(plates / 'images.csv')
    assert len(images) == len(specs)
    for row, spec in zip(images[:4], specs, strict=False):
        field = simulate.simulate_field(spec)
        with tifffile.TiffFile(plates / row['image']) as tiff:
            assert tiff.is_ome
            assert 'PhysicalSizeX="0.12"' in tiff.ome_metadata
            assert 'Name="GFP"' in tiff.ome_metadata
            np.testing.assert_array_equal(
                tiff.asarray(), np.moveaxis(field.image, 2, 0)
            )
        mask = tifffile.imread(plates / row['mask'])
        np.testing.assert_array_equal(mask, field.mask)


def test_tables_hold_the_truth_of_the_simulation(plates):
    wells = rows(plates / 'wells.csv')
    assert len(wells) == len({(w['plate'], w['well']) for w in wells}) == 10
    table = pq.read_table(plates / 'cells.parquet')
    known = simulate.simulate_field(simulate.screen_layout(SMOKE)[0]).cells[0]
    assert known.keys() <= set(table.column_names)  # nothing of it is lost
    assert all(column.null_count == 0 for column in table.columns)
    cells = table.to_pylist()
    by_well = {(w['plate'], w['well']): w for w in wells}
    images = rows(plates / 'images.csv')
    for row in (*wells, *images, *cells):
        assert row['screen'] == 'smoke'
        assert row['condition'] == row['replicate'] == ''
    wells_of = [(cell, by_well[cell['plate'], cell['well']]) for cell in cells]
    tagged = [(c, w) for c, w in wells_of if c['protein'] == w['protein']]
    living = [(c, w) for c, w in tagged if c['state'] == 'live']
    assert len(living) > len(cells) / 2
    assert all(cell['label'] == well['label'] for cell, well in living)
    assert {cell['label'] for cell in cells} <= {*simulate.CLASS_NAMES, ''}
    fields = {(c['plate'], c['well'], c['field']) for c in cells}
    assert len(fields) == len(images)


def test_it_goes_on_where_it_was_stopped(plates, config, capsys):
    first = rows(plates / 'images.csv')[0]
    before = (plates / 'cells.parquet').read_bytes()
    kept = plates / rows(plates / 'images.csv')[1]['image']
    time = kept.stat().st_mtime_ns
    pixels = tifffile.imread(plates / first['image'])
    (plates / first['image']).unlink()
    spec = simulate.screen_layout(SMOKE)[0]
    plates_task.cells_path(plates, spec).unlink()
    task.run(config, plates)
    np.testing.assert_array_equal(tifffile.imread(plates / first['image']), pixels)
    assert (plates / 'cells.parquet').read_bytes() == before
    assert kept.stat().st_mtime_ns == time
    assert 'Simulated smoke: 5 plates' in capsys.readouterr().out


def test_wells_and_cells_have_origin_and_destination_of_their_protein(tmp_path):
    screen = next(s for s in simulate.SCREENS if s.name == 'alpha_factor')
    chip = SMOKE.instrument
    screen = dataclasses.replace(screen, num_cells=60, instrument=chip)
    specs = simulate.screen_layout(screen)
    name = next(s.protein.name for s in specs if s.protein.effect == 'moves')
    specs = [s for s in specs if s.protein.name == name]
    plates_task.write_tables(tmp_path, specs, screen)
    wells = rows(tmp_path / 'wells.csv')
    for time, share in (('untreated', 1), ('alpha_60', 0.55), ('alpha_120', 0.15)):
        spec = next(s for s in specs if s.condition == time)
        well = next(w for w in wells if w['condition'] == time)
        plates_task.write_field(tmp_path, screen, spec)
        path = plates_task.cells_path(tmp_path, spec)
        cells = pq.read_table(path).to_pylist()
        for row in (well, *(c for c in cells if c['protein'] == name)):
            assert (row['condition'], row['replicate']) == (time, '')
            assert row['effect'] == 'moves'
            assert row['origin'] == row['origin_label'] == row['localization']
            assert row['destination'] == row['destination_label'] == row['second']
            assert row['origin'] != row['destination']
            assert (float(row['share']), float(row['fold_change'])) == (share, 1)
            if row.get('state', 'live') == 'live':
                here = 'destination_label' if share < 0.5 else 'origin_label'
                assert row['label'] == row[here]
        living = [cell for cell in cells if cell['state'] == 'live']
        assert living
        for cell in living:
            expected = cell['abundance'] * cell['brightness_factors'][0]
            assert cell['brightness'] == pytest.approx(expected)


def test_plates_have_the_number_of_their_replicate(tmp_path):
    screen = next(s for s in simulate.SCREENS if s.name == 'replicate_3')
    small = dataclasses.replace(screen, num_cells=57, instrument=SMOKE.instrument)
    spec, *_ = simulate.screen_layout(small)
    plates_task.write_tables(tmp_path, [spec], small)
    plates_task.write_field(tmp_path, small, spec)
    cells = pq.read_table(plates_task.cells_path(tmp_path, spec)).to_pylist()
    for row in (*rows(tmp_path / 'wells.csv'), *rows(tmp_path / 'images.csv'), *cells):
        assert (row['screen'], row['condition']) == ('replicate_3', '')
        assert row['replicate'] == '3'


def test_plates_of_another_version_are_not_gone_on_with(plates, config, monkeypatch):
    assert f'simulation {simulate.VERSION}' in (plates / 'README.txt').read_text()
    monkeypatch.setattr(simulate, 'VERSION', '99.0.0')
    with pytest.raises(ValueError, match=r"simulation: '.*' there, '99.0.0' asked"):
        task.run(config, plates)


@pytest.mark.parametrize(('screen', 'wells'), [('no_screen', None), ('smoke', 0)])
def test_unknown_screens_and_no_wells_are_errors_before_anything_is_made(
    screen, wells, tmp_path
):
    config = simulate_config.get_config(screen)
    config.wells = wells
    with pytest.raises(ValueError, match='no_screen|wells'):
        task.run(config, tmp_path / 'plates')
    assert not (tmp_path / 'plates').exists()
