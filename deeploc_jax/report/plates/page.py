"""The page of the plates is written from the tables of a scored screen alone."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from deeploc_jax.files import atomic_write
from deeploc_jax.report.html import render
from deeploc_jax.report.plates.measures import choose_measures, describe_well
from deeploc_jax.report.plates.wells import (
    CELL_COLUMNS,
    Well,
    by_plate,
    collect_wells,
    lay_out,
)
from deeploc_jax.report.wording import count
from deeploc_jax.tables.parquet import channel_names
from deeploc_jax.tables.scored_cells import CELL_FLAGS, FIELD_FLAGS, PLACE
from deeploc_jax.tables.scored_parts import read_scored_fields, scored_parts

PAGE = 'plates.html'
MOST_ROWS = 500  # flagged fields that are listed
MOST_PICTURES = 24
THUMBNAIL = 240  # pixels a side


def write_plates_page(
    workdir: Path | str,
    simulated: bool = False,
    pictures: Mapping[tuple[str, ...], Path] | None = None,
) -> Path:
    """Writes `plates.html`: heat maps of the wells, and the fields that are flagged.

    The page needs no other file, no network and no script.

    Args:
        workdir: Workdir of configs/score.py, with `fields.parquet` and `cells.parquet`.
        simulated: Whether the screen is simulated, which the page then says.
        pictures: Image files of fields by their values of the `PLACE` columns. Those of
            flagged fields are shown, at most 24, small.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: There are no scored cells or fields.
        ValueError: A table is damaged, or of another kind.
    """
    workdir = Path(workdir)
    table = read_scored_fields(workdir)
    fields, channels = table.to_pylist(), channel_names(table)
    wells = collect_wells(fields, scored_parts(workdir, CELL_COLUMNS))
    measures = choose_measures(wells, channels)
    faults = [row for well in wells for row in well.faults]
    page = render(
        'plates/plates.html.j2',
        title=_title(wells),
        lead=_lead(wells, fields),
        simulated=simulated,
        measures=measures,
        plates=_plates(wells, measures, channels),
        flag_rows=_flag_rows(wells),
        faults=faults[:MOST_ROWS],
        left_out=max(0, len(faults) - MOST_ROWS),
        pictures=_thumbnails(faults, pictures or {}),
    )
    return atomic_write(workdir / PAGE, lambda path: path.write_text(page, 'utf-8'))


def _title(wells: Sequence[Well]) -> str:
    screens = sorted({well.key[0] for well in wells} - {''})
    return f'Plates of {", ".join(screens)}' if screens else 'Plates'


def _lead(wells: Sequence[Well], fields: Sequence[Mapping[str, Any]]) -> str:
    cells, usable = sum(w.cells for w in wells), sum(w.usable for w in wells)
    flagged = sum(bool(row['flags']) for row in fields)
    aside = sum(bool(row['reason']) for row in fields)
    share = f' ({usable / cells:.0%})' if cells else ''
    return (
        f'{count(len(by_plate(wells)), "plate")}, {count(len(wells), "well")}, '
        f'{count(len(fields), "field")}, {count(cells, "cell")}, of which '
        f'{usable:,}{share} are usable. {count(flagged, "field")} flagged, '
        f'{aside:,} set aside.'
    )


def _plates(
    wells: Sequence[Well], measures: Sequence[Any], channels: Sequence[str]
) -> list[dict[str, Any]]:
    """Name, layout and wells of each plate, as the template draws them."""
    colors = {
        id(well): ';'.join(f'--m{m}:{c.colors[i]}' for m, c in enumerate(measures))
        for i, well in enumerate(wells)
    }
    drawn = []
    for key, own in by_plate(wells).items():
        layout = lay_out(own)
        places = [
            None
            if well is None
            else dict(
                style=colors[id(well)],
                title=describe_well(well, channels),
                flagged=bool(well.faults),
                name=well.key[-1],
            )
            for well in layout.wells
        ]
        drawn.append(dict(name=_name(key), layout=layout, places=places))
    return drawn


def _name(plate: tuple[str, ...]) -> str:
    _, condition, replicate, name = plate
    parts = (name or 'plate', condition, replicate and f'replicate {replicate}')
    return ', '.join(part for part in parts if part)


def _flag_rows(wells: Sequence[Well]) -> list[dict[str, Any]]:
    """Flags that occur, with their meaning, and how many fields and cells have them."""
    cells, fields = Counter[str](), Counter[str]()
    for well in wells:
        cells.update(well.flags)
        fields.update(flag for row in well.fields for flag in row['flags'])
    meaning = CELL_FLAGS | FIELD_FLAGS
    return [
        dict(flag=flag, meaning=meaning.get(flag, ''), fields=fields[flag], cells=n)
        for flag, n in Counter(
            {flag: cells[flag] for flag in cells | fields}
        ).most_common()
    ]


def _thumbnails(
    faults: Sequence[Mapping[str, Any]], pictures: Mapping[tuple[str, ...], Path]
) -> list[dict[str, str]]:
    found = []
    for row in faults:
        path = pictures.get(tuple(row[name] for name in PLACE))
        if path is not None and path.exists() and len(found) < MOST_PICTURES:
            name = f'{row["plate"]} {row["well"]} field {row["field"]}'
            text = f'{name}: {", ".join(row["flags"]) or row["reason"]}'
            found.append(dict(url=_small(path), text=text))
    return found


def _small(path: Path) -> str:
    """A picture as a data URL of a small JPEG."""
    with Image.open(path) as image:
        small = image.convert('RGB')
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, 'JPEG', quality=80)
    return 'data:image/jpeg;base64,' + base64.b64encode(buffer.getvalue()).decode()
