"""Builds TFDS data sets whose records are written and read without TensorFlow."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core.file_adapters import FileFormat

from deeploc_jax.data.record_writer import write_split
from deeploc_jax.data.tf_data import check_tensorflow

_FORMATS = (FileFormat.ARRAY_RECORD, FileFormat.TFRECORD)


class RecordBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A builder that stores array_record files, or TFRecord on request.

    `tfds.data_source` reads array_record; `tfds.load` reads both if TensorFlow is
    installed.

    Args:
        data_dir: Folder of prepared data sets; None for TFDS's own default.
        file_format: 'array_record', 'tfrecord', or TFDS's name for either; None for
            the format that is prepared, or array_record.
        **kwargs: Arguments of TFDS: `config`, `version`.

    Raises:
        ValueError: There is no such format, or the data set is stored in another one.
    """

    def __init__(
        self,
        *,
        data_dir: str | Path | None = None,
        file_format: str | FileFormat | None = None,
        **kwargs: Any,
    ):
        # None is TFDS's own default; array_record does not know what ~ means.
        expanded = Path(data_dir).expanduser() if data_dir else None
        super().__init__(data_dir=expanded, **kwargs)
        if not self.info.initialized:  # nothing prepared: TFDS means tfrecord
            self.info.set_file_format(FileFormat.ARRAY_RECORD, override=True)
        self._use_format(file_format)

    def _use_format(self, file_format: str | FileFormat | None) -> None:
        if file_format is None:
            return
        wanted = FileFormat.from_value(file_format)
        if wanted not in _FORMATS:
            raise ValueError(
                f'A screen is stored as array_record or tfrecord, not {wanted.value}: '
                'parquet loses cells, and riegeli needs another package.'
            )
        if not self.info.initialized:
            self.info.set_file_format(wanted, override=True)
        elif wanted != self.info.file_format:
            raise ValueError(_stored_otherwise(self, wanted))

    def download_and_prepare(
        self,
        *,
        download_config: tfds.download.DownloadConfig | None = None,
        file_format: str | FileFormat | None = None,
        **kwargs: Any,
    ) -> None:
        """Prepares the data set, as in TFDS, but several processes may do so at once.

        The first one to finish wins, and the others use its files. Google's bucket has
        none of the screens and is not searched.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
        """
        self._use_format(file_format)
        self._warn_of_remains()
        config = download_config or tfds.download.DownloadConfig()
        config = dataclasses.replace(config, try_download_gcs=False)
        try:
            super().download_and_prepare(download_config=config, **kwargs)
        except OSError:
            if not self.is_prepared():
                raise
            print(f'Another process prepared {self.data_dir} first; it is used.')
        self.info.read_from_directory(self.data_dir)

    def _warn_of_remains(self) -> None:
        """Warns of files that an unfinished or killed preparation has left behind."""
        folder = self.data_path
        remains = [str(p) for p in folder.parent.glob(f'incomplete.*_{folder.name}')]
        if remains and not folder.exists():
            warnings.warn(
                'Another process is preparing this data set, or was killed while it '
                f'did. If it was killed, remove {", ".join(remains)}.',
                stacklevel=3,
            )

    def as_data_source(self, *args: Any, **kwargs: Any) -> Any:
        """Opens splits as random-access data sources, as in TFDS.

        Raises:
            ValueError: The screen is stored as tfrecord.
        """
        check_array_record(self)
        return super().as_data_source(*args, **kwargs)

    def as_dataset(self, *args: Any, **kwargs: Any) -> Any:
        """Opens splits as `tf.data.Dataset`, as in TFDS.

        Raises:
            ImportError: TensorFlow is not installed.
        """
        check_tensorflow()
        return super().as_dataset(*args, **kwargs)

    def _generate_splits(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig,
    ) -> list[tfds.core.SplitInfo]:
        splits = self._split_generators(dl_manager)
        limit = download_config.max_examples_per_split
        return [
            write_split(
                self.info.features,
                itertools.islice(examples, limit),
                self._get_filename_template(split_name=name),
            )
            for name, examples in splits.items()
        ]


def check_array_record(builder: tfds.core.DatasetBuilder) -> None:
    """Raises a ValueError for a screen stored as tfrecord: no data source reads it.

    The builder may be TFDS's own reader of a prepared data set, which does not check.
    """
    if builder.info.file_format == FileFormat.TFRECORD:
        raise ValueError(_stored_otherwise(builder, FileFormat.ARRAY_RECORD))


def _stored_otherwise(builder: tfds.core.DatasetBuilder, wanted: FileFormat) -> str:
    stored = builder.info.file_format.value
    reader = 'tfds.load' if stored == 'tfrecord' else 'tfds.data_source or tfds.load'
    return (
        f'{builder.info.full_name} is prepared in {builder.data_dir} as {stored}, '
        f'which {reader} reads; here {wanted.value} is needed. Choose another '
        f'data_dir, or remove that folder and prepare the screen again with '
        f'file_format={wanted.value!r}.'
    )
