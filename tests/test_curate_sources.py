"""Cells to curate come from screens, tables, a lab's own format and scored plates."""

import csv

import numpy as np
import pytest
import tifffile

from configs import curate as curate_config
from deeploc_jax import tasks
from deeploc_jax.curate.decisions.export import export
from deeploc_jax.curate.decisions.journal import Journal
from deeploc_jax.curate.orders.order import orders_of
from deeploc_jax.curate.orders.ranking import Ranking
from deeploc_jax.curate.page.sheets import Sheets
from deeploc_jax.curate.sources.first_guess import name_cells
from deeploc_jax.curate.sources.from_lab import is_lab_table, open_lab_cells
from deeploc_jax.curate.sources.from_scores import open_scored_cells
from deeploc_jax.curate.sources.from_screen import open_screen_cells, open_table_cells
from deeploc_jax.curate.sources.options import class_list, parse_offset
from deeploc_jax.curate.sources.predicted import with_predictions
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.files import write_json
from deeploc_jax.images import write_ome_tiff
from deeploc_jax.models import MODELS
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.scored_cells import scored_cells_table
from deeploc_jax.tasks.curate import open_cells
from deeploc_jax.weights.folder import read_weights, write_weights
from tests.helpers.small import Small, make_card, random_variables
from tests.helpers.spot_screen import SpotScreen

CENTERS = [(40, 50), (100, 60), (10, 190), (150, 150)]


def field(seed=0, channels=1):
    """A field whose pixels say where they are."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 60_000, (200, 200, channels)).astype(np.uint16)


def crop(pixels, x, y):
    return np.pad(pixels, ((32, 32), (32, 32), (0, 0)))[y : y + 64, x : x + 64]


def small_weights(folder, seed=0):
    card = make_card(
        model=dict(name='small'),
        side=64,
        crop=60,
        class_names=('X', 'LEFT'),
        crops=1,
        screen='other/1.0.0',
    )
    variables = random_variables(Small(num_classes=2), 60, seed=seed)
    return write_weights(folder, variables, card)


def test_a_prepared_screen_with_what_a_network_says(data_dir, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, 'small', Small)
    builder = prepare_screen(SpotScreen.name, data_dir)
    cells = open_screen_cells(builder, 'validation+test')
    assert len(cells) == 19 and cells.marker == 1 and cells.probabilities is None
    assert cells.images[np.arange(3)].dtype == np.uint8  # as they were saved
    folder = small_weights(tmp_path / 'weights')
    path = name_cells(cells, read_weights(folder), tmp_path, batch_size=8)
    named = with_predictions(cells, path)
    assert named.class_names == ('LEFT', 'RIGHT', 'MIDDLE', 'X')
    np.testing.assert_allclose(named.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert not named.probabilities[:, 1:3].any() and named.novelty is None
    assert named.features.shape == (19, 4) and 'teaching' in orders_of(named)
    np.testing.assert_array_equal(named.labels, cells.labels)
    with pytest.raises(ValueError, match='lacks 24 of the 24 cells'):
        with_predictions(open_screen_cells(builder, 'train'), path)


def write_lab(folder, labelled=True, extra=()):
    tifffile.imwrite(folder / 'a.tiff', field()[..., 0])
    names = ['Image Path', 'Center X', 'Center Y'] + labelled * ['Initial Label']
    rows = [('a.tiff', x, y, f'P {i % 2}') for i, (x, y) in enumerate(CENTERS)]
    with (folder / 'cells.csv').open('w', newline='') as out:
        csv.writer(out).writerows([names, *(r[: len(names)] for r in [*rows, *extra])])
    return folder / 'cells.csv'


@pytest.mark.parametrize('labelled', [False, True])
def test_the_format_of_a_lab(tmp_path, labelled):
    path = write_lab(tmp_path, labelled)
    assert is_lab_table(path)
    cells = open_lab_cells(path, 'protein=GFP')
    assert cells.channels == ('GFP',) and cells.marker == -1
    assert cells.class_names == (('P 0', 'P 1') if labelled else ())
    assert cells.labels.tolist() == ([0, 1, 0, 1] if labelled else [-1] * 4)
    assert cells.cell_ids[0] == 'a-40-50'
    expected = np.stack([crop(field(), x, y) for x, y in CENTERS])
    np.testing.assert_array_equal(cells.images[np.arange(4)], expected)
    np.testing.assert_array_equal(cells.images[np.array([3, 1])], expected[[3, 1]])
    assert cells.images[np.arange(0)].shape == (0, 64, 64, 1)
    moved = open_lab_cells(path, 'protein=GFP', offset=parse_offset('-5,8'))
    np.testing.assert_array_equal(moved.cell_ids, cells.cell_ids)
    expected = np.stack([crop(field(), x - 5, y + 8) for x, y in CENTERS])
    np.testing.assert_array_equal(moved.images[np.arange(4)], expected)


def test_rows_of_a_lab_that_cannot_be_used_are_named(tmp_path, capsys):
    bad = [('b.tiff', 40, 50, ''), ('a.tiff', 200, 50, ''), ('a.tiff', 'x', 5, '')]
    cells = open_lab_cells(write_lab(tmp_path, extra=bad), 'protein=GFP')
    assert len(cells) == 4
    said = capsys.readouterr().out
    for row, words in ((6, 'b.tiff'), (7, 'is not in the image'), (8, 'could not')):
        assert any(
            f'row {row} ' in line and words in line for line in said.splitlines()
        )


def test_a_table_of_crops_needs_no_splits(tmp_path, capsys):
    images = (
        field(1, 2)[None, :64, :64].repeat(5, 0) // np.arange(1, 6)[:, None, None, None]
    )
    np.savez(tmp_path / 'crops.npz', images=images.astype(np.uint16))
    rows = [('crops.npz', i, f'c{i}', 'ER' if i % 2 else '') for i in range(6)]
    with (tmp_path / 'cells.csv').open('w', newline='') as out:
        csv.writer(out).writerows([('image', 'index', 'cell_id', 'label'), *rows])
    assert not is_lab_table(tmp_path / 'cells.csv')
    cells = open_table_cells(
        tmp_path / 'cells.csv', 'protein=GFP,marker=RFP', 'RFP,GFP'
    )
    assert cells.channels == ('GFP', 'RFP') and cells.class_names == ('ER',)
    assert cells.labels.tolist() == [-1, 0, -1, 0, -1]
    np.testing.assert_array_equal(cells.images[np.arange(5)], images[..., ::-1])
    assert 'row 7 left out' in capsys.readouterr().out


@pytest.fixture
def scored(tmp_path):
    """Two fields; the last cell of each lies at its border and has no probabilities."""
    rows = [('plate', 'well', 'field', 'protein', 'image')]
    for number, well in enumerate(('A01', 'A02')):
        pixels = field(number, 2)
        file = f'{well}.ome.tif'
        write_ome_tiff(tmp_path / file, pixels, ('GFP', 'RFP'), (0.1, 0.1))
        rows.append(('p', well, '1', f'YFG{number}', file))
        n = len(CENTERS)
        x, y = np.array(CENTERS, np.float64).T
        place = dict(screen='', condition='', replicate='', plate='p', well=well)
        place |= dict(field='1', protein=f'YFG{number}', label_name='')
        columns = {name: [value] * n for name, value in place.items()}
        columns |= dict(cell_id=[f'{well}{i}' for i in range(n)], label=[-1] * n)
        columns |= dict(x=x, y=y, border=[False] * n, flags=[[]] * n)
        kinds = ('area', 'major_axis', 'minor_axis', 'orientation')
        kinds += tuple(
            f'{k}_{c}'
            for k in ('mean', 'integrated', 'corrected')
            for c in ('GFP', 'RFP')
        )
        columns |= {name: np.ones(n, np.float32) for name in kinds}
        known = np.array([True, True, False, True])
        p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
        novelty = np.array([0.5, 2, 1], np.float32)
        part = scored_cells_table(
            columns, known, p, novelty, ('A', 'B'), ('GFP', 'RFP')
        )
        write_table(part, tmp_path / 'scored' / 'cells.parquet' / f'{well}.parquet')
    with (tmp_path / 'fields.csv').open('w', newline='') as out:
        csv.writer(out).writerows(rows)
    asked = dict(fields=str(tmp_path / 'fields.csv'), channels='protein=GFP,marker=RFP')
    write_json(tmp_path / 'scored' / 'config.json', asked)
    write_json(tmp_path / 'scored' / 'run.json', {})
    return tmp_path / 'scored'


def test_scored_plates(scored, monkeypatch):
    cells = open_scored_cells(scored)
    kept = [CENTERS[0], CENTERS[1], CENTERS[3]]
    assert cells.cell_ids.tolist() == ['A010', 'A011', 'A013', 'A020', 'A021', 'A023']
    assert cells.named.tolist() == [0, 1, 1] * 2 and cells.class_names == ('A', 'B')
    np.testing.assert_allclose(cells.novelty, [0.5, 2, 1] * 2)
    expected = [crop(field(n, 2), x, y) for n in (0, 1) for x, y in kept]
    np.testing.assert_array_equal(cells.images[np.arange(6)], expected)
    monkeypatch.setitem(MODELS, 'small', Small)
    source = str(small_weights(scored.parent / 'weights'))
    config, workdir = ask(scored.parent, scored=str(scored), source=source)
    config.batch_size = 8
    _, named, _ = open_cells(config, workdir)  # another network names them anew
    assert named.class_names == ('A', 'B', 'X', 'LEFT')
    assert named.features.shape == (6, 4) and not named.probabilities[:, :2].any()
    (scored.parent / 'A02.ome.tif').unlink()
    with pytest.raises((OSError, ValueError)):
        open_scored_cells(scored).images[np.arange(6)]


def ask(tmp_path, **fields):
    config = curate_config.get_config()
    config.update(fields)
    return config, tmp_path / 'workdir'


def test_the_task_writes_what_was_decided(tmp_path, capsys):
    path = write_lab(tmp_path)
    (tmp_path / 'phenotypes.txt').write_text('P 0\nP 1\nNone\n')
    config, workdir = ask(
        tmp_path,
        table=str(path),
        channels='protein=GFP',
        classes=str(tmp_path / 'phenotypes.txt'),
        serve=False,
    )
    assert tasks.run(config, workdir) == 0
    cells = open_lab_cells(path, 'protein=GFP').with_classes(['P 0', 'P 1', 'None'])
    sheets = Sheets(Ranking(cells), Journal(workdir / 'journal.jsonl'), 'me')
    sheets.next('random', '', False, 9)
    sheets.decide([0], 'discard', '', {})
    sheets.decide([1], 'relabel', 'None', {})
    assert tasks.run(config, workdir) == 0
    assert '1 discard, 1 relabel' in capsys.readouterr().out
    with (workdir / 'corrections.csv').open() as file:
        found = {row['cell_id']: row['label'] for row in csv.DictReader(file)}
    assert found == {'a-40-50': '', 'a-100-60': 'None'}


def test_classes_are_a_list_of_any_length_or_a_file(tmp_path):
    names = [f'CLASS {number}' for number in range(100)]
    assert class_list(','.join(names)) == names
    (tmp_path / 'names.txt').write_text('ER\n\n a, b \n')
    assert class_list(str(tmp_path / 'names.txt')) == ['ER', 'a, b']
    assert class_list(None) == []


def test_another_network_goes_on_with_what_was_decided(
    data_dir, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(MODELS, 'small', Small)
    for seed in (0, 1):
        folder = small_weights(tmp_path / f'weights{seed}', seed)
        config, workdir = ask(
            tmp_path,
            screen=SpotScreen.name,
            split='test',
            data_dir=data_dir,
            source=str(folder),
            serve=False,
        )
        assert tasks.run(config, workdir) == 0
        book = Journal(workdir / 'journal.jsonl')
        book.append('me', 'relabel', [f'test{seed}'], ['X'], {})
    assert len(list(workdir.glob('predictions-*.parquet'))) == 2
    assert tasks.run(config, workdir) == 0
    assert 'corrections.csv: 2 relabel' in capsys.readouterr().out
    config.split = 'train'
    assert tasks.run(config, workdir) == 1  # these are other cells


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        (dict(), 'Say which cells'),
        (dict(screen='yeast_sim', scored='x'), '2 were given'),
        (dict(table='cells.csv'), 'Say --config.channels'),
        (dict(screen='yeast_sim', sheet=8), 'must be 9 to 256'),
        (dict(screen='yeast_sim', annotators='a,a'), 'each once'),
        (dict(table='nowhere.csv', channels='protein=GFP'), 'no table nowhere.csv'),
        (
            dict(table=__file__, channels='protein=GFP', center_offset='9'),
            'two numbers',
        ),
    ],
)
def test_mistakes_are_explained(tmp_path, capsys, fields, words):
    assert tasks.run(*ask(tmp_path, **fields)) == 1
    assert words in capsys.readouterr().err


def test_real_cells_in_the_format_of_a_lab(shared_data, tmp_path):
    folder = shared_data('singlecelltool')
    labelled = open_lab_cells(folder / 'singlecelldata_with_label.csv', 'protein=GFP')
    plain = open_lab_cells(folder / 'singlecelldata_no_label.csv', 'protein=GFP')
    assert len(labelled) == len(plain) == 100
    assert len(labelled.class_names) == 6 and (plain.labels == -1).all()
    numbers = np.arange(100)
    np.testing.assert_array_equal(labelled.images[numbers], plain.images[numbers])
    book = Journal(tmp_path / 'journal.jsonl')
    sheets = Sheets(Ranking(labelled), book, 'anna')
    sheets.next('class', 'Aggregate', False, 20)
    sheets.decide(sheets.rows.tolist(), 'keep', '', {})
    assert '20 keep' in export(tmp_path, labelled, book)
