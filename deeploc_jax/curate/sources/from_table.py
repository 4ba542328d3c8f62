"""Cells of a table are opened, whichever of the two forms it has."""

from __future__ import annotations

from pathlib import Path

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.curate.sources.from_lab import is_lab_table, open_lab_cells
from deeploc_jax.curate.sources.from_screen import open_table_cells


def open_any_table(
    path: Path, channels: str, channel_names: str | None, offset: tuple[float, float]
) -> Curated:
    """Cells of a table of crops, or of cells in field images.

    Args:
        path: The table.
        channels: Roles of the channels by name, 'protein=GFP,marker=RFP'.
        channel_names: Channels in the order of the image files; None for that of
            `channels`.
        offset: Pixels that are added to the places of cells in field images.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It cannot be used, or no row of it can.
    """
    if is_lab_table(path):
        return open_lab_cells(path, channels, channel_names, offset)
    return open_table_cells(path, channels, channel_names)
