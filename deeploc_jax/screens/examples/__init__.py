"""Typical cells of proteins become small pictures, for the pages about them."""

from deeploc_jax.screens.examples.choose import choose_examples
from deeploc_jax.screens.examples.pictures import ProteinCells, write_pictures
from deeploc_jax.screens.examples.write import try_examples, write_examples

__all__ = [
    'ProteinCells',
    'choose_examples',
    'try_examples',
    'write_examples',
    'write_pictures',
]
