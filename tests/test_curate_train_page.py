"""Training in the background, and what the page shows of it."""

import json
import multiprocessing
import os

import pytest

from configs import curate as curate_config
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.training.background import Busy
from deeploc_jax.curate.training.keep_network import keep_network
from deeploc_jax.curate.training.learning_file import read_points
from deeploc_jax.curate.training.round import folder_of
from deeploc_jax.curate.training.run_round import run_round
from deeploc_jax.curate.training.training import Source, Training
from deeploc_jax.models import MODELS
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import predictions_table
from deeploc_jax.tasks.curate import open_cells
from deeploc_jax.weights.folder import read_weights
from tests.helpers import chromium
from tests.helpers.curate_page import opened, visit, wait
from tests.helpers.curated import curated_cells
from tests.helpers.plain import Plain, plain_weights
from tests.helpers.training_work import quick

pytest.importorskip('starlette')
pytest.importorskip('uvicorn')


@pytest.fixture
def book(tmp_path):
    return Journal(tmp_path / 'journal.jsonl')


def source_of(cells, folder):
    """The network of made-up cells, as if it had named them in this folder."""
    path = folder / 'predictions-abc.parquet'
    about = cells.metadata, cells.labels, cells.probabilities, cells.class_names
    write_table(predictions_table(*about, cells.novelty), path)
    return Source('a network', 'abc', path, print, {})


@pytest.fixture
def go(tmp_path):
    """Tells the stand-in of a training to go on, with a word; never waits for it."""
    os.mkfifo(tmp_path / 'go')
    pipe = os.open(tmp_path / 'go', os.O_RDWR)
    yield lambda word: os.write(pipe, f'{word}\n'.encode())
    os.close(pipe)


def test_a_training_that_dies_can_be_started_again(tmp_path, book, go):
    source = source_of(curated_cells(), tmp_path)
    training = Training(Ranking(curated_cells()), book, tmp_path, source, quick)
    training.start()
    with pytest.raises(Busy, match='under way'):
        training.start()
    go('die')
    for process in multiprocessing.active_children():
        process.join(60)
    found = training.state()
    assert 'code 9' in found['error'] and found['round'] == 0
    training.start()
    assert training.state()['running'] and not training.state()['error']
    training.stop()
    assert not training.state()['running'] and not folder_of(tmp_path, 1).exists()


def test_without_a_network_there_is_nothing_to_train(tmp_path, book):
    training = Training(Ranking(curated_cells()), book, tmp_path, None, quick)
    with pytest.raises(ValueError, match=r'--config\.source=lean-sim'):
        training.start()
    assert training.state()['words'] == ''


def choose(browser, element, words):
    from selenium.webdriver.support.select import Select

    Select(browser.find_element('id', element)).select_by_visible_text(words)


def click(browser, element):
    browser.find_element('id', element).click()


def text(element):
    return f"document.getElementById('{element}').textContent"


def test_how_far_it_is_and_what_it_was_worth_are_on_the_page(browser, tmp_path, go):
    cells = curated_cells()
    source = source_of(cells, tmp_path)
    with opened(tmp_path, source=source, work=quick) as page:
        visit(browser, page)
        click(browser, 'train')
        wait(browser, f"{text('stage')}.includes('2 of 3 fits')")
        assert not browser.find_element('id', 'train').is_enabled()
        status, found = page.post('train', {})
        assert status == 409 and 'under way' in found['error']
        browser.refresh()
        wait(browser, f"{text('stage')}.includes('2 of 3 fits')")
        go('on')
        wait(browser, f"{text('learned')}.startsWith('Round 1')")
        assert (
            'changed it by +0.250 ± 0.100' in browser.find_element('id', 'learned').text
        )
        assert 'after round 1' in browser.find_element('id', 'network').text
        assert 'doubts' in browser.find_element('id', 'status').text
        browser.find_element('css selector', 'summary').click()
        (curve,) = browser.find_elements('css selector', 'svg')
        assert curve.aria_role in ('img', 'image')
        assert curve.accessible_name.endswith('4: 0.500; 8: 0.750')
        assert len(curve.find_elements('css selector', 'circle')) == 2
        # What is on the sheet stays as it was shown.
        shown = json.loads(page.get('sheet')[2])['cells']
        assert {cell['guess'] for cell in shown} > {'NUCLEUS'}
        click(browser, 'skip')
        wait(browser, f"{text('sheet')}.startsWith('Sheet 2')")
        shown = json.loads(page.get('sheet')[2])['cells']
        assert {cell['guess'] for cell in shown} == {'NUCLEUS'}
        click(browser, 'train')
        go('fail')
        wait(browser, f"{text('train-error')}.includes('of another network')")
        assert not chromium.complaints(browser)
        page.training.start()
    assert not page.training.state()['running']  # it has ended with the page
    again = Ranking(cells)
    assert Training(again, page.journal, tmp_path, source, quick).round == 1
    assert (again.cells.guesses == 2).all()


def test_a_lab_trains_a_network_of_its_own_phenotypes(
    browser, shared_data, tmp_path, monkeypatch
):
    monkeypatch.setitem(MODELS, 'small', Plain)
    config = curate_config.get_config()
    table = shared_data('singlecelltool') / 'singlecelldata_with_label.csv'
    weights = str(plain_weights(tmp_path / 'small'))
    config.update(table=str(table), channels='protein=GFP', source=weights)
    config.center_offset = '-20,-20'  # in this table the cells lie so far from there
    _, cells, source = open_cells(config, tmp_path)
    served = dict(cells=cells, source=source, work=run_round, size=100)
    with opened(tmp_path, ('me',), **served) as page:
        visit(browser, page)
        choose(browser, 'click', 'Wildtype')
        browser.find_element('css selector', '.cell').click()
        wait(browser, "cells[0].kind === 'relabel'")
        click(browser, 'keep-rest')
        wait(browser, f"{text('sheet')}.startsWith('No cell is left')")
        click(browser, 'train')
        wait(browser, f"{text('learned')}.startsWith('Round 1')")
        learned = browser.find_element('id', 'learned').text
        assert 'learned from 100 labels' in learned and 'For other fields' in learned
        click(browser, 'export')
        wait(browser, f"{text('status')}.startsWith('corrections.csv')")
        assert not chromium.complaints(browser)
    keep_network(tmp_path, source)
    network, last = read_weights(tmp_path), read_points(tmp_path)[-1]
    assert network.card.class_names == cells.class_names[:6]
    assert network.card.channels == ('GFP',)
    assert last['tested'] == 100 and 0 < last['accuracy'] < 1 and last['error'] > 0
    assert len((tmp_path / 'corrections.csv').read_text().splitlines()) == 101
