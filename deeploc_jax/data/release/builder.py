"""Builds the screens that were released with DeepLoc as HDF5 files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.release.checks import Contents, check_release
from deeploc_jax.data.release.citation import (
    DEEPLOC_CITATION,
    DEEPLOC_HOMEPAGE,
    DEEPLOC_LICENSE,
)
from deeploc_jax.data.release.files import (
    URL,
    ZIP_NAME,
    fetch_files,
    find_files,
    record_zip,
)
from deeploc_jax.data.release.hdf5 import Source, read_slices
from deeploc_jax.data.release.layout import to_images
from deeploc_jax.data.release.missing import nothing_found, some_missing
from deeploc_jax.data.release.validation import split_parts
from deeploc_jax.data.screen_builder import ScreenBuilder


class DeepLocRelease(ScreenBuilder, skip_registration=True):
    """Base class of screens in the HDF5 layout of the release.

    Without a file for validation, a tenth of the training cells is set aside for it.

    Attributes:
        FILES: Name and released number of cells of the file of each split.
        CLASS_NAMES: Class names in index order.
        CHANNELS: Channel names in image order.
        PLANES: Plane of the file that becomes each channel.
        MARKER_CHANNEL: Index of the marker among the channels, -1 without one.
        DEFAULT_CHANNELS: Channels that a training takes; () for all.
        DESCRIPTION: Description of the screen.
        CITATION: References in BibTeX.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f'The HDF5 files of the screen, extracted or in {ZIP_NAME} ({URL}).'
    )

    FILES: ClassVar[Mapping[str, tuple[str, int]]]
    CLASS_NAMES: ClassVar[Sequence[str]]
    CHANNELS: ClassVar[Sequence[str]]
    PLANES: ClassVar[Sequence[int]]
    MARKER_CHANNEL: ClassVar[int]
    DEFAULT_CHANNELS: ClassVar[Sequence[str]] = ()
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
        files, downloaded = find_files(folder, names.values()), None
        if not files:
            try:
                files, downloaded = fetch_files(dl_manager, names.values())
            except Exception as error:
                raise nothing_found(self, names.values(), folder, error) from None
        if missing := {s: n for s, n in names.items() if n not in files}:
            warnings.warn(some_missing(self, missing, folder), stacklevel=2)
        return {s: files[n] for s, n in names.items() if n in files}, downloaded

    def _check(self, split: str, source: Source) -> Contents:
        order = np.argsort(self.PLANES)  # PLANES may have the planes in any order
        planes = [self.CHANNELS[channel] for channel in order]
        content = check_release(source, self.CLASS_NAMES, planes)
        count, released = len(content.labels), self.FILES[split][1]
        if count != released:
            warnings.warn(
                f'{source} has {count} cells, but the released file has {released} '
                f'({count - released:+d}).',
                stacklevel=2,
            )
        return content

    def _declare_measurements(self, contents: Mapping[str, Contents]) -> None:
        tables = {c.measurement_names for c in contents.values()} - {()}
        if len(tables) > 1:
            where = ', '.join(str(c.source) for c in contents.values())
            raise ValueError(f'The columns of Info1 differ between {where}.')
        # Their number is known only now, and TFDS has no setter for it.
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
