import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import ndimage

from deeploc_jax.explain import named
from deeploc_jax.explain.invented import invent_classes, invent_units
from deeploc_jax.explain.layers import last_convolution, outputs
from deeploc_jax.explain.maximal import (
    PLAIN,
    Recipe,
    blurred,
    make_climb,
    without_least,
)
from deeploc_jax.explain.outlines import cell_mask
from deeploc_jax.explain.sample import Sample
from deeploc_jax.models import get_model
from deeploc_jax.tasks import explain as task
from deeploc_jax.weights.folder import TrainedNetwork
from tests.helpers.explained import config as config
from tests.helpers.small import Small, make_card, random_cells, random_variables

RNG = np.random.default_rng(0)


@pytest.fixture
def sample():
    """Cells with a round marker in the middle, and a second one at the border."""
    cells = random_cells(12, size=20)
    away = np.hypot(*(np.indices((20, 20)) - 9.5))
    marker = 0.05 * RNG.random((12, 20, 20)) + 0.9 * (away < 6)
    marker[:, :4, :2] = 1
    images = np.stack([cells.images[..., 0], marker], -1).astype(np.float32)
    card = make_card(model=dict(name='small'))
    network = TrainedNetwork(card, Small(), random_variables(Small(), 16))
    return Sample(network, dataclasses.replace(cells, images=images), 8)


def logits(network, images):
    return np.asarray(outputs(network, network.variables, jnp.asarray(images))['dense'])


def test_each_image_answers_its_class_more_than_the_noise_before(sample):
    made = invent_classes(sample, Recipe(20, 0.05), 2, 10.0, 0)
    assert made.targets.tolist() == [0, 0, 1, 1, 2, 2]
    own = np.arange(6), made.targets
    gain = logits(sample.network, made.images)[own]
    gain = gain - logits(sample.network, made.before)[own]
    assert (gain > 0).all()
    again = invent_classes(sample, Recipe(20, 0.05), 2, 10.0, 0)
    np.testing.assert_array_equal(made.images, again.images)


def test_nothing_changes_outside_the_cell_and_in_the_marker(sample):
    made = invent_classes(sample, Recipe(5), 2, 60.0, 0)
    for image, row in zip(made.images, made.cells, strict=True):
        real = sample.images[row]
        inside = cell_mask(real, 1)
        assert not inside[:3, 0].any() and 60 < inside.sum() < 130
        np.testing.assert_array_equal(image[..., 1], real[..., 1])
        assert (image[..., 0][~inside] == 0).all() and image.min() >= 0
        assert image[..., 0][inside].max() > 0.05 and image.max() <= 1


def test_images_of_units_answer_them_more_than_noise(sample):
    assert last_convolution(sample.network) == 'conv'
    made = invent_units(sample, 'conv', 3, 0)

    def answers(images):
        found = outputs(sample.network, sample.network.variables, jnp.asarray(images))
        return np.asarray(found['conv']).mean((1, 2))[np.arange(3), made.targets]

    assert len(set(made.targets.tolist())) == 3
    assert (answers(made.images) > answers(made.before)).all()


class Deaf(Small):
    """Unit 0 of its maps answers nothing, unit 1 bright images alone."""

    @nn.compact
    def __call__(self, image, *, train):
        light = image.mean(-1, keepdims=True)
        maps = jnp.concatenate([0 * light, light - 0.6, light, 2 * light], -1)
        features = dict(conv=nn.relu(maps))
        return nn.Dense(3, name='dense')(maps.mean((1, 2))), features


def test_units_that_answer_no_noise_are_left_out(sample):
    card = make_card(model=dict(name='small'))
    network = TrainedNetwork(card, Deaf(), random_variables(Deaf(), 16))
    sample = dataclasses.replace(sample, network=network)
    made = invent_units(sample, 'conv', 4, 0)
    assert sorted(made.targets.tolist()) == [1, 2, 3]
    assert (made.images > made.before).any((1, 2, 3)).all()


@pytest.mark.parametrize(
    ('name', 'options'), [('lean', {}), ('deepyeast', dict(depth=5))]
)
def test_networks_of_the_package_can_be_climbed(name, options, native_convolutions):
    model = get_model(name, num_classes=3, **options)
    network = TrainedNetwork(make_card(crop=16), model, random_variables(model, 16))
    images = 0.1 * RNG.random((3, 16, 16, 2), np.float32)
    climb = make_climb(network, model.HEAD, PLAIN._replace(iterations=4, step=0.02))
    found = jax.jit(climb)(
        network.variables,
        jnp.asarray(images),
        jnp.arange(3),
        jnp.ones(images.shape, bool),
        jnp.zeros(3),
    )

    def answer(x):
        head = outputs(network, network.variables, jnp.asarray(x))[model.HEAD]
        return np.asarray(head)[np.arange(3), np.arange(3)]

    assert (answer(found) > answer(images)).all()


def test_the_blur_is_gaussian():
    x = RNG.random((2, 9, 9, 3), np.float32)
    expected = ndimage.gaussian_filter(x, (0, 0.7, 0.7, 0), mode='nearest', truncate=5)
    np.testing.assert_allclose(blurred(jnp.asarray(x), 0.7), expected, atol=1e-3)


def test_the_pixels_that_contribute_least_are_clipped():
    image = jnp.asarray(RNG.random((10, 10, 1), np.float32)) + 0.1
    slope = jnp.asarray(RNG.normal(size=(10, 10, 1)).astype(np.float32))
    mask = jnp.arange(100).reshape(10, 10, 1) < 50
    found = without_least(image, slope, mask, jnp.float32(60))
    assert (found == 0).sum() == 30 and (found == image)[~mask].all()
    kept = jnp.abs(slope * image)[mask & (found > 0)]
    assert kept.min() > jnp.abs(slope * image)[mask & (found == 0)].max()
    assert (without_least(image, slope, mask, jnp.float32(0)) == image).all()


def test_a_judge_names_images_by_its_own_order_of_classes(sample):
    card = make_card(class_names=('C', 'A', 'B'), model=dict(name='small'))
    one = sample.network
    head = one.variables['params']['dense']
    turned = jax.tree.map(lambda x: x[..., jnp.array([2, 0, 1])], head)
    params = one.variables['params'] | dict(dense=turned)
    judge = TrainedNetwork(card, Small(), one.variables | dict(params=params))
    named.check_judge(one, judge)
    made = invent_classes(sample, Recipe(3), 1, 60.0, 0)
    rows = named.named_rows(sample, made, judge)
    for row in rows:
        assert row['own_named'] == row['judge_named']
        assert row['own_probability'] == pytest.approx(row['judge_probability'], 1e-4)
    right = [row['own_named'] == row['label_name'] for row in rows]
    assert named.named_right(rows, 'judge') == np.mean(right)
    assert named.named_right([dict(label_name='A')], 'judge') is None
    guessed = logits(one, sample.images).argmax(1)
    expected = np.mean(guessed == sample.cells.labels)
    assert named.real_right(sample, judge) == pytest.approx(expected)
    other = dataclasses.replace(judge, card=make_card(class_names=('A', 'B')))
    with pytest.raises(ValueError, match='does not know the classes C'):
        named.check_judge(one, other)
    other = dataclasses.replace(judge, card=make_card(crop=20))
    with pytest.raises(ValueError, match='it has crop 20, but the network 16'):
        named.check_judge(one, other)


def test_the_task_writes_images_for_every_class(config, tmp_path, no_pictures):
    config.parts, config.judge = 'maximal', config.source
    config.maximal.update(iterations=2, cells=2, units=3)
    task.run(config, tmp_path / 'out')
    rows = pq.read_table(tmp_path / 'out/maximal.parquet').to_pylist()
    assert [row['label_name'] for row in rows] == [*'AABBCC']
    assert all(row['own_named'] == row['judge_named'] in 'ABC' for row in rows)
    assert all(row['inside'] is None for row in rows)  # no one knows
    figures = {path.name for path in (tmp_path / 'out/figures').iterdir()}
    assert figures == {'maximal_classes.png', 'maximal_units.png'}
    assert (
        'by another network, of real cells'
        in (tmp_path / 'out/explain.html').read_text()
    )
    config.judge = 'nowhere'
    with pytest.raises(FileNotFoundError, match='nowhere holds no weights'):
        task.run(config, tmp_path / 'out')
