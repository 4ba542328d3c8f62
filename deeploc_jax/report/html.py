"""A page needs no other file and no network."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from deeploc_jax.files import atomic_write
from deeploc_jax.report import style, wording


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure ready for a page.

    Attributes:
        png: Bytes of the PNG file.
        width: Width at which it is shown, CSS pixels.
        alt: Description of what it shows, for those who cannot see it.
    """

    png: bytes
    width: int
    alt: str

    @property
    def url(self) -> str:
        """The file as a data URL, for a page that needs no other file."""
        return 'data:image/png;base64,' + base64.b64encode(self.png).decode()


def picture(figure: Figure, alt: str) -> Picture:
    """A figure at 100 CSS pixels an inch."""
    width = round(100 * figure.get_size_inches()[0])
    return Picture(style.to_png(figure), width, alt)


def render(template: str, **values: Any) -> str:
    """A page as HTML text.

    Args:
        template: Name of a template beside this file.
        **values: Values of the template.

    Raises:
        jinja2.UndefinedError: The template needs a value that is not given.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters['decimal'] = wording.decimal
    environment.filters['shorten'] = style.shorten
    return environment.get_template(template).render(
        percent=wording.percent, decimal=wording.decimal, **values
    )


def write_page(
    workdir: Path, template: str, pictures: Mapping[str, Picture], **values: Any
) -> Path:
    """Writes `figures/<name>.png` of every picture and `report.html`, which holds them.

    Args:
        workdir: Folder that they go to.
        template: Name of a template beside this file.
        pictures: Pictures by name.
        **values: Further values of the template.

    Returns:
        Path of the page.
    """
    write_figures(workdir, pictures)
    page = render(template, pictures=pictures, **values)
    return write_bytes(workdir / 'report.html', page.encode())


def write_figures(workdir: Path, pictures: Mapping[str, Picture]) -> None:
    """Writes `figures/<name>.png` of every picture."""
    for name, shown in pictures.items():
        write_bytes(workdir / 'figures' / f'{name}.png', shown.png)


def write_bytes(path: Path, data: bytes) -> Path:
    """Writes a file, which appears whole or not at all."""
    return atomic_write(path, lambda temporary: temporary.write_bytes(data))
