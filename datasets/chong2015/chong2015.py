"""The yeast GFP screen of Chong et al. 2015, as released with DeepLoc."""

from __future__ import annotations

import tensorflow_datasets as tfds

from deeploc_jax.data.release.builder import DeepLocRelease
from deeploc_jax.data.release.citation import DEEPLOC_CITATION


class Chong2015(DeepLocRelease):
    """Single cells with a GFP-tagged protein and a cytosolic RFP, 19 classes."""

    VERSION = tfds.core.Version('1.1.0')
    SUPPORTED_VERSIONS = [tfds.core.Version('1.0.0')]
    RELEASE_NOTES = {
        '1.0.0': 'As released.',
        '1.1.0': 'The same cells; the columns condition and replicate, empty here.',
    }
    DESCRIPTION = """
    64x64 crops around single cells of budding yeast. Every strain carries one protein
    fused to GFP (channel 0) and RFP in the cytosol (channel 1). The classes are 17
    localizations and two for quality control, DEAD and GHOST. Every cell was labeled
    by eye. Pixels have the values of the camera and are not rescaled.
    """
    CITATION = (
        DEEPLOC_CITATION
        + """
@article{chong2015yeast,
  title={Yeast proteome dynamics from single cell imaging and automated analysis},
  author={Chong, Yolanda T. and Koh, Judice L. Y. and Friesen, Helena and others},
  journal={Cell},
  volume={161},
  number={6},
  pages={1413--1424},
  year={2015},
  doi={10.1016/j.cell.2015.04.051}
}"""
    )
    FILES = {
        'train': ('Chong_train_set.hdf5', 21_882),
        'validation': ('Chong_valid_set.hdf5', 4_491),  # the paper states 4,516
        'test': ('Chong_test_set.hdf5', 4_516),
    }
    CLASS_NAMES = (
        'ACTIN',
        'BUDNECK',
        'BUDTIP',
        'CELLPERIPHERY',
        'CYTOPLASM',
        'ENDOSOME',
        'ER',
        'GOLGI',
        'MITOCHONDRIA',
        'NUCLEARPERIPHERY',
        'NUCLEI',
        'NUCLEOLUS',
        'PEROXISOME',
        'SPINDLE',
        'SPINDLEPOLE',
        'VACUOLARMEMBRANE',
        'VACUOLE',
        'DEAD',
        'GHOST',
    )
    CHANNELS = ('GFP', 'RFP')
    PLANES = (0, 1)
    MARKER_CHANNEL = 1
