"""Types and shapes in the signatures of the package are checked when it is called."""

import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

# Scalars of NumPy are numbers too, and an int is a float.
_NUMBERS = FrozenDict(
    {int: int | np.integer, float: float | int | np.floating | np.integer}
)
check_types = beartype(conf=BeartypeConf(hint_overrides=_NUMBERS))
