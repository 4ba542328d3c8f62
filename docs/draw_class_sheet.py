"""Draws the README's first picture: simulated cells, a row a class.

python -m docs.draw_class_sheet
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import PIL.Image

from deeploc_jax import simulate
from deeploc_jax.data.normalize import percentile_normalize
from deeploc_jax.files import atomic_write
from deeploc_jax.report import style
from deeploc_jax.report.cells import example_sheet

ACROSS = 8


def main() -> None:
    """Writes docs/yeast_sim.jpg: each class's first cells of as many proteins."""
    layout = simulate.screen_layout(2_000, seed=0)
    chosen = []
    for label in range(len(simulate.CLASS_NAMES)):
        of_class = [spec for spec in layout if spec.label == label]
        first = {spec.protein.name: spec for spec in reversed(of_class)}
        chosen += list(first.values())[:ACROSS]
    raw = np.stack(list(simulate.simulate_cells(chosen, seed=0)))
    images = np.round(percentile_normalize(raw) * 255).astype(np.uint8)
    groups = np.array([spec.label for spec in chosen])
    with style.house_style():
        names, channels = simulate.CLASS_NAMES, simulate.CHANNELS
        png = style.to_png(example_sheet(images, groups, names, channels, marker=1))
    picture = PIL.Image.open(io.BytesIO(png)).convert('RGB')
    picture.thumbnail((1100, 2000))
    path = Path(__file__).with_name('yeast_sim.jpg')
    atomic_write(path, lambda temporary: picture.save(temporary, quality=80))
    print(f'{path}: {path.stat().st_size / 1e3:.0f} kB')


if __name__ == '__main__':
    main()
