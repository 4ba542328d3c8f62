"""Simulated screens: layout, fields, crops, and that they are the same every time."""

import dataclasses
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from deeploc_jax.simulate import (
    CLASS_NAMES,
    SCREENS,
    SPLITS,
    Screen,
    class_sizes,
    labels_of,
    screen_layout,
    simulate_crops,
    simulate_field,
    simulate_many,
)
from deeploc_jax.simulate.protein import draw_protein

BY_NAME = {screen.name: screen for screen in SCREENS}


def small(name, **changes):
    """A screen of the same kind with few cells in small fields."""
    screen = BY_NAME[name]
    instrument = dataclasses.replace(screen.instrument, field_shape=(320, 432))
    changes = dict(num_cells=400, instrument=instrument) | changes
    return dataclasses.replace(screen, **changes)


@pytest.fixture(scope='module')
def layout():
    return screen_layout(small('wild_type', num_cells=1900, seed=3))


@pytest.fixture(scope='module')
def fields(layout):
    return [simulate_field(spec) for spec in layout[:12]]


def test_classes_are_deeplocs_in_its_order():
    assert CLASS_NAMES[:3] == ('ACTIN', 'BUDNECK', 'BUDTIP')
    assert CLASS_NAMES[9:13] == (
        'NUCLEARPERIPHERY',
        'NUCLEI',
        'NUCLEOLUS',
        'PEROXISOME',
    )
    assert CLASS_NAMES[-3:] == ('VACUOLE', 'DEAD', 'GHOST')
    assert len(CLASS_NAMES) == 19


@pytest.mark.parametrize('num_cells', [57, 58, 100, 380, 1900, 20_000, 123_457])
def test_class_sizes_add_up_and_have_a_floor(num_cells):
    sizes = class_sizes(num_cells)
    assert sum(sizes.values()) == num_cells
    assert tuple(sizes) == CLASS_NAMES
    assert min(sizes.values()) >= max(3, num_cells // 80)
    assert sizes['MITOCHONDRIA'] == max(sizes.values())


def test_too_few_cells_are_refused():
    with pytest.raises(ValueError, match=r'num_cells \(56\) must be at least 57'):
        screen_layout(Screen('few', '', num_cells=56))


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match=r'seed \(-1\)'):
        screen_layout(small('wild_type', seed=-1))


def true_label(screen, protein):
    return labels_of(screen.classes, protein.truth() | {'state': 'live'})['label']


def wanted(specs, state=None):
    counts = (dict(spec.wanted) for spec in specs)
    return sum(c.get(state, 0) if state else sum(c.values()) for c in counts)


@pytest.mark.parametrize('name', BY_NAME)
def test_every_screen_has_its_cells_and_every_class_in_every_split(name):
    screen = BY_NAME[name]
    specs = screen_layout(screen)
    assert wanted(specs) == screen.num_cells * len(screen.conditions)
    assert {spec.condition for spec in specs} == {name for name, _ in screen.conditions}
    firsts = [spec.first for spec in specs]
    ends = itertools.accumulate(wanted([spec]) for spec in specs)
    assert firsts == [0, *ends][:-1]
    for split in SPLITS:
        mine = [spec for spec in specs if spec.split == split]
        shown = {true_label(screen, spec.protein) for spec in mine}
        shown |= {s.upper() for s in ('dead', 'ghost') if wanted(mine, s)}
        assert shown == set(screen.classes)


def test_class_sizes_are_kept(layout):
    sizes = class_sizes(1900)
    for name in CLASS_NAMES[:-2]:
        mine = [spec for spec in layout if spec.protein.localization == name]
        assert wanted(mine, 'live') == sizes[name]
    assert wanted(layout, 'dead') == sizes['DEAD']
    assert wanted(layout, 'ghost') == sizes['GHOST']


def test_a_protein_has_one_split_class_plate_and_well(layout):
    homes = {}
    for spec in layout:
        home = (spec.split, spec.protein, spec.plate.name, spec.well)
        assert homes.setdefault(spec.protein.name, home) == home


@pytest.mark.parametrize('name', ['wild_type', 'neighbours', 'alpha_factor'])
def test_no_protein_is_drawn_in_two_splits(name):
    splits = {}
    for spec in screen_layout(small(name)):
        for protein in filter(None, (spec.protein, spec.stranger, spec.around)):
            splits.setdefault(protein.name, set()).add(spec.split)
    assert all(len(found) == 1 for found in splits.values())


def test_split_shares_are_by_protein():
    proteins = {s.protein.name: s.split for s in screen_layout(BY_NAME['wild_type'])}
    shares = [list(proteins.values()).count(split) / len(proteins) for split in SPLITS]
    np.testing.assert_allclose(shares, (0.7, 0.15, 0.15), atol=0.03)


def test_layout_is_a_function_of_its_seed(layout):
    assert screen_layout(small('wild_type', num_cells=1900, seed=3)) == layout
    assert screen_layout(small('wild_type', num_cells=1900, seed=4)) != layout


def test_another_python_lays_out_the_same(layout):
    program = (
        'import hashlib; from deeploc_jax.simulate import SCREENS, screen_layout; '
        'specs = screen_layout(SCREENS[-1]); '
        'print(hashlib.sha256(repr(specs).encode()).hexdigest())'
    )
    digests = {
        subprocess.run(
            [sys.executable, '-c', program],
            env=os.environ | {'PYTHONHASHSEED': seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ('1', '2')
    }
    assert len(digests) == 1


def test_replicates_have_the_proteins_and_splits_but_other_plates_and_cells():
    first, again = (screen_layout(small(n)) for n in ('wild_type', 'replicate_1'))
    homes = [{(s.protein, s.split) for s in specs} for specs in (first, again)]
    assert homes[0] == homes[1]
    assert first[0].plate.psf != again[0].plate.psf
    assert not {s.plate.name for s in first} & {s.plate.name for s in again}


def test_abundances_are_a_truncated_log_normal():
    rng, scale = np.random.default_rng(0), 85 * np.exp(0.8 * -0.5)
    drawn = [draw_protein(rng, '', 'NUCLEI').abundance for _ in range(4000)]
    assert len(set(drawn)) == 4000
    assert scale < min(drawn) < 1.01 * scale
    assert 390 < max(drawn) < 85 * np.exp(0.8 * 2.0)
    expected = stats.truncnorm(-0.5, 2.0, np.log(85), 0.8)
    assert stats.kstest(np.log(drawn), expected.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ('name', 'low', 'high'), [('MITOCHONDRIA', -1.5, 1.5), ('CYTOPLASM', -2.8, 2.0)]
)
def test_abundances_of_what_is_seen_when_dim_are_log_uniform(name, low, high):
    rng = np.random.default_rng(0)
    drawn = [draw_protein(rng, '', name).abundance for _ in range(2000)]
    expected = stats.uniform(np.log(85) + 0.8 * low, 0.8 * (high - low))
    assert stats.kstest(np.log(drawn), expected.cdf).pvalue > 0.01


def test_other_traits_do_not_depend_on_redrawn_abundances():
    rng, plain = np.random.default_rng(0), np.random.default_rng(0)
    redrawn = 0
    for _ in range(50):
        protein, level = draw_protein(rng, '', 'NUCLEI'), plain.normal()
        redrawn += not -0.5 < level < 2
        assert protein.diffuse == plain.beta(1.2, 9)
        assert protein.nuclear == plain.uniform(0.6, 1.9)
        assert protein.count == np.exp(0.2 * plain.normal())
        assert protein.size == plain.uniform(0, 0.9)
    assert redrawn > 10


@pytest.mark.parametrize('name', BY_NAME)
def test_no_two_proteins_of_a_screen_have_the_same_abundance(name):
    screen = BY_NAME[name]
    before = screen.conditions[0][0]
    proteins = {s.protein for s in screen_layout(screen) if s.condition == before}
    assert len({p.abundance for p in proteins}) == len({p.name for p in proteins})


def test_movers_move_and_the_rest_stays():
    screen = BY_NAME['alpha_factor']
    specs = screen_layout(screen)
    times = ('untreated', 'alpha_60', 'alpha_120')
    seen = {(spec.protein.name, spec.condition): spec for spec in specs}
    effects = []
    for name in {spec.protein.name for spec in specs}:
        rows = [seen[name, time] for time in times]
        proteins = [row.protein for row in rows]
        (effect,) = {protein.effect for protein in proteins}
        effects.append(effect)
        shares = [protein.share for protein in proteins]
        levels = [protein.abundance for protein in proteins]
        assert (len(set(shares)) == 3) == (effect == 'moves')
        assert (len(set(levels)) == 3) == (effect == 'abundance')
        assert len({(row.split, row.well) for row in rows}) == 1
        if effect == 'moves':
            assert shares[0] == 1 > 0.5 > shares[2]
            assert proteins[0].second != proteins[0].localization
        if effect == 'abundance':
            assert max(levels[2] / levels[0], levels[0] / levels[2]) > 2
        folds = [protein.fold_change for protein in proteins]
        np.testing.assert_allclose(folds, np.divide(levels, levels[0]))
        truths = [protein.truth() for protein in proteins]
        ((origin, destination),) = {(t['origin'], t['destination']) for t in truths}
        assert true_label(screen, proteins[0]) == origin
        assert true_label(screen, proteins[2]) == destination
        assert (origin != destination) == (effect == 'moves')
    assert effects.count('none') > 2 * effects.count('moves') > 40


def test_mixtures_know_their_shares():
    screen = BY_NAME['mixtures']
    proteins = {spec.protein for spec in screen_layout(screen)}
    assert {protein.share for protein in proteins} >= {0.5, 0.6, 0.7, 0.8, 0.9, 1.0}
    for protein in proteins:
        truth = protein.truth()
        assert truth['second'] != truth['localization']
        assert truth['origin'] == truth['destination'] == truth['localization']
        labels = labels_of(screen.classes, truth | {'state': 'live'})
        assert set(labels.values()) == {truth['localization']}


def test_every_field_of_varied_has_a_session_of_its_own():
    plates = [spec.plate for spec in screen_layout(BY_NAME['varied'])]
    scales = np.array([plate.instrument.scale for plate in plates])
    low, high = BY_NAME['varied'].instrument.magnification
    assert low <= scales.min() < 1.1 * low and high / 1.1 < scales.max() <= high
    for values in (scales, [plate.psf for plate in plates]):
        assert len(np.unique(values, axis=0)) == len(plates)
    assert len({plate.name for plate in plates}) < len(plates)


def test_magnified_cells_are_larger_and_fewer():
    screen = small('varied', num_cells=800)
    size, number = [], []
    for factor in (0.8, 1.6):
        zoomed = dataclasses.replace(
            screen.instrument, magnification=(factor, factor), exposure=(1, 1)
        )
        layout = screen_layout(dataclasses.replace(screen, instrument=zoomed))
        number.append(np.mean([spec.crowd for spec in layout]))
        mask = simulate_field(layout[0]).mask
        size.append(np.median(np.bincount(mask[mask > 0])[1:]))
    assert number[0] / number[1] == pytest.approx(4, rel=0.1)
    assert size[1] / size[0] == pytest.approx(4, rel=0.5)


def test_a_field_has_its_cells_inside_and_apart(layout, fields):
    in_mask = 0
    for spec, field in zip(layout[: len(fields)], fields, strict=True):
        height, width, channels = field.image.shape
        assert (height, width) == field.mask.shape == (320, 432)
        assert (channels, field.image.dtype, field.mask.dtype) == (
            2,
            'uint16',
            'uint16',
        )
        chosen = [cell for cell in field.cells if cell['wanted']]
        assert [cell['state'] for cell in chosen] == [
            state for state, count in spec.wanted for _ in range(count)
        ]
        for cell in chosen:
            assert 33 <= cell['x'] <= width - 33
            assert 33 <= cell['y'] <= height - 33
        for number, cell in enumerate(field.cells, start=1):
            row, column = round(cell['y']), round(cell['x'])
            inside = 0 <= row < height and 0 <= column < width
            if inside and cell['state'] != 'ghost':
                assert field.mask[row, column] == number
                in_mask += 1
    assert in_mask > 10 * len(fields)


def test_cells_are_brighter_than_the_background(fields):
    for field in fields:
        marker = field.image[..., 1].astype(float)
        assert np.median(marker[field.mask > 0]) > np.median(marker[field.mask == 0])


def test_a_field_depends_on_its_spec_alone(layout, fields):
    again = simulate_field(layout[3])
    np.testing.assert_array_equal(again.image, fields[3].image)
    np.testing.assert_array_equal(again.mask, fields[3].mask)
    assert again.cells == fields[3].cells
    other = dataclasses.replace(layout[3], seed=(4, 1))
    assert (simulate_field(other).image != fields[3].image).any()


def test_crops_are_cut_out_of_the_field(layout, fields):
    ghostly = next(spec for spec in layout if 'ghost' in dict(spec.wanted))
    pairs = zip(layout[: len(fields)], fields, strict=True)
    states = set()
    for spec, field in (*pairs, (ghostly, simulate_field(ghostly))):
        for crop in simulate_crops(spec):
            states.add(crop.truth['state'])
            row, column = round(crop.truth['y']) - 32, round(crop.truth['x']) - 32
            window = (slice(row, row + 64), slice(column, column + 64))
            np.testing.assert_array_equal(crop.image, field.image[window])
            np.testing.assert_array_equal(crop.mask > 0, field.mask[window] > 0)
            if crop.truth['state'] == 'ghost':
                assert crop.mask[32, 32] in (0, 2, 3)
            else:
                assert crop.mask[32, 32] == 1
    assert states >= {'live', 'ghost'}


def test_a_mask_separates_like_from_foreign_by_most_of_the_protein(layout):
    usual = dataclasses.replace(layout[0].protein, localization='GOLGI', second='GOLGI')
    moved = dataclasses.replace(usual, second='ER', share=0.15, effect='moves')
    for place, kind, other in (('GOLGI', 3, 2), ('ER', 2, 3)):
        around = dataclasses.replace(usual, localization=place, second=place)
        spec = dataclasses.replace(
            layout[0],
            protein=moved,
            around=around,
            stranger=around,
            wanted=(('live', 1),),
            crowd=30,
        )
        (crop,) = simulate_crops(spec)
        assert kind in crop.mask
        assert other not in crop.mask


def test_crops_of_a_screen_are_numbered_once(layout):
    numbers = [c.index for made in map(simulate_crops, layout[:20]) for c in made]
    assert numbers == list(range(wanted(layout[:20])))


def test_swapped_neighbours_change_nothing_else():
    screen = small('neighbours')
    specs = screen_layout(screen)
    half = len(specs) // 2
    assert len({spec.name_of_image for spec in specs}) == len(specs)
    areas = np.zeros(2)
    for same, foreign in zip(specs[:3], specs[half:], strict=False):
        plate = dataclasses.replace(same.plate, bleed=0.0)
        same, foreign = (dataclasses.replace(s, plate=plate) for s in (same, foreign))
        pairs = zip(simulate_crops(same), simulate_crops(foreign), strict=True)
        for first, second in pairs:
            assert first.truth == second.truth
            assert 2 not in second.mask
            own = first.mask == 1
            np.testing.assert_array_equal(own, second.mask == 1)
            np.testing.assert_array_equal(first.image[..., 1], second.image[..., 1])
            differs = (first.image[..., 0] != second.image[..., 0]).any()
            assert differs or (first.mask == second.mask).all()
            if first.truth['state'] == 'live':
                areas += [(crop.mask == 3).sum() for crop in (first, second)]
    assert areas[0] < areas[1] / 2  # a contaminant or a dead cell here and there


@pytest.mark.parametrize(
    ('name', 'channels'), [('other_microscope', 3), ('manual_imaging', 2)]
)
def test_other_instruments(name, channels):
    screen = small(name, num_cells=66)
    for spec in screen_layout(screen)[:6]:
        crops = simulate_crops(spec)
        assert {crop.image.shape for crop in crops} == {(64, 64, channels)}


def test_any_fields_in_any_order_are_the_same(layout, fields):
    some = [layout[i] for i in (7, 3, 11)]
    images = [field.image for field in simulate_many(simulate_field, some)]
    for image, index in zip(images, (7, 3, 11), strict=True):
        np.testing.assert_array_equal(image, fields[index].image)


def test_other_processes_make_the_same_images(layout, fields):
    apart = simulate_many(simulate_field, layout[:6], processes=2)
    for made, expected in zip(apart, fields[:6], strict=True):
        np.testing.assert_array_equal(made.image, expected.image)


def test_the_protein_is_in_channel_0_and_the_marker_in_channel_1(layout):
    spec = next(s for s in layout if s.protein.localization == 'CYTOPLASM')
    dim = dataclasses.replace(spec.protein, abundance=40.0)
    spec = dataclasses.replace(spec, protein=dim)
    protein = dataclasses.replace(dim, abundance=400.0)
    plate = dataclasses.replace(spec.plate, level=(spec.plate.level[0], 0.0))
    usual, bright, unmarked = (
        simulate_field(s).image.mean((0, 1)) - spec.plate.instrument.camera.offset
        for s in (
            spec,
            dataclasses.replace(spec, protein=protein),
            dataclasses.replace(spec, plate=plate),
        )
    )
    assert bright[0] > 2 * usual[0]
    assert bright[1] < 1.2 * usual[1]
    assert unmarked[0] == pytest.approx(usual[0], rel=0.03)
    assert unmarked[1] < 0.8 * usual[1]


def test_ghosts_are_darker_than_cells(layout):
    middles = {'dead': [], 'ghost': [], 'live': []}
    with_both = [s for s in layout if {'dead', 'ghost'} & dict(s.wanted).keys()]
    for spec in with_both[:40]:
        for crop in simulate_crops(spec):
            middle = crop.image[26:38, 26:38, 1]
            middles[crop.truth['state']].append(np.median(middle))
    medians = {state: np.median(values) for state, values in middles.items()}
    assert medians['ghost'] < min(medians['live'], medians['dead'])
