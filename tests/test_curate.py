"""Curation: decisions are never lost, the suspicious comes first, labels arrive."""

import dataclasses
import io
import json
import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import cohen_kappa_score

from deeploc_jax.curate.decisions import agreement, journal_file
from deeploc_jax.curate.decisions.export import correction_rows, export
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders import order, teaching
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.page.pictures import Pictures
from deeploc_jax.curate.page.sheets import Sheets
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.corrections import check_named, read_corrections
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.datasets.own_screen import OwnScreen
from tests.helpers.curated import CLASSES, curated_cells
from tests.helpers.spot_screen import SpotScreen

SHOWN = dict(sheet=1)


@pytest.fixture
def book(tmp_path):
    return Journal(tmp_path / 'journal.jsonl')


def test_a_decision_is_in_the_file_with_all_that_is_known_of_it(book):
    book.append('anna', 'relabel', ['a', 'b'], ['ER', 'ER'], dict(sheet=3, view='GFP'))
    (line,) = book.path.read_text().splitlines()
    found = json.loads(line)
    assert found.pop('time').endswith('+00:00')
    assert found == dict(
        number=1,
        annotator='anna',
        kind='relabel',
        cells=['a', 'b'],
        labels=['ER', 'ER'],
        undoes=0,
        shown=dict(sheet=3, view='GFP'),
    )


def state(book, annotator='anna'):
    found = {c: book.verdict(annotator, c) for c in book.cells_of(annotator)}
    return {cell: (last[0].kind, last[1]) for cell, last in found.items()}


def test_undo_goes_back_to_the_beginning_also_after_a_restart(book):
    states = [state(book)]
    for kind, cells, label in (
        ('keep', ['a', 'b'], 'ER'),
        ('discard', ['b'], ''),
        ('relabel', ['a', 'c'], 'GOLGI'),
    ):
        book.append('anna', kind, cells, [label] * len(cells), SHOWN)
        book.append('ben', 'discard', ['a'], [''], SHOWN)
        states.append(state(book))
    for before in reversed(states[:-1]):
        assert book.undo('anna', SHOWN)
        assert state(book) == before
        book = Journal(book.path)
        assert state(book) == before
    assert book.undo('anna', SHOWN) is None
    assert state(book, 'ben') == {'a': ('discard', '')}


def test_annotators_do_not_share_what_they_decided(book):
    book.append('anna', 'keep', ['a'], ['ER'], SHOWN)
    assert book.verdict('ben', 'a') is None and not book.cells_of('ben')
    assert book.undo('ben', SHOWN) is None
    assert state(book) == {'a': ('keep', 'ER')}


def test_a_torn_last_line_is_set_aside_and_nothing_else(book):
    book.append('anna', 'keep', ['a'], ['ER'], SHOWN)
    whole = book.path.read_bytes()
    torn = whole.replace(b'"number": 1', b'"number": 2')
    for length in (1, len(torn) // 2, len(torn) - 1):
        book.path.write_bytes(whole + torn[:length])
        again = Journal(book.path)
        assert state(again) == {'a': ('keep', 'ER')}
        assert book.path.read_bytes() == whole
        aside = book.path.with_name('journal.jsonl.torn').read_bytes()
        assert aside.endswith(torn[:length] + b'\n')
    again.append('anna', 'discard', ['b'], [''], SHOWN)
    assert len(Journal(book.path)) == 2


def test_damage_in_the_middle_is_named(book):
    for cell in 'abc':
        book.append('anna', 'keep', [cell], ['ER'], SHOWN)
    lines = book.path.read_text().splitlines(keepends=True)
    for middle in ('{"number": 2,\n', lines[0], lines[2]):
        book.path.write_text(lines[0] + middle + lines[2])
        with pytest.raises(ValueError, match=r'journal\.jsonl, line 2'):
            Journal(book.path)


def test_a_full_disk_leaves_the_journal_as_it_was(book, monkeypatch):
    book.append('anna', 'keep', ['a'], ['ER'], SHOWN)
    before = book.path.read_bytes()

    def full(_):
        raise OSError('No space left on device')

    with monkeypatch.context() as patched:
        patched.setattr(journal_file.os, 'fsync', full)
        with pytest.raises(OSError, match='No space'):
            book.append('anna', 'discard', ['b'], [''], SHOWN)
    assert book.path.read_bytes() == before
    assert state(book) == {'a': ('keep', 'ER')}


WRITER = """
import sys
from pathlib import Path
from deeploc_jax.curate.decisions.journal import Journal
book = Journal(Path(sys.argv[1]))
for number in range(10**6):
    cells = [f'{number}-{i}' for i in range(64)]
    book.append('anna', 'keep', cells, ['ER'] * 64, {'sheet': number})
    print(number, flush=True)
"""


def test_what_was_told_to_be_decided_survives_a_kill(tmp_path):
    path = tmp_path / 'journal.jsonl'
    command = [sys.executable, '-c', WRITER, str(path)]
    told = -1
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            for _ in range(20):
                told = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)  # in the middle of whatever it does
            rest = writer.stdout.read().splitlines()
            told = max([told, *(int(line) for line in rest if line)])
        found = Journal(path)
        numbers = {int(cell.partition('-')[0]) for cell in found.cells_of('anna')}
        assert set(range(told + 1)) <= numbers
        assert len(found.cells_of('anna')) == 64 * len(numbers)  # sheets are whole
        path.unlink()


def test_suspicion_finds_the_labels_that_are_wrong():
    cells = curated_cells(200)
    first = order.order_cells(cells, 'suspicion')[:20]
    wrong = cells.labels != cells.guesses
    assert wrong.sum() == 20 and wrong[first].all()
    assert not wrong[order.order_cells(cells, 'random')[:20]].all()


def test_suspicion_is_by_the_thresholds_of_the_classes():
    p = np.array([[0.9, 0.1], [0.7, 0.3], [0.45, 0.55], [0.55, 0.45]])
    # Mean p of a class over the cells of its label: 0.8 and 0.5.
    expected = 1 - np.array([0.9 / 0.8, 0.7 / 0.8, 0.55 / 0.5, 0.45 / 0.5])
    np.testing.assert_allclose(order.suspicion(np.array([0, 0, 1, 1]), p), expected)


def test_a_class_that_the_network_does_not_know_is_not_suspicious():
    cells = curated_cells(30)
    cells = cells.with_classes(['BUD'])
    labels = cells.labels.copy()
    labels[:3] = 3
    p = np.pad(cells.probabilities, ((0, 0), (0, 1)))
    scores = order.suspicion(labels, p)
    assert np.isneginf(scores[:3]).all() and np.isfinite(scores[3:]).all()


@pytest.mark.parametrize('name', order.ORDERS)
def test_every_order_has_every_cell_once_and_is_the_same_again(name):
    cells = curated_cells(50)
    rows = order.order_cells(cells, name, seed=3)
    assert sorted(rows) == list(range(50))
    np.testing.assert_array_equal(rows, order.order_cells(cells, name, seed=3))


def test_orders_are_by_what_they_say():
    cells = curated_cells(50)
    assert (np.diff(cells.novelty[order.order_cells(cells, 'novelty')]) <= 0).all()
    assert (np.diff(cells.named[order.order_cells(cells, 'class')]) >= 0).all()
    proteins = cells.metadata['protein'][order.order_cells(cells, 'protein')].tolist()
    assert proteins == sorted(proteins)


def test_without_a_network_there_is_nothing_to_suspect():
    cells = curated_cells(20, network=False)
    assert order.orders_of(cells) == ('class', 'protein', 'random')
    with pytest.raises(ValueError, match='Unknown order'):
        order.order_cells(cells, 'suspicion')
    assert len(order.order_cells(cells, 'class')) == 20


def gradients(p, h):
    a = p - np.eye(p.shape[1])[p.argmax(axis=1)]
    return np.einsum('nk,nf->nkf', a, h).reshape(len(p), -1)


def test_a_batch_is_far_apart_by_the_gradients_of_the_last_layer():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.5] * 3, 40)
    h = rng.normal(size=(40, 5)).astype(np.float32)
    g = gradients(p, h)

    class Greedy(np.random.Generator):  # always takes the likeliest
        def choice(self, n, p):
            chosen = np.asarray(p) * 1.0
            weights.append(chosen)
            return int(chosen.argmax())

    weights = []
    drawn = teaching.badge(p, h, 6, Greedy(np.random.PCG64(0)))
    assert drawn[0] == (g**2).sum(axis=1).argmax()
    for number, found in enumerate(weights, start=1):
        apart = ((g[:, None] - g[drawn[:number]]) ** 2).sum(axis=2).min(axis=1)
        np.testing.assert_allclose(found, apart / apart.sum(), atol=1e-6)
    assert len(set(drawn.tolist())) == 6


def test_a_batch_has_no_cell_twice_and_stops_where_all_are_alike():
    p = np.full((5, 2), 0.5)
    h = np.ones((5, 3), np.float32)
    assert len(teaching.badge(p, h, 4, np.random.default_rng(0))) == 1
    sure = np.array([[1.0, 0.0]] * 4)
    assert len(teaching.badge(sure, h[:4], 4, np.random.default_rng(0))) == 1


def test_the_sure_and_the_alike_teach_least():
    rng = np.random.default_rng(0)
    p = np.concatenate([np.tile([0.99, 0.01], (50, 1)), np.tile([0.55, 0.45], (50, 1))])
    h = rng.normal(size=(100, 4)).astype(np.float32)
    h[60:] = h[60]  # unsure, but all the same cell
    rows = teaching.teaching_order(p, h, 0)
    assert sorted(rows) == list(range(100))
    first = rows[:8]
    assert (first >= 50).sum() >= 7 and (first >= 60).sum() <= 2


def make_sheets(book, annotator='anna', **options):
    return Sheets(Ranking(curated_cells(**options)), book, annotator)


def test_no_cell_is_shown_twice_unless_asked(book):
    sheets, shown = make_sheets(book), []
    while True:
        sheets.next('suspicion', '', False, 9)
        if not len(sheets.rows):
            break
        kind = 'skip' if len(shown) % 2 else 'discard'
        sheets.decide(sheets.rows.tolist(), kind, '', {})
        shown += sheets.rows.tolist()
        sheets = make_sheets(Journal(book.path))  # as after a restart
        book = sheets.journal
    assert sorted(shown) == list(range(40))
    sheets.next('suspicion', '', True, 30)
    first = sheets.rows.tolist()
    sheets.next('suspicion', '', True, 30)
    assert first + sheets.rows.tolist() == shown
    fresh = make_sheets(book, 'ben')
    fresh.next('suspicion', '', False, 9)
    assert fresh.rows.tolist() == shown[:9]


@pytest.mark.parametrize('again', [False, True])
def test_the_sheet_after_this_one_is_known_before(book, again):
    sheets = make_sheets(book)
    assert sheets.after() == []
    sheets.next('suspicion', '', again, 9)
    for _ in range(5):
        expected = sheets.after()
        sheets.decide(sheets.rows.tolist(), 'skip', '', {})
        sheets.next('suspicion', '', again, 9)
        assert sheets.rows.tolist() == expected


def test_undo_shows_the_cells_again(book):
    sheets = make_sheets(book)
    sheets.next('class', 'GOLGI', False, 9)
    first = sheets.rows.tolist()
    assert {sheets.cells.named[row] for row in first} == {1}
    sheets.decide(first, 'keep', '', {})
    sheets.next('class', 'GOLGI', False, 9)
    assert not set(first) & set(sheets.rows.tolist())
    assert sheets.undo() and sheets.seen == 0
    assert sheets.rows.tolist() == first
    assert sheets.back() and sheets.rows.tolist() != first
    assert not sheets.undo()


def test_what_cannot_be_decided_is_refused_and_leaves_no_line(book):
    sheets = make_sheets(book, network=False, labelled=False)
    sheets.next('random', '', False, 9)
    row, other = int(sheets.rows[0]), int(set(range(40)).difference(sheets.rows).pop())
    for rows, kind, label, words in (
        ([other], 'discard', '', 'not on this sheet'),
        ([row], 'relabel', 'GOLGY', "Did you mean 'GOLGI'"),
        ([row], 'keep', '', 'without a class'),
        ([row], 'burn', '', 'Unknown kind'),
        ([row, row], 'discard', '', 'each once'),
        ([], 'discard', '', 'at least one'),
    ):
        with pytest.raises(ValueError, match=words):
            sheets.decide(rows, kind, label, {})
    for only, size in (('', 8), ('', 257), ('NO SUCH', 9)):
        with pytest.raises(ValueError):
            sheets.next('protein', only, False, size)
    assert not book.path.read_bytes()


def test_cohen_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(0, 4, (2, 30))
        other = np.where(rng.random(30) < 0.5, one, other)
        expected = cohen_kappa_score(one, other)
        assert math.isclose(agreement.cohen_kappa(one, other), expected, abs_tol=1e-12)
    same = np.zeros(5, int)
    assert math.isnan(agreement.cohen_kappa(same, same))
    assert math.isnan(agreement.cohen_kappa(same[:0], same[:0]))


# Table 1 of Fleiss 1971 in the form of its many reprints: 10 subjects, 14 raters.
FLEISS = """0 0 0 0 14,0 2 6 4 2,0 0 3 5 6,0 3 9 2 0,2 2 8 1 1,7 7 0 0 0,3 2 6 3 0
2 5 3 2 2,6 5 2 1 0,0 2 2 3 7"""


def test_fleiss_is_that_of_the_worked_example():
    rows = FLEISS.replace('\n', ',').split(',')
    counts = np.array([[int(n) for n in row.split()] for row in rows])
    assert round(agreement.fleiss_kappa(counts), 3) == 0.210
    with pytest.raises(ValueError, match='one number of annotators'):
        agreement.fleiss_kappa(np.array([[2, 0], [1, 2]]))


def test_agreement_is_on_the_cells_that_all_decided_on(book):
    for name, said in dict(anna='EEGx', ben='EGGx', carl='EEG-').items():
        for cell, word in zip('abcd', said, strict=True):
            kind = {'x': 'discard', '-': 'skip'}.get(word, 'relabel')
            label = {'E': 'ER', 'G': 'GOLGI'}.get(word, '')
            book.append(name, kind, [cell], [label], SHOWN)
    rows = agreement.agreement_rows(book)
    assert [(r['annotators'], r['method'], r['cells']) for r in rows] == [
        ('anna, ben', 'Cohen', 4),
        ('anna, carl', 'Cohen', 3),
        ('ben, carl', 'Cohen', 3),
        ('anna, ben, carl', 'Fleiss', 3),
    ]
    assert rows[0]['agreed'] == 0.75 and rows[1]['kappa'] == 1
    expected = cohen_kappa_score(list('EEGx'), list('EGGx'))
    assert math.isclose(rows[0]['kappa'], expected)


def test_the_most_frequent_decision_holds(book):
    cells = curated_cells(10)
    was = [cells.name(n) for n in cells.labels[:4].tolist()]
    a, b, c, d = cells.cell_ids[:4].tolist()
    other = [CLASSES[(CLASSES.index(name) + 1) % 3] for name in was]
    for name in ('anna', 'ben', 'carl'):
        book.append(name, 'relabel', [b], [other[1]], SHOWN)
    book.append('anna', 'keep', [a, d], [was[0], was[3]], SHOWN)
    book.append('ben', 'discard', [d], [''], SHOWN)
    book.append('ben', 'discard', [c], [''], SHOWN)
    book.append('carl', 'discard', [c], [''], SHOWN)
    book.append('anna', 'keep', [c], [was[2]], SHOWN)
    rows = correction_rows(cells, book)
    assert [
        (r['cell_id'], r['label'], r['kind'], r['was'], r['agree']) for r in rows
    ] == [
        (a, was[0], 'keep', was[0], 1),
        (b, other[1], 'relabel', was[1], 3),
        (c, '', 'discard', was[2], 2),
        (d, '', 'disputed', was[3], 1),
    ]


class Counted:
    """Images that count how often they are read."""

    def __init__(self, images):
        self.images, self.shape, self.read = images, images.shape, 0

    def __getitem__(self, rows):
        self.read += len(rows)
        return self.images[rows]


def test_pictures_are_png_of_the_cells_and_made_once():
    cells = curated_cells(12)
    counted = Counted(cells.images)
    pictures = Pictures(dataclasses.replace(cells, images=counted))
    assert pictures.views == ('composite', 'GFP', 'RFP')
    for scale in ('own', 'common'):
        for view, mode in enumerate(('RGB', 'L', 'L')):
            for png in pictures.of(range(12), view, scale):
                image = Image.open(io.BytesIO(png))
                assert image.size == (64, 64) and image.mode == mode
    before = counted.read
    (again,) = pictures.of([0], 1, 'own')
    assert counted.read == before
    pixels = np.array(Image.open(io.BytesIO(again)))
    assert pixels[30, 30] > 200 > 60 > pixels[5, 5]


def test_common_limits_keep_what_is_brighter_brighter():
    cells = curated_cells(30)
    pictures = Pictures(cells)
    light = [
        np.array(Image.open(io.BytesIO(png))).mean()
        for png in pictures.of(range(30), 1, 'common')
    ]
    classes = cells.guesses
    assert max(np.array(light)[classes == 0]) < min(np.array(light)[classes == 2])


@pytest.mark.filterwarnings('ignore:.*no cell in:UserWarning')
def test_the_exported_table_is_a_screen_of_its_own(book, tmp_path):
    cells = curated_cells(30)
    sheets = Sheets(Ranking(cells), book, 'anna')
    sheets.next('random', '', False, 30)
    rows = sheets.rows.tolist()
    sheets.decide(rows[:20], 'keep', '', {})
    sheets.decide(rows[20:24], 'discard', '', {})
    sheets.decide(rows[24:27], 'relabel', 'NUCLEUS', {})
    assert ' 4 discard' in export(tmp_path, cells, book)
    builder = OwnScreen(
        data_dir=tmp_path / 'data',
        table=tmp_path / 'curated.csv',
        name='curated',
        channels='protein=GFP,marker=RFP',
        channel_names='GFP,RFP',
        group_by='protein',
    )
    builder.download_and_prepare()
    found = {}
    for source in builder.as_data_source().values():
        found |= {r['cell_id'].decode(): (r['label'], r['image']) for r in source}
    names = builder.info.features['label'].names
    assert len(found) == 23
    for place, row in enumerate(rows[:20] + rows[24:27]):
        label, image = found[cells.cell_ids[row]]
        wanted = cells.name(int(cells.labels[row])) if place < 20 else 'NUCLEUS'
        assert names[label] == wanted
        np.testing.assert_array_equal(image, cells.images[row])


CORRECTED = 'cell_id,label\ntrain0,RIGHT\ntrain1,\ntrain2,BUD\nelsewhere,LEFT\n'


def test_corrections_are_joined_by_name(data_dir, tmp_path, capsys):
    path = tmp_path / 'corrections.csv'
    path.write_text(CORRECTED)
    builder = prepare_screen(SpotScreen.name, data_dir)
    plain = read_cells(builder, 'train')
    cells = read_cells(builder, 'train', corrections=read_corrections(path))
    assert '3 of its 4 cells are in train; 3 of' in capsys.readouterr().out
    assert cells.class_names == (*plain.class_names, 'BUD')
    ids = cells.metadata['cell_id'].tolist()
    named = [ids.index(name) for name in ('train0', 'train1', 'train2')]
    assert cells.labels[named].tolist() == [1, -1, 3]
    others = np.setdiff1d(np.arange(len(ids)), named)
    np.testing.assert_array_equal(cells.labels[others], plain.labels[others])
    test = read_cells(builder, 'test', corrections=read_corrections(path))
    assert test.class_names == cells.class_names


def test_corrections_of_another_screen_are_refused(data_dir, tmp_path):
    path = tmp_path / 'corrections.csv'
    path.write_text('cell_id,label\nelsewhere,LEFT\n')
    builder = prepare_screen(SpotScreen.name, data_dir)
    cells = read_cells(builder, 'train')
    with pytest.raises(ValueError, match="none of its 1 cells, such as 'elsewhere'"):
        check_named(read_corrections(path), [cells])
    path.write_text(CORRECTED)
    check_named(read_corrections(path), [read_cells(builder, 'test'), cells])
    check_named(None, [cells])


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('cell,label\na,ER\n', 'needs the columns cell_id and label'),
        ('cell_id,label\na,ER\na,GOLGI\n', 'row 3: a has another class above'),
        ('cell_id,label\na,ER,GOLGI\n', 'row 2: has 3 values'),
        ('cell_id,label\n', 'a header but no rows'),
    ],
)
def test_corrections_that_cannot_be_used_are_named(tmp_path, text, words):
    path = tmp_path / 'corrections.csv'
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_corrections(path)
    assert read_corrections(None) is None
