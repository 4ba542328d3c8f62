"""Writes docs/tables.md: every column of every table, from the schemas.

python -m docs.write_tables
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from deeploc_jax.files import atomic_write
from deeploc_jax.tables import TABLES, Column, TableSchema

PAGE = Path(__file__).with_name('tables.md')
INTRODUCTION = """# Every column of every table

Each task leaves its results as tables in its workdir: Parquet, which pandas, polars and
R read, and CSV for the wells and images of simulated plates. This page is made from the
schemas in `deeploc_jax/tables/` by `python -m docs.write_tables`; the metadata of each
field of a Parquet file has its meaning and unit too.

```python
from deeploc_jax.tables import class_values, read_predictions

cells = read_predictions('runs/sim/evaluation/test/predictions.parquet')
sure = cells['confidence'].to_numpy() > 0.9  # a pyarrow.Table; cells.to_pandas() works
probabilities = class_values(cells)[sure]  # float32 [n, k], see class_names(cells)
```

`read_predictions`, `read_proteins`, `read_fits` and `read_features` check the columns
and read tables of earlier versions too: a column that was not there yet (marked †) is
'' or null. `read_table(path, schema)` does so for any other Parquet table. The cells of
a screen may be more than memory holds: `read_scored_cells(path, columns=[...])` reads
some columns, `scored_parts(path, columns=[...])` goes through the cells file by file.

Text that is not known is '', a number that is not known is null, or NaN for `x` and
`y`. `<CLASS>` stands for the name of each class, `<CHANNEL>` for the name of each
channel, `<FEATURE>` for the name of each feature.
"""
_TYPES = {'item: ': '', 'string': 'text', 'float': 'float32', 'double': 'float64'}


def page() -> str:
    """The whole page, in Markdown."""
    return '\n'.join([INTRODUCTION, *map(_section, TABLES)])


def _section(table: TableSchema) -> str:
    name = table.path.rstrip('/').rpartition('/')[2]
    rows = map(_row, table.columns)
    return f"""## {name}

`{table.path}`, written by {table.written_by}. {table.meaning}

| column | type | unit | meaning |
|---|---|---|---|
{chr(10).join(rows)}
"""


def _row(column: Column) -> str:
    mark = '' if column.required else ' †'
    cells = f'`{column.name}`{mark}', _type(column.type), column.unit, column.meaning
    return '| ' + ' | '.join(cells) + ' |'


def _type(kind: pa.DataType) -> str:
    text = str(kind)
    for theirs, ours in _TYPES.items():
        text = text.replace(theirs, ours)
    return f'`{text}`' if '<' in text else text


if __name__ == '__main__':
    atomic_write(PAGE, lambda path: path.write_text(page()))
