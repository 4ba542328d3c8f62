"""The surest movers, and where the proteins are, with a few of their cells."""

from __future__ import annotations

import base64
import io
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from deeploc_jax.files import read_json
from deeploc_jax.report.wording import count
from deeploc_jax.tables.changes import read_movers
from deeploc_jax.tables.examples import EXAMPLES
from deeploc_jax.tables.parquet import class_names, read_table
from deeploc_jax.tables.profiles import PROFILES

MOST = 12
"""Movers that are shown, the surest ones."""
Pictures = Mapping[tuple[str, str], dict[str, Any]]
"""By protein and condition."""


def movers_of(workdir: Path, folder: str) -> dict[str, Any]:
    """What a comparison found, for the template.

    Args:
        workdir: Folder of the screen.
        folder: Name of the folder of the comparison.
    """
    rows = read_movers(workdir / folder / 'movers.parquet').to_pylist()
    record = read_json(workdir / folder / 'run.json')
    config = read_json(workdir / folder / 'config.json')
    before, after = config['before'], config['after']
    shown = sorted((r for r in rows if r['moved']), key=lambda row: row['p'])[:MOST]
    pictures = _pictures(workdir / folder)
    page = f'{folder}/movers.html'
    return dict(
        page=page,
        before=before or 'before',
        after=after or 'after',
        number=record['moved'],
        lead=_found(record, config['rate']),
        cautions=record['cautions'],
        left=record['moved'] - len(shown),
        key=_key(pictures),
        rows=[
            dict(
                row,
                q_shown=_small(row['q']),
                link=f'{page}#{urllib.parse.urlencode(dict(open=row["protein"]))}',
                cells=[
                    pictures.get((row['protein'], name)) for name in (before, after)
                ],
            )
            for row in shown
        ],
    )


def _found(record: Mapping[str, Any], rate: float) -> str:
    few = record['proteins'] - record['compared']
    text = (
        f'{record["moved"]:,} of {count(record["compared"], "protein")} moved and '
        f'{record["abundance_changed"]:,} changed in abundance, at a false-discovery '
        f'rate of {rate:.0%}.'
    )
    return text + (f' {count(few, "more protein")} had too few cells.' if few else '')


def _small(q: float) -> str:
    """A q value as 0.012, or 3e−8."""
    if q >= 0.001:
        return f'{q:.3f}'
    digits, _, power = f'{q:.0e}'.partition('e')
    return f'{digits}e\u2212{-int(power)}' if q else '0'


def proteins_of(workdir: Path, before: str = '') -> dict[str, Any]:
    """Where the proteins are: a row for each class, by its number of proteins.

    Args:
        workdir: Folder of the screen.
        before: Condition that stands before all others.
    """
    folder = workdir / 'profiles'
    profiles = read_table(folder / PROFILES.path, PROFILES)
    rows = profiles.to_pylist()
    pictures = _pictures(folder)
    conditions = sorted(
        {row['condition'] for row in rows}, key=lambda n: (n != before, n)
    )
    firsts = {(row['first'], row['condition'], row['protein']) for row in rows}
    numbers = Counter((name, condition) for name, condition, _ in firsts)
    found: list[dict[str, Any]] = []
    for name in class_names(profiles):
        own = [row for row in rows if row['first'] == name]
        if not own:
            continue
        own.sort(key=lambda row: row[f'p_{name}'] or 0, reverse=True)
        best = next(
            (r for r in own if (r['protein'], r['condition']) in pictures), own[0]
        )
        cells = pictures.get((best['protein'], best['condition']))
        counts = [numbers[name, condition] for condition in conditions]
        found.append(dict(name=name, counts=counts, example=best, cells=cells))
    return dict(
        key=_key(pictures),
        conditions=conditions,
        rows=sorted(found, key=lambda row: -sum(row['counts'])),
        n_cells=sum(row['n_cells'] for row in rows),
        n_proteins=len({row['protein'] for row in rows}),
    )


def _pictures(folder: Path) -> Pictures:
    """The pictures of cells that a stage has made, if any."""
    path = folder / EXAMPLES.path
    rows = read_table(path, EXAMPLES).to_pylist() if path.exists() else []
    return {(row['protein'], row['condition']): _picture(row) for row in rows}


def _picture(row: Mapping[str, Any]) -> dict[str, Any]:
    """The picture as a data URL, the number of cells in a row of it, and its colors."""
    with Image.open(io.BytesIO(row['jpeg'])) as image:
        colored = image.mode != 'L'
    shown = row['n_shown']
    return dict(
        url='data:image/jpeg;base64,' + base64.b64encode(row['jpeg']).decode(),
        across=min(shown, 4),
        colored=colored,
        alt=f'{shown} of {row["n_cells"]} cells of {row["protein"]}',
    )


def _key(pictures: Pictures) -> str:
    """What the colors of the pictures are, '' without any."""
    if not pictures:
        return ''
    colored = any(picture['colored'] for picture in pictures.values())
    colors = 'the protein green, the marker magenta' if colored else 'the protein alone'
    return f'Cells that are typical of a protein: {colors}.'
