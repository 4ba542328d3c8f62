"""Registers every screen as a TFDS builder when it is imported."""

from __future__ import annotations

import importlib
from pathlib import Path

from deeploc_jax.datasets.opening import (
    find_screen as find_screen,
)
from deeploc_jax.datasets.opening import (
    open_screen as open_screen,
)
from deeploc_jax.datasets.opening import (
    prepare_screen as prepare_screen,
)

_SCREENS = (
    'chong2015',
    'wt2017',
    'swat_rfp',
    'deepyeast',
    'yeast_sim',
    'own_screen',
)
_HERE = Path(__file__).parent

# In a wheel the screens lie beside this file. In the repository they lie in
# `datasets/` at its top, which must not become a package of that name: it would
# hide Hugging Face's.
if not (_HERE / _SCREENS[0]).is_dir():
    __path__.append(str(_HERE.parents[1] / 'datasets'))

for _screen in _SCREENS:
    importlib.import_module(f'{__name__}.{_screen}')
