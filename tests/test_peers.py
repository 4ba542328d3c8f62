from functools import partial

import jax
import numpy as np
import pytest

from benchmarks.plain_flax import PlainDeepLoc
from deeploc_jax.models import get_model
from tests.helpers.small import random_variables


@pytest.fixture
def ours(native_convolutions):
    """DeepLoc for 20-pixel crops, its variables and logits."""
    model = get_model('deeploc', num_classes=7)
    image = jax.random.uniform(jax.random.key(0), (3, 20, 20, 2))
    variables = random_variables(model, 20)
    logits, _ = jax.jit(partial(model.apply, train=False))(variables, image)
    return variables, np.array(image), logits


def test_the_torch_peer_is_the_same_network(ours):
    torch = pytest.importorskip('torch')
    from benchmarks.torch_deeploc import TorchDeepLoc

    variables, image, expected = ours
    peer = TorchDeepLoc(num_classes=7, side=20)
    peer.load_flax(variables)
    model = get_model('deeploc', num_classes=7)
    train = partial(model.apply, train=True, mutable=['batch_stats'])
    (trained, _), _ = jax.jit(train)(variables, image)
    with torch.inference_mode():
        found = peer.eval()(torch.from_numpy(image)).numpy()
        found_trained = peer.train()(torch.from_numpy(image)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found_trained, trained, rtol=1e-3, atol=1e-3)


def test_the_plain_flax_peer_is_the_same_network(ours):
    variables, image, expected = ours
    apply = partial(PlainDeepLoc(num_classes=7).apply, train=False)
    found, _ = jax.jit(apply)(variables, image)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
