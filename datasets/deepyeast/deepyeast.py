"""The crops of Parnamaa & Parts 2017, released with DeepYeast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.release.files import ReleaseNotFoundError, download
from deeploc_jax.data.release.png import check_md5, read_images, read_list
from deeploc_jax.data.screen_builder import ScreenBuilder

_URL = 'http://kodu.ut.ee/~leopoldp/2016_DeepYeast'
_LISTS = f'{_URL}/code/image_prep/data'
_DESCRIPTION = """
64x64 crops around single cells of budding yeast, which the authors of DeepYeast cut
from the images of the wild-type screen of Chong et al. 2015. Channel 0 is a GFP-tagged
protein (green in the released images), channel 1 is RFP in the cytosol (red). The label
of a cell is the localization of its protein.

No two of the released splits share an image or a well, and each well holds one protein,
so the proteins of validation and test do not occur in training. Config `main` has the
12 classes of the paper, with 1,033 images of 277 wells in validation and 1,058 images
of 282 wells in test; config `transfer` has four other classes.
"""
_CITATION = """\
@article{parnamaa2017accurate,
  title={Accurate classification of protein subcellular localization from
         high-throughput microscopy images using deep learning},
  author={P{\\"a}rnamaa, Tanel and Parts, Leopold},
  journal={G3: Genes, Genomes, Genetics},
  volume={7},
  number={5},
  pages={1385--1392},
  year={2017},
  doi={10.1534/g3.116.033654}
}"""
_PATTERN = re.compile(
    r'(?P<plate>plate\d+)/(?P<row>\d{3})(?P<column>\d{3})\d{3}'
    r'-(?P<frame>\d+)-(?P<image>\d+)-(?P<cell>\d+)\.png'
)


class DeepYeastConfig(tfds.core.BuilderConfig):
    """One of the two released sets.

    Attributes:
        class_names: Class names in index order.
        archive: MD5 of the archive `<name>.tar.gz`.
        lists: File name and MD5 of the list of each split.
    """

    def __init__(
        self,
        name: str,
        class_names: tuple[str, ...],
        archive: str,
        lists: dict[str, tuple[str, str]],
    ):
        super().__init__(name=name, description=f'{len(class_names)} classes.')
        self.class_names, self.archive, self.lists = class_names, archive, lists


MAIN = DeepYeastConfig(
    'main',
    (
        'cell periphery',
        'cytoplasm',
        'endosome',
        'er',
        'golgi',
        'mitochondrion',
        'nuclear periphery',
        'nucleolus',
        'nucleus',
        'peroxisome',
        'spindle pole',
        'vacuole',
    ),
    'f313fc0b8068941ab18ae65eb113afee',
    {
        'train': ('HOwt_train.txt', 'b71eb4ff50f955adfa72048c6d8c0233'),
        'validation': ('HOwt_val.txt', '2ac1d1874b89d6a1ad3d948d36c1e229'),
        'test': ('HOwt_test.txt', 'c7958faa20232ff52fb196e754645bd1'),
    },
)
TRANSFER = DeepYeastConfig(
    'transfer',
    ('actin', 'bud neck', 'lipid particle', 'microtubule'),
    '5dfc4baab5156e3fc6b5694bab96ac41',
    {
        'train': ('HOwt_transfer_train.txt', '9dcbe909a81e3bdab6fa72504c4205a7'),
        'validation': ('HOwt_transfer_val.txt', '32177364beaeabf54c4b4e589e2cb998'),
        'test': ('HOwt_transfer_test.txt', '3d5ff91995abfed6c0dd3b6e1727b6d2'),
    },
)


class DeepYeast(ScreenBuilder):
    """Single cells with a GFP-tagged protein and a cytosolic RFP, 12 or 4 classes."""

    name = 'deepyeast'  # TFDS would derive deep_yeast
    VERSION = tfds.core.Version('1.1.0')
    SUPPORTED_VERSIONS = [tfds.core.Version('1.0.1'), tfds.core.Version('1.0.0')]
    RELEASE_NOTES = {
        '1.0.0': 'The released sets.',
        '1.0.1': 'The same cells; the description of their splits is corrected.',
        '1.1.0': 'The same cells; the columns condition and replicate, empty here.',
    }
    BUILDER_CONFIGS = [MAIN, TRANSFER]
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f'The archive of the config ({_URL}/data/main.tar.gz, .../transfer.tar.gz) or '
        f'the folder extracted from it, and its list files ({_LISTS}).'
    )

    def _info(self) -> tfds.core.DatasetInfo:
        channels = ('GFP', 'RFP')
        return self.screen_info(
            screen_features(self.builder_config.class_names, channels, np.uint8),
            screen_metadata(channels, marker_channel=1),
            description=_DESCRIPTION,
            citation=_CITATION,
            homepage=_URL,
            license='The images were published without a license: ask the authors.',
        )

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        config = self.builder_config
        lists = {}
        for split, (name, md5) in config.lists.items():
            path = self._find(dl_manager, name, f'{_LISTS}/{name}')
            check_md5(path, md5)
            lists[split] = read_list(path, len(config.class_names))
        source = self._images(dl_manager, next(iter(lists['train'])))
        return {s: self._generate_examples(source, cells) for s, cells in lists.items()}

    def _images(self, dl_manager: Any, first: str) -> Path:
        """Finds the folder that holds the first listed image, or the archive."""
        if extracted := sorted(Path(str(dl_manager._manual_dir)).rglob(first)):
            return extracted[0].parents[1]
        name = f'{self.builder_config.name}.tar.gz'
        archive = self._find(dl_manager, name, f'{_URL}/data/{name}')
        check_md5(archive, self.builder_config.archive)
        return archive

    def _find(self, dl_manager: Any, name: str, url: str) -> Path:
        """Finds the user's copy of a file, or downloads it."""
        folder = Path(str(dl_manager._manual_dir))  # the property fails if it is empty
        if copies := sorted(folder.rglob(name)):
            return copies[0]
        try:
            return download(dl_manager, url)
        except Exception as error:
            raise ReleaseNotFoundError(
                f'{self.name}: {name} is not in {folder}, and the download of {url} '
                f'failed ({error}). Put the file there, or use the simulated screen, '
                'which needs none: --config.screen=yeast_sim'
            ) from None

    def _generate_examples(
        self, source: Path, labels: dict[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, image in read_images(source, labels):
            part = _PATTERN.fullmatch(name)
            if part is None:
                raise ValueError(f'{name} must be named <plate>/<well>-...-<cell>.png.')
            cell = example(
                image[..., [1, 0]],
                labels[name],
                name.removesuffix('.png'),
                screen=self.builder_config.name,
                plate=part['plate'],
                well=f'{chr(ord("A") + int(part["row"]) - 1)}{int(part["column"]):02d}',
                field=part['image'],
            )
            yield name, cell
