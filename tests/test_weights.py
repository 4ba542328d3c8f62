import dataclasses
import json
import shutil
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deeploc_jax.fingerprint import MismatchError
from deeploc_jax.models import get_model
from deeploc_jax.weights.folder import (
    ARRAYS,
    CARD,
    _seal,
    read_weights,
    write_weights,
)
from deeploc_jax.weights.novelty import Novelty
from tests.helpers.small import make_card, random_variables

SMALL = dict(name='deeploc', dropout=0.5, bn_momentum=0.9, compute_dtype='float32')


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    """DeepLoc on tiny crops, its variables and its folder."""
    model = get_model(num_classes=3, **SMALL)
    variables = random_variables(model, 8)
    card = make_card(model=SMALL, side=10, crop=8)
    folder = tmp_path_factory.mktemp('run')
    write_weights(folder / 'weights', variables, card)
    return variables, card, folder


@pytest.fixture
def copy(saved, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(saved[2] / 'weights', tmp_path / 'copy')


def edit_card(folder, **fields):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | fields))


def test_weights_come_back_bit_for_bit(saved):
    variables, card, folder = saved
    network = read_weights(folder / 'weights')
    assert network.card == card
    one, other = (jax.tree.leaves_with_path(v) for v in (variables, network.variables))
    for (path, a), (same, b) in zip(one, other, strict=True):
        assert path == same
        np.testing.assert_array_equal(a, b)
    apply = partial(network.model.apply, train=False)
    logits, _ = jax.eval_shape(apply, network.variables, jnp.zeros((2, 8, 8, 2)))
    assert logits.shape == (2, 3)


def test_what_was_seen_comes_back_and_is_sealed(saved, tmp_path):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 60, 4))
    seen = Novelty.fit('fc_2', features[0], np.arange(60) % 3, features[1])
    folder = write_weights(tmp_path / 'seen', *saved[:2], seen)
    network = read_weights(folder)
    assert network.novelty.layer == network.card.novelty_layer == 'fc_2'
    x = rng.normal(size=(5, 4))
    found = network.novelty.score(x)
    np.testing.assert_allclose(found, seen.score(x), rtol=1e-6)
    assert network.variables.keys() == saved[0].keys()
    assert read_weights(saved[2]).novelty is None
    edit_card(folder, novelty_layer='fc_1')
    with pytest.raises(ValueError, match='damaged'):
        read_weights(folder)


def test_deepyeast_of_earlier_versions_opens_without_its_count_of_batches(tmp_path):
    model = get_model('deepyeast', num_classes=3, depth=5)
    variables = random_variables(model, 8)
    stats = variables['batch_stats'] | dict(batches=np.float32(7))
    card = make_card(model=dict(name='deepyeast', depth=5), side=8, crop=8)
    write_weights(tmp_path, variables | dict(batch_stats=stats), card)
    found = read_weights(tmp_path).variables
    assert jax.tree.structure(found) == jax.tree.structure(variables)


EARLIER = (
    (
        'each channel of each cell, on the whole crop: 0.1 to 99.9 percentile -> 0 to '
        '1, clipped; a constant channel -> 0',
        'percentile',
    ),
    ('pixels of 8 bits, 0 to 255 -> 0 to 1', 'unit'),
)


@pytest.mark.parametrize(('words', 'name'), EARLIER)
def test_a_card_of_earlier_versions_opens_as_it_was_sealed(
    saved, tmp_path, words, name
):
    variables, card, _ = saved
    write_weights(tmp_path, variables, card)
    fields = json.loads((tmp_path / CARD).read_text())
    for new in ('sha256', 'white_level', 'note', 'pixel_size'):
        del fields[new]
    fields['normalization'] = words
    fields |= dict(format=1, licence=fields.pop('license'))
    seal = _seal(fields, variables)
    (tmp_path / CARD).write_text(json.dumps(fields | dict(sha256=seal)))
    network = read_weights(tmp_path)
    assert (network.card.normalization, network.card.white_level) == (name, None)
    assert network.card.pixel_size is None
    assert network.card.license == card.license
    assert network.sha256 == seal
    write_weights(tmp_path, variables, network.card)
    assert read_weights(tmp_path).card == network.card


def test_a_white_level_takes_the_place_of_that_on_the_card(saved, tmp_path):
    variables, card, _ = saved
    card = dataclasses.replace(card, normalization='unit', white_level=4095.0)
    write_weights(tmp_path, variables, card)
    assert read_weights(tmp_path).card == card
    assert read_weights(tmp_path, white_level=255).card.white_level == 255


def test_a_workdir_is_as_good_as_its_weights(saved):
    assert read_weights(saved[2]).card == saved[1]


def test_errors_about_missing_weights_name_both_places(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no card.json in it or in .*weights'):
        read_weights(tmp_path)


def test_a_flipped_bit_is_found(copy):
    content = bytearray((copy / ARRAYS).read_bytes())
    content[-100] ^= 1
    (copy / ARRAYS).write_bytes(bytes(content))
    with pytest.raises(ValueError, match='wrong digest'):
        read_weights(copy)


def test_classes_in_another_order_are_found(copy):
    edit_card(copy, class_names=['B', 'A', 'C'])
    with pytest.raises(ValueError, match='card was edited'):
        read_weights(copy)


def test_arrays_in_another_memory_order_are_written_right(saved, tmp_path):
    variables, card, _ = saved
    turned = jax.tree.map(lambda x: np.asfortranarray(x), variables)
    network = read_weights(write_weights(tmp_path, turned, card))
    for a, b in zip(
        jax.tree.leaves(network.variables), jax.tree.leaves(variables), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_a_full_disk_is_an_error_of_the_system(saved, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('pathlib.Path.write_bytes', full)
    with pytest.raises(OSError, match='No space left'):
        write_weights(tmp_path / 'new', *saved[:2])
    assert not any((tmp_path / 'new').iterdir())


def test_a_card_that_holds_no_fields_is_damaged(copy):
    (copy / CARD).write_text('5')
    with pytest.raises(ValueError, match=f'{copy} cannot be read: card.json holds no'):
        read_weights(copy)


def test_a_file_cut_short_is_found(copy):
    content = (copy / ARRAYS).read_bytes()
    (copy / ARRAYS).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=f'{copy} cannot be read'):
        read_weights(copy)


def test_weights_of_another_network_list_both_sides(copy, saved):
    edit_card(copy, channels=['GFP'])
    with pytest.raises(MismatchError, match=r'conv_1.*3, 3, 2, .*3, 3, 1, '):
        read_weights(copy)


@pytest.mark.parametrize(
    ('fields', 'answer'),
    [
        (dict(format=3), 'format 3'),
        (dict(colour='red'), "unknown: .'colour'"),
        (dict(model=SMALL | dict(name='deeplok')), "mean 'deeploc'"),
    ],
)
def test_unknown_formats_fields_and_networks_of_a_card_are_errors(copy, fields, answer):
    edit_card(copy, **fields)
    with pytest.raises(ValueError, match=answer):
        read_weights(copy)


def test_the_card_holds_every_field_and_the_digest(saved):
    card = json.loads((saved[2] / 'weights' / CARD).read_text())
    assert card.keys() == {f.name for f in dataclasses.fields(saved[1])} | {'sha256'}
    assert card['class_names'] == ['A', 'B', 'C'] and card['simulated'] is True


def test_a_card_of_no_network_is_an_error(tmp_path):
    card = make_card(model=dict(name='lean', widths=(8, 8, 8, 8)), crop=16)
    model = get_model(num_classes=3, **card.model)
    write_weights(tmp_path, random_variables(model, 16), card)
    fields = json.loads((tmp_path / 'card.json').read_text())
    for widths in ([0, 8, 8, 8], ['8', 8, 8, 8], 8):
        fields['model']['widths'] = widths
        (tmp_path / 'card.json').write_text(json.dumps(fields))
        with pytest.raises(ValueError, match='describes no network'):
            read_weights(tmp_path)
    fields['model']['widths'], fields['crop'] = [8, 8, 8, 8], 10**16
    (tmp_path / 'card.json').write_text(json.dumps(fields))
    with pytest.raises(ValueError, match='no network|wrong digest|do not fit'):
        read_weights(tmp_path)  # and does not ask for the memory of such a crop
