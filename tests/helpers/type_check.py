"""Types and shapes in the signatures of the package are checked when it is called."""

from typing import IO

import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

_ALIKE = FrozenDict(
    {
        # Scalars of NumPy are numbers too, and an int is a float.
        int: int | np.integer,
        float: float | int | np.floating | np.integer,
        # Members of archives are streams, but lack parts of IO.
        IO[bytes]: object,
    }
)
check_types = beartype(conf=BeartypeConf(hint_overrides=_ALIKE))
