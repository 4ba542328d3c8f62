"""Pure Flax networks, one architecture a file, one contract.

`Model(num_classes=..., **options)(image, *, train) -> (logits, features)`.
"""

from __future__ import annotations

import difflib
from typing import Any

import flax.linen as nn

from deeploc_jax.models.deeploc import DeepLoc

MODELS: dict[str, type[nn.Module]] = {'deeploc': DeepLoc}


def get_model(name: str, num_classes: int, **options: Any) -> nn.Module:
    """Looks up a network by name.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of classes of the last layer.
        **options: Fields of the network, e.g. `dropout=0.5`.

    Raises:
        ValueError: No such network, or it has no such option.

    Example:
        >>> model = get_model('deeploc', num_classes=19)
        >>> variables = model.init(key, jnp.zeros((1, 60, 60, 2)), train=False)
    """
    if name not in MODELS:
        raise ValueError(f'There is no model {name!r}. {nearest(name, MODELS)}')
    fields = set(MODELS[name].__dataclass_fields__) - {'parent', 'name'}
    for option in options:
        if option not in fields:
            raise ValueError(
                f'Model {name!r} has no option {option!r}. {nearest(option, fields)}'
            )
    return MODELS[name](num_classes=num_classes, **options)


def nearest(word: str, words: Any) -> str:
    """A sentence that names the word meant, or all there are."""
    close = difflib.get_close_matches(word, words, n=1)
    known = ', '.join(sorted(words))
    return f'Did you mean {close[0]!r}?' if close else f'There are: {known}.'
