"""Painters of membranes draw rims, envelopes and tubes.

Each painter takes a Specimen and returns the light of its class at abundance 1, where a
filled cell has light 1.

References:
    Egner, Jakobs & Hell 2002, PNAS 99:3370: mitochondria as tubes near the surface.
    Malinska et al. 2003, Mol. Biol. Cell 14:4427: patches in the plasma membrane.
    West et al. 2011, J. Cell Biol. 193:333: the ER around the nucleus and the cortex.
    Winey et al. 1997, Mol. Biol. Cell 8:2119: nuclear pores, 65 to 182 a nucleus.
    Weisman 2003, Annu. Rev. Genet. 37:435: vacuoles, one to a few a cell.
"""

from __future__ import annotations

import numpy as np

from deeploc_jax.simulate import geometry
from deeploc_jax.simulate.microscope import optics
from deeploc_jax.simulate.specimen import Specimen


def vacuolar_membrane(specimen: Specimen) -> np.ndarray:
    """VACUOLARMEMBRANE (GO:0000329): each vacuole's rim, bright where two touch.

    Some of it is turned over in the lumen.
    """
    rims = [optics.shell(specimen.view, v) for v in specimen.cell.vacuoles]
    lumen = specimen.rng.uniform(0, 0.4) * specimen.vacuoles
    return 5.5 * sum(rims, specimen.view.dark()) + lumen


def cell_periphery(specimen: Specimen) -> np.ndarray:
    """CELLPERIPHERY (GO:0005886, plasma membrane): a thin rim, more or less patchy.

    Of some proteins part is on its way out, in the envelope of the nucleus, or is
    taken down in the vacuole, as bright as the rim.
    """
    patchy = 1 + specimen.rng.uniform(0.1, 0.9) * specimen.texture
    rim = (
        specimen.rng.uniform(2.0, 5.0)
        * _rim(specimen, 0.0, 1.2)
        * np.maximum(patchy, 0)
    )
    on_its_way = specimen.rng.uniform(0, 2.0) * _envelopes(specimen)
    turned_over = 4 * max(specimen.protein.nuclear - 1.4, 0) * specimen.vacuoles
    return rim + on_its_way + turned_over


def _rim(specimen: Specimen, depth: float, thickness: float) -> np.ndarray:
    """Light of a layer under the plasma membrane, open at the neck.

    Args:
        specimen: The cell.
        depth: Distance of the layer from the surface, units.
        thickness: Thickness of the layer, units.
    """
    bodies = specimen.cell.outline.bodies
    outer = specimen.union(tuple(shape.grown(-depth) for shape in bodies))
    inner = specimen.union(tuple(s.grown(-depth - thickness) for s in bodies))
    return outer - inner


def er(specimen: Specimen) -> np.ndarray:
    """ER (GO:0005783): a nuclear ring, a broken rim under the membrane, strands."""
    rng = specimen.rng
    broken = np.clip(0.75 + rng.uniform(0.6, 1.6) * specimen.texture, 0, 2)
    cortical = rng.uniform(1.0, 3.2) * _rim(specimen, 1.2, 2.2) * broken
    around = rng.uniform(2.0, 6.0) * _envelopes(specimen)
    starts = specimen.cell.nuclei[0].place(geometry.sphere(specimen.rng, 3))
    ends = specimen.cell.outline.mother.place(geometry.sphere(specimen.rng, 3) * 0.9)
    along = np.linspace(0, 1, 20)[:, None, None]
    strands = (starts + along * (ends - starts)).reshape(-1, 3)
    return cortical + around + specimen.spots(strands, 0.6, 0.4)


def _envelopes(specimen: Specimen) -> np.ndarray:
    """Light of the membranes of all nuclear lobes."""
    shells = (optics.shell(specimen.view, lobe) for lobe in specimen.cell.nuclei)
    return sum(shells, specimen.view.dark())


def nuclear_periphery(specimen: Specimen) -> np.ndarray:
    """NUCLEARPERIPHERY (GO:0005635): the envelope, dotted with clusters of pores."""
    light = 5.0 * _envelopes(specimen)
    for lobe in specimen.cell.nuclei:
        pores = lobe.grown(-0.6).place(geometry.sphere(specimen.rng, 40))
        light += specimen.spots(pores, 2.4 * specimen.spread(40, 0.6), 0.3)
    return light


def mitochondria(specimen: Specimen) -> np.ndarray:
    """MITOCHONDRIA (GO:0005739): a few branched, winding tubes near the surface."""
    light = _tubes(specimen, specimen.cell.outline.mother, specimen.number(2, 6))
    bud = specimen.cell.outline.bud
    if bud is not None and specimen.rng.random() < 0.85:
        light += _tubes(specimen, bud, specimen.number(1, 3))
    return light


def _tubes(specimen: Specimen, host: geometry.Ellipsoid, count: int) -> np.ndarray:
    """Light of winding arcs on a shell in the host; some branch off another one."""
    rng = specimen.rng
    start, along = geometry.sphere(rng, count), geometry.sphere(rng, count)
    branch = rng.random(count) < 0.4
    start[branch] = np.roll(start, 1, axis=0)[branch]
    along -= (along * start).sum(1, keepdims=True) * start
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(start, along)
    turn = rng.uniform(0.5, 3.0, (count, 1)) * np.linspace(0, 1, 60)
    wave = 0.28 * np.sin(rng.uniform(1, 5, (count, 1)) * turn + rng.uniform(0, 6))
    path = (
        np.cos(turn)[..., None] * start[:, None]
        + np.sin(turn)[..., None] * along[:, None]
        + wave[..., None] * side[:, None]
    )
    path *= rng.uniform(0.6, 0.88, (count, 1, 1)) / np.linalg.norm(
        path, axis=2, keepdims=True
    )
    length = turn[:, -1:] * host.radius / 60 * np.ones(60)
    weights = 7.0 * specimen.spread(count, 0.2)[:, None] * length
    return specimen.spots(host.place(path.reshape(-1, 3)), weights.ravel(), 0.8)
