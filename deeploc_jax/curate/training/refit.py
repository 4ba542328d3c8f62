"""A linear classifier on a network's last layer learns from the labels so far.

Cells that it learned from are named by fits to the others, so that it can doubt their
labels (the out-of-sample probabilities of confident learning), and so that its accuracy
is on cells, and groups of cells, that a fit has not seen.

References:
    Northcutt et al. 2021, Confident learning: estimating uncertainty in dataset labels.
    J. Artif. Intell. Res. 70.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Integer
from threadpoolctl import threadpool_limits

from deeploc_jax.curate.training.learning_curve import Curve, Point, sizes
from deeploc_jax.curate.training.linear import Linear, fit
from deeploc_jax.curate.training.material import Material
from deeploc_jax.predict.calibration import fit_temperature


@dataclasses.dataclass(frozen=True)
class Learned:
    """A round.

    Attributes:
        classes: Classes that were learned, int [k], numbers of `Material.class_names`.
        linear: The classifier that was fitted to all cells.
        temperature: What its logits are divided by.
        held_out: Logits of each cell of the material by fits to other groups, [m, k].
        points: The learning curve; the last point is with all decisions.
    """

    classes: Integer[np.ndarray, ' k']
    linear: Linear
    temperature: float
    held_out: Float[np.ndarray, 'm k']
    points: tuple[Point, ...]


def learn(
    x: Float[np.ndarray, 'm f'],
    material: Material,
    earlier: Sequence[int],
    note: Callable[[int, int], None],
) -> Learned:
    """Fits the classifier, and tests it by cross-validation.

    Args:
        x: Features of the cells.
        material: Their labels.
        earlier: Cells decided on at earlier rounds, where the curve has points.
        note: Is told how many of how many fits are done.
    """
    with threadpool_limits(1):  # many small fits: threads would only wait for others
        return _learn(x, material, earlier, note)


def _learn(
    x: Float[np.ndarray, 'm f'],
    material: Material,
    earlier: Sequence[int],
    note: Callable[[int, int], None],
) -> Learned:
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = (x - mean) / scale
    curve = Curve(x, material, note)
    points = curve.points(sizes(material, earlier))
    labels, known = curve.number(material.labels), material.labels >= 0
    temperature = fit_temperature(curve.last[known][:, None], labels[known])
    fitted = fit(x[known], labels[known], len(curve.classes))
    kernel = fitted.kernel / scale[:, None]
    linear = Linear(kernel, fitted.bias - mean @ kernel)
    return Learned(curve.classes, linear, temperature, curve.last, points)
