"""The simulated screen: layout, reproducibility, and what the pixels must show."""

import dataclasses
import multiprocessing

import numpy as np
import pytest

from deeploc_jax.simulate import (
    CLASS_NAMES,
    SPLITS,
    class_sizes,
    geometry,
    optics,
    pool,
    screen_layout,
    simulate_cell,
    simulate_cells,
)
from deeploc_jax.simulate.anatomy import draw_cell
from deeploc_jax.simulate.camera import Camera, record
from deeploc_jax.simulate.classes import PAINTERS
from deeploc_jax.simulate.plate import FIELD_SHAPE
from deeploc_jax.simulate.protein import Protein
from deeploc_jax.simulate.specimen import Specimen


@pytest.fixture(scope='module')
def layout():
    return screen_layout(1900, seed=3)


def specimen(name, seed, **traits):
    """A cell in focus at the centre of the canvas, carrying a typical protein."""
    traits = {'diffuse': 0.0, 'nuclear': 0.7, 'count': 1.0, 'size': 0.0} | traits
    rng = np.random.default_rng(seed)
    cell = draw_cell(rng)
    middle = optics.CANVAS / 2
    view = optics.View((middle, middle))
    flat = np.zeros((optics.CANVAS, optics.CANVAS), np.float32)
    protein = Protein('SIM', CLASS_NAMES.index(name), name, 50.0, **traits)
    return Specimen(cell, view, protein, flat, rng)


def share_in(light, mask):
    return light[0][mask].sum() / light[0].sum()


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
        screen_layout(56, seed=0)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match=r'seed \(-1\)'):
        screen_layout(380, seed=-1)


def test_every_class_is_in_every_split(layout):
    for split in SPLITS:
        assert {s.label for s in layout if s.split == split} == set(range(19))


def test_a_protein_has_one_split_class_plate_and_well(layout):
    homes = {}
    for spec in layout:
        home = (spec.split, spec.label, spec.plate.name, spec.well)
        assert homes.setdefault(spec.protein.name, home) == home
    wells = [home[2:] for home in homes.values()]
    assert len(set(wells)) == len(wells)
    assert min(np.bincount([home[1] for home in homes.values()])) >= 12


def test_split_shares_are_by_protein():
    proteins = {s.protein.name: s.split for s in screen_layout(20_000, seed=0)}
    shares = {s: list(proteins.values()).count(s) / len(proteins) for s in SPLITS}
    assert shares['train'] == pytest.approx(0.70, abs=0.03)
    assert shares['validation'] == shares['test'] == pytest.approx(0.15, abs=0.02)


def test_cells_lie_in_several_fields_and_their_crops_do_not_overlap(layout):
    fields = {}
    for spec in layout:
        assert 32 <= spec.x < FIELD_SHAPE[1] - 32
        assert 32 <= spec.y < FIELD_SHAPE[0] - 32
        key = (spec.plate.name, spec.well, spec.field.name)
        fields.setdefault(key, []).append((spec.x, spec.y))
    for positions in fields.values():
        gaps = np.abs(np.subtract.outer(*[np.array(positions)[:, 0]] * 2))
        drops = np.abs(np.subtract.outer(*[np.array(positions)[:, 1]] * 2))
        apart = np.maximum(gaps, drops) + 100 * np.eye(len(positions))
        assert apart.min() >= 64
    crowded = [s for s in layout if s.protein.name == layout[-1].protein.name]
    assert len({s.field.name for s in crowded}) > 1


def test_layout_is_a_function_of_its_seed(layout):
    assert screen_layout(1900, seed=3) == layout
    assert screen_layout(1900, seed=4) != layout


def test_an_image_depends_on_its_spec_and_seed_alone(layout):
    wanted = layout[5]
    image = simulate_cell(wanted, 3)
    simulate_cell(layout[6], 3)
    np.testing.assert_array_equal(simulate_cell(wanted, 3), image)
    assert (simulate_cell(wanted, 4) != image).any()
    assert image.shape == (64, 64, 2)
    assert image.dtype == np.uint16
    assert image.max() <= 4095


def test_a_subset_in_any_order_is_the_same(layout):
    some = [layout[i] for i in (17, 3, 400)]
    images = list(simulate_cells(some, 3))
    np.testing.assert_array_equal(images[1], simulate_cell(layout[3], 3))
    np.testing.assert_array_equal(images[2], simulate_cell(layout[400], 3))


def test_other_processes_make_the_same_images(layout, monkeypatch):
    monkeypatch.setattr(pool, 'CHUNK', 4)
    apart = list(simulate_cells(layout[:10], 3, processes=2))
    here = list(simulate_cells(layout[:10], 3, processes=1))
    np.testing.assert_array_equal(np.stack(apart), np.stack(here))


def test_it_goes_on_alone_when_other_processes_die(layout, monkeypatch):
    def dying(chunks, seed, processes):
        yield np.stack([simulate_cell(spec, seed) for spec in chunks[0]])
        raise pool.BrokenProcessPool

    monkeypatch.setattr(pool, 'CHUNK', 2)
    monkeypatch.setattr(pool, '_in_parallel', dying)
    with pytest.warns(RuntimeWarning, match='goes on in one process'):
        images = list(simulate_cells(layout[:5], 3, processes=2))
    expected = [simulate_cell(spec, 3) for spec in layout[:5]]
    np.testing.assert_array_equal(np.stack(images), np.stack(expected))


def test_no_process_is_left_behind(layout, monkeypatch):
    monkeypatch.setattr(pool, 'CHUNK', 2)
    images = simulate_cells(layout[:12], 3, processes=2)
    next(images)
    images.close()
    assert not multiprocessing.active_children()


def test_organelles_lie_in_their_cell():
    rng = np.random.default_rng(0)
    for _ in range(200):
        cell = draw_cell(rng)
        outline = cell.outline
        for shape in cell.vacuoles + cell.nuclei:
            inside = [b.contains(shape.center[None])[0] for b in outline.bodies]
            assert any(inside)
        assert len(cell.nuclei) == 1 or outline.stage == 'large'
        assert (outline.bud is None) == (outline.stage == 'unbudded')


def test_cells_have_the_size_of_real_ones():
    rng = np.random.default_rng(1)
    outlines = [geometry.draw_outline(rng) for _ in range(400)]
    widths = [2 * outline.mother.half_axes[1] for outline in outlines]
    lengths = [
        sum(body.half_axes[0] for body in outline.bodies) * 2 for outline in outlines
    ]
    assert 28 < np.mean(widths) < 39
    assert 42 < np.mean(lengths) < 56


def test_body_light_is_one_inside_and_nothing_outside():
    view = optics.View((40.0, 40.0), section=2.0)
    shape = geometry.Ellipsoid(np.zeros(3), np.array([15.0, 10.0, 12.0]), 0.3)
    light = optics.body(view, shape)
    assert light[0, 40, 40] == pytest.approx(1, abs=1e-3)
    assert light[:, 40, 60].max() == 0
    volume = light.sum() * view.section
    assert volume == pytest.approx(4 / 3 * np.pi * 15 * 10 * 12 / 2, rel=0.02)


def test_body_cut_by_the_edge_keeps_its_part():
    shape = geometry.Ellipsoid(np.zeros(3), np.full(3, 12.0), 0.0)
    whole = optics.body(optics.View((40.0, 40.0)), shape)
    cut = optics.body(optics.View((2.0, 40.0)), shape)
    np.testing.assert_allclose(cut[:, :, :30], whole[:, :, 38:68], atol=1e-6)
    assert optics.body(optics.View((-30.0, 40.0)), shape).max() == 0


def test_beads_keep_their_weight_and_place():
    view = optics.View((40.0, 40.0))
    points = np.array([[3.25, -4.5, 0.0], [0.0, 0.0, 100.0], [500.0, 0.0, 0.0]])
    light = optics.beads(view, points, np.array([7.0, 2.0, 9.0]))
    rows, columns = np.indices(light[0].shape)
    assert light[0].sum() == pytest.approx(7, abs=1e-4)
    assert light[1].sum() == pytest.approx(2, abs=1e-4)
    assert (columns * light[0]).sum() / 7 == pytest.approx(43.25, abs=1e-3)
    assert (rows * light[0]).sum() / 7 == pytest.approx(35.5, abs=1e-3)


def test_exposure_blurs_shifts_and_keeps_light():
    light = optics.dark()
    light[0, 40, 40] = 100
    image = optics.expose(light, optics.Microscope(), 0, (1.0, -0.5))
    rows, columns = np.indices(image.shape)
    assert image.sum() == pytest.approx(100, rel=1e-3)
    assert (columns * image).sum() / 100 == pytest.approx(33, abs=0.01)
    assert (rows * image).sum() / 100 == pytest.approx(31.5, abs=0.01)
    assert image.max() < 15


def test_camera_has_offset_shot_noise_and_saturation():
    rng = np.random.default_rng(0)
    camera = Camera(offset=100, gain=5, read_noise=2)
    grey = record(np.full((200, 200), 30.0), camera, rng).astype(float)
    assert grey.mean() == pytest.approx(100 + 5 * 30, rel=0.01)
    assert grey.std() == pytest.approx(5 * np.sqrt(30 + 4), rel=0.03)
    assert record(np.full((2, 2), 1e5), camera, rng).min() == camera.maximum


@pytest.mark.parametrize('name', PAINTERS)
def test_every_painter_gives_light_in_the_cell_only(name):
    for seed in range(8):
        cell = specimen(name, seed)
        light = PAINTERS[name](cell)
        assert light.shape == (2, optics.CANVAS, optics.CANVAS)
        assert np.isfinite(light).all()
        assert light.min() > -1e-3
        near = optics.body(cell.view, cell.cell.outline.mother.grown(5))[0] > 0
        for bud in cell.cell.outline.bodies[1:]:
            near |= optics.body(cell.view, bud.grown(5))[0] > 0
        assert light[0].sum() == 0 or share_in(light, near) > 0.97


def test_nuclear_proteins_are_in_the_nucleus_and_vacuolar_ones_are_not():
    for seed in range(6):
        cell = specimen('NUCLEI', seed)
        nucleus = cell.nucleus[0] > 0
        assert share_in(PAINTERS['NUCLEI'](cell), nucleus) > 0.99
        assert share_in(PAINTERS['NUCLEOLUS'](cell), nucleus) > 0.9
        assert share_in(PAINTERS['VACUOLE'](cell), nucleus) < 0.5
        vacuoles = cell.vacuoles[0] > 0.9 * cell.vacuoles[0].max()
        cytoplasm = PAINTERS['CYTOPLASM'](cell)[0]
        assert cytoplasm[vacuoles].mean() < 0.5 * cytoplasm.max()


def test_bud_proteins_need_a_bud():
    shown = {True: [], False: []}
    for seed in range(60):
        for name in ('BUDNECK', 'BUDTIP'):
            cell = specimen(name, seed)
            total = PAINTERS[name](cell).sum()
            shown[cell.cell.outline.bud is not None].append(total)
    assert np.mean(shown[False]) < 0.3 * np.mean(shown[True])


def test_bud_tip_is_at_the_far_end_of_the_bud():
    for seed in range(40):
        cell = specimen('BUDTIP', seed)
        bud = cell.cell.outline.bud
        if bud is None:
            continue
        rows, columns = np.indices((optics.CANVAS, optics.CANVAS)) - optics.CANVAS / 2
        light = PAINTERS['BUDTIP'](cell)[0]
        center = np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()
        ahead = geometry.heading(cell.cell.outline.axis)[:2]
        assert (center - bud.center[:2]) @ ahead > 0.3 * bud.radius


def test_the_protein_is_in_channel_0_and_the_marker_in_channel_1(layout):
    spec = next(s for s in layout if CLASS_NAMES[s.label] == 'CYTOPLASM')
    protein = dataclasses.replace(spec.protein, abundance=1000.0)
    plate = dataclasses.replace(spec.plate, marker=0.0)
    usual = simulate_cell(spec, 3).mean((0, 1))
    bright = simulate_cell(dataclasses.replace(spec, protein=protein), 3).mean((0, 1))
    unmarked = simulate_cell(dataclasses.replace(spec, plate=plate), 3).mean((0, 1))
    assert bright[0] > 2 * usual[0]
    assert bright[1] < 1.2 * usual[1]
    assert unmarked[0] == pytest.approx(usual[0], rel=0.02)
    assert unmarked[1] < 0.8 * usual[1]


def test_dead_cells_are_brighter_than_ghosts(layout):
    means = {}
    for name in ('DEAD', 'GHOST', 'CYTOPLASM'):
        specs = [s for s in layout if CLASS_NAMES[s.label] == name][:12]
        images = np.stack([simulate_cell(s, 3) for s in specs]).astype(float)
        means[name] = np.median(images[:, 26:38, 26:38, 1])
    assert means['GHOST'] < means['CYTOPLASM']
    assert means['GHOST'] < means['DEAD']
