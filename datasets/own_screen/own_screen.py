"""A user's own labelled or unlabelled crops, which a table describes."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from deeploc_jax.data import cell_schema, screen_builder
from deeploc_jax.data.own.channel_layout import parse_names, parse_roles
from deeploc_jax.data.own.checked_screen import (
    CheckedScreen,
    check_screen,
    source_digest,
)
from deeploc_jax.data.own.table_file import ColumnError, read_table
from deeploc_jax.types import LATER


class OwnScreen(screen_builder.ScreenBuilder):
    """Crops of a user's own screen, from a table with one row for each cell.

    Unless the screen is already prepared, the constructor itself reads the table and
    every image in it: class names and pixel type depend on them. All problems are
    reported together, row by row, before anything is written.

    A prepared screen is read back without its table:
    `tfds.data_source('own_screen/<name>', split='train', data_dir=...)`.

    Args:
        data_dir: Folder of prepared screens; None for TFDS's own default.
        table: CSV or Parquet file; the paths in it are relative to its folder.
        name: Name of the screen (TFDS calls it `config`).
        channels: Name of the channel in each role,
            `{'protein': 'GFP', 'marker': 'RFP'}` or 'protein=GFP,marker=RFP'. The
            marker may be left out; further roles become further channels.
        group_by: Column, or several with commas between them; cells with equal values
            there go to the same split. Not needed if the table has a column `split`.
        skip_bad_rows: Whether rows that cannot be used are left out with a warning.
        classes: Class names in index order, as a list or as text with commas between
            them (a name with a comma in double quotes); None for the labels in the
            table, sorted.
        channel_names: Channel names in the order of the files ('RFP,GFP'), for files
            that hold several channels and do not name them.
        crop: 'center' keeps the middle of images larger than 64x64; None refuses
            such images.
        split_seed: Seed that decides how groups are dealt out to the splits.
        pixel_size: Side of a pixel in micrometers, None when unknown.
        config: Same as `name`.
        **kwargs: Arguments of TFDS: `version`, `file_format`.

    Raises:
        FileNotFoundError: The table does not exist, or no table is given and nothing
            is prepared.
        ValueError: The table or its images cannot be used, or another screen of this
            name is prepared already.
    """

    VERSION = tfds.core.Version('1.2.0')
    SUPPORTED_VERSIONS = [tfds.core.Version('1.1.0'), tfds.core.Version('1.0.0')]
    RELEASE_NOTES = {
        '1.0.0': 'First version.',
        '1.1.0': 'Wells as A01, text in NFC, whole numbers without .0, in order.',
        '1.2.0': 'The columns condition and replicate.',
    }

    def __init__(
        self,
        *,
        data_dir: str | Path | None = None,
        table: str | Path | None = None,
        name: str | None = None,
        channels: str | Mapping[str, str] | None = None,
        group_by: str | None = None,
        skip_bad_rows: bool = False,
        classes: str | Sequence[str] | None = None,
        channel_names: str | Sequence[str] | None = None,
        crop: str | None = None,
        split_seed: int = 0,
        pixel_size: float | None = None,
        config: str | tfds.core.BuilderConfig | None = None,
        **kwargs: Any,
    ):
        name = _check_name(name or getattr(config, 'name', config))
        self._table = Path(table) if table else None
        self._arguments = {
            'channels': parse_roles(channels),
            'group_by': group_by or None,
            'skip_bad_rows': skip_bad_rows,
            'classes': parse_names(classes),
            'channel_names': parse_names(channel_names),
            'crop': crop or None,
            'split_seed': split_seed,
        }
        self._pixel_size = pixel_size
        super().__init__(
            data_dir=data_dir, config=tfds.core.BuilderConfig(name=name), **kwargs
        )
        if self._table and self.info.initialized:
            self._check_same_source(self._table)

    def _info(self) -> tfds.core.DatasetInfo:
        description = "A user's own screen, from a table with one row for each cell."
        if (self.data_path / 'dataset_info.json').exists():
            return self.screen_info(None, None, description=description)
        screen = self._checked
        channels = screen.layout.channels
        metadata = cell_schema.screen_metadata(
            channels, screen.layout.marker_channel, pixel_size=self._pixel_size
        )
        metadata['source_sha256'] = source_digest(screen.table, self._arguments)
        features = cell_schema.screen_features(
            screen.classes, channels, screen.pixel_dtype
        )
        return self.screen_info(features, metadata, description=description)

    @functools.cached_property
    def _checked(self) -> CheckedScreen:
        if self._table is None:
            raise FileNotFoundError(
                f'own_screen/{self.builder_config.name} is not prepared in '
                f'{self._data_dir_root}. Prepare it from a table (table=..., '
                'name=..., channels=...), or name the data_dir that has it.'
            )
        return check_screen(self._table, **self._arguments)

    def _check_same_source(self, table: Path) -> None:
        """Raises a ValueError unless the prepared cells are those of this table."""
        digest = source_digest(table, self._arguments)
        if self.info.metadata.get('source_sha256') != digest:
            raise ValueError(
                f'own_screen/{self.builder_config.name} is already prepared in '
                f'{self.data_path}, from another table or with other settings. '
                'Choose another name, or remove that folder to build it anew.'
            )
        if self.version != self.canonical_version:
            self._warn_of_earlier_version(table)

    def _warn_of_earlier_version(self, table: Path) -> None:
        later = {v: note for v, note in self.RELEASE_NOTES.items() if self.version < v}
        notes = ' '.join(f'Version {v} has: {note}' for v, note in later.items())
        message = (
            f'own_screen/{self.builder_config.name} was prepared as version '
            f'{self.version} and is used as it is. {notes} Remove {self.data_path} to '
            'build it anew.'
        )
        try:
            found = read_table(table)
        except ColumnError as error:  # earlier versions knew fewer names of columns
            message += f' The table must be corrected first: {error}'
        except ValueError as error:  # earlier versions lost such rows
            message += f' It may lack cells of the table: {error}'
        else:
            if [*later] == ['1.2.0'] and not any(map(found.has, LATER)):
                return  # it would be built as it is
        warnings.warn(message, stacklevel=5)

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        del dl_manager  # nothing is downloaded
        return {name: self._generate_examples(name) for name in self._checked.splits}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        screen_name = self.builder_config.name
        for row, image in self._checked.read_split(split):
            example = cell_schema.example(
                image, row.label or -1, screen=screen_name, **row.metadata
            )
            yield row.metadata['cell_id'], example


def _check_name(name: str | None) -> str:
    if not name or not re.fullmatch(r'[A-Za-z][A-Za-z0-9_-]*', name):
        raise ValueError(
            f'The screen needs a name of letters, digits, _ and -, starting with a '
            f"letter (name='my_screen'; to read it, 'own_screen/my_screen'), not "
            f'{name!r}.'
        )
    return name
