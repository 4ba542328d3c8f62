"""Views of a cell: the central crop, and four corners or magnifications."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from deeploc_jax.predict.logits import make_logits
from deeploc_jax.predict.predictor import Predictor
from deeploc_jax.predict.raw_images import normalization_of
from deeploc_jax.predict.views import Views, magnify, read_magnifications, views_of
from deeploc_jax.weights.card import Card
from deeploc_jax.weights.folder import TrainedNetwork
from tests.helpers.small import Small, make_card, random_cells, random_variables

FOUR = (0.5, 0.8, 1.25, 2.0)


@pytest.fixture(scope='module')
def images():
    return jnp.asarray(random_cells(3, size=20).images)


def spots(size=41, width=3.0):
    """An image of a spot off the middle, with a rim that is dark."""
    y, x = np.mgrid[:size, :size] - size // 2
    spot = np.exp(-((y - 4) ** 2 + (x + 6) ** 2) / (2 * width**2))
    return jnp.asarray(spot[None, ..., None], jnp.float32)


def test_five_views_are_the_center_and_the_corners(images):
    center, *corners = Views(16).of(images)
    np.testing.assert_array_equal(center, images[:, 2:18, 2:18])
    found = [[i, j] for i in (0, 4) for j in (0, 4)]
    for view, (i, j) in zip(corners, found, strict=True):
        np.testing.assert_array_equal(view, images[:, i : i + 16, j : j + 16])


def test_a_crop_as_large_as_the_image_is_seen_once_but_for_magnifications(images):
    assert Views(20).count(20) == len(Views(20).of(images)) == 1
    seen = Views(20, magnifications=FOUR)
    assert seen.count(20) == len(seen.of(images)) == 5


def test_the_first_view_is_never_magnified(images):
    views = Views(16, magnifications=FOUR).of(images)
    np.testing.assert_array_equal(views[0], images[:, 2:18, 2:18])
    np.testing.assert_array_equal(views[:1], Views(16, 1, FOUR).of(images))


@pytest.mark.parametrize('factor', FOUR)
def test_magnifying_shows_what_lies_nearer_to_the_middle(factor):
    image = spots()
    place = (np.arange(41) - 20) / factor + 20
    expected = map_coordinates(
        image[0, ..., 0], np.meshgrid(place, place, indexing='ij'), order=3
    )
    found = np.asarray(magnify(image, factor))[0, ..., 0]
    # It blurs by half a pixel: a spot of three pixels loses little.
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert abs(found - expected).mean() < 0.005


def test_shrinking_averages_pixels_rather_than_dropping_them():
    noise = np.random.default_rng(0).normal(0.5, 0.1, (1, 41, 41, 1))
    small = np.asarray(magnify(jnp.asarray(noise, jnp.float32), 0.5))[0, 12:29, 12:29]
    assert small.mean() == pytest.approx(noise.mean(), abs=0.01)
    assert small.std() < 0.06


def test_beyond_the_image_its_rim_goes_on():
    rows = np.broadcast_to(np.linspace(0, 1, 20)[:, None, None], (2, 20, 20, 1))
    found = np.asarray(magnify(jnp.asarray(rows, jnp.float32), 0.5))
    np.testing.assert_allclose(found[:, 0], 0, atol=0.03)
    np.testing.assert_allclose(found[:, -1], 1, atol=0.03)


def test_probabilities_are_means_over_the_magnifications(images):
    card = make_card(model=dict(name='small'), magnifications=FOUR)
    network = TrainedNetwork(card, Small(), random_variables(Small(), 16))
    found = Predictor(network).predict(images, crops=5)
    x = normalization_of(card)(images)
    turned = [x[:, ::-1], x[:, :, ::-1], np.rot90(x, 2, (1, 2)), np.swapaxes(x, 1, 2)]
    views = [
        x,
        *(magnify(jnp.asarray(t), f) for t, f in zip(turned, FOUR, strict=True)),
    ]
    logits = [
        network.model.apply(network.variables, view[:, 2:18, 2:18], train=False)[0]
        for view in views
    ]
    expected = np.mean([jax.nn.softmax(z / card.temperature) for z in logits], axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    one = make_logits(network.model, views_of(card, 1))(network.variables, x)
    np.testing.assert_allclose(one[:, 0], logits[0], rtol=1e-4)


def test_a_card_keeps_its_magnifications_and_earlier_cards_have_none():
    card = make_card(magnifications=FOUR)
    fields = dataclasses.asdict(card)
    assert Card.from_json(fields | dict(magnifications=list(FOUR))) == card
    del fields['magnifications']
    assert views_of(Card.from_json(fields)).magnifications == ()


@pytest.mark.parametrize(
    'text', ['0.7', '0.7,0.8,0.9,big', '0.7,0.8,0.9,9', '1,2,3,4,2']
)
def test_magnifications_are_four_sound_numbers(text):
    with pytest.raises(ValueError, match='four numbers from 0.25 to 4'):
        read_magnifications(text)


def test_no_magnifications_are_corners():
    assert read_magnifications(None) == read_magnifications('') == ()
    assert read_magnifications('0.7, 0.8,0.9,1.15') == (0.7, 0.8, 0.9, 1.15)
