"""The page of proteins shows where each one is in one condition, and its cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from deeploc_jax.report.movers import listing, strips
from deeploc_jax.report.movers.listing import Shown
from deeploc_jax.report.wording import count
from deeploc_jax.tables.parquet import class_names, class_values, read_table
from deeploc_jax.tables.profiles import PROFILE_KEY, PROFILES

COLUMNS = (
    Shown('protein', 'protein'),
    Shown('screen', 'screen'),
    Shown('condition', 'condition'),
    Shown('replicate', 'replicate'),
    Shown('first', 'first class'),
    Shown('second', 'second class'),
    Shown('share', 'share of the first', 'percent', first='-', interval=True),
    Shown('certainty', 'certainty', 'probability', first='-'),
    Shown('heterogeneity', 'heterogeneity', 'decimal', first='-'),
    Shown('n_cells', 'cells', 'count', first='-'),
    Shown('log2_abundance', 'log2 abundance', 'signed', first='-'),
    Shown('blend_first', 'within cells, first', where='opened'),
    Shown('blend_second', 'within cells, second', where='opened'),
    Shown('blend', 'share within cells', 'percent', 'opened', interval=True),
    Shown('predicted_name', 'largest mean', where='opened'),
    Shown('confidence', 'that mean', 'probability', 'opened'),
    Shown('uncertainty', 'uncertainty', 'decimal', 'opened'),
    Shown('n_all', 'all cells', 'count', 'opened'),
    Shown('n_wells', 'wells', 'count', 'opened'),
    Shown('intensity', 'intensity', 'decimal', 'opened'),
    Shown('abundance', 'abundance', 'decimal', 'opened'),
)
READ = ('first', 'share', 'certainty', 'heterogeneity', 'n_cells', 'log2_abundance')


def write_proteins_page(
    workdir: Path | str, simulated: bool = False, warnings: Sequence[str] = ()
) -> Path:
    """Writes `proteins.html`, a table of the rows of `profiles.parquet`.

    The page is one file that needs no other and no network. It holds the pictures of
    `examples.parquet`, where there are any, as far as they have room.

    Args:
        workdir: Folder with `profiles.parquet`.
        simulated: Whether the cells are simulated.
        warnings: Sentences that a reader must know.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: The table is broken or has no row; it is named.
    """
    workdir = Path(workdir)
    profiles = read_table(workdir / 'profiles.parquet', PROFILES)
    if not len(profiles):
        raise ValueError(f'{workdir / "profiles.parquet"} has no protein to show.')
    order = ('protein', *PROFILE_KEY[:-1])
    profiles = profiles.sort_by([(name, 'ascending') for name in order])
    pairs = [(row['protein'], row['condition']) for row in _keys(profiles)]
    pictures, cells, left_out = strips.choose_strips(
        strips.read_examples(workdir),
        [pairs],
        [-(n or 0) for n in profiles['n_cells'].to_pylist()],
    )
    return listing.write_listing(
        workdir / 'proteins.html',
        _listing(profiles) | dict(cells=cells, views=strips.views_of(pictures)),
        title='Where the proteins are',
        lead=_lead(profiles),
        warnings=[*warnings, *strips.no_room(left_out)],
        simulated=simulated,
        charts={},
        strips=pictures,
        search_words='protein or class',
        place_titles={'first': 'First class', 'second': 'Second class'},
        table_name='profiles.csv',
        reading=listing.reading(COLUMNS, READ, PROFILES),
    )


def _keys(profiles: pa.Table) -> list[dict[str, str]]:
    return profiles.select(PROFILE_KEY).to_pylist()


def _listing(profiles: pa.Table) -> dict[str, Any]:
    """What the scripts of the page read, without the places of pictures."""
    keys = _keys(profiles)
    varied = {name for name in PROFILE_KEY if len({key[name] for key in keys}) > 1}
    shown = [c for c in COLUMNS if c.key not in PROFILE_KEY[:-1] or c.key in varied]
    names = [
        ' · '.join(key[c.key] for c in shown if c.key in PROFILE_KEY) for key in keys
    ]
    return dict(
        noun='proteins' if varied <= {'protein'} else 'profiles',
        file='proteins.csv',
        keys=listing.unique_keys(names),
        sides=['cells'],
        classes=list(class_names(profiles)),
        bars=[listing.bars(class_values(profiles))],
        bars_title='Mean probability of each class',
        places=['first', 'second'],
        search=['protein', 'first', 'second'],
        shows=[dict(key='all', title='all', column='')],
        show='all',
        sort='protein',
        **listing.columns_of(profiles, shown, PROFILES),
    )


def _lead(profiles: pa.Table) -> str:
    proteins = len(set(profiles['protein'].to_pylist()))
    cells = sum(profiles['n_cells'].to_pylist())
    firsts = [name for name in profiles['first'].to_pylist() if name]
    if not firsts:
        return f'{count(proteins, "protein")}, none of them with a usable cell.'
    most = max(sorted(set(firsts)), key=firsts.count)
    rows = 'of them' if len(profiles) == proteins else 'of their profiles'
    return (
        f'{count(proteins, "protein")} by {count(cells, "usable cell")}. The class '
        f'that is first most often is {most}, in {firsts.count(most):,} {rows}.'
    )
