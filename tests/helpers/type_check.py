"""Types and shapes in the signatures of the package are checked when it is called."""

from pathlib import Path
from typing import IO

import jaxtyping
import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

ROOT = Path(__file__).parents[2]
# Without arrays, and called so often to lay out a screen that checks would take longer
# than all else.
LAYOUT = {'layout', 'classes', 'protein', 'plate', 'strains'}
ALIKE = FrozenDict(
    {
        # Scalars of NumPy are numbers too, and an int is a float.
        int: int | np.integer,
        float: float | int | np.floating | np.integer,
        # Members of archives are streams, but lack parts of IO.
        IO[bytes]: object,
    }
)
check_types = beartype(conf=BeartypeConf(hint_overrides=ALIKE))


def install():
    """Makes all modules of the package checked ones, but for those of `LAYOUT`.

    It has to be called before they are imported.
    """
    paths = [path.relative_to(ROOT) for path in ROOT.glob('deeploc_jax/**/*.py')]
    modules = [
        '.'.join(path.with_suffix('').parts)
        for path in paths
        if path.stem != '__init__'
        and not ('simulate' in path.parts and path.stem in LAYOUT)
    ]
    jaxtyping.install_import_hook(modules, f'{__name__}.check_types')
