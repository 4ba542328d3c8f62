"""The page of curation: what it answers to whom, and the page in a real browser."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from deeploc_jax.curate.page.guard import HEADERS, LARGEST
from tests.helpers import chromium
from tests.helpers.curate_page import NEXT, SHOWN, opened, press, visit, wait
from tests.helpers.curated import request

pytest.importorskip('starlette')
pytest.importorskip('uvicorn')


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    with opened(tmp_path_factory.mktemp('page')) as page:
        yield page


def sheet(page, door=None):
    return json.loads(page.get('sheet', door or page.door)[2])


def test_a_sheet_is_decided_on_and_written_down(tmp_path):
    with opened(tmp_path) as page:
        first = sheet(page)
        assert first['sheet'] == 1 and len(first['cells']) == 9
        rows = [cell['row'] for cell in first['cells']]
        pictures = json.loads(page.get('pictures?view=1&scale=common')[2])
        assert len(pictures) == 9 and pictures[0].startswith('data:image/png;base64,')
        asked = dict(rows=rows[:2], kind='discard', label='', shown=SHOWN)
        status, found = page.post('decide', asked)
        assert status == 200 and found['seen'] == 2
        assert [c['kind'] for c in found['cells']] == 2 * ['discard'] + 7 * ['']
        (line,) = page.journal.path.read_text().splitlines()
        shown = dict(view='composite', scale='own', brightness=1, contrast=1.5)
        assert json.loads(line)['shown'] == shown | dict(sheet=1, order='suspicion')
        assert sheet(page) == found  # loaded anew
        assert {c['kind'] for c in sheet(page, page.doors[1])['cells']} == {''}
        status, found = page.post('next', NEXT)
        assert found['sheet'] == 2 and rows[0] not in [c['row'] for c in found['cells']]
        assert page.post('undo', {})[1]['done'] is True
        assert page.post('undo', {})[1]['done'] is False
        assert page.post('decide', asked)[0] == 200
        assert '2 discard' in page.post('export', {})[1]['words']
        assert (tmp_path / 'corrections.csv').exists()
        assert json.loads(page.get('agreement')[2]) == []


def test_the_end_of_the_cells_is_an_empty_sheet(tmp_path):
    with opened(tmp_path, n=12) as page:
        for left in (9, 3, 0, 0):
            rows = [cell['row'] for cell in page.post('next', NEXT)[1]['cells']]
            assert len(rows) == left
            assert len(json.loads(page.get('pictures?view=0&scale=own')[2])) == left
            asked = dict(rows=rows, kind='skip', label='', shown=SHOWN)
            assert page.post('decide', asked)[0] == (200 if rows else 400)
        assert page.post('back', {})[1]['done'] is True
        assert len(sheet(page)['cells']) == 3


def test_every_answer_forbids_what_a_page_could_be_tricked_into(page):
    policy = HEADERS['content-security-policy']
    assert "default-src 'none'" in policy and 'unsafe' not in policy
    tricks = ('', 'page.js', 'sheet', 'no-such-page', 'pictures?view=9&scale=own')
    for path in tricks:
        _, headers, _ = page.get(path)
        assert headers.items() >= HEADERS.items(), path
        assert 'server' not in headers
    _, headers, _ = request(page.port, 'GET', '/')
    assert headers.items() >= HEADERS.items()


def test_the_page_has_no_script_or_style_of_its_own(page):
    status, _, body = page.get('')
    text = body.decode()
    assert status == 200 and 'a &lt;screen&gt;' in text
    wanted = [f'<script src="{name}.js" defer>' for name in ('page', 'training')]
    assert re.findall(r'<script[^>]*>', text) == wanted
    assert not re.search(r'<style|style=|\son\w+=|https?:', text)


HOSTS = (
    'evil.example',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost.evil.example:{port}',
    '',
)


@pytest.mark.parametrize('host', [*HOSTS, None])
def test_another_host_is_misdirected(page, host):
    headers = {'Host': host and host.format(port=page.port)}
    path = f'/{page.door.token}/'
    status = request(page.port, 'GET', path, headers=headers)[0]
    assert status == (400 if host is None else 421)  # without one, it is no HTTP/1.1


def test_localhost_is_this_machine_too(page):
    headers = {'Host': f'localhost:{page.port}'}
    path = f'/{page.door.token}/'
    assert request(page.port, 'GET', path, headers=headers)[0] == 200


def test_without_the_token_there_is_nothing(page):
    token = page.door.token
    for path in (
        '/',
        '/sheet',
        '/training',
        '/page.js',
        f'/{token[:-1]}/sheet',
        f'/{token}x/sheet',
        f'/{token.swapcase()}/sheet',
        f'//{token}/sheet',
        '/%00/sheet',
        '/%C3%A9/sheet',
    ):
        assert request(page.port, 'GET', path)[0] == 404, path
    assert request(page.port, 'GET', f'/{token}/sheet')[0] == 200


@pytest.mark.parametrize(
    'path',
    [
        '../../../../etc/passwd',
        '..%2f..%2f..%2fetc%2fpasswd',
        '%2e%2e/%2e%2e/etc/passwd',
        'page.js/../app.py',
        'page.js%00.py',
        'rounds/1/weights/card.json',
        'app.py',
        'journal.jsonl',
        'cells/../journal.jsonl',
        '....//....//etc/passwd',
        '\\..\\..\\etc\\passwd',
    ],
)
def test_no_path_reaches_the_disk(page, path):
    status, _, body = page.get(path)
    assert status == 404
    assert b'root:' not in body and b'import' not in body


@pytest.mark.parametrize('name', ['pictures', 'ahead'])
@pytest.mark.parametrize('view', ['-1', '3', '1e0', '../page.js', '٣', '9' * 40, ''])
def test_pictures_are_chosen_by_number_only(page, name, view):
    from urllib.parse import quote

    status, _, body = page.get(f'{name}?view={quote(view)}&scale=own')
    assert status == 400 and 'error' in json.loads(body)


FORGERIES = {
    'another origin': ({'Origin': 'http://evil.example'}, 403),
    'another port': ({'Origin': 'http://127.0.0.1:1'}, 403),
    'https': ({'Origin': 'https://127.0.0.1:{port}'}, 403),
    'a sandbox': ({'Origin': 'null'}, 403),
    'no origin': ({'Origin': None}, 403),
    'no secret': ({'X-Curate-Secret': None}, 403),
    'a wrong secret': ({'X-Curate-Secret': 'guess'}, 403),
    'another site': ({'Sec-Fetch-Site': 'cross-site'}, 403),
    'a form': ({'Content-Type': 'application/x-www-form-urlencoded'}, 415),
    'plain text': ({'Content-Type': 'text/plain'}, 415),
    'too large': ({'Content-Length': str(LARGEST + 1)}, 413),
    'no length': ({'Content-Length': '-1'}, 400),
}


@pytest.mark.parametrize('change', ['decide', 'train'])
@pytest.mark.parametrize('name', FORGERIES)
def test_a_forged_change_is_refused(page, name, change):
    headers, wanted = FORGERIES[name]
    headers = {n: v and v.format(port=page.port) for n, v in headers.items()}
    row = sheet(page)['cells'][0]['row']
    asked = dict(rows=[row], kind='discard', label='', shown=SHOWN)
    before = page.journal.path.read_bytes()
    usual = {
        'Origin': f'http://127.0.0.1:{page.port}',
        'Content-Type': 'application/json',
        'X-Curate-Secret': page.door.secret,
    }
    path = f'/{page.door.token}/{change}'
    status = request(page.port, 'POST', path, asked, usual | headers)[0]
    assert status == wanted
    assert not json.loads(page.get('training')[2])['running']
    assert page.journal.path.read_bytes() == before


def test_the_secret_of_one_annotator_is_not_that_of_another(page):
    asked = dict(rows=[0], kind='discard', label='', shown=SHOWN)
    headers = {'X-Curate-Secret': page.doors[1].secret}
    assert page.post('decide', asked, headers=headers)[0] == 403


def test_a_script_of_another_site_reads_nothing(page):
    for headers in (
        {'Origin': 'http://evil.example'},
        {'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors'},
        {'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors'},
    ):
        assert page.get('sheet', **headers)[0] == 403
        assert page.get('training', **headers)[0] == 403
    visit = {'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate'}
    assert page.get('', **visit)[0] == 200  # a click on the address in a notebook


GOOD = dict(rows=[0], kind='discard', label='', shown=SHOWN)


@pytest.mark.parametrize(
    'body',
    [
        [],
        GOOD | dict(rows='0'),
        GOOD | dict(rows=[-1]),
        GOOD | dict(rows=[True]),
        GOOD | dict(rows=[1.0]),
        GOOD | dict(rows=['../x']),
        GOOD | dict(rows=[10**9]),
        GOOD | dict(rows=[2**70]),
        GOOD | dict(rows=[]),
        GOOD | dict(kind='undo'),
        GOOD | dict(shown=SHOWN | dict(scale='../own')),
        GOOD | dict(shown=SHOWN | dict(contrast=float('nan'))),
        GOOD | dict(shown=SHOWN | dict(contrast='bright')),
        GOOD | dict(shown=SHOWN | dict(contrast=[])),
        GOOD | dict(more=1),
        dict(rows=[0]),
    ],
    ids=str,
)
def test_a_decision_that_makes_no_sense_is_explained(page, body):
    before = page.journal.path.read_bytes()
    status, found = page.post('decide', body)
    assert status == 400 and found['error']
    assert page.journal.path.read_bytes() == before


@pytest.mark.parametrize('change', ['undo', 'train'])
@pytest.mark.parametrize('method', ['GET', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
def test_a_change_is_a_post_only(page, method, change):
    usual = {
        'Origin': f'http://127.0.0.1:{page.port}',
        'Content-Type': 'application/json',
        'X-Curate-Secret': page.door.secret,
    }
    path = f'/{page.door.token}/{change}'
    assert request(page.port, method, path, {}, usual)[0] == 405


def test_a_full_disk_is_told(page, monkeypatch):
    from deeploc_jax.curate.decisions import journal_file

    def full(_):
        raise OSError('No space left on device')

    monkeypatch.setattr(journal_file.os, 'fsync', full)
    row = sheet(page)['cells'][0]['row']
    asked = dict(rows=[row], kind='discard', label='', shown=SHOWN)
    status, found = page.post('decide', asked)
    assert status == 507 and 'No space' in found['error']
    assert sheet(page)['cells'][0]['kind'] == ''


def test_a_taken_port_is_explained(page):
    from deeploc_jax.curate.page.serve import open_socket

    with pytest.raises(ValueError, match='is in use: give another'):
        open_socket(page.port)


def test_answers_do_not_wait_for_the_browser():
    import socket

    from deeploc_jax.curate.page.serve import open_socket

    with open_socket(0) as listening:  # asyncio asks for this before TCP_NODELAY
        assert listening.proto == socket.IPPROTO_TCP


def test_the_server_is_reached_by_this_machine_only(page):
    import socket

    with socket.socket() as other, pytest.raises(OSError):
        other.settimeout(5)
        other.connect(('127.0.0.2', page.port))


def kinds(page, annotator='anna'):
    found = page.journal
    return {c: found.verdict(annotator, c)[0].kind for c in found.cells_of(annotator)}


def test_with_the_mouse(browser, tmp_path):
    with opened(tmp_path) as page:
        address = visit(browser, page)
        cells = browser.find_elements('css selector', '.cell')
        assert len(cells) == 9
        assert wait(
            browser, 'cells.every((c) => c.button.children[0].naturalWidth === 64)'
        )
        cells[0].click()
        wait(browser, "cells[0].kind === 'discard'")
        assert 'discarded' in cells[0].get_attribute('aria-label')
        cells[0].click()  # once more: kept
        wait(browser, "cells[0].kind === 'keep'")
        browser.execute_script("$('click').value = '=NUCLEUS'")
        cells[1].click()
        wait(browser, "cells[1].kind === 'relabel'")
        names = page.cells.cell_ids[
            browser.execute_script('return cells.map((c) => c.row)')
        ]
        assert kinds(page) == {names[0]: 'keep', names[1]: 'relabel'}
        browser.execute_script(
            "$('contrast').value = 3; $('contrast').dispatchEvent(new Event('input'))"
        )
        style = "getComputedStyle(document.querySelector('.cell img')).filter"
        assert 'contrast(3)' in browser.execute_script(f'return {style}')
        browser.find_element('id', 'view').send_keys('GFP')
        wait(browser, "document.body.dataset.ahead === '9'")
        browser.find_element('id', 'keep-rest').click()
        wait(browser, "$('sheet').textContent.startsWith('Sheet 2')")
        wait(browser, "cells[8].button.querySelector('img').naturalWidth === 64")
        assert list(kinds(page).values()).count('keep') == 8
        browser.find_element('id', 'agreement').click()
        wait(browser, "$('status').textContent.startsWith('Only one')")
        browser.find_element('id', 'export').click()
        wait(browser, "$('status').textContent.startsWith('corrections.csv')")
        assert (tmp_path / 'corrections.csv').exists()
        assert not chromium.complaints(browser)
        asked = [
            url for url in chromium.requests(browser) if not url.startswith('data:')
        ]
        assert asked and all(url.startswith(address) for url in asked)
        # Of the first sheet in two views; those of the next were there already.
        assert sum(url.startswith(f'{address}pictures') for url in asked) == 2


def test_with_the_keyboard_alone(browser, tmp_path):
    from selenium.webdriver import Keys

    with opened(tmp_path) as page:
        visit(browser, page)
        for _ in range(40):  # the way of everyone who has no mouse
            press(browser, Keys.TAB)
            if browser.execute_script(
                "return document.activeElement.className === 'cell '"
            ):
                break
        ids = page.cells.cell_ids[
            browser.execute_script('return cells.map((c) => c.row)')
        ]
        press(browser, 'd', Keys.ARROW_RIGHT, 'k', Keys.ARROW_RIGHT, 'r')
        wait(browser, "$('relabel').open")
        press(browser, 'NUC', Keys.TAB, Keys.ENTER)
        wait(browser, "cells[2].kind === 'relabel'")
        wanted = {ids[0]: 'discard', ids[1]: 'keep', ids[2]: 'relabel'}
        assert kinds(page) == wanted
        assert page.journal.verdict('anna', ids[2])[1] == 'NUCLEUS'
        press(browser, Keys.END, 'g')
        wait(browser, "cells[8].kind === 'relabel'")
        press(browser, 'uu')
        wait(browser, "cells[2].kind === '' && cells[1].kind === 'keep'")
        press(browser, 'n')
        wait(browser, "$('sheet').textContent.startsWith('Sheet 2')")
        assert len(kinds(page)) == 9
        assert wait(browser, 'document.activeElement === cells[0].button')
        press(browser, Keys.ENTER)
        wait(browser, "cells[0].kind === 'discard'")
        press(browser, 'b')
        wait(browser, "$('sheet').textContent.startsWith('Sheet 1')")
        assert not chromium.complaints(browser)


def test_what_a_screen_reader_is_told(browser, page):
    visit(browser, page)
    for element in browser.find_elements(
        'css selector', 'body > :not(dialog) :is(input, select, button)'
    ):
        assert element.accessible_name, element.get_attribute('outerHTML')
    cells = browser.find_element('id', 'cells')
    assert cells.aria_role == 'group' and cells.accessible_name.startswith('Sheet')
    (first, *others) = browser.find_elements('css selector', '.cell')
    assert first.aria_role == 'button'
    assert first.accessible_name.startswith('Cell 1 of 9, ')
    tabs = [cell.get_attribute('tabindex') for cell in (first, *others)]
    assert tabs == ['0'] + 8 * ['-1']
    assert browser.find_element('id', 'status').aria_role == 'status'
    assert browser.find_element('id', 'error').aria_role == 'alert'


def test_at_200_percent_nothing_runs_off_the_side(browser, page):
    size = browser.get_window_size()
    try:
        # A window of 640 pixels is one of 1280 at 200 %.
        browser.set_window_size(640, 500)
        visit(browser, page)
        wide = 'document.documentElement.scrollWidth <= window.innerWidth'
        assert browser.execute_script(f'return {wide}')
        boxes = [
            e.rect for e in browser.find_elements('css selector', 'button, select')
        ]
        assert all(box['x'] + box['width'] <= 640 for box in boxes)
    finally:
        browser.set_window_size(size['width'], size['height'])


SERVER = """
import sys, threading
from pathlib import Path
from tests.helpers.curate_page import opened
with opened(Path(sys.argv[1])) as page:
    print(f'http://127.0.0.1:{page.port}/{page.door.token}/', flush=True)
    threading.Event().wait()
"""


CLICKING = """
const all = async () => {
  for (const cell of cells) cell.button.click();  // a second time, it is kept again
  await busy;
  if (!$('error').textContent) setTimeout(all);
};
all();
"""


def test_what_the_page_showed_as_decided_survives_a_kill(browser, tmp_path):
    command = [sys.executable, '-c', SERVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        browser.get(server.stdout.readline())
        wait(browser, 'document.body.dataset.sheet')
        browser.execute_script(CLICKING)
        wait(browser, 'cells.filter((cell) => cell.kind).length > 1')
        os.kill(server.pid, signal.SIGKILL)  # in the middle of the other clicks
    wait(browser, "$('error').textContent.includes('Nothing was decided by the last')")
    shown = browser.execute_script(
        'return cells.filter((cell) => cell.kind).map((cell) => [cell.row, cell.kind])'
    )
    with opened(tmp_path) as page:
        there = kinds(page)
        seen = {str(page.cells.cell_ids[row]): kind for row, kind in shown}
        assert len(seen) > 1 and seen.keys() <= there.keys()
        # One decision may have been written of which the page was not told any more.
        assert len(there.items() - seen.items()) <= 1
        visit(browser, page)
        rows = browser.execute_script('return cells.map((cell) => cell.row)')
        assert not there.keys() & {*page.cells.cell_ids[rows].tolist()}
        browser.find_element('css selector', '.cell').click()
        wait(browser, "cells[0].kind === 'discard'")
        assert len(kinds(page)) == len(there) + 1
