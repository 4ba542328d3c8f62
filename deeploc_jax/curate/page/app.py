"""The app behind the page: which path is answered by what, and errors in words.

A request names cells by row and everything else by one of a few known words; none of
it becomes part of a path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deeploc_jax.curate.page.answers import HERE, Answers
from deeploc_jax.curate.page.desk import Desk
from deeploc_jax.curate.page.guard import Door, Guard
from deeploc_jax.curate.training.background import Busy

_READ = ('sheet', 'pictures', 'ahead', 'agreement', 'training')
_CHANGE = ('next', 'back', 'decide', 'undo', 'export', 'train')
_FILES = {
    'page.css': 'text/css',
    'page.js': 'text/javascript',
    'training.js': 'text/javascript',
}


def make_app(desk: Desk, doors: tuple[Door, ...], port: int) -> Guard:
    """Makes the app, behind its guard.

    Args:
        desk: What it works with.
        doors: The address of each annotator.
        port: Port that the server will listen on.
    """
    answers = Answers(desk, doors)
    routes = [Route('/{token}/', answers.page)]
    routes += [Route(f'/{{token}}/{n}', _file(n, kind)) for n, kind in _FILES.items()]
    routes += [Route(f'/{{token}}/{name}', getattr(answers, name)) for name in _READ]
    routes += [
        Route(f'/{{token}}/{name}', getattr(answers, name), methods=['POST'])
        for name in _CHANGE
    ]
    handlers: Mapping[Any, Any] = {
        ValueError: _explain(400),
        Busy: _explain(409),
        OSError: _explain(507),  # the disk is full, or the images are gone
        HTTPException: lambda _, error: _error(error.status_code, error.detail),
        Exception: lambda _, error: _error(500, 'This failed; the terminal says why.'),
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Guard(app, doors, port)


def _file(name: str, kind: str) -> Callable[[Request], Any]:
    """Answers with a file of the package, which is read once."""
    data = (HERE / name).read_bytes()

    async def answer(_: Request) -> Response:
        return Response(data, media_type=kind)

    return answer


def _explain(status: int) -> Callable[[Request, Exception], Any]:
    async def answer(_: Request, error: Exception) -> Response:
        return _error(status, str(error))

    return answer


def _error(status: int, words: str) -> Response:
    return JSONResponse(dict(error=words), status)
