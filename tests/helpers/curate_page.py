"""The page of curation is served, asked over HTTP, and opened in a browser."""

from __future__ import annotations

import contextlib
import json
import types

from deeploc_jax.curate.decisions.export import export
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.training.training import Training
from tests.helpers import chromium
from tests.helpers.curated import curated_cells, request, served

SHOWN = dict(view=0, scale='own', brightness=1, contrast=1.5)
NEXT = dict(order='suspicion', only='', again=False, size=9)


@contextlib.contextmanager
def opened(
    folder,
    annotators=('anna', 'ben'),
    size=9,
    cells=None,
    source=None,
    work=print,
    **of,
):
    """A page that is served, and how to ask it."""
    from deeploc_jax.curate.page.desk import Desk
    from deeploc_jax.curate.page.guard import Door

    cells, journal = cells or curated_cells(**of), Journal(folder / 'journal.jsonl')
    ranking = Ranking(cells)
    training = Training(ranking, journal, folder, source, work)

    def write():
        return export(folder, cells, journal)

    desk = Desk('a <screen>', ranking, journal, training, size, write)
    doors = tuple(Door(name) for name in annotators)
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(served(desk, doors))
        stack.callback(training.stop)
        page = types.SimpleNamespace(
            cells=cells, journal=journal, port=port, door=doors[0], doors=doors
        )
        page.training = training

        def get(path, door=doors[0], **headers):
            return request(port, 'GET', f'/{door.token}/{path}', headers=headers)

        def post(path, body, door=doors[0], headers=None):
            usual = {
                'Origin': f'http://127.0.0.1:{port}',
                'Content-Type': 'application/json',
                'X-Curate-Secret': door.secret,
            }
            found = request(
                port, 'POST', f'/{door.token}/{path}', body, usual | (headers or {})
            )
            return found[0], json.loads(found[2])

        page.get, page.post = get, post
        yield page


def wait(browser, script, *arguments):
    """Waits until a script returns something true, which it returns."""
    from selenium.webdriver.support.wait import WebDriverWait

    waiting = WebDriverWait(browser, 30, 0.02)
    return waiting.until(lambda b: b.execute_script('return ' + script, *arguments))


def visit(browser, page, door=None):
    address = f'http://127.0.0.1:{page.port}/{(door or page.door).token}/'
    chromium.complaints(browser)
    browser.get(address)
    wait(browser, "document.body.dataset.sheet && $('progress').textContent")
    return address


def press(browser, *keys):
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(*keys).perform()
