"""Painters of dividing cells draw spindle, spindle poles, bud neck and bud tip.

Each painter takes a Specimen and returns the light of its class at abundance 1, where a
filled cell has light 1; a spot of weight 10 peaks near 1 in focus. What a cell shows
depends on its bud: without one, a bud protein has no place to be.

References:
    Gladfelter, Pringle & Lew 2001, Curr. Opin. Microbiol. 4:681: septins at the neck.
    Howell & Lew 2012, Genetics 190:51: buds grow at the tip, then all over.
    Winey & O'Toole 2001, Nat. Cell Biol. 3:E23: the cycle of spindle and poles.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.specimen import Specimen


def spindle_pole(specimen: Specimen) -> np.ndarray:
    """SPINDLEPOLE (GO:0005816): one dot on the nuclear rim, two once doubled.

    Pairs that have just parted, and what moves while it is imaged, look like ovals.
    """
    rng, poles = specimen.rng, specimen.cell.poles
    apart = rng.uniform(0, 3) * geometry.sphere(rng, len(poles)) * [1, 1, 0.5]
    light = 28 * specimen.spread(2 * len(poles), 0.3)
    return specimen.spots(np.concatenate([poles - apart, poles + apart]), light, 1.0)


def spindle(specimen: Specimen) -> np.ndarray:
    """SPINDLE (GO:0005819): a bar between the poles, through the neck in anaphase.

    Before the poles part, microtubules reach from the one pole into the nucleus, and a
    few astral ones point into the cytoplasm at every stage.
    """
    poles, rng = specimen.cell.poles, specimen.rng
    nucleus = specimen.cell.nuclei[0].center
    across = 1.6 * nucleus - 0.6 * poles[0]
    start, end = poles[0], poles[1] if len(poles) == 2 else across
    along = np.linspace(0, 1, 48)[:, None]
    bar = specimen.spots(start + along * (end - start), 3.6, 0.45)
    roots = poles[rng.integers(len(poles), size=2)]
    tips = roots + 9 * geometry.sphere(rng, 2)
    astral = (roots + along[::3, None] * (tips - roots)).reshape(-1, 3)
    return bar + specimen.spots(astral, 0.6, 0.3)


def bud_neck(specimen: Specimen) -> np.ndarray:
    """BUDNECK (GO:0005935): a ring at the neck; from the side, a bar or two dots.

    A cell without a bud shows at most the pale remnant of its last division.
    """
    outline, rng = specimen.cell.outline, specimen.rng
    radius = rng.uniform(3.2, 5.5)
    turns = np.arange(40) * 2 * np.pi / 40
    across = geometry.heading(outline.axis + np.pi / 2)
    ring = np.cos(turns)[:, None] * across + np.sin(turns)[:, None] * [0, 0, 1]
    points = outline.neck + radius * ring
    if outline.bud is None:
        return specimen.spots(points, 0.6 * (rng.random() < 0.5), 0.5)
    light = specimen.spots(points, 6 * specimen.spread(40, 0.2), 0.5)
    if outline.stage == 'large' and rng.random() < 0.5:  # split before division
        step = 1.8 * geometry.heading(outline.axis)
        return light / 2 + specimen.spots(points + step, 3.0, 0.5)
    return light


def bud_tip(specimen: Specimen) -> np.ndarray:
    """BUDTIP (GO:0005934): a crescent at the bud's far pole, spread out in large buds.

    A cell without a bud may show a pale cap where the next one will emerge; a shmoo
    has a cap at the tip of its projection.
    """
    outline, rng = specimen.cell.outline, specimen.rng
    host = outline.bodies[-1]
    cap = {'unbudded': 0.9, 'small': 0.25, 'large': 0.45, 'shmoo': 0.55}[outline.stage]
    directions = geometry.sphere(rng, 400)
    ahead = directions @ geometry.heading(outline.axis - host.angle)
    points = host.grown(-0.8).place(directions[ahead > cap])
    total = 90 if outline.stage == 'unbudded' else 260
    total *= rng.random() < 0.5 if outline.stage == 'unbudded' else 1
    return specimen.spots(points, total / max(len(points), 1), 0.5)
