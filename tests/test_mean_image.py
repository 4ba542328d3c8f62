"""The mean of the training images is computed before training and constant then."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest

import deeploc_jax
from configs import deeploc, evaluate
from deeploc_jax import sharding
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.mean_image import mean_image
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.files import read_json
from deeploc_jax.models import MODELS
from deeploc_jax.models.network import Network
from deeploc_jax.tasks import evaluate as evaluate_task
from deeploc_jax.tasks import train as task
from deeploc_jax.train import loop
from deeploc_jax.train.interrupt import Interrupted
from deeploc_jax.transfer.draws import Draw
from deeploc_jax.transfer.recipe import Recipe
from deeploc_jax.transfer.trainer import Trainer
from deeploc_jax.weights import folder
from tests.helpers.small import make_card, random_cells, random_variables
from tests.helpers.spot_screen import SpotScreen

pytestmark = pytest.mark.usefixtures('no_pictures')


class Centered(Network):
    """Subtracts the mean image, as DeepYeast does, and compiles at once."""

    HEAD = 'fc_2'
    MEAN_IMAGE = True

    @nn.compact
    def __call__(self, image, *, train):
        mean = self.variable('batch_stats', 'mean_image', jnp.zeros, image.shape[1:])
        x = nn.Dense(4, name='fc_1')((image - mean.value[None]).mean((1, 2)))
        return nn.Dense(self.num_classes, name='fc_2')(x), {'fc_1': x}


@pytest.fixture(scope='module')
def builder(data_dir):
    return prepare_screen(SpotScreen.name, data_dir)


def mean_of(network):
    return np.asarray(network.variables['batch_stats']['mean_image'])


def test_the_mean_is_that_of_the_labelled_cells_in_memory_or_not(builder):
    unit = make_normalize('unit')
    held, streamed = (
        read_cells(builder, 'train', memory_limit=limit, normalize=unit)
        for limit in (4.0, 0.0)
    )
    held.labels[3] = streamed.labels[3] = -1
    found = mean_image(held, 60)
    assert found.shape == (60, 60, 2) and found.dtype == np.float32
    known = np.delete(held.images, 3, axis=0)[:, 2:-2, 2:-2]
    np.testing.assert_allclose(found, known.mean(0), rtol=1e-6)
    np.testing.assert_array_equal(mean_image(streamed, 60), found)
    assert streamed.images[np.array([], int)].shape == (0, 64, 64, 2)
    some = mean_image(held, 64, rows=np.array([5, 1, 5]))
    np.testing.assert_allclose(some, held.images[[1, 5]].mean(0), rtol=1e-6)


def test_the_mean_is_exact_over_many_cells():
    cells = random_cells(1000, size=8)
    expected = cells.images[cells.labels >= 0].mean(0, dtype=np.float64)
    np.testing.assert_allclose(mean_image(cells, 8), expected, rtol=1e-6)


@pytest.fixture(scope='module', autouse=True)
def centered():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, 'centered', Centered)
        yield


def make_config(builder):
    config = deeploc.get_config('smoke')
    config.model = dict(name='centered')
    config.screen, config.data_dir = SpotScreen.name, str(builder.data_path.parents[1])
    config.normalization = 'unit'
    config.augmentation.update(crop=64, symmetries=False)
    config.evaluation.crops = 1
    config.total_steps, config.checkpoint_every = 6, 2
    config.ema_decay = 0.9  # an average of what does not change is the same
    return config


@pytest.fixture
def config(builder):
    return make_config(builder)


@pytest.fixture(scope='module')
def trained(builder, tmp_path_factory):
    """The workdir of `config`."""
    workdir = tmp_path_factory.mktemp('trained')
    task.run(make_config(builder), workdir)
    return workdir


def test_a_training_subtracts_the_mean_of_its_cells_and_keeps_it(builder, trained):
    train = read_cells(builder, 'train', normalize=make_normalize('unit'))
    network = folder.read_weights(trained)
    np.testing.assert_array_equal(mean_of(network), mean_image(train, 64))
    assert (network.card.normalization, network.card.white_level) == ('unit', None)


def test_an_interrupted_training_ends_with_the_same_weights(
    config, trained, tmp_path, monkeypatch
):
    class Stop(loop.StopRequest):
        def agreed(self, due):
            return True

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(loop, 'StopRequest', Stop)
        task.run(config, tmp_path)
    config.memory_limit = 0.0  # nor does it matter where the images are
    task.run(config, tmp_path)
    whole, cut = map(folder.read_weights, (trained, tmp_path))
    for a, b in zip(
        jax.tree.leaves(whole.variables), jax.tree.leaves(cut.variables), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_brightness_counts_and_the_card_says_white(config, builder, tmp_path):
    config.white_level = 200.0
    task.run(config, tmp_path)
    network = deeploc_jax.load(tmp_path)
    assert network.card.white_level == 200
    cells = read_cells(builder, 'test', normalize=make_normalize('none')).images
    found = network.predict(cells)
    assert abs(network.predict(cells / 2) - found).max() > 1e-4
    other = deeploc_jax.load(tmp_path, white_level=400)
    np.testing.assert_allclose(other.predict(cells * 2), found, atol=1e-6)

    again = evaluate.get_config()
    again.source, again.white_level = str(tmp_path), 400.0
    evaluate_task.run(again, tmp_path / 'again')
    about = read_json(tmp_path / 'again/run.json')
    assert (about['normalization'], about['white_level']) == ('unit', 400)
    table = pq.read_table(tmp_path / 'again/evaluation/test/predictions.parquet')
    np.testing.assert_allclose(table['p_LEFT'], other.predict(cells)[:, 0], atol=1e-6)


@pytest.mark.parametrize('mode', ['scratch', 'fine_tune', 'frozen_conv'])
def test_a_transfer_from_scratch_takes_the_mean_of_its_own_cells(mode):
    recipe = Recipe(
        l2_sp=0.0,
        seed=0,
        steps=2,
        batch_size=4,
        schedule='constant',
        learning_rate=1e-3,
        dropout=0.0,
        augmentation=dict(symmetries=False),
        test_batch=4,
        crops=1,
        memory_limit=1.0,
    )
    cells = random_cells(20, size=8)
    model = Centered(num_classes=3)
    card = make_card(crop=8, model=dict(name='centered'))
    source = folder.TrainedNetwork(card, model, random_variables(model, 8))
    trainer = Trainer(recipe, mode, source, cells, sharding.make_mesh())
    draws = [Draw(None, number, np.arange(8) + 8 * number) for number in (0, 1)]
    found = trainer.train(draws)['batch_stats']['mean_image']
    for draw in draws:
        own = cells.images[draw.rows].mean(0)
        expected = own if mode == 'scratch' else mean_of(source)
        np.testing.assert_allclose(found[draw.number], expected, rtol=1e-6)
