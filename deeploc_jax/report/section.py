"""A page is put together from sections, each of which is kept once it is made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax.files import atomic_write, read_json
from deeploc_jax.report import html

FOLDER = 'sections'
"""Where sections lie in a workdir, beside the `figures` that they show."""


@dataclasses.dataclass(frozen=True)
class Section:
    """Part of a page.

    Attributes:
        title: Its heading.
        lead: What is seen, in a few sentences.
        pictures: Figures by name, in order.
        header: Header of its table.
        rows: Lines of the table as text.
        notes: What its words mean.
        explorer: What a map to explore needs (report/explorer.js); None: there is none.
    """

    title: str
    lead: str
    pictures: Mapping[str, html.Picture]
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Mapping[str, str]
    explorer: Mapping[str, Any] | None = None


def write_section(
    workdir: Path, name: str, section: Section, asked: Mapping[str, Any]
) -> None:
    """Writes the figures of a section and then, last, the section itself.

    Args:
        workdir: Folder of the run.
        name: Name of the section.
        section: The section.
        asked: What it was made from, as JSON allows.
    """
    html.write_figures(workdir, section.pictures)
    fields = dict(vars(section), asked=asked)
    fields['pictures'] = {
        key: [picture.width, picture.alt] for key, picture in section.pictures.items()
    }
    text = json.dumps(fields)
    atomic_write(_path(workdir, name), lambda temporary: temporary.write_text(text))


def read_section(
    workdir: Path, name: str, asked: Mapping[str, Any] | None = None
) -> Section | None:
    """The section as it was written; None where it must be made (again).

    Args:
        workdir: Folder of the run.
        name: Name of the section.
        asked: What it must have been made from; None: no matter what.

    Raises:
        ValueError: Its file is damaged.
    """
    path = _path(workdir, name)
    if not path.is_file():
        return None
    fields = read_json(path)
    made = fields.pop('asked')
    if asked is not None and made != json.loads(json.dumps(asked)):
        return None
    figures = {key: workdir / f'figures/{key}.png' for key in fields['pictures']}
    if not all(figure.is_file() for figure in figures.values()):
        return None
    fields['pictures'] = {
        key: html.Picture(figures[key].read_bytes(), width, alt)
        for key, (width, alt) in fields['pictures'].items()
    }
    return Section(**fields)


def write_sections(
    path: Path, sections: Mapping[str, Section], *, title: str, simulated: bool
) -> Path:
    """Writes a page with all sections, which needs no other file.

    Args:
        path: File of the page.
        sections: Sections by name, in order.
        title: Heading of the page.
        simulated: Whether the cells are, which the page then says first.
    """
    page = html.render(
        'sections.html.j2', sections=sections, title=title, simulated=simulated
    )
    return html.write_bytes(path, page.encode())


def _path(workdir: Path, name: str) -> Path:
    return workdir / FOLDER / f'{name}.json'
