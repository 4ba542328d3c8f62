"""The views of a cell that a network looks at, and whose probabilities are averaged."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from deeploc_jax.data.augment import center_crop
from deeploc_jax.data.augment_optics import INTERPOLATION, through_lens
from deeploc_jax.weights.card import Card

SMALLEST, LARGEST = 0.25, 4.0
"""Magnifications beyond these show a few pixels of a cell, or a cell in a few."""

TURNS = (
    lambda images: images[:, ::-1],
    lambda images: images[:, :, ::-1],
    lambda images: images[:, ::-1, ::-1],
    lambda images: images.swapaxes(1, 2),
)
"""Symmetries of the square, of which each magnified view has one."""


@dataclasses.dataclass(frozen=True)
class Views:
    """The central crop of a cell and, for five views, four more.

    Attributes:
        crop: Side of each view in pixels.
        number: 1 or 5.
        magnifications: Four magnifications at which the middle of the cell is seen,
            each reflected or turned in its own way; () for the crops from the four
            corners.

    References:
        Kraus et al. 2017: "the center 60x60 crop and crops from the four corners".
    """

    crop: int
    number: int = 5
    magnifications: tuple[float, ...] = ()

    def count(self, side: int) -> int:
        """Number of different views of images of this side; a crop may be as large."""
        others = self.magnifications or side > self.crop
        return self.number if others else 1

    def of(self, images: Float[Array, 'b h w c']) -> Float[Array, 'v b s s c']:
        """The views of all images, the central crop first."""
        views = [center_crop(images, self.crop)]
        if self.count(images.shape[1]) > 1:
            others = self._magnified if self.magnifications else self._corners
            views += others(images)
        return jnp.stack(views)

    def _magnified(self, images: jax.Array) -> list[jax.Array]:
        # Each is turned another way, too: a different look at the cell for nothing.
        return [
            center_crop(turn(magnify(images, factor)), self.crop)
            for factor, turn in zip(self.magnifications, TURNS, strict=True)
        ]

    def _corners(self, images: jax.Array) -> list[jax.Array]:
        ends = (slice(None, self.crop), slice(-self.crop, None))
        return [images[:, rows, columns] for rows in ends for columns in ends]


def views_of(card: Card, number: int | None = None) -> Views:
    """The views that a network was made for.

    Args:
        card: Card of the network.
        number: 1 or 5; None for as many as its temperature was fitted for.

    Raises:
        ValueError: `number` is another one.
    """
    number = card.crops if number is None else number
    check_crops(number, 'crops')
    return Views(card.crop, number, card.magnifications)


def magnify(images: Float[Array, 'b h w c'], factor: float) -> Float[Array, 'b h w c']:
    """Magnifies images around their middle, as augmentation does.

    Beyond an image its outermost pixels go on. Where pixels are joined, they are
    averaged as far as that takes.
    """
    b, _, _, c = images.shape
    spread = INTERPOLATION * max(factor**-2 - 1, 0) ** 0.5
    return through_lens(images, jnp.full(b, factor), jnp.full((b, c), spread))


def check_crops(crops: int, field: str = 'evaluation.crops') -> None:
    """Raises a ValueError unless `crops` is 1 (the center) or 5 (more views)."""
    if crops not in (1, 5):
        raise ValueError(
            f'{field} ({crops}) must be 1 or 5: the center, and four more views.'
        )


def read_magnifications(text: str | None) -> tuple[float, ...]:
    """Reads the magnifications of a config, such as '0.7,0.8,0.9,1.15'.

    Raises:
        ValueError: They are not four numbers from `SMALLEST` to `LARGEST`.
    """
    if not text:
        return ()
    try:
        found = tuple(map(float, text.split(',')))
    except ValueError:
        found = ()
    if len(found) != 4 or not all(SMALLEST <= factor <= LARGEST for factor in found):
        raise ValueError(
            f'evaluation.magnifications ({text}) must be four numbers from {SMALLEST} '
            f'to {LARGEST:g}, such as 0.7,0.8,0.9,1.15.'
        )
    return found
