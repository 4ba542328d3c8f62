"""Quality: what is measured of fields, and which fields and cells are flagged."""

import dataclasses
import functools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import ndimage

from deeploc_jax import simulate
from deeploc_jax.screens.fields.field import FieldImage
from deeploc_jax.screens.quality import (
    FieldLimits,
    field_quality,
    fit_forest,
    flag_by_forest,
    flag_cells,
    flag_fields,
    forest_features,
    read_cell_labels,
    unflag_by_forest,
)
from deeploc_jax.screens.quality.field_flags import robust_z
from deeploc_jax.screens.quality.focus import sharpness
from deeploc_jax.tables.scored_cells import CELL_FLAGS, FIELD_FLAGS
from deeploc_jax.tables.scored_parts import read_scored_cells
from tests.helpers.scored_plates import write_scored_plates

(SMALL,) = (screen for screen in simulate.SCREENS if screen.name == 'small')


@functools.cache
def layout():
    return simulate.screen_layout(dataclasses.replace(SMALL, seed=7))


@functools.cache
def simulated(focus, number):
    """A field of a simulated plate, at a distance from focus in units."""
    spec = dataclasses.replace(layout()[number], focus=focus)
    made = simulate.simulate_field(spec)
    return made.image, made.mask


def texture(sigma, brightness=1000.0, noise=20.0, seed=0):
    """Cells of random texture on a dark field behind a lens of a given blur."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:256, :256]
    inside = np.hypot(rows % 64 - 32, columns % 64 - 32) < 22
    fine = ndimage.gaussian_filter(rng.standard_normal((256, 256)), 1.5)
    light = brightness * inside * (1 + 2 * fine)
    seen = 100 + ndimage.gaussian_filter(light, sigma)
    return seen + noise * rng.standard_normal(seen.shape), inside


@pytest.mark.parametrize('channel', [0, 1])
def test_defocused_fields_rank_behind_the_same_field_in_focus(channel):
    for number in (0, 5):
        images = [simulated(focus, number) for focus in (0.0, 5.0, 12.0)]
        values = [sharpness(i[..., channel], mask > 0) for i, mask in images]
        assert values[0] > values[1] > values[2]


def test_sharpness_has_no_scale():
    sharp, inside = texture(1.5)
    value = sharpness(sharp, inside)
    assert sharpness(7 * sharp + 300, inside) == pytest.approx(value, abs=1e-3)
    # Noise, which has most of its power at high frequencies, is no sharpness.
    noisy, _ = texture(1.5, noise=60.0)
    dim, _ = texture(1.5, brightness=300.0)
    blurred, _ = texture(3.0)
    fall = value - sharpness(blurred, inside)
    assert fall > 0.5
    for other in (noisy, dim):
        assert abs(sharpness(other, inside) - value) < 0.3 * fall


def test_sharpness_needs_cells():
    noise = np.random.default_rng(0).normal(100, 5, (128, 128))
    assert sharpness(noise, np.zeros((128, 128), bool)) is None
    assert sharpness(noise[:20], np.ones((20, 128), bool)) is None
    flat = np.full((128, 128), 7, np.uint16)
    assert sharpness(flat, np.ones((128, 128), bool)) is None


def test_brightness_and_saturation_of_a_field():
    pixels = np.full((64, 64, 2), 100, np.uint16)
    labels = np.zeros((64, 64), np.int32)
    labels[10:20, 10:20] = 1
    pixels[labels > 0] = (400, 4095)
    found = field_quality(FieldImage(pixels, ('GFP', 'RFP')), labels)
    assert found['brightness_GFP'] == 300 and found['brightness_RFP'] == 3995
    # The largest value of GFP, 400, is not the white of any camera.
    assert found['saturated_GFP'] == 0
    assert found['saturated_RFP'] == pytest.approx(100 / 64**2)
    limited = field_quality(FieldImage(pixels, ('GFP', 'RFP')), labels, 400)
    assert limited['saturated_GFP'] == pytest.approx(100 / 64**2)
    empty = field_quality(FieldImage(pixels, ('GFP', 'RFP')), 0 * labels)
    assert empty['brightness_GFP'] is None and empty['focus_GFP'] is None


def rows(number=20, **columns):
    """Rows of fields.parquet of one plate, a well each, alike but for small noise."""
    rng = np.random.default_rng(1)
    place = dict(screen='s', condition='', replicate='1', plate='P1')
    values = dict(n_cells=100, focus_GFP=-1.0, focus_RFP=-1.0, brightness_RFP=500.0)
    return [
        dict(place, well=f'A{i:02d}', field='1', saturated_GFP=0.0, saturated_RFP=0.0)
        | {n: v * (1 + rng.uniform(-0.02, 0.02)) for n, v in (values | columns).items()}
        | dict(n_cells=100 + i % 3)
        for i in range(number)
    ]


def words(flags):
    return [[word for word, _ in field] for field in flags]


CHANNELS = ('GFP', 'RFP')


def test_a_field_that_is_like_its_plate_is_not_flagged():
    assert flag_fields(rows(), CHANNELS) == [[]] * 20


@pytest.mark.parametrize(
    ('column', 'value', 'flag'),
    [
        ('focus_RFP', -2.0, 'out_of_focus'),
        ('brightness_RFP', 100.0, 'dark'),
        ('brightness_RFP', 2000.0, 'bright'),
        ('n_cells', 7, 'few_cells'),
        ('n_cells', 400, 'many_cells'),
        ('saturated_RFP', 0.02, 'saturated'),
    ],
)
def test_a_field_that_stands_out_is_flagged_with_its_numbers(column, value, flag):
    fields = rows()
    fields[3][column] = value
    flags = flag_fields(fields, CHANNELS)
    assert words(flags) == [[]] * 3 + [[flag]] + [[]] * 16
    ((_, reason),) = flags[3]
    assert column.split('_')[-1] in reason
    assert (f'{value:.3g}' if value > 1 or value < 0 else '2.0%') in reason
    assert flag in FIELD_FLAGS


def test_a_very_sharp_field_is_no_fault():
    fields = rows()
    fields[3]['focus_RFP'] = 0.0
    assert not any(flag_fields(fields, CHANNELS))


def test_the_protein_is_not_compared_as_it_differs_from_well_to_well():
    fields = rows()
    fields[3] |= dict(focus_GFP=-2.5, brightness_GFP=9e3)
    assert not any(flag_fields(fields, CHANNELS))
    assert words(flag_fields(fields, ('GFP',)))[3] == ['out_of_focus']


def test_plates_are_compared_with_themselves_and_small_ones_not_at_all():
    dim = [dict(row, plate='P2', brightness_RFP=50.0) for row in rows()]
    small = [dict(row, plate='P3') for row in rows(5)]
    small[0]['focus_RFP'] = -9.0
    assert not any(flag_fields(rows() + dim + small, CHANNELS))


def test_wells_with_too_few_cells_are_flagged_over_all_their_fields():
    fields = rows(7)
    fields[0]['n_cells'] = 2
    fields[1] |= dict(well='A00', field='2', n_cells=3)  # 5 in all
    fields[2]['n_cells'] = 4
    fields[3]['n_cells'] = None  # set aside
    good = [[]] * 4
    assert words(flag_fields(fields, CHANNELS)) == [[], [], ['few_in_well'], *good]
    limits = FieldLimits(fewest_in_well=6)
    flags = flag_fields(fields, CHANNELS, limits)
    assert words(flags) == [['few_in_well']] * 3 + good
    assert flags[0][0][1].startswith('5 cells in the well, the median of the plate 1')
    # Where all fields are small, few cells are what a well has.
    assert not any(flag_fields([dict(r, n_cells=3) for r in rows(7)], CHANNELS))


def test_robust_z_is_not_moved_by_outliers():
    values = np.random.default_rng(0).normal(10, 2, 400)
    values[:40] = 1e6
    values[40] = np.nan
    scores = robust_z(values)
    assert np.isnan(scores[40]) and np.nanstd(scores[41:]) == pytest.approx(1, abs=0.15)
    assert (robust_z(np.full(5, 3.0)) == 0).all()
    assert np.isnan(robust_z(np.full(3, np.nan))).all()


def test_cells_are_flagged_by_their_class():
    names = ('ER', 'Dead', 'GHOST')
    scored = np.array([True, False, True, True])
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])
    assert flag_cells(scored, p, names) == [[], ['border'], ['dead'], ['ghost']]
    own = flag_cells(scored, p, names, ('er', 'Absent'))
    assert own == [['not_a_cell'], ['border'], [], []]
    assert flag_cells(np.zeros(2, bool), np.zeros((0, 3)), names) == [['border']] * 2
    assert {'dead', 'ghost', 'border', 'not_a_cell'} <= set(CELL_FLAGS)


def measured(number, seed):
    """Cells and small, dark debris on two plates of very different lamps."""
    rng = np.random.default_rng(seed)
    is_cell = rng.random(number) < 0.8
    plates = np.where(rng.random(number) < 0.5, 'P1', 'P2')
    light = np.where(is_cell, 1.0, 0.3) * np.where(plates == 'P1', 100, 5000)
    columns = dict(
        area=rng.normal(np.where(is_cell, 900, 500), 200),
        major_axis=rng.normal(40, 4, number),
        minor_axis=rng.normal(30, 4, number),
    )
    for name in ('mean_RFP', 'integrated_RFP', 'corrected_RFP'):
        columns[name] = light * np.exp(0.3 * rng.normal(size=number))
    columns['corrected_RFP'][::50] = np.nan
    return forest_features(columns, ('RFP',), plates), is_cell


def test_a_forest_from_a_few_labelled_cells_finds_the_others():
    features, is_cell = measured(800, 0)
    forest = fit_forest(features[:60], is_cell[:60])
    assert np.mean(forest.predict(features[60:]) == is_cell[60:]) > 0.93
    assert forest.oob_score_ > 0.85 and len(forest.estimators_) == 100
    again = fit_forest(features[:60], is_cell[:60])
    np.testing.assert_array_equal(
        forest.predict_proba(features), again.predict_proba(features)
    )


def test_a_forest_needs_cells_of_both_kinds():
    features, _ = measured(20, 0)
    with pytest.raises(ValueError, match='17 labelled cells and 3 things'):
        fit_forest(features, np.arange(20) >= 3)


def test_labels_of_cells_are_read_from_a_table(tmp_path):
    path = tmp_path / 'labels.csv'
    path.write_text('\ufeffcell_id,is_cell,note\na,1,\nb,No,dirt\na,true,again\n')
    assert read_cell_labels(path) == {'a': True, 'b': False}
    path.write_text('cell_id,is_cell\na,1\na,0\n')
    with pytest.raises(ValueError, match='row 3: a is said'):
        read_cell_labels(path)
    path.write_text('cell_id,is_cell\na,perhaps\n')
    with pytest.raises(ValueError, match="row 2: is_cell .'perhaps'"):
        read_cell_labels(path)
    path.write_text('cell_id\na\n')
    with pytest.raises(ValueError, match='lacks the columns is_cell'):
        read_cell_labels(path)


def test_a_forest_flags_the_scored_cells(tmp_path):
    plates = {'P1': [f'A{i:02d}' for i in range(1, 9)], 'P2': ['B01', 'B02', 'B03']}
    write_scored_plates(tmp_path, plates)
    folder = tmp_path / 'cells.parquet'
    small = {}
    for file in folder.iterdir():
        table = pq.read_table(file)
        rng = np.random.default_rng(0)
        is_cell = rng.random(len(table)) < 0.8
        small |= dict(zip(table['cell_id'].to_pylist(), is_cell.tolist(), strict=True))
        area = pa.array(np.where(is_cell, 900, 200).astype(np.float32))
        number = table.column_names.index('area')
        table = table.set_column(number, table.schema.field('area'), area)
        pq.write_table(table, file)
    before = read_scored_cells(folder)
    labels = {name: small[name] for name in list(small)[::5]}
    refined = flag_by_forest(folder, labels)
    assert refined.accuracy > 0.95 and refined.labelled == len(labels)
    after = read_scored_cells(folder)
    assert after.drop_columns('flags').equals(before.drop_columns('flags'))
    assert after.schema.equals(before.schema, check_metadata=True)
    flags = after['flags'].to_pylist()
    found = ['not_a_cell' in f for f in flags]
    assert found == [not small[name] for name in after['cell_id'].to_pylist()]
    # Other flags stay, and a second forest replaces what the first one said.
    assert [[n for n in f if n != 'not_a_cell'] for f in flags] == [
        [n for n in f if n != 'not_a_cell'] for f in before['flags'].to_pylist()
    ]
    flag_by_forest(folder, {name: not is_cell for name, is_cell in labels.items()})
    again = ['not_a_cell' in f for f in read_scored_cells(folder)['flags'].to_pylist()]
    assert again == [not one for one in found]
    with pytest.raises(ValueError, match='0 labelled cells'):
        flag_by_forest(folder, {'unknown': True})


def test_what_is_no_cell_by_its_class_stays_so_whatever_a_forest_says(tmp_path):
    write_scored_plates(tmp_path, {'P1': [f'A{i:02d}' for i in range(1, 9)]})
    folder = tmp_path / 'cells.parquet'
    (file,) = folder.iterdir()
    table = pq.read_table(file)
    names = table['predicted_name'].to_pylist()
    number = table.column_names.index('flags')
    flags = [['not_a_cell'] if name == 'ACTIN' else [] for name in names]
    column = pa.array(flags, table.schema.field('flags').type)
    table = table.set_column(number, table.schema.field('flags'), column)
    pq.write_table(table, file)
    labels = {name: i % 3 > 0 for i, name in enumerate(table['cell_id'].to_pylist())}
    flag_by_forest(folder, labels, ('actin',))
    after = pq.read_table(file)['flags'].to_pylist()
    said = [i % 3 == 0 or name == 'ACTIN' for i, name in enumerate(names)]
    assert after == [['not_a_cell'] if one else [] for one in said]
    assert 'ACTIN' in names
    unflag_by_forest(folder, ('actin',))
    assert pq.read_table(file)['flags'].to_pylist() == flags
