import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import mutual_info_score

from deeploc_jax.explain.gabor import gabor_answers
from deeploc_jax.explain.information import mutual_information, strongest_correlation
from deeploc_jax.explain.layers import default_layers, layer_names, outputs
from deeploc_jax.explain.parts.units import read_units
from deeploc_jax.explain.receptive import receptive_fields
from deeploc_jax.explain.sample import Measured, Sample
from deeploc_jax.explain.unit_rows import look_at_units
from deeploc_jax.explain.units import peaks
from deeploc_jax.models import get_model
from deeploc_jax.report import section
from deeploc_jax.report.units import units_section
from deeploc_jax.tasks import explain as task
from deeploc_jax.weights.folder import TrainedNetwork
from tests.helpers.explained import config as config
from tests.helpers.small import Small, make_card, random_cells, random_variables

RNG = np.random.default_rng(0)


def network_of(model, crop):
    return TrainedNetwork(make_card(crop=crop), model, random_variables(model, crop))


def make_seen_by_gradients(network, layer):
    """Function of a place to rows and columns of all pixels it depends on."""
    crop = network.card.crop
    images = jnp.asarray(RNG.random((24, crop, crop, 2), np.float32))

    def output(images, place):
        found = outputs(network, network.variables, images)[layer]
        return found.reshape(len(found), -1, found.shape[-1])[:, place].sum()

    slope = jax.jit(jax.grad(output))

    def seen(place):
        slopes = np.abs(slope(images, place)).sum((0, 3))
        lit = slopes > 1e-5 * slopes.max()  # the rest is rounding of Winograd's tiles
        rows, columns = np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    return seen


MODELS = [('lean', {}), ('deeploc', {}), ('deepyeast', dict(depth=5))]


@pytest.mark.parametrize(('name', 'options'), MODELS)
def test_receptive_fields_are_those_of_the_gradients(
    name, options, native_convolutions
):
    network = network_of(get_model(name, num_classes=3, **options), 36)
    fields = receptive_fields(network)
    assert list(fields) == layer_names(network)
    maps = [layer for layer in fields if len(fields[layer].rows) > 1]
    for layer in maps[:4]:
        field = fields[layer]
        h, w = len(field.rows), len(field.columns)
        seen = make_seen_by_gradients(network, layer)
        for row, column in ((0, w - 1), (h // 2, w // 3)):
            place = row * w + column
            assert seen(place) == field.at(place), (layer, row, column)


def test_receptive_fields_grow_as_kernels_and_pools_say(native_convolutions):
    network = network_of(get_model('deeploc', num_classes=3), 60)
    sizes, size, step = [], 1, 1
    for convolutions in (2, 2, 4):
        for _ in range(convolutions):
            size += 2 * step
            sizes.append((size, size))
        size, step = size + step, 2 * step
    fields = receptive_fields(network)
    assert [fields[f'conv_{i}'].size for i in range(1, 9)] == sizes
    assert sizes[-1] == (48, 48) and fields['fc_1'].size == (60, 60)


def test_the_layers_of_the_paper_are_shown():
    eleven = [f'layer_{i}' for i in range(1, 12)]
    shown = [f'layer_{i}' for i in (1, 2, 4, 8, 11)]
    assert default_layers(eleven) == shown
    assert default_layers(eleven[:4]) == eleven[:4]


@pytest.fixture
def small():
    return network_of(Small(), 16)


def sample_of(network, n):
    return Sample(network, random_cells(n, size=20), 4)


def test_patches_hold_all_that_a_unit_answers_to(small):
    """The rest of the crop may be anything."""
    sample = sample_of(small, 9)
    seen = look_at_units(sample, None, ['conv'], asked={}, units=2, patches=3)
    assert len(seen.patches) == 6 and seen.sizes == dict(conv=3)
    assert sum(row['shown'] for row in seen.rows) == 2 and len(seen.rows) == 4
    found = peaks(small, sample.images, ['conv'], 4)['conv'].values
    for patch in seen.patches:
        ranks = np.argsort(-found[:, patch['unit']])
        cell = ranks[patch['rank'] - 1]
        assert patch['cell_id'] == f'cell{cell}' and patch['cell'] == cell
        stored = np.s_[patch['top'] : patch['bottom'], patch['left'] : patch['right']]
        pixels = sample.cells.images[cell][stored]
        np.testing.assert_array_equal(pixels, sample.images[cell][patch['part']])
        alone = RNG.random((1, 16, 16, 2), np.float32)
        alone[0][patch['part']] = pixels
        found_alone = outputs(small, small.variables, jnp.asarray(alone))
        maps = found_alone['conv'][0, ..., patch['unit']]
        assert np.isclose(maps, patch['output'], rtol=1e-5).any()


def test_information_is_that_of_the_parts():
    classes = np.repeat([0, 1, 2], 200)
    values = np.stack([classes, RNG.random(600), 0 * classes], 1).astype(np.float32)
    values[:, 0] *= -1
    known, nothing, constant = mutual_information(values, classes)
    assert np.isclose(known, np.log2(3), atol=0.01)
    assert abs(nothing) < 0.02 and abs(constant) < 1e-9
    mixed = (classes + (RNG.random(600) < 0.3)).astype(np.float32)[:, None]
    plain = mutual_info_score(classes, mixed[:, 0]) / np.log(2)
    assert np.isclose(mutual_information(mixed, classes)[0], plain, atol=0.01)


def test_the_strongest_correlation_is_found():
    others = RNG.normal(size=(200, 5))
    values = np.stack([-2 * others[:, 3] + 1, others[:, 1] ** 3, np.ones(200)], 1)
    index, correlation = strongest_correlation(values, others)
    assert index[:2].tolist() == [3, 1]
    expected = np.corrcoef(values[:, 1], others[:, 1])[0, 1]
    np.testing.assert_allclose(correlation, [-1, expected, 0], atol=1e-9)


def test_the_gabor_filter_of_the_stripes_answers_most():
    down = np.cos(2 * np.pi * 0.2 * np.arange(32))[:, None] * np.ones((32, 32))
    images = np.stack([down.T, down], -1)[None].astype(np.float32)
    names, answers = gabor_answers(images, ['GFP', 'RFP'])
    half = len(names) // 2  # the filters of a channel
    best = {
        channel: names[start + answers[0, start : start + half].argmax()]
        for channel, start in (('GFP', 0), ('RFP', half))
    }
    assert best['GFP'] == 'GFP, 0.20 cycles per pixel, 0°'
    assert best['RFP'] == 'RFP, 0.20 cycles per pixel, 90°'
    flat = gabor_answers(0 * images + 0.5, ['GFP', 'RFP'])[1]
    assert flat.max() < 1e-4


@pytest.mark.parametrize('text', ['conv', 'conv:', ':x', 'conv:1:'])
def test_units_that_cannot_be_read(text):
    with pytest.raises(ValueError, match=r'must be like conv_4:17,conv_8:3'):
        read_units(text)


def test_the_task_writes_units_and_keeps_what_is_finished(
    config, tmp_path, capsys, no_pictures
):
    config.parts, config.sampled, config.measurements = 'units', 7, False
    config.units.units = 'conv:3'
    task.run(config, tmp_path / 'out')
    rows = pq.read_table(tmp_path / 'out/units.parquet').to_pylist()
    assert [r['layer'] for r in rows] == ['conv'] * 4 + ['dense'] * 3
    assert [r['unit'] for r in rows if r['shown']] == [3]
    assert {r['cells'] for r in rows} == {7} and {r['measurement'] for r in rows} == {
        ''
    }
    patches = pq.read_table(tmp_path / 'out/patches.parquet').to_pylist()
    assert [p['rank'] for p in patches] == [1, 2, 3, 4]
    assert all(2 <= p['top'] < p['bottom'] <= 62 for p in patches)
    page = tmp_path / 'out/explain.html'
    assert 'What units see' in page.read_text()
    before = (tmp_path / 'out/units.parquet').stat().st_mtime_ns
    capsys.readouterr()
    task.run(config, tmp_path / 'out')
    assert 'units: finished already' in capsys.readouterr().out
    assert (tmp_path / 'out/units.parquet').stat().st_mtime_ns == before
    config.units.units = 'dense:0'
    task.run(config, tmp_path / 'out')
    patches = pq.read_table(tmp_path / 'out/patches.parquet').to_pylist()
    assert {p['layer'] for p in patches} == {'dense'}
    config.units.units = 'dense:3'
    with pytest.raises(ValueError, match='dense has units 0 to 2, not 3'):
        task.run(config, tmp_path / 'out')


def test_measurements_stand_beside_the_units(small, no_pictures):
    sample = sample_of(small, 40)
    bright = sample.images[..., 0].max((1, 2))
    values = np.stack([bright, RNG.random(40)], 1).astype(np.float32)
    measured = Measured(['brightest', 'noise'], values)
    layers = ['conv', 'dense']
    seen = look_at_units(sample, measured, layers, asked={}, units=1, patches=2)
    names = [row.get('name', '') for row in seen.rows]
    assert names[-2:] == ['brightest', 'noise'] and set(names[:-2]) == {''}
    assert {row.get('measurement') for row in seen.rows[:-2]} <= {'brightest', 'noise'}
    drawn = units_section(seen.rows, seen.patches, seen.sizes, sample.images, 1)
    assert [line[0] for line in drawn.rows] == ['conv', 'dense', 'measurements']
    assert drawn.rows[-1][5] == ''


def test_a_section_is_made_anew_when_asked_otherwise_or_without_its_figures(tmp_path):
    drawn = section.Section(
        'T',
        'l',
        {'f': section.html.Picture(b'png', 9, 'alt')},
        ['h'],
        [['r']],
        {'n': 'x'},
    )
    section.write_section(tmp_path, 'part', drawn, dict(cells=3, layers=None))
    assert section.read_section(tmp_path, 'part', dict(cells=4, layers=None)) is None
    back = section.read_section(tmp_path, 'part', dict(cells=3, layers=None))
    assert dataclasses.asdict(back) == dataclasses.asdict(drawn)
    (tmp_path / 'figures/f.png').unlink()
    assert section.read_section(tmp_path, 'part') is None
