"""Pages that need no other file, no network and no script."""

from __future__ import annotations

import base64
import dataclasses
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
        png: The file's bytes.
        width: CSS pixels it is shown at.
        alt: What it shows, in words.
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
    """A page as HTML text; a value that the template lacks is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters['decimal'] = wording.decimal
    return environment.get_template(template).render(
        percent=wording.percent, decimal=wording.decimal, **values
    )


def write_bytes(path: Path, data: bytes) -> Path:
    """Writes a file, whole or not at all."""
    return atomic_write(path, lambda temporary: temporary.write_bytes(data))
