"""The report of made-up but plausible runs: every kind of screen gets a page."""

import base64
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from deeploc_jax import files
from deeploc_jax.evaluate import proteins, summary
from deeploc_jax.evaluate.examples import unlike_rows
from deeploc_jax.metrics import row_fractions
from deeploc_jax.report import figures, report_sheets, selection, write_report
from deeploc_jax.report.confusion import confusion_matrix
from deeploc_jax.report.crop_sheets import called_sheet, composite
from deeploc_jax.report.figures import NAMES
from deeploc_jax.report.results import read_results
from deeploc_jax.report.selection import SHOWN, confused_classes, worst_classes
from deeploc_jax.report.style import house_style
from deeploc_jax.report.tables import MOST_CONDITIONS
from deeploc_jax.report.training import running_mean, series
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.predictions import (
    predictions_table,
    read_predictions,
    read_proteins,
)
from deeploc_jax.types import METADATA


def fake_images(rng, classes, channels):
    """Blobs whose width tells the class, uint8 [m, 64, 64, c]."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    width = 0.1 + 0.05 * classes[:, None, None, None] + 0.2 * np.arange(channels)
    blob = np.exp(-((x**2 + y**2)[None, ..., None] / (2 * width**2)))
    noise = rng.normal(0, 0.03, (len(classes), 64, 64, channels))
    return np.round(255 * np.clip(blob + noise, 0, 1)).astype(np.uint8)


def fake_workdir(
    path,
    *,
    classes=3,
    channels=2,
    cells=240,
    labelled=1.0,
    sharpness=3.0,
    empty=(),
    names=None,
    history=True,
    run=None,
    proteins_known=True,
    columns=None,
):
    """A workdir as a training leaves it, with random class probabilities."""
    rng = np.random.default_rng(0)
    names = names or tuple(f'CLASS_{index}' for index in range(classes))
    count = max(4, cells // 12)
    present = [index for index in range(len(names)) if index not in empty]
    protein = rng.integers(count, size=cells)
    labels = rng.choice(present, size=count)[protein]
    logits = rng.normal(size=(cells, len(names)))
    logits[np.arange(cells), labels] += sharpness
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    crops = fake_images(rng, labels, channels)
    labels = np.where(rng.random(cells) < labelled, labels, -1)
    metadata = {name: np.full(cells, '', object) for name in METADATA}
    metadata |= {'x': np.zeros(cells), 'y': np.zeros(cells)}
    if proteins_known:
        metadata['protein'] = np.array([f'YFG{number}' for number in protein], object)
    metadata |= columns or {}
    metadata['cell_id'] = np.array([f'cell{row}' for row in range(cells)], object)

    folder = path / 'evaluation' / 'test'
    call = (metadata, labels, probabilities, names)
    novelty = 2 * rng.random(cells)
    write_table(predictions_table(*call, novelty), folder / 'predictions.parquet')
    per_protein = proteins.proteins_table(*call)
    write_table(per_protein, folder / 'proteins.parquet')
    numbers = summary.summarize(*call, per_protein, resamples=20)
    numbers |= {'temperature': 1.2, 'unlike_training': 0.5}
    files.write_json(folder / 'metrics.json', numbers)
    rows, unlike = rng.permutation(cells), unlike_rows(novelty)
    pictures = dict(images=crops[rows], unlike_images=crops[unlike])
    np.savez(folder / 'examples.npz', rows=rows, unlike_rows=unlike, **pictures)
    files.write_json(path / 'config.json', {'seed': 7, 'model': {'name': 'deeploc'}})
    files.write_json(path / 'run.json', {'dataset': 'my_screen'} | (run or {}))
    if history:
        lines = [
            {'step': step, 'train/loss': 3 / step, 'train/accuracy': 1 - 1 / step}
            for step in range(1, 151)
        ]
        lines += [
            {'step': step, 'validation/loss': 4 / step, 'validation/accuracy': 0.8}
            for step in (50, 100, 150)
        ]
        text = '\n'.join(map(json.dumps, lines))
        (path / 'metrics.jsonl').write_text(text + '\n{"step": 151, "tra')
    return path


RUN = {'best_step': 100, 'simulated': False, 'splits': {'train': 9_000}}


@pytest.fixture(scope='module')
def usual(tmp_path_factory):
    """A workdir with its report, for tests that leave it as it is."""
    workdir = fake_workdir(tmp_path_factory.mktemp('usual'), run=RUN)
    write_report(workdir)
    return workdir


@pytest.fixture
def no_pictures(monkeypatch):
    """No figures, for tests of the text: drawing takes a second per page."""
    monkeypatch.setattr(figures, 'draw_figures', lambda results: {})


def figures_of(path):
    return {file.stem for file in (path / 'figures').iterdir()}


def embedded(html):
    """Images in the page, as PNG bytes."""
    urls = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [base64.b64decode(url) for url in urls]


@pytest.mark.parametrize(('classes', 'channels'), [(2, 1), (19, 2), (3, 3)], ids=str)
def test_every_kind_of_screen_gets_all_figures(tmp_path, classes, channels):
    workdir = fake_workdir(tmp_path, classes=classes, channels=channels)
    html = write_report(workdir).read_text()
    assert figures_of(workdir) == set(NAMES)
    assert len(embedded(html)) == len(NAMES)
    for data in embedded(html):
        width, height = Image.open(io.BytesIO(data)).size
        assert 300 < width < 2600 and 100 < height < 4000
    for index in range(classes):
        assert f'CLASS_{index}</th>' in html


def test_the_page_needs_nothing_but_itself(usual):
    html = (usual / 'report.html').read_text()
    assert '<script' not in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert '://' not in html and '@import' not in html
    files_on_disk = {(usual / 'figures' / f'{n}.png').read_bytes() for n in NAMES}
    assert set(embedded(html)) == files_on_disk
    assert all(re.findall(r'<img [^>]*alt="([^"]*)"', html))


def test_summary_has_numbers_of_the_files(tmp_path, no_pictures):
    run = {'best_step': 100, 'parameters': 1234567, 'splits': {'train': 9_000}}
    workdir = fake_workdir(tmp_path, run=run)
    numbers = files.read_json(workdir / 'evaluation/test/metrics.json')
    html = write_report(workdir).read_text()
    lead = re.search(r'<p class="lead">(.*?)</p>', html, re.S).group(1)
    lead = lead.replace('\u00a0', ' ')
    low, high = numbers['accuracy']['interval']
    for words in (
        f'{100 * numbers["accuracy"]["value"]:.1f} % of the cells',
        f'{100 * low:.1f} % to {100 * high:.1f} %',
        f'{numbers["proteins"]["n"]} whole proteins',
        '240 cells of 20 proteins',
        '1,234,567 parameters',
        'my_screen (9,000 cells)',
        'seed 7',
        'step 100',
    ):
        assert words in lead


@pytest.mark.parametrize('simulated', [True, False])
def test_a_banner_marks_simulated_data(tmp_path, no_pictures, simulated):
    workdir = fake_workdir(tmp_path, run={'simulated': simulated})
    assert ('SIMULATED DATA' in write_report(workdir).read_text()) == simulated


def test_unlabelled_cells_get_counts_and_no_judgement(usual, tmp_path):
    shutil.copytree(usual / 'figures', tmp_path / 'figures')
    workdir = fake_workdir(tmp_path, labelled=0.0)
    html = write_report(workdir).read_text()
    # Figures of the earlier, labelled evaluation must not stay beside this page.
    assert figures_of(workdir) == {'training_curves', 'examples', 'unlike'}
    assert '50.0\u00a0% of them are unlike anything seen in training' in html
    assert 'carry no labels' in html and 'What the network calls' in html
    assert 'Accuracy</th>' not in html and 'mistakes' not in html


def test_classes_that_the_network_does_not_know_are_named(tmp_path, no_pictures):
    aside = {'ODD': 12, 'NONE': 0}
    workdir = fake_workdir(tmp_path, labelled=0.5, run={'set_aside': aside})
    html = write_report(workdir).read_text()
    assert 'it does not know count as unlabelled: ODD (12).' in html
    fake_workdir(tmp_path, labelled=0.0, run={'set_aside': aside})
    assert 'carry no labels that it knows: ' in write_report(workdir).read_text()


def test_empty_classes_and_partly_labelled_cells(tmp_path):
    workdir = fake_workdir(tmp_path, classes=5, empty=(0, 3), labelled=0.5)
    html = write_report(workdir).read_text()
    numbers = files.read_json(workdir / 'evaluation/test/metrics.json')
    assert figures_of(workdir) == set(NAMES)
    assert f'{numbers["n_labelled"]} labelled of 240 cells' in html


def test_without_mistakes_or_training_log_there_are_no_figures_of_them(tmp_path):
    workdir = fake_workdir(tmp_path, sharpness=99.0, history=False)
    html = write_report(workdir).read_text()
    assert figures_of(workdir) == set(NAMES) - {'mistakes', 'training_curves'}
    assert 'No labelled cell was called wrong' in html
    assert 'are called right.' in html  # all proteins
    assert '<h2>Training</h2>' not in html


@pytest.mark.usefixtures('no_pictures')
def test_cells_are_counted_by_condition_where_one_is_known(tmp_path):
    columns = dict(condition=np.full(240, 'untreated'), replicate=np.full(240, '1'))
    columns['condition'][:60] = 'heat'  # cut to the length of the other
    columns['condition'][60:70] = ''
    columns['replicate'][:30] = '2'
    html = write_report(fake_workdir(tmp_path, columns=columns)).read_text()
    section = html.split('<h2>By condition</h2>')[1].split('<h2>')[0]
    rows = [re.findall('<t[hd].*?>(.*?)</t[hd]>', row) for row in section.split('<tr')]
    assert rows[1][:4] == ['condition', 'replicates', 'cells', 'labelled']
    counts = [row[:4] for row in rows[2:]]
    assert counts == [
        ['untreated', '1', '170', '170'],
        ['heat', '1, 2', '60', '60'],
        ['–', '1', '10', '10'],
    ]
    table = read_predictions(tmp_path / 'evaluation/test/predictions.parquet')
    right = table['label'].to_numpy() == table['predicted'].to_numpy()
    assert rows[3][4] == f'{100 * right[:60].mean():.1f}\u00a0%'


@pytest.mark.usefixtures('no_pictures')
def test_conditions_of_unlabelled_cells_are_counted_too(tmp_path):
    columns = dict(condition=np.arange(240).astype(str))
    workdir = fake_workdir(tmp_path, columns=columns, labelled=0.0)
    html = write_report(workdir).read_text()
    section = html.split('<h2>By condition</h2>')[1].split('<h2>')[0]
    assert section.count('<th scope="row">') == MOST_CONDITIONS
    assert 'The 200 with most cells are listed, of 240' in section
    assert 'called right' not in section


@pytest.mark.usefixtures('no_pictures')
@pytest.mark.parametrize('earlier', [False, True])
def test_without_conditions_none_are_counted(tmp_path, earlier):
    workdir = fake_workdir(tmp_path)
    path = workdir / 'evaluation/test/predictions.parquet'
    if earlier:  # a table of before there were any
        table = read_predictions(path).drop_columns(['condition', 'replicate'])
        write_table(table, path)
    html = write_report(workdir).read_text()
    assert '<h2>By condition</h2>' not in html and '<h2>By protein</h2>' in html


def test_names_are_text_and_not_markup(tmp_path):
    names = ('<b>ER</b>', '$\\alpha$', 'long_' * 12, '核')
    run = {'channels': ['RFP', 'brightfield'], 'marker_channel': -1}
    html = write_report(fake_workdir(tmp_path, names=names, run=run)).read_text()
    assert '<b>ER' not in html and '&lt;b&gt;ER' in html
    assert 'RFP, brightfield' in html


def test_same_files_give_the_same_page(usual, tmp_path):
    workdir = fake_workdir(tmp_path, run=RUN)
    page = (usual / 'report.html').read_bytes()
    assert write_report(workdir).read_bytes() == page


@pytest.fixture
def few_are_many(monkeypatch):
    """Hundreds of classes take seconds to draw."""
    for name, number in dict(MANY=8, SHOWN=6, EXAMPLES=4).items():
        monkeypatch.setattr(selection, name, number)


def test_of_hundreds_of_classes_some_are_drawn_and_all_are_listed(
    tmp_path, few_are_many
):
    workdir = fake_workdir(tmp_path, classes=13, sharpness=2.0)
    html = write_report(workdir).read_text()
    assert figures_of(workdir) == set(NAMES)
    table, everything = html.split('<summary>All 13 classes</summary>')
    assert table.count('<th scope="row">CLASS_') == 6
    for index in range(13):
        assert f'<th scope="row">CLASS_{index}</th>' in everything
    assert 'Of 13 classes the 6 that are most often confused are drawn' in html
    assert 'the 6 classes with the smallest areas, of 13' in html
    assert 'Shown are the classes that are most often confused.' in html


def test_of_hundreds_of_unlabelled_classes_those_called_most_are_shown(
    tmp_path, few_are_many
):
    workdir = fake_workdir(tmp_path, classes=13, labelled=0.0)
    html = write_report(workdir).read_text()
    table, everything = html.split('<summary>All 13 classes</summary>')
    assert table.count('<th scope="row">CLASS_') == 6
    assert everything.count('<th scope="row">CLASS_') == 13
    assert 'The 6 classes called most often' in table


def test_the_most_confused_classes_are_those_of_the_largest_counts():
    counts = 50 * np.eye(100, dtype=int)
    for i in range(30):
        counts[3 * i, 3 * i + 1] = 2 + i
    chosen = confused_classes(counts, SHOWN)
    # The 20 largest pairs are 40 classes; those of the smaller ones are left out.
    assert chosen.tolist() == sorted(
        c for i in range(10, 30) for c in (3 * i, 3 * i + 1)
    )
    assert confused_classes(counts[:60, :60], SHOWN).tolist() == list(range(60))
    assert len(confused_classes(np.eye(61, dtype=int), SHOWN)) == SHOWN


def test_classes_without_cells_are_not_the_worst():
    scores = [None, 0.5, *np.linspace(0.6, 0.9, 70), 0.2]
    assert worst_classes(scores)[:2].tolist() == [72, 1]
    assert 0 not in worst_classes(scores)
    assert worst_classes(scores[:60]).tolist() == list(range(60))


def test_a_row_of_a_confusion_matrix_is_named_by_all_its_cells():
    counts = np.ones((100, 100), int)
    with house_style():
        axes = confusion_matrix(counts, [f'C{i}' for i in range(100)]).axes[0]
    assert len(axes.get_yticklabels()) == SHOWN
    assert axes.get_yticklabels()[0].get_text() == 'C0  100'
    shares = axes.get_images()[0].get_array()
    np.testing.assert_allclose(shares, 0.01)


def test_misplaced_proteins_are_listed(tmp_path, no_pictures):
    workdir = fake_workdir(tmp_path, sharpness=0.3)
    table = read_proteins(workdir / 'evaluation/test/proteins.parquet')
    html = write_report(workdir).read_text()
    wrong = [row for row in table.to_pylist() if row['label'] != row['predicted']]
    assert 0 < len(wrong) < len(table)
    for row in wrong:
        cells = re.search(f'<tr><th scope="row">{row["protein"]}</th>(.*)', html)
        for word in (row['label_name'], row['predicted_name']):
            assert f'<td>{word}</td>' in cells.group(1)
        assert f'{row["confidence"]:.3f}' in cells.group(1)
    assert html.count('<th scope="row">YFG') == len(wrong)


def test_cells_without_protein_or_well_have_no_such_table(tmp_path, no_pictures):
    workdir = fake_workdir(tmp_path, proteins_known=False)
    html = write_report(workdir).read_text()
    assert '<h2>By' in html and '<h2>By protein' not in html
    assert 'resampling 240 single cells' in html


def test_a_report_needs_no_jax():
    code = 'import sys, deeploc_jax.report; sys.exit("jax" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0


def test_missing_files_are_all_named(tmp_path):
    workdir = fake_workdir(tmp_path)
    (workdir / 'run.json').unlink()
    (workdir / 'evaluation/test/examples.npz').unlink()
    with pytest.raises(FileNotFoundError, match=r'run\.json.*test/examples\.npz'):
        write_report(workdir)


def test_the_split_reported_is_the_one_that_the_config_names(tmp_path, no_pictures):
    workdir = fake_workdir(tmp_path)
    (workdir / 'evaluation/test').rename(workdir / 'evaluation/validation')
    files.write_json(workdir / 'config.json', {'split': 'validation'})
    assert 'my_screen: validation split' in write_report(workdir).read_text()
    files.write_json(workdir / 'config.json', {'seed': 7})  # of a training
    with pytest.raises(FileNotFoundError, match='evaluation/test/metrics'):
        write_report(workdir)


def test_an_evaluation_elsewhere_names_both_screens(tmp_path, no_pictures):
    run = {'trained_on': 'first_screen', 'splits': {'train': 240}}
    html = write_report(fake_workdir(tmp_path, run=run)).read_text()
    lead = re.search(r'<p class="lead">(.*?)</p>', html, re.S).group(1)
    assert 'was trained on first_screen.' in lead  # its cells and seed are not known
    assert 'in the test split of my_screen' in lead


def test_row_fractions_do_not_depend_on_class_size():
    counts = np.array([[900, 100, 0], [1, 9, 0], [0, 0, 0]])
    fractions = row_fractions(counts)
    np.testing.assert_allclose(fractions[:2], [[0.9, 0.1, 0], [0.1, 0.9, 0]])
    assert np.isnan(fractions[2]).all()


def test_protein_is_green_and_marker_magenta():
    images = np.zeros((1, 1, 2, 3), np.uint8)
    images[..., 0, 0], images[..., 1, 2] = 200, 100
    assert composite(images, marker=2).tolist() == [[[[0, 200, 0], [100, 0, 100]]]]
    assert composite(images, marker=-1).tolist() == [[[[200] * 3, [0] * 3]]]


def test_mistakes_come_most_confident_first_then_the_strangest(tmp_path, monkeypatch):
    shown = []

    def record(images, true, predicted, numbers, marker):
        shown.append((true, predicted, numbers))
        return called_sheet(images, true, predicted, numbers, marker)

    monkeypatch.setattr(report_sheets, 'called_sheet', record)
    results = read_results(fake_workdir(tmp_path, sharpness=1.0))
    assert report_sheets.mistakes(results) and report_sheets.unlike(results)
    (true, predicted, confidence), (_, _, novelty) = shown
    assert (np.diff(confidence) <= 0).all() and (np.diff(novelty) <= 0).all()
    assert len(true) == 48 and len(novelty) == 24 and (novelty > 1).all()
    assert all(a != b for a, b in zip(true, predicted, strict=True))


def test_the_strangest_cells_come_first_and_only_strange_ones():
    novelty = np.array([0.2, 3.0, 0.9, 1.5, 1.0])
    assert unlike_rows(novelty).tolist() == [1, 3]
    assert len(unlike_rows(np.full(100, 2.0))) == 24


def test_series_counts_a_step_once_and_skips_null():
    history = [
        {'step': 20, 'validation/loss': 2.0},
        {'step': 10, 'validation/loss': 9.0},
        {'step': 10, 'validation/loss': 3.0},
        {'step': 30, 'validation/loss': None},
        {'step': 30, 'train/loss': 1.0},
    ]
    assert series(history, 'validation/loss').tolist() == [[10, 3], [20, 2]]
    assert series(history, 'no/such').shape == (0, 2)


def test_running_mean_uses_what_is_there():
    values = np.array([1.0, 3.0, 5.0, 7.0])
    np.testing.assert_allclose(running_mean(values, 2), [1, 2, 4, 6])
