"""The volcano plot and the flux of a comparison are drawn, as files and in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deeploc_jax.report import flux, html, style
from deeploc_jax.report.movers import volcano
from deeploc_jax.report.wording import count

EFFECT = 'effect: length of the change over the usual one'
CAPTIONS = {
    'volcano': 'Each point is a protein: blue moved, green changed in abundance alone, '
    'gray did neither. A click opens its row.',
    'flux': 'Arrows lead from the class that a protein leaves to the one it goes to, '
    'as wide as proteins are many. A click lists them.',
}


def volcano_of(movers: pa.Table, level: float) -> volcano.Volcano:
    """The volcano plot of a table of movers, called at a false-discovery rate."""

    def numbers(name: str) -> np.ndarray:
        return np.array(movers[name].to_pylist(), np.float64)

    def flags(name: str) -> np.ndarray:
        return np.array([bool(value) for value in movers[name].to_pylist()])

    return volcano.Volcano(
        effect=numbers('effect'),
        q=numbers('q'),
        moved=flags('moved'),
        abundance=flags('abundance_changed'),
        names=movers['protein'].to_pylist(),
        level=level,
        effect_name=EFFECT,
    )


def fluxes_of(table: pa.Table) -> list[flux.Flux]:
    """The fluxes of our method in a table of the schema FLUX."""
    return [
        flux.Flux(row['from'], row['to'], tuple(row['names']))
        for row in table.to_pylist()
        if row['method'] == 'ours' and row['from'] != row['to']
    ]


def write_charts(
    workdir: Path, plot: volcano.Volcano, fluxes: list[flux.Flux]
) -> dict[str, Any]:
    """Writes `figures/volcano.png` and `figures/flux.png`.

    Returns:
        The same as SVG with its caption, for a page.
    """
    moved = sum(len(one.proteins) for one in fluxes)
    alt = {
        'volcano': f'Effect against q of {count(len(plot.known), "protein")}, of which '
        f'{int(plot.moved.sum()):,} moved. The table below has the numbers.',
        'flux': f'{count(moved, "protein")} moved along {count(len(fluxes), "arrow")} '
        'between compartments.',
    }
    with style.house_style():
        pictures = {
            'volcano': html.picture(volcano.volcano_figure(plot), alt['volcano']),
            'flux': html.picture(flux.flux_figure(fluxes), alt['flux']),
        }
    html.write_figures(workdir, pictures)
    svg = {
        'volcano': _volcano_svg(plot, alt['volcano']),
        'flux': _flux_svg(fluxes, alt['flux']),
    }
    captions = dict(CAPTIONS)
    if len(fluxes) > flux.MOST:
        captions['flux'] += f' Drawn are the {flux.MOST} widest of {len(fluxes):,}.'
    return {name: dict(svg=svg[name], caption=captions[name]) for name in CAPTIONS}


def _volcano_svg(plot: volcano.Volcano, alt: str) -> str:
    return html.render(
        'movers/volcano.svg.j2',
        volcano=plot,
        drawing=volcano.lay_out(plot),
        size=volcano.SIZE,
        margins=(volcano.LEFT, volcano.RIGHT, volcano.TOP, volcano.BOTTOM),
        alt=alt,
    )


def _flux_svg(fluxes: list[flux.Flux], alt: str) -> str:
    nodes, arrows = flux.lay_out(fluxes)
    return html.render(
        'movers/flux.svg.j2',
        nodes=nodes,
        arrows=arrows,
        size=flux.SIZE,
        radius=flux.NODE,
        alt=alt,
    )
