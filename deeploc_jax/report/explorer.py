"""What the page needs so that maps of cells can be explored (explorer.js)."""

from __future__ import annotations

from typing import Any

import numpy as np

from deeploc_jax.report.mapped import TITLES, Mapped
from deeploc_jax.report.sprites import sprite_sheet
from deeploc_jax.report.style import colors_of


def explorer(mapped: Mapped) -> dict[str, Any]:
    """What report/explorer.js needs: places in thousandths, neighbors, thumbnails."""
    groups = {'class': (list(mapped.class_names), mapped.classes.tolist())}
    for name in ('protein', 'plate', 'condition'):
        names, number = np.unique(mapped.metadata[name], return_inverse=True)
        if len(names) > 1:
            groups[name] = (names.tolist(), number.tolist())
    sheet, side, across = sprite_sheet(mapped.images, mapped.marker)
    return dict(
        sprites=sheet,
        side=side,
        across=across,
        ids=list(map(str, mapped.metadata['cell_id'])),
        groups={
            name: dict(names=names, of=of, colors=colors_of(len(names)))
            for name, (names, of) in groups.items()
        },
        maps=[
            dict(
                name=f'{made.layer}, {TITLES[method]}',
                places=_thousandths(places),
                near=made.near[:, :3].ravel().tolist(),
            )
            for made in mapped.maps
            for method, places in made.places.items()
        ],
    )


def _thousandths(places: np.ndarray) -> list[int]:
    """Places from 0 to 1000 on both axes, x and y of one cell after the other."""
    size = np.ptp(places, 0).max() or 1
    scaled = (places - places.min(0)) / size * 1000
    return np.rint(scaled).astype(int).ravel().tolist()
