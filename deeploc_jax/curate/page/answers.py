"""What the app answers: sheets, pictures, decisions and trainings, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from deeploc_jax.curate.decisions.agreement import agreement_rows
from deeploc_jax.curate.orders.order import orders_of
from deeploc_jax.curate.page import asked
from deeploc_jax.curate.page.described import describe
from deeploc_jax.curate.page.desk import Desk
from deeploc_jax.curate.page.guard import Door
from deeploc_jax.curate.page.pictures import SCALES, Pictures
from deeploc_jax.curate.page.sheets import SIZES, Sheets
from deeploc_jax.lookup import check_name

HERE = Path(__file__).parent


class Answers:
    """What the app answers.

    Args:
        desk: What it works with.
        doors: The address of each annotator.
    """

    def __init__(self, desk: Desk, doors: tuple[Door, ...]):
        self.desk, self._pictures = desk, Pictures(desk.ranking.cells)
        self._sheets = {
            door.annotator: Sheets(desk.ranking, desk.journal, door.annotator)
            for door in doors
        }

    async def page(self, request: Request) -> Response:
        """The page itself, which then asks for its sheet."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        html = environment.get_template('page.html.j2').render(
            title=self.desk.title,
            annotator=asked.door_of(request).annotator,
            secret=asked.door_of(request).secret,
            classes=self.desk.ranking.cells.class_names,
            orders=orders_of(self.desk.ranking.cells),
            views=self._pictures.views,
            size=self.desk.size,
            sizes=SIZES,
        )
        return HTMLResponse(html)

    async def sheet(self, request: Request) -> Response:
        """The sheet that the annotator is at."""
        sheets = self._of(request)
        if not sheets.number:
            first = orders_of(self.desk.ranking.cells)[0]
            sheets.next(first, '', False, self.desk.size)
        return JSONResponse(describe(sheets))

    async def pictures(self, request: Request) -> Response:
        """A PNG of each cell of the sheet, in its order, as data URLs."""
        return JSONResponse(self._urls(request, self._of(request).rows.tolist()))

    async def ahead(self, request: Request) -> Response:
        """Rows and pictures of the sheet that comes next, if this one is finished."""
        rows = self._of(request).after()
        return JSONResponse(dict(rows=rows, pictures=self._urls(request, rows)))

    def _urls(self, request: Request, rows: Sequence[int]) -> list[str]:
        """Pictures of cells as the request wants them shown, as data URLs."""
        view = asked.view_of(request.query_params.get('view'), self._pictures.views)
        scale = request.query_params.get('scale', '')
        check_name('scale', scale, SCALES)
        made = self._pictures.of(rows, view, scale)
        return [
            'data:image/png;base64,' + base64.b64encode(png).decode() for png in made
        ]

    async def next(self, request: Request) -> Response:
        """Goes to a new sheet."""
        wanted = await asked.fields(request, order=str, only=str, again=bool, size=int)
        sheets = self._of(request)
        sheets.next(**wanted)
        return JSONResponse(describe(sheets))

    async def back(self, request: Request) -> Response:
        """Goes back a sheet."""
        sheets = self._of(request)
        return JSONResponse(dict(done=sheets.back()) | describe(sheets))

    async def decide(self, request: Request) -> Response:
        """Decides on some cells of the sheet."""
        wanted = await asked.fields(request, rows=list, kind=str, label=str, shown=dict)
        rows = [asked.whole_number(row) for row in wanted['rows']]
        shown = asked.shown_as(wanted['shown'], self._pictures.views)
        sheets = self._of(request)
        sheets.decide(rows, wanted['kind'], wanted['label'], shown)
        return JSONResponse(describe(sheets))

    async def undo(self, request: Request) -> Response:
        """Takes the annotator's last decision back."""
        sheets = self._of(request)
        return JSONResponse(dict(done=sheets.undo()) | describe(sheets))

    async def export(self, _: Request) -> Response:
        """Writes the corrections."""
        return JSONResponse(dict(words=self.desk.export()))

    async def agreement(self, _: Request) -> Response:
        """How well annotators agree; nothing of single cells."""
        return JSONResponse(agreement_rows(self.desk.journal))

    async def train(self, _: Request) -> Response:
        """Starts a training on what is decided now."""
        self.desk.training.start()
        return await self.training(_)

    async def training(self, _: Request) -> Response:
        """How far a training is, and what the last one learned."""
        orders = orders_of(self.desk.ranking.cells)
        return JSONResponse(self.desk.training.state() | dict(orders=orders))

    def _of(self, request: Request) -> Sheets:
        return self._sheets[asked.door_of(request).annotator]
