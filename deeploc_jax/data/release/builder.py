"""Base builder of the screens that were released with DeepLoc as HDF5 files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.release.checks import Contents, check_release
from deeploc_jax.data.release.files import (
    URL,
    ZIP_NAME,
    ReleaseNotFoundError,
    fetch_zip,
    find_files,
    members,
    record_zip,
)
from deeploc_jax.data.release.hdf5 import Source, read_slices
from deeploc_jax.data.release.layout import to_images
from deeploc_jax.data.release.validation import split_parts
from deeploc_jax.data.screen_builder import ScreenBuilder

DEEPLOC_HOMEPAGE = 'https://github.com/okraus/DeepLoc'
DEEPLOC_CITATION = """\
@article{kraus2017deeploc,
  title={Automated analysis of high-content microscopy data with deep learning},
  author={Kraus, Oren Z. and Grys, Ben T. and Ba, Jimmy and Chong, Yolanda and
          Frey, Brendan J. and Boone, Charles and Andrews, Brenda J.},
  journal={Molecular Systems Biology},
  volume={13},
  number={4},
  pages={924},
  year={2017},
  doi={10.15252/msb.20177551}
}"""
DEEPLOC_LICENSE = (
    'The code of DeepLoc and the sample data in its repository are under the BSD '
    '3-clause license. The full data archive was released without a license of its '
    'own: ask its authors before you pass it on.'
)


class DeepLocRelease(ScreenBuilder, skip_registration=True):
    """A screen in the release's HDF5 layout; a subclass states the facts below.

    Where there is no file for validation, a tenth of the training cells becomes it.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f'The HDF5 files of the screen, extracted or in {ZIP_NAME} ({URL}).'
    )

    FILES: ClassVar[Mapping[str, tuple[str, int]]]  # split: (name, released cells)
    CLASS_NAMES: ClassVar[Sequence[str]]  # index order
    CHANNELS: ClassVar[Sequence[str]]  # image order
    PLANES: ClassVar[Sequence[int]]  # plane of the file behind each channel
    MARKER_CHANNEL: ClassVar[int]
    DEFAULT_CHANNELS: ClassVar[Sequence[str]] = ()  # for training; () for all
    DESCRIPTION: ClassVar[str]
    CITATION: ClassVar[str] = DEEPLOC_CITATION

    def _info(self) -> tfds.core.DatasetInfo:
        return self.screen_info(
            features=self._features(0),
            metadata=screen_metadata(
                self.CHANNELS,
                self.MARKER_CHANNEL,
                default_channels=self.DEFAULT_CHANNELS,
            ),
            description=self.DESCRIPTION,
            citation=self.CITATION,
            homepage=DEEPLOC_HOMEPAGE,
            license=DEEPLOC_LICENSE,
        )

    def _features(self, num_measurements: int) -> tfds.features.FeaturesDict:
        return screen_features(
            self.CLASS_NAMES, self.CHANNELS, np.float64, num_measurements
        )

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        sources, downloaded = self._find(dl_manager)
        contents = {split: self._check(split, sources[split]) for split in sources}
        if downloaded:
            record_zip(dl_manager, downloaded)
        self._declare_measurements(contents)
        return {
            split: self._generate_examples(content, rows)
            for split, (content, rows) in split_parts(self.name, contents).items()
        }

    def _find(
        self, dl_manager: tfds.download.DownloadManager
    ) -> tuple[dict[str, Source], Path | None]:
        names = {split: name for split, (name, _) in self.FILES.items()}
        # The public property fails for an empty folder, before we can look further.
        folder = Path(str(dl_manager._manual_dir))
        found, downloaded = find_files(folder, names.values()), None
        if not found:
            try:
                downloaded = fetch_zip(dl_manager)
                if not (found := members(downloaded, names.values())):
                    raise ValueError(f'{downloaded} holds none of them')
            except Exception as error:
                raise self._nothing_found(folder, error) from None
        if missing := {s: n for s, n in names.items() if n not in found}:
            warnings.warn(self._some_missing(folder, missing), stacklevel=2)
        return {s: found[n] for s, n in names.items() if n in found}, downloaded

    def _nothing_found(self, folder: Path, error: Exception) -> ReleaseNotFoundError:
        files = ', '.join(name for name, _ in self.FILES.values())
        return ReleaseNotFoundError(
            f'{self.name}: {files} are not in {folder}, and the download of {URL} '
            f'failed ({error}). Put the files there, extracted or in {ZIP_NAME}, or '
            'use the simulated screen, which needs none: '
            f'--config=configs/deeploc.py:sim{self._earlier()}'
        )

    def _earlier(self) -> str:
        """What another version of the builder prepared, which may have other splits."""
        folders = (self.data_dir_root / self.name).glob('[0-9]*.[0-9]*.[0-9]*')
        names = sorted(f'{self.name}:{folder.name}' for folder in folders)
        prepared = f'. Prepared by an earlier version: {", ".join(names)}'
        return f'{prepared} (--config.screen={names[-1]})' if names else ''

    def _some_missing(self, folder: Path, missing: Mapping[str, str]) -> str:
        files = ', '.join(
            f'{name} (split {split!r})' for split, name in missing.items()
        )
        prepared = self.data_dir_root / self.info.full_name  # data_path is not yet it
        return (
            f'{self.name} is prepared without {files}, not found in {folder}. When '
            f'you have them there, delete {prepared} and prepare it again.'
        )

    def _check(self, split: str, source: Source) -> Contents:
        order = np.argsort(self.PLANES)  # PLANES may have the planes in any order
        planes = [self.CHANNELS[channel] for channel in order]
        content = check_release(source, self.CLASS_NAMES, planes)
        found, released = len(content.labels), self.FILES[split][1]
        if found != released:
            warnings.warn(
                f'{source} has {found} cells, the released file {released} '
                f'({found - released:+d}).',
                stacklevel=2,
            )
        return content

    def _declare_measurements(self, contents: Mapping[str, Contents]) -> None:
        tables = {c.measurement_names for c in contents.values()} - {()}
        if len(tables) > 1:
            where = ', '.join(str(c.source) for c in contents.values())
            raise ValueError(f'The columns of Info1 differ between {where}.')
        # How many there are is known only now, and TFDS has no setter for it.
        for names in tables:
            self.info._features = self._features(len(names))
            self.info.metadata['measurement_names'] = list(names)

    def _generate_examples(
        self, content: Contents, rows: np.ndarray
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        row = 0
        num_measurements = len(self.info.metadata['measurement_names'])
        absent = np.full(num_measurements, np.nan) if num_measurements else None
        for chunk, start, values in read_slices(content.source, len(content.sizes)):
            images = to_images(values.astype(np.float64), self.PLANES)
            for i, image in enumerate(images):
                table = content.measurements
                if rows[row]:
                    yield (
                        f'{chunk}/{start + i}',
                        example(
                            image,
                            int(content.labels[row]),
                            content.cell_ids[row],
                            screen=self.name,
                            measurements=absent if table is None else table[row],
                        ),
                    )
                row += 1
