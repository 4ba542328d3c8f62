"""A screen that is made at once and can be learnt in a few steps."""

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.screen_builder import ScreenBuilder


class SpotScreen(ScreenBuilder):
    """Cells with one bright spot, left, right or in the middle, in two conditions."""

    VERSION = tfds.core.Version('1.0.0')

    def _info(self):
        return self.screen_info(
            screen_features(('LEFT', 'RIGHT', 'MIDDLE'), ('GFP', 'RFP'), np.uint8),
            screen_metadata(('GFP', 'RFP'), marker_channel=1, pixel_size=0.2),
        )

    def _split_generators(self, dl_manager):
        sizes = dict(train=24, validation=9, test=10)
        return {name: self._generate_examples(name, n) for name, n in sizes.items()}

    def _generate_examples(self, split, n):
        rng = np.random.default_rng(len(split))
        for i in range(n):
            image = rng.integers(0, 99, (64, 64, 2)).astype(np.uint8)
            x = (24, 40, 32)[i % 3]
            image[28:36, x - 4 : x + 4, 0] += 150
            name = f'{split}{i}'
            yield (
                name,
                example(
                    image,
                    i % 3,
                    name,
                    condition='heat' if i % 2 else 'control',
                    replicate=str(i % 5),
                    protein=f'P{i % 4}',
                ),
            )
