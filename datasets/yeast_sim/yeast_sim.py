"""The simulated yeast screen: no cell in it was ever alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax import simulate
from deeploc_jax.data.screen_builder import ScreenBuilder
from deeploc_jax.data.screen_features import example, screen_features, screen_metadata

_DESCRIPTION = """
SIMULATED IMAGES, not micrographs: no number measured on them says anything about a
real screen. A physical model of a two-channel spinning-disk image of budding yeast
draws each cell (shape, bud, organelles), its neighbours, the tagged protein (GFP,
channel 0), a cytosolic marker (RFP, channel 1), blur, haze, illumination and a 12-bit
camera. The 19 classes are DeepLoc's, imbalanced as in the screen of Chong et al. 2015.
Every protein has one class; the splits share no protein. The labels are the classes
the cells were drawn from, also where a cell does not show it: a bud protein in a cell
without a bud, a protein too dim to see.
"""


class YeastSimConfig(tfds.core.BuilderConfig):
    """A simulated screen; the same number of cells and seed give the same one.

    Attributes:
        num_cells: Cells in all splits together.
        seed: Random seed, not negative.
    """

    def __init__(self, *, num_cells: int = 20_000, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_cells = num_cells
        self.seed = seed


class YeastSim(ScreenBuilder):
    """Simulated cells of 19 classes, split by protein."""

    VERSION = tfds.core.Version('1.0.0')
    RELEASE_NOTES = {'1.0.0': 'First simulated screen.'}
    BUILDER_CONFIGS = [
        YeastSimConfig(
            name='wild_type',
            description='Simulated wild-type cells, 20,000.',
        ),
        YeastSimConfig(
            name='small',
            description='Simulated wild-type cells, 1,900: for a quick look.',
            num_cells=1_900,
        ),
        YeastSimConfig(
            name='smoke',
            description='Simulated wild-type cells, 380: to see that all runs.',
            num_cells=380,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.screen_info(
            screen_features(simulate.CLASS_NAMES, simulate.CHANNELS, np.uint16),
            screen_metadata(simulate.CHANNELS, marker_channel=1, simulated=True),
            description=_DESCRIPTION,
            license='Computed, not measured: under the licence of the code.',
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        layout = simulate.screen_layout(config.num_cells, config.seed)
        return {
            split: self._generate_examples([s for s in layout if s.split == split])
            for split in simulate.SPLITS
        }

    def _generate_examples(
        self, specs: list[simulate.CellSpec]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        images = simulate.simulate_cells(specs, self.builder_config.seed)
        for spec, image in zip(specs, images, strict=True):
            yield (
                spec.cell_id,
                example(
                    image,
                    spec.label,
                    spec.cell_id,
                    screen=self.name,
                    plate=spec.plate.name,
                    well=spec.well,
                    field=spec.field.name,
                    protein=spec.protein.name,
                    x=spec.x,
                    y=spec.y,
                ),
            )
