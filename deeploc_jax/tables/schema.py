"""A schema says what a table is: each column with its type, unit and meaning."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

TEXT = pa.string()
Names = Sequence[str] | Mapping[str, Sequence[str]]
"""Names that families of columns have a column for; by kind where there are several."""


class SchemaError(ValueError):
    """A stored table lacks columns of its schema, or has them of another type."""


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a table, or a family of columns.

    Attributes:
        name: Name of the column. `<CLASS>`, `<CHANNEL>` or `<FEATURE>` in it stands
            for the name of each of them: `p_<CLASS>` is a column for every class.
        type: Arrow type.
        meaning: What a value is, in a sentence.
        unit: Unit of the values; '' for text and for numbers without a unit.
        required: Whether every table has it. A column that tables of earlier versions
            lack is read as '' (text) or null.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ''
    required: bool = True

    @property
    def kind(self) -> str:
        """What a family has columns for, such as 'CLASS'; '' for a single column."""
        return self.name.partition('<')[2].partition('>')[0]

    def fields(self, names: Names) -> Iterator[pa.Field]:
        """The Arrow field of the column, or of each of its family."""
        about = {'meaning': self.meaning} | ({'unit': self.unit} if self.unit else {})
        before, _, after = self.name.partition('<')
        end = after.partition('>')[2]
        mine = names.get(self.kind, ()) if isinstance(names, Mapping) else names
        for name in mine if after else ('',):
            yield pa.field(f'{before}{name}{end}', self.type, True, about)


@dataclasses.dataclass(frozen=True)
class TableSchema:
    """A kind of table.

    Attributes:
        path: Place of the table in a workdir.
        written_by: Configs of the tasks that write it.
        meaning: What a row is, in a sentence or two.
        columns: The columns in order.
    """

    path: str
    written_by: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What there are families of columns for: 'CLASS', 'CHANNEL' and so on."""
        found = dict.fromkeys(column.kind for column in self.columns)
        return tuple(kind for kind in found if kind)

    def arrow(
        self, names: Names = (), about: Mapping[str, str] | None = None
    ) -> pa.Schema:
        """The Arrow schema; each field's metadata has its meaning and unit.

        Args:
            names: Names of the classes or features that families have columns for; by
                kind where there are families of several: `{'CLASS': ..., 'CHANNEL':
                ...}`.
            about: Metadata of the schema.
        """
        fields = [field for column in self.columns for field in column.fields(names)]
        return pa.schema(fields, dict(about or {}))

    def select(self, columns: Sequence[str], names: Names = ()) -> TableSchema:
        """The schema of some of the columns, in the order of the table.

        Args:
            columns: Names of columns, of whole families ('p_<CLASS>'), or of columns of
                these ('p_ER').
            names: As in `arrow`.

        Raises:
            ValueError: There is no such column.
        """
        wanted, kept = set(columns), []
        for column in self.columns:
            for field in column.fields(names):
                if wanted & {column.name, field.name}:
                    kept.append(dataclasses.replace(column, name=field.name))
        unknown = wanted - {column.name for column in (*self.columns, *kept)}
        if unknown:
            there = ', '.join(column.name for column in self.columns)
            raise ValueError(
                f'{self.path} has no columns {", ".join(sorted(unknown))}; it has '
                f'{there}.'
            )
        return dataclasses.replace(self, columns=tuple(kept))

    def check(self, table: pa.Table, path: Path | str, names: Names = ()) -> pa.Table:
        """A stored table with the columns of this schema in order, then any others.

        Args:
            table: The table as it was read.
            path: Its file, for messages.
            names: Names that families have columns for, as in `arrow`.

        Raises:
            SchemaError: Columns are missing or of another type; all are named.
        """
        pairs = [(f, c.required) for c in self.columns for f in c.fields(names)]
        there = {field.name: field for field in table.schema}
        missing = [f.name for f, required in pairs if required and f.name not in there]
        if missing:
            raise SchemaError(f'{path} lacks the columns {", ".join(missing)}.')
        wrong = [
            f'{field.name} ({there[field.name].type}, not {field.type})'
            for field, _ in pairs
            if field.name in there
            and there[field.name].type not in (field.type, pa.null())
        ]
        if wrong:
            raise SchemaError(
                f'{path} has columns of another type: {", ".join(wrong)}.'
            )
        fields = [field for field, _ in pairs]
        arrays = [_filled(table, field, not required) for field, required in pairs]
        known = {field.name for field in fields}
        more = [field for field in table.schema if field.name not in known]
        arrays += [table[field.name] for field in more]
        schema = pa.schema([*fields, *more], table.schema.metadata)
        return pa.Table.from_arrays(arrays, schema=schema)


def _filled(table: pa.Table, field: pa.Field, optional: bool) -> Any:
    """The column of a field; what an earlier version did not write is '' or null."""
    if field.name not in table.column_names:
        column = pa.nulls(len(table), field.type)
    else:
        column = table[field.name].cast(field.type)
    return column.fill_null('') if optional and field.type == TEXT else column


def to_table(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """The schema's columns, of one length, as a table."""
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def rows_to_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """A table from a mapping a row, in which what is not there is '' or null.

    Keys that are no columns are left out.
    """
    empty = {field.name: '' if field.type == TEXT else None for field in schema}
    columns = {name: [row.get(name, empty[name]) for row in rows] for name in empty}
    return to_table(columns, schema)


def in_text(schema: TableSchema) -> str:
    """Name and columns of a table with their units and meaning, as plain text."""
    lines = [f'{schema.path}: {schema.meaning}']
    for column in schema.columns:
        unit = f' [{column.unit}]' if column.unit else ''
        lines.append(f'  {column.name:18} {column.meaning}{unit}')
    return '\n'.join(
        textwrap.fill(line, 88, subsequent_indent=21 * ' ') for line in lines
    )
