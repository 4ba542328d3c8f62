"""The wild-type yeast GFP screen of 2017, as released with DeepLoc."""

from __future__ import annotations

import tensorflow_datasets as tfds

from deeploc_jax.data.release.builder import DeepLocRelease


class Wt2017(DeepLocRelease):
    """Single cells with a GFP-tagged protein and two markers, 22 classes."""

    VERSION = tfds.core.Version('2.1.0')
    SUPPORTED_VERSIONS = [tfds.core.Version('2.0.0')]
    RELEASE_NOTES = {
        '1.0.0': 'As released: train and test.',
        '2.0.0': 'A tenth of the training cells is the validation split.',
        '2.1.0': 'The same cells; the columns condition and replicate, empty here.',
    }
    DESCRIPTION = """
    64x64 crops around single wild-type cells of budding yeast, imaged with another
    microscope than the screen of 2015. Every strain carries one protein fused to GFP
    (channel 0), a bright far-red marker in the cytosol (channel 1) and a red marker in
    the nucleus (channel 2). The released file has the nucleus before the cytosol; here
    the first two channels are those that DeepLoc uses, and those that a training takes
    by default. The paper counts 20 classes, the released labels have 22. The release
    has no validation split; here, validation is a tenth of the training cells, the last
    ones of each class in the released file.
    """
    FILES = {
        'train': ('wt2017_train_set.hdf5', 16_305),
        'test': ('wt2017_test_set.hdf5', 1_824),
    }
    CLASS_NAMES = (
        'Actin',
        'Bud',
        'Bud_Neck',
        'Bud_Periphery',
        'Bud_Site',
        'Cell_Periphery',
        'Cytoplasm',
        'Cytoplasmic_Foci',
        'Eisosomes',
        'Endoplasmic_Reticulum',
        'Endosome',
        'Golgi',
        'Lipid_Particles',
        'Mitochondria',
        'None',
        'Nuclear_Periphery',
        'Nucleolus',
        'Nucleus',
        'Peroxisomes',
        'Punctate_Nuclear',
        'Vacuole',
        'Vacuole_Periphery',
    )
    CHANNELS = ('GFP', 'far_red', 'nucleus')
    PLANES = (0, 2, 1)
    MARKER_CHANNEL = 1
    DEFAULT_CHANNELS = ('GFP', 'far_red')
