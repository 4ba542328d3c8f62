"""The page of movers shows which proteins moved, from where to where, and cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.report.movers import charts, listing, strips
from deeploc_jax.report.movers.listing import Shown
from deeploc_jax.report.wording import count
from deeploc_jax.tables.changes import MOVERS, read_flux, read_movers
from deeploc_jax.tables.parquet import class_names, class_values

COLUMNS = (
    Shown('protein', 'protein'),
    Shown('from', 'from', unless='moved'),
    Shown('to', 'to', unless='moved'),
    Shown('share_moved', 'share moved', 'percent', first='-', interval=True),
    Shown('effect', 'effect', 'decimal', first='-'),
    Shown('q', 'q', 'probability'),
    Shown('log2_fold', 'log2 abundance', 'signed', first='-', interval=True),
    Shown('abundance_q', 'q of abundance', 'probability'),
    Shown('paper_moved', 'moved, by the paper', 'flag', first='-'),
    Shown('moved', 'moved', 'flag', 'csv'),
    Shown('abundance_changed', 'abundance changed', 'flag', 'csv'),
    Shown('remarks', 'remarks', where='opened'),
    Shown('n_cells_before', 'cells before', 'count', 'opened'),
    Shown('n_cells_after', 'cells after', 'count', 'opened'),
    Shown('n_wells_before', 'wells before', 'count', 'opened'),
    Shown('n_wells_after', 'wells after', 'count', 'opened'),
    Shown('class_before', 'largest class before', where='opened'),
    Shown('class_after', 'largest class after', where='opened'),
    Shown('statistic', 'statistic', 'decimal', 'opened'),
    Shown('p', 'p', 'probability', 'opened'),
    Shown('abundance_p', 'p of abundance', 'probability', 'opened'),
    Shown('paper_class', "class of the paper's score", where='opened'),
    Shown('paper_score', "the paper's score", 'signed', 'opened'),
    Shown('paper_log2_fold', "the paper's log2 fold", 'signed', 'opened'),
    Shown('paper_abundance_changed', 'abundance, by the paper', 'flag', 'opened'),
)
READ = ('from', 'to', 'share_moved', 'effect', 'q', 'log2_fold', 'paper_moved')
SHOWS = (
    ('moved', 'moved', 'moved'),
    ('abundance', 'abundance changed', 'abundance_changed'),
    ('paper', 'moved, by the paper', 'paper_moved'),
    ('all', 'all', ''),
)


def write_movers_page(
    workdir: Path | str,
    level: float,
    warnings: Sequence[str] = (),
    simulated: bool = False,
) -> Path:
    """Writes `movers.html`, `figures/volcano.png` and `figures/flux.png`.

    The page is one file that needs no other and no network. It holds the pictures of
    `examples.parquet`, where there are any, as far as they have room.

    Args:
        workdir: Folder with `movers.parquet` and `flux.parquet`.
        level: False-discovery rate that was asked for, such as 0.05.
        warnings: Sentences that a reader must know, such as that nothing was repeated.
        simulated: Whether the cells are simulated.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: A table is missing.
        ValueError: A table is broken or has no row; it is named.
    """
    workdir = Path(workdir)
    movers = read_movers(workdir / 'movers.parquet')
    if not len(movers):
        raise ValueError(f'{workdir / "movers.parquet"} has no protein to show.')
    fluxes = charts.fluxes_of(read_flux(workdir / 'flux.parquet'))
    drawn = charts.write_charts(workdir, charts.volcano_of(movers, level), fluxes)
    names = tuple(
        movers[f'condition_{side}'][0].as_py() for side in ('before', 'after')
    )
    proteins = movers['protein'].to_pylist()
    pictures, cells, left_out = strips.choose_strips(
        strips.read_examples(workdir),
        [[(protein, name) for protein in proteins] for name in names],
        range(len(movers)),  # by p
    )
    data = _listing(movers, names) | dict(cells=cells, views=strips.views_of(pictures))
    title = f'Proteins that moved: {names[0] or "before"} to {names[1] or "after"}'
    return listing.write_listing(
        workdir / 'movers.html',
        data,
        title=title,
        lead=_lead(movers, names, level),
        warnings=[*warnings, *strips.no_room(left_out)],
        simulated=simulated,
        charts=drawn,
        strips=pictures,
        search_words='protein or class',
        place_titles={'from': 'From', 'to': 'To'},
        table_name='movers.parquet',
        reading=listing.reading(COLUMNS, READ, MOVERS),
    )


def _listing(movers: pa.Table, names: tuple[str, ...]) -> dict[str, Any]:
    """What the scripts of the page read, without the places of pictures."""
    shows = [dict(key=k, title=t, column=c) for k, t, c in SHOWS]
    return dict(
        noun='proteins',
        file='movers.csv',
        keys=listing.unique_keys(movers['protein'].to_pylist()),
        sides=[names[0] or 'before', names[1] or 'after'],
        classes=list(class_names(movers)),
        bars=[listing.bars(class_values(movers, f'{s}_')) for s in ('before', 'after')],
        bars_title='Share of the protein in each class',
        places=['from', 'to'],
        search=['protein', 'from', 'to'],
        shows=shows,
        show='moved' if any(movers['moved'].to_pylist()) else 'all',
        sort='q',
        **listing.columns_of(movers, COLUMNS, MOVERS),
    )


def _lead(movers: pa.Table, names: tuple[str, ...], level: float) -> str:
    compared = np.array([value is not None for value in movers['q'].to_pylist()])
    moved, changed = (
        sum(bool(value) for value in movers[name].to_pylist())
        for name in ('moved', 'abundance_changed')
    )
    aside = int((~compared).sum())
    return (
        f'{moved:,} of {count(int(compared.sum()), "protein")} moved between '
        f'{names[0] or "before"} and {names[1] or "after"}, at a false-discovery rate '
        f'of {level:g}; {changed:,} changed in abundance. {_wells(movers, compared)}'
        + (f' {count(aside, "protein")} had too few cells.' if aside else '')
    )


def _wells(movers: pa.Table, compared: np.ndarray) -> str:
    """A sentence on how often a protein was seen."""
    if not compared.any():
        return 'No protein could be compared.'
    before, after = (
        int(np.median(movers[f'n_wells_{side}'].to_numpy()[compared]))
        for side in ('before', 'after')
    )
    return f'A protein has {count(before, "well")} before and {after} after (median).'
