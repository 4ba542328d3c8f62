"""Proteins in spots: how actin, vesicles, peroxisomes and spindle poles look.

Each painter takes a Specimen and gives the light of its class at abundance 1, where a
filled cell has light 1; a spot of weight 10 peaks near 1 in focus.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.specimen import Specimen


def actin(specimen: Specimen) -> np.ndarray:
    """ACTIN: small cortical patches, most of them in the growing bud, faint cables.

    Before a bud emerges the patches gather around the site where it will be.
    """
    outline = specimen.cell.outline
    patches = specimen.cortex(specimen.number(16, 32), 0.62)
    if outline.bud is None:
        ahead = (patches - outline.mother.center) @ geometry.heading(outline.axis)
        drawn = specimen.rng.random(len(patches)) < 0.45 + 0.5 * (ahead > 0)
        patches = patches[drawn]
    light = specimen.spots(patches, 13 * specimen.spread(len(patches)), 0.5)
    return light + _cables(specimen)


def _cables(specimen: Specimen) -> np.ndarray:
    """Bundles of filaments that run from the neck back through the mother."""
    outline, rng = specimen.cell.outline, specimen.rng
    ends = outline.mother.place(geometry.sphere(rng, 3) * 0.85)
    along = np.linspace(0, 1, 24)[:, None, None]
    points = (outline.neck + along * (ends - outline.neck)).reshape(-1, 3)
    return specimen.spots(points, 0.9, 0.3)


def endosome(specimen: Specimen) -> np.ndarray:
    """ENDOSOME: one to five rather large spots that lie against the vacuole."""
    rng, vacuoles = specimen.rng, specimen.cell.vacuoles
    count = specimen.number(1.2, 4.5)
    hosts = rng.integers(len(vacuoles), size=count)
    directions = geometry.sphere(rng, count) * [1, 1, 0.6]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = np.concatenate(
        [
            vacuoles[host].grown(rng.uniform(0.5, 2.5)).place(direction)
            for host, direction in zip(hosts, directions, strict=True)
        ]
    )
    return specimen.spots(points, 26 * specimen.spread(count), 1.2)


def golgi(specimen: Specimen) -> np.ndarray:
    """GOLGI: five to fifteen cisternae scattered through the cytoplasm, uneven."""
    points = specimen.inside(specimen.number(7, 19))
    return specimen.spots(points, 17 * specimen.spread(len(points), 0.5), 0.85)


def peroxisome(specimen: Specimen) -> np.ndarray:
    """PEROXISOME: two to ten spots below the resolution, alike in brightness."""
    points = specimen.inside(specimen.number(3, 11))
    return specimen.spots(points, 15 * specimen.spread(len(points), 0.2), 0.25)


def spindle_pole(specimen: Specimen) -> np.ndarray:
    """SPINDLEPOLE: one dot on the nuclear rim, two once it has doubled."""
    poles = specimen.cell.poles
    return specimen.spots(poles, 24 * specimen.spread(len(poles), 0.2), 0.35)


def spindle(specimen: Specimen) -> np.ndarray:
    """SPINDLE: a bar between the poles, through the neck in anaphase.

    Before the poles part there is only a short tuft of microtubules at the pole, and
    a few astral microtubules point into the cytoplasm at every stage.
    """
    poles, rng = specimen.cell.poles, specimen.rng
    nucleus = specimen.cell.nuclei[0].center
    start, end = poles[0], poles[1] if len(poles) == 2 else (poles[0] + nucleus) / 2
    along = np.linspace(0, 1, 48)[:, None]
    bar = specimen.spots(start + along * (end - start), 1.5, 0.45)
    tips = poles[rng.integers(len(poles), size=2)] + 9 * geometry.sphere(rng, 2)
    roots = poles[:1] + 0 * tips
    astral = (roots + along[::3, None] * (tips - roots)).reshape(-1, 3)
    return bar + specimen.spots(astral, 0.25, 0.3)


def bud_neck(specimen: Specimen) -> np.ndarray:
    """BUDNECK: a ring at the neck, seen from the side as a bar or two dots.

    A cell without a bud shows at most the pale remnant of its last division.
    """
    outline, rng = specimen.cell.outline, specimen.rng
    radius = rng.uniform(3.2, 5.5)
    turns = np.arange(40) * 2 * np.pi / 40
    across = geometry.heading(outline.axis + np.pi / 2)
    ring = np.cos(turns)[:, None] * across + np.sin(turns)[:, None] * [0, 0, 1]
    points = outline.neck + radius * ring
    if outline.bud is None:
        return specimen.spots(points, 0.45 * (rng.random() < 0.5), 0.5)
    light = specimen.spots(points, 2.4 * specimen.spread(40, 0.2), 0.5)
    if outline.stage == 'large' and rng.random() < 0.5:  # split before division
        step = 1.8 * geometry.heading(outline.axis)
        return light / 2 + specimen.spots(points + step, 1.2, 0.5)
    return light


def bud_tip(specimen: Specimen) -> np.ndarray:
    """BUDTIP: a crescent at the far pole of the bud, spread out in large buds.

    A cell without a bud may show a pale cap where the next one will emerge.
    """
    outline, rng = specimen.cell.outline, specimen.rng
    host = outline.bud or outline.mother
    cap = {'unbudded': 0.9, 'small': 0.25, 'large': 0.45}[outline.stage]
    directions = geometry.sphere(rng, 400)
    ahead = directions @ geometry.heading(outline.axis - host.angle)
    points = host.grown(-0.8).place(directions[ahead > cap])
    total = {'unbudded': 30, 'small': 95, 'large': 90}[outline.stage]
    total *= rng.random() < 0.5 if outline.bud is None else 1
    return specimen.spots(points, total / max(len(points), 1), 0.5)
