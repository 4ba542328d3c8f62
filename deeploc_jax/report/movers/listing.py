"""A page lists proteins in a table that is searched, sorted and opened row by row."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from deeploc_jax.report import html
from deeploc_jax.tables.schema import TableSchema

SCRIPTS = ('state', 'table', 'detail', 'start')
CELLS = (
    'Not the best cells but those nearest to the median of the class probabilities of '
    'their protein in that condition. All conditions of a protein have one scale of '
    'brightness, unless “stretched” is chosen.'
)


@dataclasses.dataclass(frozen=True)
class Shown:
    """How a column of a table is shown on a page.

    Attributes:
        key: Name of the column.
        title: Words of its header.
        kind: 'text', 'count', 'percent', 'decimal', 'signed', 'probability' or 'flag'.
        where: 'table', 'opened' (under a row that is open) or 'csv' (there alone; the
            other two are in the CSV as well).
        first: '-' if a first click on the header sorts from large to small.
        interval: Whether <key>_low and <key>_high are columns too.
        unless: Name of a column; where it is false the value is faint.
    """

    key: str
    title: str
    kind: str = 'text'
    where: str = 'table'
    first: str = ''
    interval: bool = False
    unless: str = ''

    def spec(self, schema: TableSchema) -> list[dict[str, Any]]:
        """What the script needs to know, for the column and its limits."""
        meaning = {column.name: column.meaning for column in schema.columns}
        ends = ('low', 'high') if self.interval else ()
        limits = {end: f'{self.key}_{end}' for end in ends}
        own = dataclasses.asdict(self) | limits | dict(note=meaning[self.key])
        more = [
            dict(key=key, title=key, kind=self.kind, where='csv', note=meaning[key])
            for key in limits.values()
        ]
        return [own, *more]


def plain_values(column: Any) -> list[Any]:
    """Values of an Arrow column for JSON: NaN is null, numbers have six digits."""
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f'{value:.6g}') if math.isfinite(value) else None
    return ' '.join(value) if isinstance(value, list) else value


def columns_of(
    table: pa.Table, shown: Sequence[Shown], schema: TableSchema
) -> dict[str, Any]:
    """Specs of the columns, and their values by column."""
    specs = [spec for column in shown for spec in column.spec(schema)]
    return dict(
        columns=specs,
        rows={spec['key']: plain_values(table[spec['key']]) for spec in specs},
    )


def reading(
    shown: Sequence[Shown], keys: Sequence[str], schema: TableSchema
) -> list[tuple[str, str]]:
    """Titles and meanings of the columns that a reader must know, and of the cells."""
    meaning = {column.name: column.meaning for column in schema.columns}
    titles = {column.key: column.title for column in shown}
    return [*((titles[key], meaning[key]) for key in keys), ('cells', CELLS)]


def unique_keys(names: Sequence[str]) -> list[str]:
    """The names, with a number behind each that was there before."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    left = dict(seen)
    keys = []
    for name in names:
        left[name] -= 1
        number = seen[name] - left[name]
        keys.append(name if number == 1 else f'{name} ({number})')
    return keys


def bars(shares: Any) -> list[list[float] | None]:
    """Shares [n, k] of classes to a tenth of a percent; null where one is not known."""
    return [
        None if any(math.isnan(x) for x in row) else [round(x, 3) for x in row]
        for row in shares.tolist()
    ]


def write_listing(path: Path, listing: Mapping[str, Any], **values: Any) -> Path:
    """Writes a page with a table as one file, which no script of others can enter.

    Args:
        path: The file.
        listing: What the scripts read: `columns`, `rows` by column, `keys` and so on.
        **values: Further values of the template.
    """
    folder = Path(__file__).parent
    texts = [(folder / f'listing_{name}.js').read_text() for name in SCRIPTS]
    script = "'use strict';\n" + ''.join(texts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = html.render(
        'movers/listing.html.j2',
        listing=listing,
        script=script,
        script_hash=f'sha256-{digest}',
        **values,
    )
    return html.write_bytes(path, page.encode())
