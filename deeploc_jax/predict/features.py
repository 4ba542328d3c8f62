"""Makes the programs that give a network's features, or all that judging needs."""

from __future__ import annotations

from typing import Any

import jax

from deeploc_jax.data.compiled_normalize import CompiledNormalize
from deeploc_jax.lookup import check_name
from deeploc_jax.predict.logits import make_features, make_outputs
from deeploc_jax.predict.neighbors import make_distance
from deeploc_jax.predict.program import Program, make_program
from deeploc_jax.predict.views import views_of
from deeploc_jax.weights.folder import TrainedNetwork


def layer_widths(network: TrainedNetwork) -> dict[str, int]:
    """Number of features of each layer of a network, by name, in its order."""
    card = network.card
    image = jax.ShapeDtypeStruct((1, card.crop, card.crop, len(card.channels)), 'f4')
    widths: dict[str, int] = {}

    def note(variables: Any, image: jax.Array) -> None:
        layers: Any = network.model.apply(variables, image, train=False)[1]
        widths.update({name: layer.shape[-1] for name, layer in layers.items()})

    # Noted while it is traced: `eval_shape` would return the names sorted.
    jax.eval_shape(note, network.variables, image)
    return widths


def choose_layer(network: TrainedNetwork, layer: str | None) -> str:
    """The layer asked for; by default the last, from which the logits are made.

    Raises:
        ValueError: The network has no such layer; the nearest name is suggested.
    """
    names = list(layer_widths(network))
    layer = layer or names[-1]
    check_name('layer', layer, names)
    return layer


def make_cell_features(
    network: TrainedNetwork,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    *,
    layer: str | None = None,
    pool: str = 'max',
    normalize: CompiledNormalize | None = None,
) -> Program:
    """Makes the program cells -> features, float32 [n, f].

    Args:
        network: The network.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        layer: Name of a layer; by default the last, from which the logits are made.
        pool: A key of `POOLS`.
        normalize: Normalization of raw crops, as in `make_program`.

    Raises:
        ValueError: There is no such layer or pool.
    """
    features = make_features(
        network.model,
        choose_layer(network, layer),
        crop=network.card.crop,
        pool=pool,
    )
    return make_program(features, network.variables, mesh, batch_size, normalize)


def make_split_program(
    network: TrainedNetwork,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    crops: int | None = None,
    *,
    layer: str | None = None,
    normalize: CompiledNormalize | None = None,
) -> Program:
    """Makes the program cells -> `Outputs`, for judging a split in one pass.

    Args:
        network: The network.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        crops: Number of views, as in `views_of`.
        layer: Name of the layer whose features are returned too; by default that of
            its novelty or, where it does not know what it has seen, none.
        normalize: Normalization of raw crops, as in `make_program`.

    Raises:
        ValueError: `crops` is another number, or the batch size cannot be divided by
            the number of devices.
    """
    card = network.card
    if layer is None and network.novelty:
        layer = network.novelty.layer
    outputs = make_outputs(network.model, layer, views_of(card, crops))
    return make_program(outputs, network.variables, mesh, batch_size, normalize)


def make_scoring_program(
    network: TrainedNetwork,
    mesh: jax.sharding.Mesh,
    batch_size: int,
    crops: int | None = None,
    *,
    normalize: CompiledNormalize | None = None,
) -> Program:
    """Makes the program cells -> (logits, novelty), with nothing left to the host.

    The logits are float32 [n, crops, k]; the novelty is float32 [n], or None where the
    network does not know what it has seen.

    Args:
        network: The network.
        mesh: Mesh from `sharding.make_mesh`.
        batch_size: Cells at a time, over all devices.
        crops: Number of views, as in `views_of`.
        normalize: Normalization of raw crops, as in `make_program`.

    Raises:
        ValueError: `crops` is another number, or the batch size cannot be divided by
            the number of devices.
    """
    card, novelty = network.card, network.novelty
    layer = novelty.layer if novelty else None
    outputs = make_outputs(network.model, layer, views_of(card, crops))
    distance = make_distance(novelty) if novelty else None

    def scored(placed: Any, images: jax.Array) -> tuple[jax.Array, jax.Array | None]:
        variables, seen = placed
        found = outputs(variables, images)
        return found.logits, distance(seen, found.features) if distance else None

    placed = network.variables, novelty.directions if novelty else None
    return make_program(scored, placed, mesh, batch_size, normalize)
