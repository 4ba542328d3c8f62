"""Tables in Parquet: the same columns in and out, and errors that name them."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deeploc_jax import groups
from deeploc_jax.evaluate import proteins
from deeploc_jax.tables import TABLES, fits, parquet, predictions, schema
from deeploc_jax.tables.simulated import SIMULATED_CELLS
from docs import write_tables

NAMES = ('ER', 'GOLGI')
TEXT = ('cell_id', 'screen', 'condition', 'replicate', 'plate', 'well', 'field')
TEXT += ('protein',)


def metadata(cells=3):
    columns = {name: np.array([f'{name}{i}' for i in range(cells)]) for name in TEXT}
    return columns | {'x': np.full(cells, np.nan, np.float32), 'y': np.arange(cells)}


P = np.array([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])
LABELS = np.array([0, 1, -1], np.int32)


def test_predictions_survive_parquet(tmp_path):
    table = predictions.predictions_table(
        metadata(), LABELS, P, NAMES, np.array([0.5, 2, 1])
    )
    path = parquet.write_table(table, tmp_path / 'evaluation' / 'predictions.parquet')
    back = predictions.read_predictions(path)
    assert back.column_names == [
        *(*TEXT, 'x', 'y'),
        *('label', 'label_name', 'predicted', 'predicted_name', 'confidence'),
        *('novelty', 'set_90', 'p_ER', 'p_GOLGI'),
    ]
    assert back['novelty'].to_pylist() == [0.5, 2, 1]
    unknown = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    assert unknown['novelty'].to_pylist() == [None] * 3
    assert parquet.class_names(back) == NAMES
    assert back['label_name'].to_pylist() == ['ER', 'GOLGI', '']
    assert back['predicted'].to_pylist() == [0, 1, 0]
    assert back['protein'].to_pylist() == ['protein0', 'protein1', 'protein2']
    assert np.isnan(back['x'].to_numpy()).all()
    np.testing.assert_allclose(parquet.class_values(back), P, atol=1e-7)
    assert [p.name for p in path.parent.iterdir()] == ['predictions.parquet']


def test_files_hold_the_meaning_of_their_columns(tmp_path):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    stored = pq.read_schema(parquet.write_table(table, tmp_path / 'p.parquet'))
    assert all(stored.field(name).metadata[b'meaning'] for name in stored.names)
    assert stored.field('x').metadata[b'unit'] == b'pixel'
    assert b'unit' not in stored.field('p_ER').metadata


@pytest.mark.parametrize('table', TABLES, ids=lambda table: table.path)
def test_every_column_is_named_once_and_explained(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    for column in table.columns:
        assert column.meaning.endswith('.') and len(column.meaning) > 12


def test_the_page_of_all_columns_is_made_from_the_schemas():
    assert write_tables.PAGE.read_text() == write_tables.page(), (
        'The schemas have changed: run python -m docs.write_tables.'
    )


def test_columns_that_earlier_versions_lack_are_empty(tmp_path):
    now = predictions.predictions_table(
        metadata(), LABELS, P, NAMES, np.array([0.5, 2, 1])
    )
    columns = predictions.PREDICTIONS.columns
    later = [column.name for column in columns if not column.required]
    assert 'novelty' in later
    path = parquet.write_table(now.drop_columns(later), tmp_path / 'p.parquet')
    old = predictions.read_predictions(path)
    assert old.schema == now.schema and parquet.class_names(old) == NAMES
    for name in later:
        empty = '' if old.schema.field(name).type == pa.string() else None
        assert old[name].to_pylist() == [empty] * 3


def test_columns_of_others_are_kept_at_the_end(tmp_path):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    more = table.add_column(0, 'mine', pa.array([1, 2, 3]))
    path = parquet.write_table(more, tmp_path / 'p.parquet')
    back = predictions.read_predictions(path)
    assert back.column_names == [*table.column_names, 'mine']
    assert back['mine'].to_pylist() == [1, 2, 3]


ROW = dict(cells_per_class=None, draw=0, n_train=10, n_test=3, accuracy=0.7)
ROW |= dict(balanced_accuracy=0.6)


def test_fits_of_earlier_versions_are_read_as_if_of_this(tmp_path):
    counts, recall = [[2, 0], [1, 0]], {'B': 0.0, 'A': 1.0}
    transfer = ROW | dict(mode='probe', validation=None)
    probe = ROW | dict(features='f', probe='knn', value=1.0, chosen_by=None)
    new = dict(
        transfer=fits.transfers_table([transfer | dict(confusion=counts)], NAMES),
        probe=fits.probes_table([probe | dict(recall=recall)]),
    )
    text = dict(
        transfer=transfer | dict(confusion=json.dumps(counts), series='probe'),
        probe=probe | dict(recall=json.dumps(recall)),
    )
    for row in text.values():
        row['cells_per_class'] = 0
    for name, table in new.items():
        path = parquet.write_table(table, tmp_path / f'{name}.parquet')
        (row,) = fits.read_fits(path).to_pylist()
        old = pa.Table.from_pylist([text[name]])  # as earlier versions wrote it
        (again,) = fits.read_fits(parquet.write_table(old, path)).to_pylist()
        again.pop('series', None)
        assert again == row
    assert row['recall'][0] == dict(class_name='B', recall=0.0)
    assert row['cells_per_class'] is None  # all
    broken = old.set_column(old.column_names.index('recall'), 'recall', [['{']])
    with pytest.raises(ValueError, match='probe.parquet, recall is not valid JSON'):
        fits.read_fits(parquet.write_table(broken, path))


def test_rows_may_lack_columns_and_have_others():
    table = schema.rows_to_table([dict(cell=3, other=1)], SIMULATED_CELLS.arrow())
    (row,) = table.to_pylist()
    assert row['cell'] == 3 and row['state'] == '' and row['radius'] is None
    assert 'other' not in row


def test_predictions_of_earlier_versions_have_no_condition_and_no_replicate(tmp_path):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    earlier = table.drop_columns(['condition', 'replicate'])
    path = parquet.write_table(earlier, tmp_path / 'predictions.parquet')
    back = predictions.read_predictions(path)
    assert back['condition'].to_pylist() == back['replicate'].to_pylist() == [''] * 3
    assert back.column_names == table.column_names
    known = [name for name in earlier.column_names if name != 'x']  # NaN is not NaN
    assert back.select(known).equals(earlier.select(known))
    other_order = table.select(table.column_names[::-1])
    path = parquet.write_table(other_order, tmp_path / 'predictions.parquet')
    assert predictions.read_predictions(path)['replicate'].equals(table['replicate'])


def test_proteins_survive_parquet(tmp_path):
    table = proteins.proteins_table(metadata(), LABELS, P, NAMES)
    path = parquet.write_table(table, tmp_path / 'proteins.parquet')
    assert predictions.read_proteins(path).equals(table)


def test_class_order_is_kept():
    names = ('VACUOLE', 'ACTIN')
    table = predictions.predictions_table(metadata(), LABELS, P, names)
    assert parquet.class_names(table) == names
    assert table.column_names[-2:] == ['p_VACUOLE', 'p_ACTIN']


def test_missing_columns_are_named(tmp_path):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    path = tmp_path / 'predictions.parquet'
    parquet.write_table(table.drop_columns(['well', 'p_GOLGI']), path)
    with pytest.raises(ValueError, match='predictions.parquet lacks.* well, p_GOLGI'):
        predictions.read_predictions(path)


def test_columns_of_another_type_are_named(tmp_path):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    index = table.column_names.index('label')
    field = pa.field('label', pa.int64())
    changed = table.set_column(index, field, table['label'].cast(pa.int64()))
    parquet.write_table(changed, tmp_path / 'p.parquet')
    with pytest.raises(ValueError, match=r'label \(int64, not int32\)'):
        predictions.read_predictions(tmp_path / 'p.parquet')


def test_files_of_others_are_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match='run configs/evaluate.py'):
        predictions.read_predictions(tmp_path / 'none.parquet')
    (tmp_path / 'text.parquet').write_text('cell_id,label\n')
    with pytest.raises(ValueError, match='text.parquet is not a readable Parquet'):
        predictions.read_proteins(tmp_path / 'text.parquet')
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    path = parquet.write_table(table, tmp_path / 'flipped.parquet')
    whole = path.read_bytes()
    path.write_bytes(
        whole[:8] + bytes(255 - byte for byte in whole[8:200]) + whole[200:]
    )
    with pytest.raises(ValueError, match='flipped.parquet is not a readable Parquet'):
        predictions.read_predictions(path)
    pq.write_table(pa.table({'a': [1]}), tmp_path / 'bare.parquet')
    with pytest.raises(ValueError, match='bare.parquet has no class names'):
        predictions.read_predictions(tmp_path / 'bare.parquet')


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    path = parquet.write_table(table, tmp_path / 'predictions.parquet')

    def fail(table, where):
        where.write_bytes(b'half a file')
        raise OSError('disk full')

    monkeypatch.setattr(pq, 'write_table', fail)
    with pytest.raises(OSError, match='disk full'):
        parquet.write_table(table.slice(0, 1), path)
    assert predictions.read_predictions(path).num_rows == 3
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'labels': np.array([0, 1, 2])}, r'labels\[2\] is 2, but .* only 2 classes'),
        ({'labels': np.array([0, 1])}, '2 labels, but other numbers of rows'),
        ({'probabilities': P[:, :1]}, r'shape \(3, 1\), but there are 3 labels and 2'),
        ({'probabilities': P * [[1], [np.nan], [1]]}, r'probabilities\[1\]'),
        ({'class_names': ('ER', 'ER')}, 'once each'),
        (
            {'metadata': {'cell_id': np.array(['a', 'b', 'c'])}},
            'lacks.*screen, cond.*, plate',
        ),
    ],
)
def test_parts_that_do_not_fit_are_errors(change, message):
    parts = {
        'metadata': metadata(),
        'labels': LABELS,
        'probabilities': P,
        'class_names': NAMES,
    }
    with pytest.raises(ValueError, match=message):
        predictions.predictions_table(**(parts | change))


def test_wells_are_named_with_screen_and_plate():
    columns = {
        **dict.fromkeys(('screen', 'condition', 'replicate'), np.array(['', '', ''])),
        'plate': np.array(['1', '2', '2']),
        'well': np.array(['A01', 'A01', '']),
    }
    names = groups.unit_names(columns, 'well').tolist()
    assert names == ['1/A01', '2/A01', '']


def test_confusions_are_pairs_of_names_with_their_cells():
    counts = [[5, 0, 2], [0, 0, 0], [1, 0, 7]]
    rows = predictions.confusion_table(counts, ('A', 'B', 'C')).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ('A', 'A', 5),
        ('A', 'C', 2),
        ('C', 'A', 1),
        ('C', 'C', 7),
    ]
    none = predictions.confusion_table([], ('A',))
    assert none.schema == predictions.confusion_table(counts, ('A', 'B', 'C')).schema
    assert len(none) == 0
