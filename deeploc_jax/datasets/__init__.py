"""Every screen as a TFDS builder; importing this package registers them."""

from __future__ import annotations

import importlib
from pathlib import Path

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[1] / 'datasets'

# In a wheel the screens lie beside this file. In the repository they lie in
# `datasets/` at its top, which must not become a package of that name: it would
# hide Hugging Face's.
if not (_HERE / 'chong2015').is_dir():
    __path__.append(str(_REPOSITORY))

for _name in ('chong2015', 'wt2017', 'swat_rfp', 'yeast_sim', 'own_screen'):
    if any((Path(_folder) / _name / '__init__.py').exists() for _folder in __path__):
        importlib.import_module(f'{__name__}.{_name}')
