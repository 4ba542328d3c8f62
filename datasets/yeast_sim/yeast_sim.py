"""The simulated yeast screens; no cell in them was ever alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax import simulate
from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.screen_builder import ScreenBuilder

_DESCRIPTION = f"""
SIMULATED IMAGES, not micrographs: no number measured on them says anything about a real
screen. A physical model of a spinning-disk microscope draws whole fields of budding
yeast: cells (shape, bud, organelles), the tagged protein (channel 0), markers, blur,
haze, illumination and a camera. The crops are cut from these fields. Every protein is
in one split, even as a neighbor of other cells. The label of a cell is the class that
it was drawn from, even where the cell does not show it: a bud protein in a cell without
a bud, or a protein too dim to see.

In addition to the columns of every screen, each cell has the truth:
mask: 1 is the cell, 2 are other cells of its localization, 3 are cells of another one.
effect: Effect of the conditions of the screen on its protein: none, moves or abundance.
origin, origin_label: Localization and class of the protein before any treatment.
destination, destination_label: Localization and class that the protein moves to; those
    of its origin where it does not move.
share: Share of the protein that is at its origin in this condition. The rest is at its
    destination or, where the protein does not move (mixtures), at second_label.
second_label: Class of the rest, -1 where there is none.
label: Class of the larger share, that of the origin where both are equal.
abundance: Abundance of the protein in this condition, in photoelectrons per pixel of a
    filled cell.
fold_change: Abundance divided by the abundance before any treatment.
brightness: Brightness of this very cell, in the units of abundance: abundance times the
    factor of the cell. For a dead cell or debris it is the light that it gives, for
    empty background it is 0.
brightness_factors: Factor of this very cell on the light of each channel, 1 for bright
    field. Markers that are almost lost have small factors. The lamp of the plate is not
    included.
stage, radius, height: Stage of the bud, radius of the mother, and height above the
    focus (units of {simulate.UNIT} um).

Dead cells and ghosts have effect, origin, destination, share, abundance and fold_change
of the protein that they would carry.
"""
_NUMBERS = ('share', 'abundance', 'fold_change', 'brightness', 'radius', 'height')
_TEXTS = ('effect', 'origin', 'destination', 'stage')
_CLASSES = ('second_label', 'origin_label', 'destination_label')


class YeastSimConfig(tfds.core.BuilderConfig):
    """A simulated screen; equal screens have equal cells.

    Attributes:
        screen: The screen that is simulated.
    """

    def __init__(self, screen: simulate.Screen):
        super().__init__(
            name=screen.name,
            description=screen.description,
            version=simulate.VERSION,
        )
        self.screen = screen


class YeastSim(ScreenBuilder):
    """Simulated cells in TFDS form, split by protein."""

    VERSION = tfds.core.Version(simulate.VERSION)
    RELEASE_NOTES = {
        '1.0.0': 'First simulated screen.',
        '2.0.0': 'Crops of whole fields, eleven screens, the truth of every cell.',
        '3.0.0': 'No protein in two splits, not even beside a cell; more proteins.',
        '3.1.0': 'Other microscopes set beside real images; the rest is as it was.',
        '4.0.0': 'Origin, destination, fold change of proteins, brightness of cells; '
        'no two abundances are equal: proteins at a limit have others than before.',
        '5.0.0': 'The same images and truth. condition and replicate are columns of '
        'their own; screen is always the name of the screen.',
        '6.0.0': 'Organelles after real ones: lobed vacuoles, fuller Golgi, larger '
        'spindle poles, brighter nuclei; the screen varied.',
    }
    BUILDER_CONFIGS = [YeastSimConfig(screen) for screen in simulate.SCREENS]

    def _info(self) -> tfds.core.DatasetInfo:
        screen = self.builder_config.screen
        channels = [channel.name for channel in screen.instrument.channels]
        stains = [channel.stain for channel in screen.instrument.channels]
        marker = stains.index('cytosol') if 'cytosol' in stains else -1
        names = tuple(screen.classes)
        features = dict(screen_features(names, channels, np.uint16).items())
        shape = (simulate.CROP, simulate.CROP)
        features |= {
            'mask': tfds.features.Tensor(shape=shape, dtype=np.uint8, encoding='zlib'),
            'brightness_factors': tfds.features.Tensor(
                shape=(len(channels),), dtype=np.float32
            ),
            **{n: tfds.features.ClassLabel(names=list(names)) for n in _CLASSES},
            **{name: tfds.features.Text() for name in _TEXTS},
            **{name: tfds.features.Scalar(np.float32) for name in _NUMBERS},
        }
        return self.screen_info(
            tfds.features.FeaturesDict(features),
            screen_metadata(
                channels,
                marker_channel=marker,
                simulated=True,
                pixel_size=simulate.UNIT / screen.instrument.scale,
            ),
            description=_DESCRIPTION,
            license='Computed, not measured: under the license of the code.',
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        layout = simulate.screen_layout(self.builder_config.screen)
        return {
            split: self._generate_examples([s for s in layout if s.split == split])
            for split in simulate.SPLITS
        }

    def _generate_examples(
        self, specs: list[simulate.FieldSpec]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for crops in simulate.simulate_many(simulate.simulate_crops, specs):
            for crop in crops:
                cell = self._example(crop)
                yield cell['cell_id'], cell

    def _example(self, crop: simulate.Crop) -> dict[str, Any]:
        screen, spec, truth = self.builder_config.screen, crop.spec, crop.truth
        labels = simulate.labels_of(screen.classes, truth)
        mixed = truth['state'] == 'live' and truth['share'] < 1
        second = simulate.class_of(screen.classes, truth['second'], 'live')
        return example(
            crop.image,
            labels['label'],
            f'{spec.plate.name}_{spec.well}_{spec.name}_{crop.index:06d}',
            screen=screen.name,
            condition=spec.condition,
            replicate=spec.replicate,
            plate=spec.plate.name,
            well=spec.well,
            field=spec.name,
            protein=spec.protein.name,
            x=truth['x'],
            y=truth['y'],
        ) | dict(
            mask=crop.mask,
            second_label=second if mixed else -1,
            brightness_factors=np.float32(truth['brightness_factors']),
            **labels,
            **{name: truth[name] for name in _TEXTS},
            **{name: np.float32(truth[name]) for name in _NUMBERS},
        )
