"""Types and shapes in the signatures of the package are checked when it is called.

Checks are jaxtyping's, with beartype. To write one takes milliseconds, so it is written
when its function is called for the first time, without jaxtyping where no shape is to
be compared.
"""

import dataclasses
import functools
import inspect
from typing import IO

import jaxtyping
import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

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
check_shapes = functools.partial(jaxtyping.jaxtyped, typechecker=check_types)
_inner = set()


def install():
    """Makes all modules of the package checked ones, before they are imported."""
    jaxtyping.install_import_hook('deeploc_jax', f'{__name__}.check_types')
    jaxtyping.jaxtyped = lambda typechecker: _checked  # as the hook writes it


def _checked(made):
    """A function, or a class whose fields are checked, of a module."""
    if not inspect.isclass(made):
        return _checked_when_called(made)
    if dataclasses.is_dataclass(made) and not hasattr(made.__init__, '__wrapped__'):
        made.__init__ = _checked_when_called(made.__init__)
    return made


def _checked_when_called(function):
    """A function inside another is made again and again, and checked once."""
    inner = '<locals>' in function.__qualname__
    if inner and function.__code__ in _inner:
        return function
    check = None

    @functools.wraps(function)
    def checked(*args, **kwargs):
        __tracebackhide__ = True
        nonlocal check
        if check is None:
            shapes = inner or _has_shapes(function)
            check = (check_shapes if shapes else check_types)(function)
            if inner:
                _inner.add(function.__code__)
        return check(*args, **kwargs)

    return checked


def _has_shapes(function):
    """Whether jaxtyping has to compare the shapes of arguments and result."""
    try:
        hints = inspect.get_annotations(function, eval_str=True)
    except NameError:  # of an import for type checkers alone
        return True
    return 'jaxtyping' in repr(hints)
