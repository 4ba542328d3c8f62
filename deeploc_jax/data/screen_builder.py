"""What every screen's TFDS builder shares: storage, and preparation on disk."""

from __future__ import annotations

import importlib
import inspect
import itertools
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from etils import epath

from deeploc_jax.data.record_writer import write_split


class ScreenBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Base of all screens: array_record files, written and read without TensorFlow.

    A screen implements `_info` (with `screen_info`), `_split_generators` and
    `_generate_examples`, as any TFDS builder does.
    """

    _screens: dict[str, Path] = {}

    def __init_subclass__(cls, skip_registration: bool = False, **kwargs: Any):
        # TFDS guesses both paths from the module name; in an editable install the
        # guess names a folder that does not exist.
        path = Path(inspect.getfile(cls))
        cls.code_path = epath.Path(path)
        cls.pkg_dir_path = epath.Path(path.parent)
        # The same file imported under a second module name is no second screen.
        first = ScreenBuilder._screens.setdefault(cls.__name__, path)
        again = first is not path and first.parts[-2:] == path.parts[-2:]
        skip = skip_registration or again
        # pyrefly: ignore[unexpected-keyword]
        super().__init_subclass__(skip_registration=skip, **kwargs)

    def __init__(
        self,
        *,
        data_dir: str | Path | None = None,
        file_format: str | None = None,
        **kwargs: Any,
    ):
        if file_format not in (None, 'array_record'):
            raise ValueError(
                f'A screen is stored as array_record, not {file_format!r}: of the '
                'other formats some need TensorFlow and parquet loses cells.'
            )
        # None is TFDS's own default; array_record does not know what ~ means.
        expanded = Path(data_dir).expanduser() if data_dir else None
        super().__init__(data_dir=expanded, **kwargs)
        if not self.info.initialized:  # nothing prepared: TFDS means tfrecord
            self.info.set_file_format('array_record', override=True)

    def screen_info(
        self,
        features: tfds.features.FeaturesDict | None,
        metadata: tfds.core.MetadataDict | None,
        **kwargs: Any,
    ) -> tfds.core.DatasetInfo:
        """`DatasetInfo` for `_info`; what is prepared on disk goes before the code.

        Args:
            features: From `screen_features`; None where only the data can tell.
            metadata: From `screen_metadata`; None likewise.
            **kwargs: `description`, `citation`, `homepage`, `license`.
        """
        if (self.data_path / 'dataset_info.json').exists():
            features = metadata = None  # TFDS then reads both from the folder
        return tfds.core.DatasetInfo(
            builder=self, features=features, metadata=metadata, **kwargs
        )

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


def identity(builder: tfds.core.DatasetBuilder) -> str:
    """Name and version of a prepared screen, and what tells it from others so named."""
    info = builder.info
    sizes = [f'{name} {split.num_examples}' for name, split in info.splits.items()]
    table = info.metadata.get('source_sha256', '')[:16]
    return ' '.join([info.full_name, *sizes, *([f'table {table}'] if table else [])])


def prepare_screen(
    name: str,
    data_dir: str | Path | None = None,
    manual_dir: str | Path | None = None,
    **builder_kwargs: Any,
) -> tfds.core.DatasetBuilder:
    """The builder of a screen, prepared on disk first when it is not yet.

    A prepared copy is used as it is, at once. A new one appears whole or not at all.

    Args:
        name: Data set name as TFDS knows it, with `/config` where there are several.
        data_dir: Where prepared screens live; None for TFDS's own default.
        manual_dir: Where the user's own copies of released files lie; None for
            `<data_dir>/downloads/manual`.
        **builder_kwargs: For the builder itself, such as `table` of `own_screen`.

    Raises:
        FileExistsError: The place is taken by a folder that is no prepared screen.
    """
    importlib.import_module('deeploc_jax.datasets')  # registers every screen
    if builder_kwargs:  # tfds.builder would put them all before any error message
        name, _, config = name.partition('/')
        cls = tfds.builder_cls(name)
        builder = cls(data_dir=data_dir, config=config or None, **builder_kwargs)
    else:
        builder = tfds.builder(name, data_dir=data_dir)
    if not builder.data_path.exists():
        download = tfds.download.DownloadConfig(
            manual_dir=manual_dir, try_download_gcs=False
        )
        builder.download_and_prepare(download_config=download)
    elif not builder.is_prepared():
        raise FileExistsError(
            f'{builder.data_path} exists but holds no prepared screen; remove it or '
            'choose another data_dir.'
        )
    return builder
