"""What every screen's TFDS builder shares: storage, and preparation on disk."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from etils import epath

from deeploc_jax.data.record_builder import RecordBuilder


class ScreenInfo(tfds.core.DatasetInfo):
    """What is known of a screen."""

    def initialize_from_bucket(self) -> None:
        """Does nothing: no screen lies in Google's bucket.

        TFDS would look there for every screen that is not prepared, and leave an empty
        folder in the temporary directory each time.
        """


class ScreenBuilder(RecordBuilder, skip_registration=True):
    """Base of all screens.

    A screen implements `_info` (with `screen_info`), `_split_generators` and
    `_generate_examples`, as any TFDS builder does. Where `SUPPORTED_VERSIONS` names
    earlier versions, one that is prepared is used instead of one that is not: their
    cells must be the same.
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

    def _build_data_dir(self, given_data_dir: str | None) -> tuple[str, str]:
        """Root and folder of the screen: an earlier version's if only that is there."""
        asked = self._original_state['version']
        current = self._version
        for version in self.versions if asked is None else ():
            self._version = version
            root, folder = super()._build_data_dir(given_data_dir)
            if epath.Path(folder).exists():
                return root, folder
        self._version = current
        return super()._build_data_dir(given_data_dir)

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
        return ScreenInfo(
            builder=self,
            features=features,
            metadata=metadata,
            supervised_keys=('image', 'label'),
            **kwargs,
        )


def identity(builder: tfds.core.DatasetBuilder) -> str:
    """Name and version of a prepared screen, and what tells it from others so named."""
    info = builder.info
    sizes = [f'{name} {split.num_examples}' for name, split in info.splits.items()]
    table = info.metadata.get('source_sha256', '')[:16]
    return ' '.join([info.full_name, *sizes, *([f'table {table}'] if table else [])])


def find_screen(
    name: str, data_dir: str | Path | None = None
) -> tfds.core.DatasetBuilder:
    """The builder of a screen, prepared or not: its classes and channels.

    Args:
        name: As in `prepare_screen`.
        data_dir: Likewise.

    Raises:
        ValueError: The version in the name is not prepared, and not that of the code.
    """
    importlib.import_module('deeploc_jax.datasets')  # registers every screen
    # Here, as TFDS's reader of prepared data sets does not know what ~ means.
    data_dir = Path(data_dir).expanduser() if data_dir else None
    try:
        return tfds.builder(name, data_dir=data_dir)
    except AssertionError:  # TFDS's, of a version that it does not know
        screen, _, version = name.partition(':')
        if not version:
            raise
        raise ValueError(_no_version(screen, version, data_dir)) from None


def _no_version(screen: str, version: str, data_dir: Path | None) -> str:
    folder = Path(data_dir or tfds.core.constants.DATA_DIR) / screen
    found = sorted(path.parent.name for path in folder.glob('*/dataset_info.json'))
    newest = tfds.builder_cls(screen.partition('/')[0]).VERSION
    return (
        f'{screen} has no version {version} here. Prepared in {folder}: '
        f'{", ".join(found) or "none"}. {newest} can be prepared: name it, or name no '
        'version.'
    )


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
        ValueError: The version in the name is not prepared, and not that of the code.
        FileExistsError: The place is taken by a folder that is no prepared screen.
        OSError: The folder cannot be written, or the disk is full.
    """
    if builder_kwargs:  # tfds.builder would put them all before any error message
        importlib.import_module('deeploc_jax.datasets')  # registers every screen
        name, _, config = name.partition('/')
        cls = tfds.builder_cls(name)
        builder = cls(data_dir=data_dir, config=config or None, **builder_kwargs)
    else:
        builder = find_screen(name, data_dir)
    if builder.data_path.exists() and not builder.is_prepared():
        raise FileExistsError(
            f'{builder.data_path} exists but holds no prepared screen; remove it or '
            'choose another data_dir.'
        )
    if not builder.info.initialized:
        download = tfds.download.DownloadConfig(manual_dir=manual_dir)
        builder.download_and_prepare(download_config=download)
    return builder
