"""The yeast RFP screen of Yofe et al. 2016, as released with DeepLoc."""

from __future__ import annotations

import tensorflow_datasets as tfds

from deeploc_jax.data.release.builder import DeepLocRelease
from deeploc_jax.data.release.citation import DEEPLOC_CITATION


class SwatRfp(DeepLocRelease):
    """Single cells with an RFP-tagged protein and no marker, 11 classes."""

    VERSION = tfds.core.Version('2.1.0')
    SUPPORTED_VERSIONS = [tfds.core.Version('2.0.0')]
    RELEASE_NOTES = {
        '1.0.0': 'As released: train and test.',
        '2.0.0': 'A tenth of the training cells is the validation split.',
        '2.1.0': 'The same cells; the columns condition and replicate, empty here.',
    }
    DESCRIPTION = """
    64x64 crops around single cells of the SWAp-Tag library of budding yeast, taken in
    another laboratory for inspection by eye. Channel 0 is the protein fused to RFP,
    channel 1 is the cell in bright field; there is no marker. Pixels keep the offset
    of about 2^15 that they have in the release. The paper counts 10 classes, the
    released labels have 11. The release has no validation split; here, validation is
    a tenth of the training cells, the last ones of each class in the released file.
    """
    CITATION = (
        DEEPLOC_CITATION
        + """
@article{yofe2016one,
  title={One library to make them all: streamlining the creation of yeast libraries
         via a SWAp-Tag strategy},
  author={Yofe, Ido and Weill, Uri and Meurer, Matthias and others},
  journal={Nature Methods},
  volume={13},
  number={4},
  pages={371--378},
  year={2016},
  doi={10.1038/nmeth.3795}
}"""
    )
    FILES = {
        'train': ('Schuldiner_train_set.hdf5', 6_475),
        'test': ('Schuldiner_test_set.hdf5', 725),
    }
    CLASS_NAMES = (
        'ER',
        'bud',
        'bud_neck',
        'cell_periphery',
        'cytosol',
        'mitochondria',
        'nuclear_periphery',
        'nucleus',
        'punctate',
        'vacuole',
        'vacuole_membrane',
    )
    CHANNELS = ('RFP', 'brightfield')
    PLANES = (0, 1)
    MARKER_CHANNEL = -1
