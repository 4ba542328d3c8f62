"""The pages of movers and of proteins are opened in Chromium, and do as they say."""

import csv
import json
import re
import time

import pytest

from deeploc_jax.report.movers import (
    write_movers_page,
    write_proteins_page,
)
from tests.helpers import chromium
from tests.helpers.comparison import (
    AFTER,
    BEFORE,
    movers_rows,
    write_comparison,
    write_profiles,
)

HOSTILE = (
    '<img src=x onerror=alert(1)>',
    '</script><script>document.title="taken"</script>',
    'a"b\'c&amp;=1+1',
    'Ŷfg√, ß',
)
FACTS = 0.05, ['One replicate <after> the treatment.'], True


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    started = chromium.start(tmp_path_factory.mktemp('chromium'))
    yield started
    started.quit()


@pytest.fixture(scope='module')
def rows():
    names = [*HOSTILE, *(f'YFG{number}' for number in range(296))]
    return movers_rows(names, n_moved=20, n_abundance=10)


@pytest.fixture(scope='module')
def page(tmp_path_factory, rows):
    folder = write_comparison(tmp_path_factory.mktemp('movers'), rows)
    return write_movers_page(folder, *FACTS)


@pytest.fixture
def visit(browser, page):
    """`visit(hash, page)` opens a page anew; whatever it complained of fails."""

    def go(fragment='', page=page):
        chromium.visit(browser, f'{page.as_uri()}#{fragment}', '#count')

    chromium.complaints(browser), chromium.requests(browser)
    yield go
    assert chromium.complaints(browser) == []
    asked = chromium.requests(browser)
    kinds = {url.partition(':')[0] for url in asked}
    assert asked and kinds <= {'file', 'data', 'about', 'blob'}, asked


def find(browser, selector):
    return browser.find_elements('css selector', selector)


def names_of(browser):
    """The proteins of the rows, top down, as a reader sees them."""
    script = (
        'return [...document.querySelectorAll("#rows tr.row th")].map(e => e.innerText)'
    )
    return browser.execute_script(script)


def hash_of(browser):
    return browser.execute_script('return location.hash').removeprefix('#')


def choose(browser, name, value):
    (one,) = find(browser, f'input[name={name}][value={value}]')
    one.click()


def header(browser, title):
    buttons = find(browser, '#rows thead button')
    return next(button for button in buttons if button.text.startswith(title))


def test_it_begins_with_the_movers_the_surest_first(browser, visit, rows):
    visit()
    moved = sorted((row for row in rows if row['moved']), key=lambda row: row['q'])
    assert names_of(browser) == [row['protein'].strip() for row in moved]
    assert find(browser, '#count')[0].text == '20 of 300 proteins'
    lead = find(browser, '.lead')[0].text
    assert '20 of 300 proteins moved between untreated and alpha_120' in lead
    assert '10 changed in abundance' in lead and '3 wells before and 3 after' in lead
    assert find(browser, '.warning')[0].text == FACTS[1][0]
    assert 'SIMULATED' in find(browser, '.banner')[0].text


def test_names_are_text_whatever_they_hold(browser, visit):
    visit()
    assert set(HOSTILE) <= set(names_of(browser))
    assert find(browser, '#rows img, main script') == []
    assert browser.title == 'Proteins that moved: untreated to alpha_120'
    labels = {label.get_attribute('aria-label') for label in find(browser, 'svg a')}
    assert any(HOSTILE[0] in label for label in labels if label)


def test_search_finds_proteins_and_classes(browser, visit, rows):
    visit('show=all')
    (field,) = find(browser, 'input[type=search]')
    field.send_keys('yfg29')
    assert set(names_of(browser)) == {'YFG29', *(f'YFG29{n}' for n in range(6))}
    field.clear()
    field.send_keys('golgi yfg1')
    wanted = {
        row['protein']
        for row in rows
        if row['protein'].startswith('YFG1') and 'GOLGI' in (row['from'], row['to'])
    }
    assert set(names_of(browser)) == wanted and wanted
    field.send_keys('nothing like this')
    assert names_of(browser) == []
    assert 'Nothing matches' in find(browser, '#count')[0].text


@pytest.mark.parametrize(
    ('title', 'key', 'first'),
    [
        ('effect', 'effect', -1),
        ('share moved', 'share_moved', -1),
        ('log2 abundance', 'log2_fold', -1),
        ('q of abundance', 'abundance_q', 1),
    ],
)
def test_headers_sort_numbers_as_numbers(browser, visit, rows, title, key, first):
    visit()
    moved = [row for row in rows if row['moved']]
    for direction in (first, -first):
        header(browser, title).click()
        order = sorted(moved, key=lambda row: direction * row[key])
        assert names_of(browser) == [row['protein'] for row in order]
        cell = browser.switch_to.active_element.find_element('xpath', '..')
        words = {1: 'ascending', -1: 'descending'}
        assert cell.get_attribute('aria-sort') == words[direction]
        assert len(find(browser, '[aria-sort]')) == 1


def test_text_is_sorted_with_numbers_in_it_as_numbers(browser, visit):
    visit('show=all&q=YFG')
    header(browser, 'protein').click()
    assert names_of(browser)[:3] == ['YFG0', 'YFG1', 'YFG2']
    assert names_of(browser)[10] == 'YFG10'


def test_what_is_unknown_comes_last_both_ways(browser, visit, tmp_path):
    rows = movers_rows(['A', 'B', 'C'], n_moved=2, n_abundance=0)
    rows[0] |= {'log2_fold': None, 'log2_fold_low': None, 'log2_fold_high': None}
    page = write_movers_page(write_comparison(tmp_path, rows), *FACTS)
    for sort in ('log2_fold', '-log2_fold'):
        visit(f'show=all&sort={sort}', page)
        assert names_of(browser)[-1] == 'A'
        assert '–' in find(browser, '#rows tr.row')[-1].text


def test_filters_show_movers_abundance_or_a_flux(browser, visit, rows):
    visit()
    for value, key in (('abundance', 'abundance_changed'), ('paper', 'paper_moved')):
        choose(browser, 'show', value)
        wanted = {row['protein'] for row in rows if row[key]}
        assert set(names_of(browser)) == wanted
    choose(browser, 'show', 'all')
    assert find(browser, '#count')[0].text == '300 of 300 proteins'
    arrow = find(browser, 'svg a[data-from]')[0]
    origin, target = (arrow.get_attribute(f'data-{end}') for end in ('from', 'to'))
    arrow.send_keys('\n')
    assert set(names_of(browser)) == {
        row['protein']
        for row in rows
        if row['moved'] and (row['from'], row['to']) == (origin, target)
    }


def test_a_row_opens_with_cells_of_both_conditions_and_bars(browser, visit, rows):
    visit()
    assert find(browser, '#rows img') == []
    first = min((row for row in rows if row['moved']), key=lambda row: row['q'])
    (button,) = find(browser, '#rows tbody th button')[:1]
    assert button.get_attribute('aria-expanded') == 'false'
    button.send_keys('\n')
    pictures = find(browser, 'tr.opened img')
    assert len(pictures) == 2
    for picture, (name, total) in zip(
        pictures, ((BEFORE, 100), (AFTER, 90)), strict=True
    ):
        words = f'{name}: the 5 nearest to the median of {total} cells'
        assert words in picture.get_attribute('alt')
        assert picture.get_property('naturalWidth') > 200
    left, right = (picture.rect for picture in pictures)
    assert left['y'] == right['y'] and left['x'] + left['width'] < right['x']
    bars = find(browser, 'tr.opened .bars')[0].text.replace('\u00a0', ' ')
    largest = first[f'before_{first["class_before"]}']
    assert f'{first["class_before"]} {100 * largest:.1f} %' in bars
    choose(browser, 'view', 'protein')
    styles = find(browser, 'tr.opened img')[0].value_of_css_property('filter')
    assert 'protein-alone' in styles
    find(browser, '#rows tbody th button')[0].click()
    assert find(browser, 'tr.opened') == []


def test_a_point_of_the_volcano_opens_its_row(browser, visit, rows):
    visit('q=YFG1')
    last = len(rows) - 1
    point = find(browser, f'svg circle[data-row="{last}"]')[0]
    browser.execute_script(
        'arguments[0].dispatchEvent(new MouseEvent("click", {bubbles: true}))', point
    )
    (opened,) = find(browser, 'tr.row.open')
    assert opened.text.startswith(rows[last]['protein'])
    top = opened.rect['y'] - browser.execute_script('return scrollY')
    assert 0 < top < 900


def test_the_address_brings_the_same_view_back(browser, visit):
    visit()
    choose(browser, 'show', 'all')
    find(browser, 'input[type=search]')[0].send_keys('YFG2 &#')
    find(browser, 'input[type=search]')[0].send_keys('\b\b\b')
    header(browser, 'effect').click()
    choose(browser, 'view', 'stretched')
    find(browser, '#rows tbody th button')[2].click()
    address, before = hash_of(browser), names_of(browser)
    visit(address)
    assert names_of(browser) == before
    assert len(find(browser, 'tr.opened')) == 1
    assert find(browser, 'input[type=search]')[0].get_property('value') == 'YFG2'
    assert find(browser, 'input[value=stretched]')[0].is_selected()
    find(browser, '#reset')[0].click()
    assert hash_of(browser) == '' and len(names_of(browser)) == 20


def test_an_address_of_another_page_is_no_error(browser, visit):
    visit('show=gone&sort=-nothing&open=nobody&from=NOWHERE&view=7&q=%E0%A4%A')
    assert browser.title.startswith('Proteins that moved')
    (field,) = find(browser, 'input[type=search]')
    field.clear()
    field.send_keys(' ')
    assert len(names_of(browser)) == 20


def test_the_rows_that_are_shown_are_downloaded(browser, visit, rows, tmp_path):
    command = {'behavior': 'allow', 'downloadPath': str(tmp_path)}
    browser.execute_cdp_cmd('Browser.setDownloadBehavior', command)
    visit('sort=-effect')
    find(browser, '#download')[0].click()
    path, end = tmp_path / 'movers.csv', time.monotonic() + 20
    while not path.exists() and time.monotonic() < end:
        browser.execute_async_script('setTimeout(arguments[0], 20)')
    with path.open(newline='', encoding='utf-8') as file:
        read = list(csv.DictReader(file))
    order = sorted(
        (row for row in rows if row['moved']), key=lambda row: -row['effect']
    )
    assert [row['protein'] for row in read] == [row['protein'] for row in order]
    for got, row in zip(read, order, strict=True):
        for key in ('effect', 'q', 'share_moved_low', 'log2_fold_high'):
            assert float(got[key]) == pytest.approx(row[key], rel=1e-5)


def test_six_thousand_proteins(browser, visit, tmp_path):
    names = [f'Y{number:04d}W' for number in range(6000)]
    rows = movers_rows(names, n_moved=300, n_abundance=300)
    page = write_movers_page(write_comparison(tmp_path, rows, crops=[]), *FACTS)
    assert page.stat().st_size < 8e6
    visit('show=all', page)
    shown = len(names_of(browser))
    assert 200 <= shown < 6000
    script = (
        'const start = performance.now(); '
        'document.querySelectorAll("#rows thead button")[4].click(); '
        'return performance.now() - start'
    )
    assert browser.execute_script(script) < 10_000
    browser.execute_script('scrollTo(0, document.body.scrollHeight)')
    browser.execute_async_script('setTimeout(arguments[0], 200)')
    assert len(names_of(browser)) > shown


def test_pages_of_narrow_screens_do_not_scroll_sideways(browser, visit):
    size = {'width': 390, 'height': 800, 'deviceScaleFactor': 1, 'mobile': True}
    visit()
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    try:
        find(browser, '#rows tbody th button')[0].click()
        width = browser.execute_script('return document.documentElement.scrollWidth')
        assert width <= 390
        for picture in find(browser, 'tr.opened img'):
            assert picture.size['width'] <= 390
    finally:
        browser.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})


def test_no_mover_and_no_pictures(browser, visit, tmp_path):
    rows = movers_rows(['A', 'B'], n_moved=0, n_abundance=0)
    folder = write_comparison(tmp_path, rows, crops=[])
    (folder / 'examples.parquet').unlink()
    visit('open=A', write_movers_page(folder, *FACTS))
    assert set(names_of(browser)) == {'A', 'B'}
    assert 'no pictures' in find(browser, 'tr.opened')[0].text
    assert 'No protein moved.' in find(browser, 'svg')[1].text


def test_one_condition_has_a_page_of_proteins(browser, visit, tmp_path):
    names = [*HOSTILE, 'YFG1', 'YFG2']
    write_profiles(tmp_path, names)
    visit('', write_proteins_page(tmp_path))
    assert set(names_of(browser)) == set(names)
    header(browser, 'share of the first').click()
    shares = [cell.text for cell in find(browser, '#rows tr.row td:nth-of-type(3)')]
    numbers = [int(re.split(r'\s', text)[0]) for text in shares]
    assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) > 1
    find(browser, '#rows tbody th button')[0].click()
    assert len(find(browser, 'tr.opened img')) == 1


def test_without_scripts_the_page_says_where_the_numbers_are(page):
    text = page.read_text()
    (note,) = re.findall(r'<noscript>(.*?)</noscript>', text, re.S)
    assert 'movers.parquet' in note  # what the task writes
    stored = re.findall(r'id="data">(.*?)</script>', text, re.S)
    assert len(json.loads(stored[0])['keys']) == 300


@pytest.mark.parametrize('name', ['movers', 'flux'])
def test_a_missing_table_is_named(tmp_path, name):
    rows = movers_rows(['A', 'B'], n_moved=1, n_abundance=0)
    write_comparison(tmp_path, rows, crops=[])
    (tmp_path / f'{name}.parquet').unlink()
    with pytest.raises(FileNotFoundError, match=f'{name}.parquet'):
        write_movers_page(tmp_path, *FACTS)
    assert not (tmp_path / 'movers.html').exists()


def test_an_empty_table_is_named(tmp_path):
    write_comparison(tmp_path, [], crops=[])
    with pytest.raises(ValueError, match='movers.parquet has no protein'):
        write_movers_page(tmp_path, *FACTS)
