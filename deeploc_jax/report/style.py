"""All figures share colors, fonts and sizes, without pyplot and global state."""

from __future__ import annotations

import io
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette can be distinguished with all common kinds of color blindness.
TRAIN = '#0072B2'
VALIDATION = '#D55E00'
CHOSEN = '#009E73'
INK = '#1f2430'
FAINT = '#8a8f99'
RULE = '#d9dce1'

COLORS = (
    *('#0069f0', '#ff4b78', '#693c3c', '#5ae1ff', '#00f000', '#d200b4', '#695a1e'),
    *('#ffb4c3', '#00695a', '#0000ff', '#a5a500', '#a587a5', '#1e3c0f', '#690f69'),
    *('#788769', '#ffc396', '#96a5ff', '#b46900', '#5a5a78', '#2dc3a5'),
)
"""Colors of classes.

They were searched for in sRGB so that the smallest difference of two (CIEDE2000) is
large: 20 as most people see them, 10 without red or green cones. Neighbors in the list,
whose names and looks are often alike, differ most.
"""
UNKNOWN = '#c4c8ce'
"""Color of what has no known class."""

WIDTH = 10.0
"""Inches of a full-width figure; the page shows 100 CSS pixels per inch."""
DPI = 160

_RC = {
    'font.family': 'DejaVu Sans',  # ships with matplotlib: the same on every machine
    'font.size': 9,
    'axes.titlesize': 9.5,
    'axes.titleweight': 'bold',
    'axes.labelcolor': INK,
    'axes.edgecolor': FAINT,
    'axes.linewidth': 0.8,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'grid.color': RULE,
    'grid.linewidth': 0.6,
    'legend.frameon': False,
    'text.color': INK,
    'text.parse_math': False,  # a class may be called anything, '$' included
    'xtick.color': FAINT,
    'ytick.color': FAINT,
    'xtick.labelcolor': INK,
    'ytick.labelcolor': INK,
    'xtick.labelsize': 8,
    'ytick.labelsize': 8,
}


@contextmanager
def house_style() -> Generator[None]:
    """A context in which figures are drawn and saved in the house style."""
    with matplotlib.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` x `height` inches, outside pyplot."""
    return Figure(figsize=(width, height), dpi=DPI, layout='constrained')


def grid(axes: Axes) -> None:
    """Light lines behind the data."""
    axes.grid(True)
    axes.set_axisbelow(True)


def to_png(figure: Figure) -> bytes:
    """The figure as PNG at its own resolution; the same figure has the same bytes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; tables have it.
        warnings.filterwarnings('ignore', message='Glyph .* missing from font')
        figure.savefig(buffer, format='png', dpi='figure', metadata={'Software': None})
    return buffer.getvalue()


def shorten(name: str, length: int) -> str:
    """A name, with its middle left out when it is longer than `length` characters."""
    if len(name) <= length:
        return name
    tail = (length - 1) // 2
    return name[: length - 1 - tail] + '…' + name[len(name) - tail :]


def colors_of(count: int) -> list[str]:
    """Colors of so many groups; of more than twenty they come again."""
    return [COLORS[k % len(COLORS)] for k in range(count)]
