"""The yeast RFP screen of Yofe et al. 2016, as released with DeepLoc."""

from __future__ import annotations

from deeploc_jax.data.release.builder import DEEPLOC_CITATION, DeepLocRelease


class SwatRfp(DeepLocRelease):
    """Single cells with an RFP-tagged protein and no marker, 11 classes."""

    DESCRIPTION = """
    64x64 crops around single cells of the SWAp-Tag library of budding yeast, taken in
    another laboratory to be looked at by eye. Channel 0 is the protein fused to RFP,
    channel 1 the cell in brightfield: there is no marker. Pixels are stored with the
    offset of about 2^15 that the release has. The paper counts 10 classes, the
    released labels have 11.
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
