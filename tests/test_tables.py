"""Tables in Parquet: the same columns in and out, and errors that name them."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deeploc_jax.evaluate import groups, proteins
from deeploc_jax.tables import parquet, predictions

NAMES = ('ER', 'GOLGI')
TEXT = ('cell_id', 'screen', 'plate', 'well', 'field', 'protein')


def metadata(cells=3):
    columns = {name: np.array([f'{name}{i}' for i in range(cells)]) for name in TEXT}
    return columns | {'x': np.full(cells, np.nan, np.float32), 'y': np.arange(cells)}


P = np.array([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])
LABELS = np.array([0, 1, -1], np.int32)


def test_predictions_survive_parquet(tmp_path):
    table = predictions.predictions_table(metadata(), LABELS, P, NAMES, [0.5, 2, 1])
    path = parquet.write_table(table, tmp_path / 'evaluation' / 'predictions.parquet')
    back = predictions.read_predictions(path)
    assert back.column_names == [
        *('cell_id', 'screen', 'plate', 'well', 'field', 'protein', 'x', 'y'),
        *('label', 'label_name', 'predicted', 'predicted_name', 'confidence'),
        *('novelty', 'p_ER', 'p_GOLGI'),
    ]
    assert back['novelty'].to_pylist() == [0.5, 2, 1]
    unknown = predictions.predictions_table(metadata(), LABELS, P, NAMES)
    assert unknown['novelty'].to_pylist() == [None] * 3
    earlier = parquet.write_table(unknown.drop_columns('novelty'), path)
    assert predictions.read_predictions(earlier)['novelty'].to_pylist() == [None] * 3
    assert parquet.class_names(back) == NAMES
    assert back['label_name'].to_pylist() == ['ER', 'GOLGI', '']
    assert back['predicted'].to_pylist() == [0, 1, 0]
    assert back['protein'].to_pylist() == ['protein0', 'protein1', 'protein2']
    assert np.isnan(back['x'].to_numpy()).all()
    np.testing.assert_allclose(parquet.class_values(back), P, atol=1e-7)
    assert [p.name for p in path.parent.iterdir()] == ['predictions.parquet']


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
        ({'metadata': {'cell_id': np.array(['a', 'b', 'c'])}}, 'lacks.*screen, plate'),
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
        'screen': np.array(['', '', '']),
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
