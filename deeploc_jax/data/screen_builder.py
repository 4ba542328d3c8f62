"""Defines what every screen's TFDS builder shares: storage and preparation."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from etils import epath

from deeploc_jax.data.record_builder import RecordBuilder


class LocalDatasetInfo(tfds.core.DatasetInfo):
    """TFDS's description of a data set that is on this machine or nowhere."""

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
    cells must be the same, but for columns that were added since. They are read, and
    never prepared any more.
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

    def download_and_prepare(self, **kwargs: Any) -> None:
        """As in `RecordBuilder`.

        Raises:
            ValueError: An earlier version was asked for, and is not prepared.
        """
        newest = self.canonical_version
        if self.version != newest and not self.is_prepared():
            raise ValueError(
                f'{self.info.full_name} is not prepared in {self.data_dir_root}, and '
                f'an earlier version can only be read. {newest} can be prepared: name '
                'it, or name no version.'
            )
        super().download_and_prepare(**kwargs)

    def screen_info(
        self,
        features: tfds.features.FeaturesDict | None,
        metadata: tfds.core.MetadataDict | None,
        **kwargs: Any,
    ) -> tfds.core.DatasetInfo:
        """`DatasetInfo` for `_info`; what is prepared on disk goes before the code.

        Args:
            features: Result of `screen_features`; None where it depends on the data.
            metadata: Result of `screen_metadata`; None where it depends on the data.
            **kwargs: `description`, `citation`, `homepage`, `license`.
        """
        if (self.data_path / 'dataset_info.json').exists():
            features = metadata = None  # TFDS then reads both from the folder
        return LocalDatasetInfo(
            builder=self,
            features=features,
            metadata=metadata,
            supervised_keys=('image', 'label'),
            **kwargs,
        )
