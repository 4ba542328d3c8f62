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
from deeploc_jax.report.crop_sheets import example_sheet

ACROSS = 8
ALL = range(ACROSS)


def main() -> None:
    """Writes docs/yeast_sim.jpg: cells of each class, each of another protein."""
    screen = simulate.SCREENS[0]
    layout = simulate.screen_layout(screen)
    crops: dict[str, list[simulate.Crop]] = {name: [] for name in screen.classes}
    for spec in (spec for spec in layout if spec.name == '1'):  # one a protein
        places = [spec.protein.localization, *(s.upper() for s, _ in spec.wanted)]
        if all(len(crops.get(name, ALL)) == ACROSS for name in places):
            continue
        for label, crop in first_of_each(screen, simulate.simulate_crops(spec)).items():
            crops[label] = [*crops[label], crop][:ACROSS]
    raw = np.stack([crop.image for of_class in crops.values() for crop in of_class])
    groups = np.repeat(np.arange(len(crops)), ACROSS)
    images = np.round(percentile_normalize(raw) * 255).astype(np.uint8)
    with style.house_style():
        names = tuple(screen.classes)
        channels = tuple(channel.name for channel in screen.instrument.channels)
        png = style.to_png(example_sheet(images, groups, names, channels, marker=1))
    picture = PIL.Image.open(io.BytesIO(png)).convert('RGB')
    picture.thumbnail((1100, 2000))
    path = Path(__file__).with_name('yeast_sim.jpg')
    atomic_write(path, lambda temporary: picture.save(temporary, quality=80))
    print(f'{path}: {path.stat().st_size / 1e3:.0f} kB')


def first_of_each(
    screen: simulate.Screen, crops: list[simulate.Crop]
) -> dict[str, simulate.Crop]:
    """A crop of each class, by its name."""
    labels = [simulate.labels_of(screen.classes, crop.truth)['label'] for crop in crops]
    return dict(zip(reversed(labels), reversed(crops), strict=True))


if __name__ == '__main__':
    main()
