"""What a user may say about the cells of a screen, in words of biology."""

from __future__ import annotations

import dataclasses

USUAL_DIAMETER = 5.0
"""Micrometers; a haploid cell of budding yeast without its bud."""
USUAL_PIXELS = 40.0
"""The same in pixels where nobody knows the size of a pixel."""

WORDS = dict(
    form=('round', 'spread'),
    light=('fluorescence', 'transmitted'),
    buds=('with_mother', 'apart'),
    border=('flag', 'drop'),
)
"""Options that are one of a few words."""


@dataclasses.dataclass(frozen=True)
class CellOptions:
    """How cells are found in a field.

    Attributes:
        marker: Channel whose light fills the cells. '': there is none, and the protein
            channel, which is the first, stands for it.
        nuclei: Channel in which nuclei are bright; '': there is none.
        light: 'fluorescence', where cells are brighter than what is around them, or
            'transmitted' for a marker that is bright field, phase contrast or DIC.
        form: 'round' for cells that are cut at their necks where they touch, such as
            yeast; 'spread' for cells of any form, such as those of animals on a dish,
            each of which is grown from its nucleus.
        buds: 'with_mother' keeps a bud and its mother together as one cell; 'apart'
            makes each a cell of its own.
        diameter: Usual diameter of a cell without its bud, in micrometers, or in pixels
            where their size is unknown. None: 5 micrometers, as of budding yeast, or 40
            pixels.
        min_area: Area in square micrometers, or pixels, under which something is not a
            cell. None: a tenth of a disc of the usual diameter.
        max_area: Area over which something is not a cell. None: eight such discs.
        border: 'flag' keeps a cell that touches the edge of the field, and it is marked
            as such; 'drop' takes it away.
    """

    marker: str = ''
    nuclei: str = ''
    light: str = 'fluorescence'
    form: str = 'round'
    buds: str = 'with_mother'
    diameter: float | None = None
    min_area: float | None = None
    max_area: float | None = None
    border: str = 'flag'

    def __post_init__(self) -> None:
        for name, allowed in WORDS.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f'{name} ({getattr(self, name)!r}) must be one of '
                    f'{", ".join(map(repr, allowed))}.'
                )
        if self.form == 'spread' and not self.nuclei:
            raise ValueError("form 'spread' needs the name of the channel of nuclei.")
        for name in ('diameter', 'min_area', 'max_area'):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f'{name} ({value}) must be greater than 0.')
        if self.min_area and self.max_area and self.min_area >= self.max_area:
            raise ValueError(
                f'min_area ({self.min_area}) must be less than max_area '
                f'({self.max_area}).'
            )

    def diameter_in(self, pixel_size: float | None) -> float:
        """Usual diameter of a cell in pixels of this size (micrometers, or unknown)."""
        usual = USUAL_PIXELS if pixel_size is None else USUAL_DIAMETER
        return (self.diameter or usual) / (pixel_size or 1)

    def areas_in(self, pixel_size: float | None) -> tuple[float, float]:
        """Smallest and largest area of a cell in pixels of this size."""
        disc = 3.1416 / 4 * self.diameter_in(pixel_size) ** 2
        unit = (pixel_size or 1) ** 2
        low = self.min_area / unit if self.min_area else 0.1 * disc
        high = self.max_area / unit if self.max_area else 8 * disc
        return low, high
