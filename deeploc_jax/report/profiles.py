"""A page about where the proteins of a screen are: a heat map and who is in two places.

The rows of the heat map are proteins, sorted by compartment and by the share that is
in it, so that the mixed ones of a compartment stand below its pure ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from deeploc_jax.report import html, style
from deeploc_jax.report.wording import count, decimal
from deeploc_jax.tables.parquet import class_names, class_values

NAMED = 60
"""Most rows of the heat map that are named."""
PURE = 0.9
"""Share of the first compartment from which on a protein counts as in one place."""
LISTED = 50
"""Most proteins in the table of the page."""
HEADER = ('protein', 'condition', 'replicate', 'cells', 'first', 'second', 'share')
HEADER += ('interval', 'heterogeneity')
TEXTS = ('condition', 'replicate', 'first', 'second')


def heat_map(profiles: pa.Table) -> Figure:
    """Mean probability of each class for each protein, condition and replicate."""
    names, values = class_names(profiles), class_values(profiles)
    order = in_order(profiles)
    few = len(order) <= NAMED
    figure = style.new_figure(style.WIDTH, 2.2 + (0.16 * len(order) if few else 6.5))
    axes = figure.subplots()
    shown = values[order] if len(order) else np.full((1, len(names)), np.nan)
    image = axes.imshow(
        shown, aspect='auto', cmap='Blues', vmin=0, vmax=1, interpolation='none'
    )
    axes.set_xticks(
        range(len(names)), [style.shorten(n, 20) for n in names], rotation=90
    )
    axes.xaxis.tick_top()
    if few:
        titles = _titles(profiles)
        axes.set_yticks(
            range(len(order)), [style.shorten(titles[i], 30) for i in order]
        )
    else:
        axes.set(ylabel=count(len(order), 'profile'), yticks=[])
        _separate(axes, np.array(profiles['first'].to_pylist(), object)[order])
    figure.colorbar(image, ax=axes, label='mean probability', shrink=0.5)
    return figure


def in_order(profiles: pa.Table) -> np.ndarray:
    """Rows with usable cells, by first compartment and by falling share."""
    names = list(class_names(profiles))
    first = [
        names.index(name) if name else -1 for name in profiles['first'].to_pylist()
    ]
    share = profiles['share'].to_numpy()
    values = class_values(profiles)
    own = values[np.arange(len(first)), first]
    order = np.lexsort((-np.nan_to_num(own), -np.nan_to_num(share), np.array(first)))
    return order[np.array(first, int)[order] >= 0]


def _separate(axes, first: np.ndarray) -> None:
    """A line between the compartments of a long heat map."""
    for row in np.flatnonzero(first[1:] != first[:-1]):
        axes.axhline(row + 0.5, color=style.RULE, linewidth=0.6)


def _titles(profiles: pa.Table) -> list[str]:
    columns = (
        profiles[name].to_pylist() for name in ('protein', 'condition', 'replicate')
    )
    return [
        ', '.join(filter(None, row)) or 'all cells'
        for row in zip(*columns, strict=True)
    ]


def mixed_rows(profiles: pa.Table) -> list[list[str]]:
    """Proteins that may be in two places: the share's interval ends below `PURE`.

    The most even ones come first.
    """
    rows = [
        row
        for row in profiles.select(
            ['protein', 'condition', 'replicate', 'n_cells', 'first', 'second', 'share']
            + ['share_low', 'share_high', 'heterogeneity']
        ).to_pylist()
        if row['share_high'] is not None and row['share_high'] < PURE
    ]
    rows.sort(key=lambda row: row['share'])
    return [
        [
            *(row[name] for name in ('protein', 'condition', 'replicate')),
            f'{row["n_cells"]:,}',
            row['first'],
            row['second'],
            decimal(row['share'], 2),
            f'{row["share_low"]:.2f} to {row["share_high"]:.2f}',
            decimal(row['heterogeneity'], 2),
        ]
        for row in rows
    ]


def write_profiles_page(
    workdir: Path,
    profiles: pa.Table,
    notes: Mapping[str, str],
    simulated: bool = False,
) -> Path:
    """Writes `figures/profiles.png` and `report.html`, which holds it.

    Args:
        workdir: Folder that they are written to.
        profiles: Of profiles.parquet.
        notes: What else the page says, by name.
        simulated: Whether the cells are simulated.

    Returns:
        The path of the page.
    """
    mixed = mixed_rows(profiles)
    filled = [n for n in range(len(HEADER)) if any(row[n] for row in mixed)]
    with style.house_style():
        alt = (
            f'Mean class probabilities of {count(len(profiles), "profile")}, a row a '
            'protein, condition and replicate, sorted by first compartment and share.'
        )
        pictures = {'profiles': html.picture(heat_map(profiles), alt)}
    return html.write_page(
        workdir,
        'sizes.html.j2',
        pictures,
        title='Where the proteins are',
        lead=_lead(profiles, mixed),
        header=[HEADER[number] for number in filled],
        rows=[[row[number] for number in filled] for row in mixed[:LISTED]],
        texts=TEXTS,
        notes=notes,
        simulated=simulated,
    )


def _lead(profiles: pa.Table, mixed: Sequence[Sequence[str]]) -> str:
    cells = sum(profiles['n_cells'].to_pylist())
    shown = f', the {LISTED} most even of them below' if len(mixed) > LISTED else ''
    return (
        f'{count(len(profiles), "profile")} of {count(cells, "usable cell")}. '
        f'{len(mixed):,} may be in two places, or in one that the network takes for '
        f'another in some cells: the interval of the share ends below {PURE}{shown}.'
    )
