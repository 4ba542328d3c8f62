import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest

from deeploc_jax import simulate
from deeploc_jax.explain.inside import shares_inside
from deeploc_jax.explain.maximal import Recipe
from deeploc_jax.explain.organelles import BRIGHT, class_lights, organelle_masks
from deeploc_jax.explain.parts import MaximalOptions, Opened, maximal_part
from deeploc_jax.explain.sample import Sample
from deeploc_jax.weights.folder import TrainedNetwork
from tests.helpers.small import Small, make_card, random_cells, random_variables


@pytest.fixture(scope='module')
def crops():
    """The cells of some fields of a small simulated screen."""
    (screen,) = (one for one in simulate.SCREENS if one.name == 'smoke')
    specs = simulate.screen_layout(screen)[:8]
    return [crop for spec in specs for crop in simulate.simulate_crops(spec)]


def ids(crops):
    return [f'a_{crop.index:06d}' for crop in crops]


def bright(light):
    return light > BRIGHT * light.max((-2, -1), keepdims=True)


def overlap(one, other):
    return (one & other).sum((-2, -1)) / (one | other).sum((-2, -1))


def test_organelles_of_any_class_are_drawn_in_the_same_cell(crops):
    names = ['NUCLEI', 'VACUOLE', 'PEROXISOME', 'DEAD', 'no such class']
    lights = class_lights('smoke', ids(crops), names, 2)
    live = np.array([crop.truth['state'] == 'live' for crop in crops])
    assert (lights[:, :3].any((2, 3, 4)) == live[:, None]).all()
    assert not lights[:, 3:].any()
    again = class_lights('smoke', ids(crops[::-1]), names, 2)
    np.testing.assert_array_equal(lights, again[::-1])
    masks = bright(lights[live])
    nuclei, vacuoles, peroxisomes = (masks[:, k] for k in range(3))
    # The nucleus is where it is; peroxisomes are anywhere.
    assert overlap(nuclei[:, 0], nuclei[:, 1]).min() > 0.85
    assert np.median(overlap(peroxisomes[:, 0], peroxisomes[:, 1])) < 0.3
    assert np.median(overlap(nuclei[:, 0], vacuoles[:, 0])) < 0.1


def test_organelles_are_those_of_cells_of_the_class(crops):
    mine = [crop for crop in crops if crop.truth['localization'] == 'NUCLEI']
    mine = [crop for crop in mine if crop.truth['state'] == 'live']
    masks = organelle_masks('smoke', ids(mine))
    drawn = bright(class_lights('smoke', ids(mine), ['NUCLEI'], 1)[:, 0, 0])
    assert len(mine) and overlap(masks, drawn).min() > 0.85


def test_the_share_inside_stands_beside_those_of_chance_and_of_a_protein():
    cell = np.zeros((8, 8), bool)
    cell[2:6, 2:6] = True
    fixed = np.zeros((3, 8, 8), np.float32)
    fixed[:, 2:6, 2] = 4
    fixed[:, 2:6, 5] = 1  # too faint to be of the organelle
    fixed[:, :2] = 4  # out of reach
    light = np.where(cell, 1.0, 0.0)
    even = shares_inside(light, fixed, cell)
    assert even == dict(
        inside=pytest.approx(1 / 4),
        inside_simulated=pytest.approx(16 / 20),
        inside_chance=pytest.approx(1 / 4),
    )
    light[2:6, 3:] = 0
    assert shares_inside(light, fixed, cell)['inside'] == 1
    # What is drawn anew in another place each time overlaps with none of the others.
    spots = np.zeros((3, 8, 8), np.float32)
    spots[[0, 1, 2], [2, 3, 4], 2] = 1
    found = shares_inside(light, spots, cell)
    assert found['inside_simulated'] == 0 and found['inside'] == pytest.approx(1 / 4)
    assert shares_inside(light, 0 * fixed, cell) == {}
    assert shares_inside(0 * light, fixed, cell) == {}
    assert shares_inside(light, fixed, cell & False) == {}


def test_images_in_simulated_cells_are_judged_by_their_organelles(
    crops, tmp_path, no_pictures
):
    images = np.stack([crop.image for crop in crops]).astype(np.float32)
    images = np.clip(images / np.quantile(images, 0.999, (1, 2), keepdims=True), 0, 1)
    cells = random_cells(len(crops))
    metadata = cells.metadata | dict(cell_id=np.array(ids(crops)))
    cells = dataclasses.replace(cells, images=images, metadata=metadata)
    card = make_card(side=64, crop=60, class_names=('NUCLEI', 'ACTIN', 'GHOST'))
    network = TrainedNetwork(card, Small(), random_variables(Small(), 60))
    record = dict(dataset=f'yeast_sim/smoke/{simulate.VERSION}', split='test')
    opened = Opened(tmp_path, Sample(network, cells, 8), 99, False, 0, record)
    recipe = Recipe(iterations=2)
    section = maximal_part(opened, MaximalOptions(recipe, 2, 1, 60.0, ''))
    assert 'light in the organelle' in section.header
    assert '% by chance' not in section.lead and 'by chance' in section.lead
    rows = pq.read_table(tmp_path / 'maximal.parquet').to_pylist()
    assert len(rows) == 6
    for row in rows:
        shares = [row[name] for name in row if name.startswith('inside')]
        if row['label_name'] == 'GHOST':
            assert shares == [None] * 3
        else:
            assert all(0 <= share <= 1 for share in shares)
            assert row['inside_chance'] < 0.5
    nuclei = [row for row in rows if row['label_name'] == 'NUCLEI']
    assert all(row['inside_simulated'] > 3 * row['inside_chance'] for row in nuclei)
