"""The channels of a screen and of a network are matched, and either may have more."""

import dataclasses

import jax
import numpy as np
import optax
import pytest

import deeploc_jax
from deeploc_jax.data.augment import augment
from deeploc_jax.models import MODELS, get_model
from deeploc_jax.train.step import make_update
from deeploc_jax.weights import folder
from deeploc_jax.weights.channels import (
    ALONE,
    ChannelMatch,
    match_channels,
    match_without,
)
from deeploc_jax.weights.fit_channels import fit_channels
from deeploc_jax.weights.novelty import Novelty
from tests.helpers.small import make_card, random_variables

THREE = ('mNG', 'mCherry', 'DAPI')


def network_of(name, channels=('GFP', 'RFP'), marker=1, **fields):
    model = get_model(name, num_classes=3)
    card = make_card(
        model=dict(name=name), channels=channels, marker_channel=marker, **fields
    )
    variables = random_variables(model, card.crop, len(channels))
    return folder.TrainedNetwork(card, model, variables)


@pytest.mark.parametrize(
    ('channels', 'marker', 'wanted', 'place', 'expected'),
    [
        (THREE, 'mCherry', ('GFP', 'RFP'), 1, ('mNG', 'mCherry')),
        (('mNG', 'DAPI', 'mCherry'), 'mCherry', ('GFP', 'RFP'), 1, ('mNG', 'mCherry')),
        (THREE, 'mCherry', ('RFP', 'GFP'), 0, ('mCherry', 'mNG')),
        (THREE, 'mCherry', ('GFP',), -1, ('mNG',)),
        (THREE, 'mCherry', ('GFP', 'x', 'RFP'), 2, ('mNG', 'DAPI', 'mCherry')),
        (THREE, 'mCherry', ('GFP', 'x'), -1, ('mNG', 'DAPI')),
        (('GFP', 'far_red'), 'far_red', ('GFP', 'RFP'), -1, ('GFP', 'far_red')),
        # A network is given what it was trained on, in whatever order.
        (THREE, 'mCherry', ('DAPI',), -1, ('DAPI',)),
        (THREE, 'mCherry', ('DAPI', 'mNG'), -1, ('DAPI', 'mNG')),
        (THREE, 'mCherry', ('mCherry',), 0, ('mCherry',)),
        (('GFP', 'RFP'), None, ('GFP', 'RFP'), 1, ('GFP', 'RFP')),
        # Roles count more than names.
        (('RFP', 'GFP'), 'GFP', ('GFP', 'RFP'), 1, ('RFP', 'GFP')),
        (('RFP', 'GFP'), None, ('GFP', 'RFP'), 1, ('RFP', '-')),
        (('RFP', 'BF'), None, ('GFP', 'RFP'), 1, ('RFP', '-')),
        # Those of the same name first, wherever they stand.
        (('a', 'BF', 'DAPI'), None, ('a', 'DAPI'), -1, ('a', 'DAPI')),
        (('a', 'BF', 'DAPI'), None, ('a', 'x', 'DAPI'), -1, ('a', 'BF', 'DAPI')),
        # What a screen lacks.
        (('mNG',), None, ('GFP', 'RFP'), 1, ('mNG', '-')),
        (('mNG', 'BF'), None, ('GFP', 'RFP'), 1, ('mNG', '-')),
        (('mNG',), None, ('GFP', 'DIC'), -1, ('mNG', '-')),
    ],
)
def test_channels_are_matched_by_what_they_show(
    channels, marker, wanted, place, expected
):
    card = make_card(channels=wanted, marker_channel=place)
    match = match_channels(card, channels, marker)
    assert (match.screen, match.more) == (expected, ())
    assert match.read == tuple(name for name in expected if name != '-')


def test_channels_that_are_asked_for_stand_in_the_order_of_the_network():
    card = make_card()
    match = match_channels(card, THREE, 'mCherry', ['DAPI', 'mNG'])
    assert match.read == ('DAPI', 'mNG') and not match.lacking
    match = match_channels(card, THREE, 'mCherry', ['-', 'mNG'])
    assert match.read == ('mNG',) and match.lacking == ('GFP',)
    match = match_channels(card, THREE, 'mCherry', ['mNG', '-', 'DAPI'], more=True)
    assert match.read == ('mNG', 'DAPI') and match.more == ('DAPI',)


@pytest.mark.parametrize(
    ('asked', 'said'),
    [
        (['CFP'], "have 'CFP', but the screen has mNG, mCherry, DAPI"),
        (['mNG'], r'screen:  1 \(mNG\)\n  network: 2 \(GFP, RFP\)'),
        (['mNG', 'DAPI', 'mCherry'], r'screen:  3 .*\n  network: 2'),
        (['-', '-'], r'screen:  2 \(-, -\)'),
        (['mNG', 'mNG'], 'asked for twice'),
    ],
)
def test_channels_that_do_not_fit_are_named(asked, said):
    with pytest.raises(ValueError, match=said):
        match_channels(make_card(), THREE, 'mCherry', asked)


def test_what_the_network_does_without_a_channel_is_said():
    match = ChannelMatch(('GFP', 'RFP'), ('mNG', '-'))
    text = match.describe(make_card())
    assert text.startswith('Channels (network = screen): GFP = mNG, RFP = -\n')
    assert 'without RFP; it was never trained for that' in text
    scores = {f'validation/{ALONE}': 0.714, 'validation/accuracy': 0.881}
    text = match.describe(make_card(validation=scores))
    assert '0.71 of its validation cells were right by the protein alone, 0.88' in text


@pytest.mark.parametrize('name', ['deeploc', 'lean'])
@pytest.mark.parametrize(('wanted', 'place'), [(('GFP', 'RFP'), 1), (('R', 'G'), 0)])
def test_without_its_marker_a_network_does_what_it_does_where_that_is_0(
    name, wanted, place
):
    network = network_of(name, wanted, place)
    marker, protein = wanted[place], wanted[1 - place]
    alone = fit_channels(network, match_without(network.card, [marker]))
    assert alone.card.channels == (protein,) and alone.card.marker_channel == -1
    image = jax.random.uniform(jax.random.key(0), (2, 16, 16, 2))
    expected, _ = network.model.apply(
        network.variables, image.at[..., place].set(0), train=False
    )
    protein = image[..., 1 - place, None]
    found, _ = alone.model.apply(alone.variables, protein, train=False)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_without_a_channel_a_mean_image_counts_as_the_image():
    network = network_of('deepyeast')
    alone = fit_channels(network, match_without(network.card, ['RFP']))
    image = jax.random.uniform(jax.random.key(0), (2, 16, 16, 2))
    mean = network.variables['batch_stats']['mean_image'][..., 1]
    expected, _ = network.model.apply(
        network.variables, image.at[..., 1].set(mean), train=False
    )
    found, _ = alone.model.apply(alone.variables, image[..., :1], train=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('name', ['deeploc', 'deepyeast', 'lean'])
def test_a_channel_that_is_added_changes_nothing_before_it_is_trained(name):
    network = network_of(name)
    match = match_channels(
        network.card, ('G', 'R', 'BF'), 'R', ['G', 'R', 'BF'], more=True
    )
    wide = fit_channels(network, match)
    assert wide.card.channels == ('GFP', 'RFP', 'BF') and wide.card.marker_channel == 1
    wide.card.network_of(wide.variables, 'here')  # or an error
    image = jax.random.uniform(jax.random.key(0), (2, 16, 16, 3))
    expected, _ = network.model.apply(network.variables, image[..., :2], train=False)
    found, _ = wide.model.apply(wide.variables, image, train=False)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_one_channel_goes_and_another_comes():
    network = network_of('lean')
    other = fit_channels(network, ChannelMatch(('GFP', 'RFP'), ('G', '-'), ('BF',)))
    assert other.card.channels == ('GFP', 'BF') and other.card.marker_channel == -1
    image = jax.random.uniform(jax.random.key(0), (2, 16, 16, 2))
    found, _ = other.model.apply(other.variables, image, train=False)
    expected, _ = network.model.apply(
        network.variables, image.at[..., 1].set(0), train=False
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_same_channels_change_nothing():
    network = network_of('lean')
    assert fit_channels(network, match_without(network.card, [])) is network


def test_what_is_new_is_not_known_without_a_channel_that_was_always_there():
    network = network_of('lean')
    novelty = Novelty('mean', np.ones((3, 4), np.float16), 1)
    network = dataclasses.replace(network, novelty=novelty)
    match = match_without(network.card, ['RFP'])
    assert fit_channels(network, match).novelty is None
    scores = {f'validation/{ALONE}': 0.5}
    card = dataclasses.replace(network.card, validation=scores)
    network = dataclasses.replace(network, card=card)
    assert fit_channels(network, match).novelty is novelty


def test_the_protein_is_left_alone_in_a_share_of_the_cells():
    images = 0.5 + jax.random.uniform(jax.random.key(0), (400, 8, 8, 3)) / 2
    found = np.asarray(augment(jax.random.key(1), images, 8, protein_alone=0.3))
    alone = (found[..., 1:] == 0).all((1, 2, 3))
    assert 0.22 < alone.mean() < 0.38
    assert (found[..., 0] > 0).all() and (found[~alone] > 0).all()
    same = augment(jax.random.key(1), images, 8)
    np.testing.assert_array_equal(found[..., 0], same[..., 0])


def test_a_network_with_a_mean_image_is_not_trained_without_channels():
    model = MODELS['deepyeast'](num_classes=3)
    with pytest.raises(ValueError, match='which subtracts the mean image'):
        make_update(model, optax.sgd(0.1), augmentation=dict(protein_alone=0.1))


def test_images_without_a_channel_are_predicted(tmp_path):
    network = network_of('lean')
    folder.write_weights(tmp_path, network.variables, network.card)
    images = np.random.default_rng(0).random((3, 20, 20, 1))
    predictor = deeploc_jax.load(tmp_path, without=['RFP'])
    found = predictor.predict(images, crops=1)
    both = np.concatenate([images, 0 * images], -1)
    expected = deeploc_jax.load(tmp_path).predict(both, crops=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match=r'load\(\.\.\., without='):
        deeploc_jax.load(tmp_path).predict(images)
    with pytest.raises(ValueError, match='Unknown channel .* Known: GFP, RFP'):
        deeploc_jax.load(tmp_path, without=['DAPI'])
    with pytest.raises(ValueError, match='No channel is left'):
        deeploc_jax.load(tmp_path, without=['RFP', 'GFP'])
