"""The crops of Parnamaa & Parts 2017, as released with DeepYeast."""

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
64x64 crops around single cells of budding yeast, cut by the authors of DeepYeast out of
the images of the wild-type screen of Chong et al. 2015: a GFP-tagged protein (channel
0; the green one of the released images) and RFP in the cytosol (channel 1; the red
one). Labels are the localization of the protein, given to all of its cells. No two of
the released splits share an image or a well, and a well is a protein: those of
validation and test were not seen in training. Config `main` has the 12 classes of the
paper, with 1,033 images of 277 wells in validation and 1,058 of 282 in test; `transfer`
has four other classes.
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
        class_names: In index order.
        archive: MD5 of `<name>.tar.gz`.
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

    name = 'deepyeast'  # TFDS would say deep_yeast
    VERSION = tfds.core.Version('1.1.0')
    SUPPORTED_VERSIONS = [tfds.core.Version('1.0.1'), tfds.core.Version('1.0.0')]
    RELEASE_NOTES = {
        '1.0.0': 'The released sets.',
        '1.0.1': 'The same cells; what was said of their splits is corrected.',
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
            license='The images were published without one: ask the authors.',
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
        return {s: self._generate_examples(source, found) for s, found in lists.items()}

    def _images(self, dl_manager: Any, first: str) -> Path:
        """The folder that holds the first listed image, or the archive."""
        if extracted := sorted(Path(str(dl_manager._manual_dir)).rglob(first)):
            return extracted[0].parents[1]
        name = f'{self.builder_config.name}.tar.gz'
        archive = self._find(dl_manager, name, f'{_URL}/data/{name}')
        check_md5(archive, self.builder_config.archive)
        return archive

    def _find(self, dl_manager: Any, name: str, url: str) -> Path:
        """A copy of the user's, or a download."""
        folder = Path(str(dl_manager._manual_dir))  # the property wants it not empty
        if found := sorted(folder.rglob(name)):
            return found[0]
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
                raise ValueError(f'{name} is not named <plate>/<well>-...-<cell>.png.')
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
