"""What a request asks for is checked: numbers and a few known words, nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from deeploc_jax.curate.page.guard import Door
from deeploc_jax.curate.page.pictures import SCALES
from deeploc_jax.lookup import check_name

_CONTRAST = ('brightness', 'contrast')  # numbers of the page, 1 for none


def door_of(request: Request) -> Door:
    """The door that the guard let the request through."""
    return request.state.door


async def fields(request: Request, **types: type) -> dict[str, Any]:
    """The fields of a JSON body, which must be these, of these types.

    Args:
        request: The request.
        **types: Type of each field by its name.

    Raises:
        ValueError: The body is something else.
    """
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ValueError('The request is no JSON.') from None
    if not isinstance(found, dict) or found.keys() != types.keys():
        raise ValueError(f'The request needs the fields {", ".join(types)}.')
    for name, kind in types.items():
        if type(found[name]) is not kind:
            raise ValueError(f'{name} must be of type {kind.__name__}.')
    return found


def whole_number(value: Any) -> int:
    """A number from 0, also in digits.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    if type(value) is int and 0 <= value < 2**31:
        return value
    raise ValueError('A whole number is wanted.')


def view_of(value: Any, views: Sequence[str]) -> int:
    """Number of a view, checked.

    Raises:
        ValueError: There is no such view.
    """
    view = whole_number(value)
    if view >= len(views):
        raise ValueError(f'There is no view {view}.')
    return view


def shown_as(shown: dict[str, Any], views: Sequence[str]) -> dict[str, Any]:
    """How the page showed cells, in the words of the journal.

    Raises:
        ValueError: It cannot have shown them so.
    """
    view, scale = view_of(shown.get('view'), views), shown.get('scale')
    check_name('scale', str(scale), SCALES)
    levels = {name: shown.get(name, 1) for name in _CONTRAST}
    for level in levels.values():
        if type(level) not in (int, float) or not 0 <= level <= 10:
            raise ValueError('Brightness and contrast are numbers from 0 to 10.')
    return dict(view=views[view], scale=scale) | levels
