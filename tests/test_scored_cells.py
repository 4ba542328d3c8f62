"""Cells of a scored screen survive Parquet, in parts and by columns."""

import numpy as np
import pyarrow as pa
import pytest

from deeploc_jax import tables
from deeploc_jax.files import write_json
from deeploc_jax.tables.cell_parts import cells_digest
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tables.schema import SchemaError, rows_to_table
from deeploc_jax.tables.scored_cells import (
    CELL_FLAGS,
    FIELD_FLAGS,
    PLACE,
    scored_cells_table,
)
from deeploc_jax.types import METADATA
from docs import write_tables
from tests.helpers.scored_plates import write_scored_plates

CLASSES, CHANNELS = ('ER', 'DEAD'), ('GFP', 'RFP')


def part(fields, *, class_names=CLASSES, novelty=True):
    """Three cells a field, the last of each at the border."""
    n = 3 * len(fields)
    place = {name: np.full(n, 'p', object) for name in PLACE}
    place['field'] = np.repeat(np.array(fields, object), 3)
    text = dict(cell_id=[f'{i}' for i in range(n)], protein=['A'] * n)
    numbers = dict.fromkeys('xy', np.arange(n, dtype=np.float32))
    labels = dict(label=np.full(n, -1), label_name=[''] * n)
    shape = ('area', 'major_axis', 'minor_axis', 'orientation')
    light = [
        f'{of}_{c}' for of in ('mean', 'integrated', 'corrected') for c in CHANNELS
    ]
    numbers |= dict.fromkeys([*shape, *light], np.ones(n, np.float32))
    border = np.arange(n) % 3 == 2
    flags = [['border'] if b else [] for b in border]
    m = int((~border).sum())
    return scored_cells_table(
        {**place, **text, **labels, **numbers, 'border': border, 'flags': flags},
        ~border,
        np.tile(np.array([[0.7, 0.3]]), (m, 1)),
        np.linspace(0, 2, m) if novelty else None,
        class_names,
        CHANNELS,
        {'part': 'digest'},
    )


@pytest.fixture
def screen(tmp_path):
    for number, fields in enumerate((['1', '2'], ['3'])):
        write_table(part(fields), tmp_path / f'cells.parquet/part-{number}.parquet')
    write_json(tmp_path / 'run.json', {})
    return tmp_path


def write_fields(folder, flags):
    names = {'CHANNEL': CHANNELS}
    rows = [
        dict.fromkeys(PLACE, 'p') | dict(field=f, flags=v) for f, v in flags.items()
    ]
    about = {'channels': '["GFP", "RFP"]'}
    table = rows_to_table(rows, tables.FIELDS_SCORED.arrow(names, about))
    write_table(table, folder / 'fields.parquet')


def test_cells_of_all_parts_are_one_table(screen):
    table = tables.read_scored_cells(screen)
    assert table['field'].to_pylist() == [*'111222333']
    assert tables.class_names(table) == CLASSES
    assert tables.channel_names(table) == CHANNELS
    assert set(table.schema.metadata) == {b'class_names', b'channels'}
    assert {*METADATA, 'p_ER', 'p_DEAD', 'mean_RFP', 'corrected_GFP'} <= {
        *table.column_names
    }
    assert table.equals(tables.read_scored_cells(screen / 'cells.parquet'))
    parts = [p['field'].to_pylist() for p in tables.scored_parts(screen)]
    assert parts == [[*'111222'], [*'333']]


def test_a_cell_at_the_border_has_no_probabilities(screen):
    table = tables.read_scored_cells(screen)
    border = table.filter(table['border'])
    for name in ('predicted', 'predicted_name', 'confidence', 'p_ER', 'novelty'):
        assert border[name].null_count == 3 and table[name].null_count == 3
    usable = table.filter(pa.compute.invert(table['border']))
    assert usable['predicted_name'].to_pylist() == ['ER'] * 6
    np.testing.assert_allclose(usable['novelty'][:4].to_pylist(), [0, 2 / 3, 4 / 3, 2])
    assert part('1', novelty=False)['novelty'].null_count == 3


def test_columns_are_named_one_by_one_or_as_a_family(screen):
    table = tables.read_scored_cells(screen, ['p_<CLASS>', 'mean_GFP', 'protein'])
    assert table.column_names == ['protein', 'p_ER', 'p_DEAD', 'mean_GFP']
    assert tables.class_names(table) == CLASSES
    with pytest.raises(ValueError, match=r'no columns p_GOLGI; it has cell_id, .*p_<C'):
        tables.read_scored_cells(screen, ['p_GOLGI'])


def test_cells_have_the_flags_of_their_field(screen):
    write_fields(screen, {'1': [], '2': ['dark', 'out_of_focus'], '3': []})
    assert tables.read_scored_fields(screen)['flags'][1].as_py()[0] == 'dark'
    (flags,) = tables.read_scored_cells(screen, ['flags']).columns
    border, field = ['border'], ['dark', 'out_of_focus']
    expected = [[], [], border, field, field, border + field, [], [], border]
    assert flags.to_pylist() == expected
    assert 'flags' not in tables.read_scored_cells(screen, ['x']).column_names


def test_a_run_that_is_not_finished_is_no_table(screen, tmp_path_factory):
    (screen / 'run.json').unlink()
    with pytest.raises(ValueError, match='is not finished: run configs/score.py'):
        tables.read_scored_cells(screen)
    assert len(tables.read_scored_cells(screen / 'cells.parquet')) == 9
    with pytest.raises(FileNotFoundError, match='no scored cells'):
        tables.read_scored_cells(tmp_path_factory.mktemp('empty'))


def test_files_of_another_kind_are_named(screen):
    path = screen / 'cells.parquet/part-1.parquet'
    whole = part(['3'])
    write_table(part(['3'], class_names=('ER', 'GHOST')), path)
    with pytest.raises(ValueError, match='part-1.parquet has other classes'):
        tables.read_scored_cells(screen)
    write_table(whole.drop_columns(['border', 'p_ER']), path)
    with pytest.raises(SchemaError, match='part-1.parquet lacks the columns p_ER, bor'):
        tables.read_scored_cells(screen)
    with pytest.raises(SchemaError, match='part-1.parquet lacks the columns p_ER'):
        tables.read_scored_cells(screen, ['p_<CLASS>'])
    assert len(tables.read_scored_cells(screen, ['x'])) == 9
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match='part-1.parquet is not a readable Parquet'):
        tables.read_scored_cells(screen)


def test_every_flag_is_explained_on_the_page_of_tables():
    page = write_tables.page()
    for name, meaning in (CELL_FLAGS | FIELD_FLAGS).items():
        assert f'`{name}`: {meaning}' in page
    assert not CELL_FLAGS.keys() & FIELD_FLAGS.keys()


def test_the_digest_changes_with_cells_and_with_flags_of_fields(tmp_path):
    write_scored_plates(tmp_path, {'P1': ['A01', 'A02']})
    folder = tmp_path / 'cells.parquet'
    seen = {cells_digest(tmp_path)}
    assert cells_digest(tmp_path) in seen
    for path in (tmp_path / 'fields.parquet', folder / 'P1.parquet'):
        inside = cells_digest(folder)
        path.write_bytes(path.read_bytes() + b' ')
        assert cells_digest(folder) != inside
        seen.add(cells_digest(tmp_path))
    assert len(seen) == 3
