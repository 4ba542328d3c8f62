"""The app behind the page: sheets, pictures and decisions, as JSON.

A request names cells by row and everything else by one of a few known words; none of
it becomes part of a path.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deeploc_jax.curate.agreement import agreement_rows
from deeploc_jax.curate.cells import Curated
from deeploc_jax.curate.guard import Door, Guard
from deeploc_jax.curate.journal import Journal
from deeploc_jax.curate.order import orders_of
from deeploc_jax.curate.pictures import SCALES, Pictures
from deeploc_jax.curate.sheets import SIZES, Sheets
from deeploc_jax.lookup import check_name

_HERE = Path(__file__).parent
_CONTRAST = ('brightness', 'contrast')  # numbers of the page, 1 for none


@dataclasses.dataclass(frozen=True)
class Desk:
    """All that the app works with.

    Attributes:
        title: Name of the screen, for the page.
        cells: The cells.
        journal: Where decisions go.
        size: Cells of a sheet, unless the page asks for others.
        seed: Seed of the random order.
        export: Writes the corrections, and returns what it did in a sentence.
    """

    title: str
    cells: Curated
    journal: Journal
    size: int
    seed: int
    export: Callable[[], str]


def make_app(desk: Desk, doors: tuple[Door, ...], port: int) -> Guard:
    """Makes the app, behind its guard.

    Args:
        desk: What it works with.
        doors: The address of each annotator.
        port: Port that the server will listen on.
    """
    pages = Pages(desk, doors)
    routes = [
        Route('/{token}/', pages.page),
        Route('/{token}/page.css', _file('page.css', 'text/css')),
        Route('/{token}/page.js', _file('page.js', 'text/javascript')),
        Route('/{token}/sheet', pages.sheet),
        Route('/{token}/pictures', pages.pictures),
        Route('/{token}/agreement', pages.agreement),
        Route('/{token}/next', pages.next, methods=['POST']),
        Route('/{token}/back', pages.back, methods=['POST']),
        Route('/{token}/decide', pages.decide, methods=['POST']),
        Route('/{token}/undo', pages.undo, methods=['POST']),
        Route('/{token}/export', pages.export, methods=['POST']),
    ]
    handlers: Mapping[Any, Any] = {
        ValueError: _explain(400),
        OSError: _explain(507),  # the disk is full, or the images are gone
        HTTPException: lambda _, error: _error(error.status_code, error.detail),
        Exception: lambda _, error: _error(500, 'This failed; the terminal says why.'),
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Guard(app, doors, port)


class Pages:
    """What the app answers.

    Args:
        desk: What it works with.
        doors: The address of each annotator.
    """

    def __init__(self, desk: Desk, doors: tuple[Door, ...]):
        self.desk, self._pictures = desk, Pictures(desk.cells)
        self._orders = orders_of(desk.cells)
        orders: dict[str, Any] = {}
        self._sheets = {
            door.annotator: Sheets(
                desk.cells, desk.journal, door.annotator, orders, desk.seed
            )
            for door in doors
        }

    async def page(self, request: Request) -> Response:
        """The page itself, which then asks for its sheet."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        html = environment.get_template('page.html.j2').render(
            title=self.desk.title,
            annotator=_door(request).annotator,
            secret=_door(request).secret,
            classes=self.desk.cells.class_names,
            orders=self._orders,
            views=self._pictures.views,
            size=self.desk.size,
            sizes=SIZES,
        )
        return HTMLResponse(html)

    async def sheet(self, request: Request) -> Response:
        """The sheet that the annotator is at."""
        sheets = self._of(request)
        if not sheets.number:
            sheets.next(self._orders[0], '', False, self.desk.size)
        return JSONResponse(sheets.describe())

    async def pictures(self, request: Request) -> Response:
        """A PNG of each cell of the sheet, in its order, as data URLs."""
        view = _whole_number(request.query_params.get('view'))
        scale = request.query_params.get('scale', '')
        check_name('scale', scale, SCALES)
        if not 0 <= view < len(self._pictures.views):
            raise ValueError(f'There is no view {view}.')
        sheets = self._of(request)
        made = self._pictures.of(sheets.rows.tolist(), view, scale)

        async def prepare() -> None:  # while the annotator looks at these
            with contextlib.suppress(OSError, ValueError):
                self._pictures.of(sheets.after(), view, scale)

        return JSONResponse(
            ['data:image/png;base64,' + base64.b64encode(png).decode() for png in made],
            background=BackgroundTask(prepare),
        )

    async def next(self, request: Request) -> Response:
        """Goes to a new sheet."""
        asked = await _fields(request, order=str, only=str, again=bool, size=int)
        sheets = self._of(request)
        sheets.next(**asked)
        return JSONResponse(sheets.describe())

    async def back(self, request: Request) -> Response:
        """Goes back a sheet."""
        sheets = self._of(request)
        return JSONResponse(dict(done=sheets.back()) | sheets.describe())

    async def decide(self, request: Request) -> Response:
        """Decides on some cells of the sheet."""
        asked = await _fields(request, rows=list, kind=str, label=str, shown=dict)
        rows = [_whole_number(row) for row in asked['rows']]
        sheets = self._of(request)
        sheets.decide(rows, asked['kind'], asked['label'], self._shown(asked['shown']))
        return JSONResponse(sheets.describe())

    async def undo(self, request: Request) -> Response:
        """Takes the annotator's last decision back."""
        sheets = self._of(request)
        return JSONResponse(dict(done=sheets.undo()) | sheets.describe())

    async def export(self, _: Request) -> Response:
        """Writes the corrections."""
        return JSONResponse(dict(words=self.desk.export()))

    async def agreement(self, _: Request) -> Response:
        """How well annotators agree; nothing of single cells."""
        return JSONResponse(agreement_rows(self.desk.journal))

    def _of(self, request: Request) -> Sheets:
        return self._sheets[_door(request).annotator]

    def _shown(self, shown: dict[str, Any]) -> dict[str, Any]:
        """How the page showed the cells, in the words of the journal."""
        view, scale = _whole_number(shown.get('view')), shown.get('scale')
        check_name('scale', str(scale), SCALES)
        names = dict(enumerate(self._pictures.views))
        if view not in names:
            raise ValueError(f'There is no view {view}.')
        levels = {name: shown.get(name, 1) for name in _CONTRAST}
        for level in levels.values():
            if type(level) not in (int, float) or not 0 <= level <= 10:
                raise ValueError('Brightness and contrast are numbers from 0 to 10.')
        return dict(view=names[view], scale=scale) | levels


def _door(request: Request) -> Door:
    return request.state.door


async def _fields(request: Request, **types: type) -> dict[str, Any]:
    """The fields of a JSON body, which must be these, of these types."""
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


def _whole_number(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    if type(value) is int and 0 <= value < 2**31:
        return value
    raise ValueError('A whole number is wanted.')


def _file(name: str, kind: str) -> Callable[[Request], Any]:
    """Answers with a file of the package, which is read once."""
    data = (_HERE / name).read_bytes()

    async def answer(_: Request) -> Response:
        return Response(data, media_type=kind)

    return answer


def _explain(status: int) -> Callable[[Request, Exception], Any]:
    async def answer(_: Request, error: Exception) -> Response:
        return _error(status, str(error))

    return answer


def _error(status: int, words: str) -> Response:
    return JSONResponse(dict(error=words), status)
