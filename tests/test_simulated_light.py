"""Light of simulated cells: bodies, spots, organelles, painters, camera."""

import dataclasses
import itertools

import numpy as np
import pytest

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.anatomy import draw_cell
from deeploc_jax.simulate.cell_light import cell_light
from deeploc_jax.simulate.microscope import brightfield, optics
from deeploc_jax.simulate.microscope.camera import Camera, moved, record
from deeploc_jax.simulate.microscope.instruments import MANUAL, OPERA
from deeploc_jax.simulate.microscope.optics import View
from deeploc_jax.simulate.microscope.plate import draw_plate
from deeploc_jax.simulate.organelles.painters import PAINTERS, protein_light
from deeploc_jax.simulate.outline import Culture, draw_outline
from deeploc_jax.simulate.protein import Protein
from deeploc_jax.simulate.screens import ARRESTED
from deeploc_jax.simulate.specimen import Specimen

CANVAS = 96
VIEW = View((CANVAS / 2, CANVAS / 2), (CANVAS, CANVAS))
SHMOOS = Culture(stages=(('shmoo', 1.0),))


def protein(name, **traits):
    usual = dict(second=name, share=1.0, diffuse=0.0, nuclear=0.7, count=1.0, size=0.0)
    return Protein('SIM', name, abundance=50.0, **(usual | traits))


def specimen(name, seed, culture=None, **traits):
    """A cell in focus at the centre of the canvas, carrying a typical protein."""
    rng = np.random.default_rng(seed)
    cell = draw_cell(rng, culture or Culture(spread=0.05))
    flat = np.zeros(VIEW.shape, np.float32)
    return Specimen(cell, VIEW, protein(name, **traits), flat, rng)


def share_in(light, mask):
    return light[0][mask].sum() / light[0].sum()


def near(cell, shapes, margin=5):
    """Where the image of shapes is, and some pixels more."""
    return np.any([optics.body(cell.view, s.grown(margin))[0] > 0 for s in shapes], 0)


@pytest.mark.parametrize('culture', [Culture(), Culture(stages=ARRESTED)])
def test_organelles_lie_in_their_cell(culture):
    rng = np.random.default_rng(0)
    for _ in range(200):
        cell = draw_cell(rng, culture)
        outline = cell.outline
        for shape in cell.vacuoles + cell.nuclei:
            inside = [b.contains(shape.center[None])[0] for b in outline.bodies]
            assert any(inside)
        assert len(cell.nuclei) == 1 or outline.stage == 'large'
        assert (outline.bud is not None) == (outline.stage in ('small', 'large'))
        assert (outline.projection is not None) == (outline.stage == 'shmoo')


def test_cells_have_the_size_of_real_ones():
    rng = np.random.default_rng(1)
    outlines = [draw_outline(rng, Culture()) for _ in range(400)]
    widths = [2 * outline.mother.half_axes[1] for outline in outlines]
    lengths = [sum(b.half_axes[0] for b in outline.bodies) * 2 for outline in outlines]
    assert 28 < np.mean(widths) < 39
    assert 42 < np.mean(lengths) < 58


def test_a_shmoo_is_longer_than_its_mother_and_pear_shaped():
    rng = np.random.default_rng(2)
    for _ in range(50):
        outline = draw_outline(rng, SHMOOS)
        tip = outline.neck - outline.mother.center
        assert np.linalg.norm(tip) > 1.2 * outline.mother.reach(outline.axis)
        assert outline.projection.half_axes[1] < 0.7 * outline.mother.radius


def test_body_light_is_one_inside_and_nothing_outside():
    view = View((40.0, 40.0), (80, 80), section=2.0)
    shape = geometry.Ellipsoid(np.zeros(3), np.array([15.0, 10.0, 12.0]), 0.3)
    light = optics.body(view, shape)
    assert light[0, 40, 40] == pytest.approx(1, abs=1e-3)
    assert light[:, 40, 60].max() == 0
    volume = light.sum() * view.section
    assert volume == pytest.approx(4 / 3 * np.pi * 15 * 10 * 12 / 2, rel=0.02)


def test_smaller_pixels_show_the_same_body_larger():
    shape = geometry.Ellipsoid(np.zeros(3), np.array([12.0, 9.0, 10.0]), 0.7)
    usual = optics.body(View((40, 40), (80, 80)), shape)
    larger = optics.body(View((80, 80), (160, 160), scale=2.0), shape)
    np.testing.assert_allclose(larger[:, ::2, ::2], usual, atol=1e-5)
    points = geometry.sphere(np.random.default_rng(0), 50) * 8
    spots = [optics.beads(View((80, 80), (160, 160), s), points, 1.0) for s in (1, 2)]
    assert spots[1].sum() == pytest.approx(4 * spots[0].sum(), rel=1e-5)


def test_body_cut_by_the_edge_keeps_its_part():
    shape = geometry.Ellipsoid(np.zeros(3), np.full(3, 12.0), 0.0)
    whole = optics.body(View((40.0, 40.0), (80, 80)), shape)
    cut = optics.body(View((2.0, 40.0), (80, 80)), shape)
    np.testing.assert_allclose(cut[:, :, :30], whole[:, :, 38:68], atol=1e-6)
    assert optics.body(View((-30.0, 40.0), (80, 80)), shape).max() == 0


def test_beads_keep_their_weight_and_place():
    view = View((40.0, 40.0), (80, 80))
    points = np.array([[3.25, -4.5, 0.0], [0.0, 0.0, 100.0], [500.0, 0.0, 0.0]])
    light = optics.beads(view, points, np.array([7.0, 2.0, 9.0]))
    rows, columns = np.indices(light[0].shape)
    assert light[0].sum() == pytest.approx(7, abs=1e-4)
    assert light[1].sum() == pytest.approx(2, abs=1e-4)
    assert (columns * light[0]).sum() / 7 == pytest.approx(43.25, abs=1e-3)
    assert (rows * light[0]).sum() / 7 == pytest.approx(35.5, abs=1e-3)


def test_blur_grows_with_the_distance_from_focus_and_keeps_light():
    sharp, soft = View((0, 0), (9, 9)), View((0, 0), (9, 9), focus=-12.0)
    assert sharp.blur(1.5) == 1.5
    assert soft.blur(1.5) > 2.5
    plane = np.zeros((41, 41), np.float32)
    plane[20, 20] = 100
    seen = optics.blurred(plane, soft.blur(1.5))
    assert seen.sum() == pytest.approx(100, rel=1e-4)
    assert seen.max() < 4


def test_haze_keeps_light_and_its_place():
    plane = np.zeros((120, 160), np.float32)
    plane[40, 90] = 1000
    seen = optics.haze(plane, 6.0)
    rows, columns = np.indices(plane.shape)
    assert seen.sum() == pytest.approx(1000, rel=1e-4)
    assert (rows * seen).sum() / 1000 == pytest.approx(40, abs=0.6)
    assert (columns * seen).sum() / 1000 == pytest.approx(90, abs=0.6)
    wide = ((columns - 90) ** 2 * seen).sum() / 1000
    assert np.sqrt(wide) == pytest.approx(6, rel=0.05)


def test_camera_has_offset_shot_noise_and_saturation():
    camera = Camera(offset=100, gain=5, read_noise=2)
    for light in (3.0, 30.0):
        rng = np.random.default_rng(0)
        grey = record(np.full((300, 300), light, np.float32), camera, rng).astype(float)
        assert grey.mean() == pytest.approx(100 + 5 * light, rel=0.01)
        assert grey.std() == pytest.approx(5 * np.sqrt(light + 4), rel=0.03)
        third = ((grey - grey.mean()) ** 3).mean() / grey.std() ** 3
        assert third == pytest.approx(light / (light + 4) ** 1.5, abs=0.15)
    assert record(np.full((2, 2), 1e5, np.float32), camera, rng).min() == camera.maximum


def test_software_that_smooths_keeps_the_light_and_takes_noise():
    flat = np.full((200, 200), 30, np.float32)
    sharp, smooth = (
        record(flat, Camera(smoothing=s), np.random.default_rng(0)).astype(float)
        for s in (0.0, 0.6)
    )
    assert smooth.mean() == pytest.approx(sharp.mean(), rel=1e-3)
    assert smooth.std() < 0.7 * sharp.std()
    left, right = smooth[:, 1:] - smooth.mean(), smooth[:, :-1] - smooth.mean()
    assert (left * right).mean() / smooth.var() > 0.3


def test_registration_moves_an_image_and_smooths_its_noise():
    plane = np.zeros((9, 9), np.float32)
    plane[4, 4] = 1
    right_and_up = moved(plane, (0.25, -0.5))
    assert right_and_up[4, 4] == pytest.approx(0.375)
    assert right_and_up[4, 5] == pytest.approx(0.125)
    assert right_and_up[3, 4] == pytest.approx(0.375)
    noise = np.random.default_rng(0).normal(size=(200, 200)).astype(np.float32)
    assert moved(noise, (0.3, 0.3)).std() < 0.65


def test_bright_field_turns_inside_out_with_the_focus():
    ball = optics.body(VIEW, geometry.Ellipsoid(np.zeros(3), np.full(3, 16.0), 0.0))
    thickness = optics.blurred(2 * VIEW.section * ball.sum(0), 1.0)
    above, below = (
        brightfield.transmitted(f * thickness, thickness) for f in (4.0, -4.0)
    )
    assert above[5, 5] == below[5, 5] == 1
    rim = (slice(47, 50), slice(62, 67))
    assert (above[rim].min() - 1) * (below[rim].max() - 1) < 0
    assert abs(above[rim] - 1).max() > 0.05
    for seen in (above, below):  # rays that meet are brighter than others are dark
        assert seen.max() - 1 > 1.05 * (1 - seen.min())


@pytest.mark.parametrize('name', PAINTERS)
def test_every_painter_gives_light_in_the_cell_only(name):
    for seed in range(8):
        cell = specimen(name, seed, SHMOOS if seed % 4 == 3 else None)
        light = PAINTERS[name](cell)
        assert light.shape == (2, *VIEW.shape)
        assert np.isfinite(light).all()
        assert light.min() > -1e-3
        inside = near(cell, cell.cell.outline.bodies)
        assert light[0].sum() == 0 or share_in(light, inside) > 0.97


def test_nuclear_proteins_are_in_the_nucleus_and_vacuolar_ones_are_not():
    for seed in range(6):
        cell = specimen('NUCLEI', seed)
        nucleus = cell.nucleus[0] > 0
        assert share_in(PAINTERS['NUCLEI'](cell), nucleus) > 0.99
        assert share_in(PAINTERS['NUCLEOLUS'](cell), nucleus) > 0.9
        foci = near(cell, cell.cell.nuclei, 2)
        assert share_in(PAINTERS['PUNCTATENUCLEAR'](cell), foci) > 0.97
        assert share_in(PAINTERS['VACUOLE'](cell), nucleus) < 0.5


def test_vacuoles_keep_soluble_proteins_out_more_or_less():
    for seed in range(6):
        cell = specimen('CYTOPLASM', seed)
        vacuoles = cell.vacuoles[0] > 0.9 * cell.vacuoles[0].max()
        cytoplasm = PAINTERS['CYTOPLASM'](cell)[0]
        left = cytoplasm[vacuoles].mean() / cell.whole[0][vacuoles].mean()
        assert 0.95 - cell.cell.exclusion < left < 1.05 - 0.6 * cell.cell.exclusion


def test_bud_proteins_need_a_bud():
    shown = {True: [], False: []}
    for seed in range(60):
        for name in ('BUD', 'BUDNECK', 'BUDPERIPHERY', 'BUDTIP'):
            cell = specimen(name, seed)
            total = PAINTERS[name](cell).sum()
            shown[cell.cell.outline.bud is not None].append(total)
    assert np.mean(shown[False]) < 0.4 * np.mean(shown[True])


def budded(name, smallest=0):
    """Ten cells with a bud of some radius at least."""
    cells = (specimen(name, seed) for seed in range(100))
    outlines = ((cell, cell.cell.outline) for cell in cells)
    found = (c for c, o in outlines if o.bud and o.bud.radius >= smallest)
    ten = list(itertools.islice(found, 10))
    assert len(ten) == 10
    return ten


@pytest.mark.parametrize('name', ['BUD', 'BUDPERIPHERY', 'BUDTIP'])
def test_bud_proteins_are_in_the_bud(name):
    for cell in budded(name, smallest=8):
        light = PAINTERS[name](cell)
        assert share_in(light, near(cell, [cell.cell.outline.bud], 3)) > 0.55


def test_bud_tip_is_at_the_far_end_of_the_bud():
    for cell in budded('BUDTIP'):
        bud = cell.cell.outline.bud
        rows, columns = np.indices(VIEW.shape) - CANVAS / 2
        light = PAINTERS['BUDTIP'](cell)[0]
        center = np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()
        ahead = geometry.heading(cell.cell.outline.axis)[:2]
        assert (center - bud.center[:2]) @ ahead > 0.3 * bud.radius


def test_eisosomes_stay_out_of_buds():
    for seed in range(30):
        cell = specimen('EISOSOMES', seed)
        mother = near(cell, [cell.cell.outline.mother], 3)
        assert share_in(PAINTERS['EISOSOMES'](cell), mother) > 0.99


def test_a_protein_in_two_places_has_its_share_in_each():
    for seed in range(5):
        light = {}
        for share in (1.0, 0.7, 0.0):
            cell = specimen('NUCLEI', seed, second='CELLPERIPHERY', share=share)
            light[share] = protein_light(cell)
        mixed = 0.7 * light[1.0] + 0.3 * light[0.0]
        np.testing.assert_allclose(light[0.7], mixed, atol=1e-5)


def dark_plate(instrument=OPERA):
    """A plate on which cells have no light of their own."""
    plate = draw_plate(np.random.default_rng(5), 'P', instrument)
    return dataclasses.replace(plate, glow=(0.0,) * len(plate.glow))


def test_brightness_and_factors_are_what_was_drawn():
    plate, lost, drawn = dark_plate(), 0, []
    for seed in range(150):
        cell = specimen('CYTOPLASM', seed)
        light, truth = cell_light(cell, 'live', plate)
        protein, marker = truth['brightness_factors']
        assert truth['brightness'] == pytest.approx(50 * protein)
        levels = np.multiply([truth['brightness'], marker], plate.level)
        expected = [cell.cytosol(nuclear)[1] for nuclear in (0.7, 1.12)]
        for plane, level, shape in zip(light[:, 1], levels, expected, strict=True):
            np.testing.assert_allclose(plane, level * shape, rtol=1e-4, atol=1e-4)
        lost += marker < 0.3 * protein
        drawn.append(protein)
    assert 0 < lost < 15
    assert np.std(np.log(drawn)) == pytest.approx(0.25 * np.sqrt(2), rel=0.15)


@pytest.mark.parametrize('state', ['dead', 'ghost'])
def test_brightness_of_dead_cells_and_ghosts_is_that_of_their_light(state):
    plate, dark = dark_plate(), 0
    for seed in range(30):
        light, truth = cell_light(specimen('GOLGI', seed), state, plate)
        if truth['brightness'] == 0:
            dark += 1
            assert not light.any()
            continue
        protein, marker = truth['brightness_factors']
        assert truth['brightness'] == pytest.approx(85 * protein)
        levels = np.multiply([truth['brightness'], marker], plate.level)
        ratio = np.divide(*light[:, 1].sum((1, 2)))
        assert ratio == pytest.approx(levels[0] / levels[1], rel=1e-4)
    assert 0 < dark < 30 if state == 'ghost' else dark == 0


def test_bright_field_has_the_factor_one():
    _, truth = cell_light(specimen('GOLGI', 0), 'live', dark_plate(MANUAL))
    protein, brightfield = truth['brightness_factors']
    assert truth['brightness'] == pytest.approx(50 * protein)
    assert brightfield == 1 != protein
