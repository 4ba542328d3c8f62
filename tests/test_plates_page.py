"""The page of the plates: every well in its place, its numbers and its faults."""

import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from deeploc_jax.report.plates import write_plates_page
from deeploc_jax.report.plates.wells import Well, lay_out
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import rows_to_table
from deeploc_jax.tables.scored_cells import PLACE
from tests.helpers import chromium
from tests.helpers.scored_plates import write_scored_plates

HOSTILE = '"><script>document.title="taken"</script>'
COLORS = """
const color = well => getComputedStyle(well).backgroundColor;
return [...document.querySelectorAll('.w')].map(color)
"""
SMALL = [f'{row}{column:02d}' for row in 'BCD' for column in range(2, 12)]
PLATES = {'P01': SMALL, 'P02': [*SMALL, 'P24'], HOSTILE: ['left', 'right']}


@pytest.fixture(scope='module')
def screen(tmp_path_factory):
    folder = tmp_path_factory.mktemp('plates')
    fields = write_scored_plates(folder, PLATES, seed=3)
    Image.new('RGB', (600, 400), 'red').save(folder / 'field.png')
    pictures = {tuple(f[name] for name in PLACE): folder / 'field.png' for f in fields}
    return fields, write_plates_page(folder, simulated=True, pictures=pictures)


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    started = chromium.start(tmp_path_factory.mktemp('chromium'))
    yield started
    started.quit()


def wells(*names):
    return [Well(('s', '', '', 'P1', name)) for name in names]


@pytest.mark.parametrize(
    ('names', 'rows', 'columns'),
    [
        (('A1', 'H12'), 8, 12),
        (('A01', 'A13'), 16, 24),
        (('I05',), 16, 24),
        (('q1', 'AF48'), 32, 48),
        (('A01', 'left'), 0, 12),
        (('A1', 'A01'), 0, 12),
        (('A0',), 0, 12),
    ],
)
def test_the_layout_is_the_smallest_plate_with_all_wells(names, rows, columns):
    layout = lay_out(wells(*names))
    assert (len(layout.rows), layout.columns) == (rows, columns)
    assert [w.key[-1] for w in layout.wells if w] == list(names)
    if rows:
        assert len(layout.wells) == rows * columns
    if rows == 32:
        assert layout.rows[-1] == 'AF' and layout.wells[-1].key[-1] == 'AF48'


def test_the_page_needs_nothing_but_itself(screen):
    html = screen[1].read_text()
    assert '://' not in html and '@import' not in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert '<script' not in html and 'SIMULATED DATA' in html


def test_every_fault_is_listed_with_its_reason(screen):
    fields, page = screen
    html = page.read_text()
    table = html.split('<h2>Fields that are flagged')[1]
    faulty = [f for f in fields if f['flags'] or f.get('reason')]
    assert len(faulty) > 3 and table.count('<tr>') == 1 + len(faulty)
    for field in faulty:
        (reason,) = field['flag_reasons'] or [field['reason']]
        assert f'<td>{field["well"]}</td><td>{field["field"]}</td>' in table
        assert reason in table
    shown = table.count('src="data:image/jpeg;base64,')
    assert shown == min(24, len(faulty))


def test_in_chromium_wells_change_their_color_with_the_measure(screen, browser):
    chromium.complaints(browser), chromium.requests(browser)
    browser.get(screen[1].as_uri())
    wells = browser.find_elements('css selector', '.w')
    assert len(wells) == sum(map(len, PLATES.values()))
    assert browser.title != 'taken'
    labels = browser.find_elements('css selector', '.choices label')
    names = [label.text for label in labels]
    assert names[:2] == ['most frequent class', 'usable cells']
    assert 'sharpness of RFP' in names and not any('saturation' in n for n in names)
    seen, legends = set(), set()
    for label in labels:
        label.click()
        seen.add(tuple(browser.execute_script(COLORS)))
        (legend,) = [
            legend.text
            for legend in browser.find_elements('css selector', '.legend')
            if legend.is_displayed()
        ]
        legends.add(legend)
    assert len(seen) == len(labels) and len(legends) > 3
    assert not chromium.complaints(browser)
    own = screen[1].as_uri()
    asked = chromium.requests(browser)
    assert all(url.startswith(('data:', own)) for url in asked)


def test_wells_lie_where_they_are_on_the_plate(screen, browser):
    browser.get(screen[1].as_uri())
    grid = browser.find_element('css selector', '.grid')
    (first,) = [
        well
        for well in grid.find_elements('css selector', '.w')
        if well.get_attribute('title').startswith('C05 ')
    ]
    heads = grid.find_elements('css selector', 'b')
    for name, side in (('5', 'x'), ('C', 'y')):
        (head,) = [head for head in heads if head.text == name]
        assert abs(head.rect[side] - first.rect[side]) < 2
    assert 'usable of' in first.get_attribute('title')


def test_flags_of_fields_without_cells_are_listed(tmp_path):
    fields = write_scored_plates(tmp_path, {'P01': ['A01', 'A02']}, seed=1)
    empty = dict(fields[0], field='9', n_cells=0, flags=['few_cells'])
    empty |= dict(status='scored', flag_reasons=['0 cells, the median is 20'])
    stored = pq.read_table(tmp_path / 'fields.parquet')
    more = rows_to_table([empty], stored.schema)
    write_table(pa.concat_tables([stored, more]), tmp_path / 'fields.parquet')
    text = write_plates_page(tmp_path).read_text()
    flags = text.split('<h2>Flags</h2>')[1].split('<h2>')[0]
    row = next(line for line in flags.splitlines() if 'few_cells' in line)
    assert row.count('<td class="number">1</td><td class="number">0</td>') == 1
