"""A user's own labelled or unlabelled crops, described by a table."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import hashlib
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from deeploc_jax.data import cell_table, screen_builder
from deeploc_jax.data.cell_table import SPLITS, BadRow, CellRow, CellTable
from deeploc_jax.data.images import ImageError, ImageFile, ImageReader
from deeploc_jax.progress import track

_SIZE = screen_builder.IMAGE_SIZE
_PIXEL_TYPES = ('uint8', 'uint16', 'float32', 'float64')
_EXACT = 2**53  # up to here float64 holds every integer
_TRIED = 20  # files opened to see what the images are like


@dataclasses.dataclass(frozen=True)
class Layout:
    """How the images of a table become the channels of the screen.

    Attributes:
        channels: Channel names of the screen: protein, marker, then any others.
        marker_channel: Index of the marker in them, -1 without one.
        separate: One file a channel, instead of one file with all of them.
        file_channels: Channel names in the order of the files; () when every file
            names its own.
        crop: 'center' cuts 64x64 from the middle of a larger image; None refuses it.
    """

    channels: tuple[str, ...]
    marker_channel: int
    separate: bool
    file_channels: tuple[str, ...]
    crop: str | None


@dataclasses.dataclass(frozen=True)
class CheckedScreen:
    """A table that can be built: usable rows, class names and pixel type."""

    table: Path
    rows: list[CellRow]
    layout: Layout
    classes: tuple[str, ...]
    pixel_dtype: np.dtype


class OwnScreen(screen_builder.ScreenBuilder):
    """Crops of a user's own screen, from a table with one row a cell.

    The table and all images are checked before anything is written; what is wrong is
    reported at once, row by row. A prepared screen is read back without its table:
    `tfds.data_source('own_screen/<name>', split='train', data_dir=...)`.

    Args:
        data_dir: Where prepared screens live; None for TFDS's own default.
        table: CSV or Parquet file; the paths in it are relative to its folder.
        name: Name of the screen (`config` is the same, as TFDS calls it).
        channels: Which channel is the protein and which the marker, by name:
            `{'protein': 'GFP', 'marker': 'RFP'}` or 'protein=GFP,marker=RFP'. No
            marker is fine; further roles become further channels.
        group_by: Column, or several joined by commas, whose equal values go to the
            same split. Not needed where the table has a column `split`.
        skip_bad_rows: Build the rest when some rows cannot be used.
        classes: Class names in index order; None takes the labels found, sorted.
        channel_names: Names of the channels in the order of the files ('RFP,GFP'),
            where one file holds several and does not name them itself.
        crop: 'center' accepts images larger than 64x64 and keeps their middle.
        split_seed: Another seed deals the groups out differently.
        config: As `name`.
        **kwargs: For TFDS: `version`, `file_format`.

    Raises:
        FileNotFoundError: No such table, or no table and nothing prepared.
        ValueError: The table or its images cannot be used, or another screen of this
            name is prepared already.
    """

    VERSION = tfds.core.Version('1.0.0')
    RELEASE_NOTES = {'1.0.0': 'First version.'}

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
        config: str | tfds.core.BuilderConfig | None = None,
        **kwargs: Any,
    ):
        name = _check_name(name or getattr(config, 'name', config))
        self._table = Path(table) if table else None
        self._arguments = {
            'channels': _parse_roles(channels),
            'group_by': group_by or None,
            'skip_bad_rows': skip_bad_rows,
            'classes': _as_names(classes),
            'channel_names': _as_names(channel_names),
            'crop': crop or None,
            'split_seed': split_seed,
        }
        super().__init__(
            data_dir=data_dir, config=tfds.core.BuilderConfig(name=name), **kwargs
        )
        if self._table and self.info.initialized:
            self._check_same_source(self._table)

    def _info(self) -> tfds.core.DatasetInfo:
        description = 'A screen of the user, described by a table with one row a cell.'
        if (self.data_path / 'dataset_info.json').exists():
            return self.screen_info(None, None, description=description)
        screen = self._checked
        layout = screen.layout
        metadata = screen_builder.screen_metadata(
            layout.channels, layout.marker_channel
        )
        metadata['source_sha256'] = self._source_digest(screen.table)
        features = screen_builder.screen_features(
            screen.classes, layout.channels, screen.pixel_dtype
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

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        del dl_manager  # nothing is downloaded
        rows = self._checked.rows
        found = {row.split for row in rows}
        return {
            split: self._generate_examples([row for row in rows if row.split == split])
            for split in SPLITS
            if split in found
        }

    def _generate_examples(
        self, rows: Sequence[CellRow]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        screen = self._checked
        with ImageReader() as reader:
            for row in rows:
                try:
                    image = read_cell(reader, row, screen.layout)
                except ImageError as error:
                    raise ValueError(
                        f'Row {row.number} of {screen.table} was fine when it was '
                        f'checked and is not now: {error}'
                    ) from error
                yield (
                    row.metadata['cell_id'],
                    screen_builder.example(
                        image.astype(screen.pixel_dtype),
                        row.label or -1,
                        screen=self.builder_config.name,
                        **row.metadata,
                    ),
                )

    def _source_digest(self, table: Path) -> str:
        arguments = json.dumps(self._arguments, sort_keys=True).encode()
        return hashlib.sha256(table.read_bytes() + arguments).hexdigest()

    def _check_same_source(self, table: Path) -> None:
        """A changed table must not be answered with the cells of the old one."""
        if self.info.metadata.get('source_sha256') != self._source_digest(table):
            raise ValueError(
                f'own_screen/{self.builder_config.name} is already prepared in '
                f'{self.data_path}, from another table or with other settings. '
                'Choose another name, or remove that folder to build it anew.'
            )


def check_screen(
    path: Path,
    *,
    channels: Mapping[str, str],
    group_by: str | None = None,
    skip_bad_rows: bool = False,
    classes: Sequence[str] = (),
    channel_names: Sequence[str] = (),
    crop: str | None = None,
    split_seed: int = 0,
) -> CheckedScreen:
    """Checks a table and every image of it; see `OwnScreen` for the arguments.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: The table cannot be used, or rows of it cannot and
            `skip_bad_rows` is False. All bad rows are named.
    """
    table = cell_table.read_table(path)
    with contextlib.suppress(OSError):  # the list of an earlier try
        cell_table.bad_rows_path(path).unlink()
    layout = _make_layout(table, channels, channel_names, crop)
    rows, bad = cell_table.check_rows(
        table,
        layout.channels,
        group_by=group_by,
        classes=classes,
        split_seed=split_seed,
    )
    rows, bad_images, pixel_types = check_images(rows, layout)
    if bad := [*bad, *bad_images]:
        message = cell_table.describe_bad_rows(table, bad)
        if not skip_bad_rows or not rows:
            raise ValueError(
                f'{message}\nNothing was built. Mend the rows, or build the rest with '
                'skip_bad_rows.'
            )
        warnings.warn(f'{message}\nThey are left out.', stacklevel=2)
    if not classes:
        classes = sorted({row.label for row in rows} - {''})
        logging.info('Classes are the labels of %s, sorted: %s', path, classes)
    if gaps := describe_gaps(rows, classes, bool(group_by)):
        warnings.warn(f'{path}: {" ".join(gaps)}', stacklevel=2)
    return CheckedScreen(path, rows, layout, tuple(classes), _stored_type(pixel_types))


def check_images(
    rows: Sequence[CellRow], layout: Layout
) -> tuple[list[CellRow], list[BadRow], set[np.dtype]]:
    """Reads every image once, one at a time.

    Returns:
        The usable rows in the order of their files, the others with the reason, and
        the pixel types found.
    """
    good: list[CellRow] = []
    bad: list[BadRow] = []
    pixel_types: set[np.dtype] = set()
    ordered = sorted(rows, key=lambda row: (row.files, row.index or 0))
    with ImageReader() as reader:
        for row in track(ordered, description='check images', unit='cell'):
            try:
                pixel_types.add(read_cell(reader, row, layout).dtype)
                good.append(row)
            except ImageError as error:
                files = ', '.join(str(path) for path in row.files)
                bad.append(BadRow(row.number, files, str(error)))
    return good, bad, pixel_types


def read_cell(reader: ImageReader, row: CellRow, layout: Layout) -> np.ndarray:
    """The image of one row, [64, 64, c] in the channel order of the screen.

    Raises:
        ImageError: It cannot be used as it is; the message says why.
    """
    if layout.separate:
        image = _read_separate(reader, row, layout.channels)
    else:
        image = _read_combined(reader, row, layout)
    height, width = image.shape[:2]
    top, left = (height - _SIZE) // 2, (width - _SIZE) // 2
    if min(top, left) < 0:
        raise ImageError(f'{height}x{width} pixels, smaller than {_SIZE}x{_SIZE}')
    if (height, width) != (_SIZE, _SIZE) and layout.crop != 'center':
        raise ImageError(
            f"{height}x{width} pixels, not {_SIZE}x{_SIZE}; crop='center' would keep "
            'the middle'
        )
    image = image[top : top + _SIZE, left : left + _SIZE]
    _check_pixels(image)
    return image.astype(image.dtype.newbyteorder('='))


def _read_separate(
    reader: ImageReader, row: CellRow, channels: Sequence[str]
) -> np.ndarray:
    planes = []
    for name, path in zip(channels, row.files, strict=True):
        try:
            planes.append(reader.read(path, row.index, 1))
        except ImageError as error:
            raise ImageError(f'{name}: {error}') from error
    sizes = {plane.shape[:2] for plane in planes}
    if len(sizes) > 1:
        raise ImageError(f'its channels differ in size: {sorted(sizes)}')
    return np.concatenate(planes, axis=-1)


def _read_combined(reader: ImageReader, row: CellRow, layout: Layout) -> np.ndarray:
    path = row.files[0]
    own = reader.open(path).channel_names
    names = layout.file_channels or own
    if not names:
        raise ImageError('does not name its channels, and channel_names is not given')
    if own and own != names and sorted(own) == sorted(names):
        raise ImageError(
            f'its own channel order is {", ".join(own)}, but channel_names says '
            f'{", ".join(names)}'
        )
    absent = [name for name in layout.channels if name not in names]
    if absent:
        raise ImageError(f'no channel {absent[0]!r}; it has {", ".join(names)}')
    image = reader.read(path, row.index, len(names))
    return image[..., [names.index(name) for name in layout.channels]]


def _check_pixels(image: np.ndarray) -> None:
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind not in 'buif' or (kind == 'f' and size > 8):
        raise ImageError(f'pixels of type {image.dtype} are not supported')
    if kind == 'f' and not np.isfinite(image).all():
        count = np.count_nonzero(~np.isfinite(image))
        raise ImageError(f'{count} pixel value(s) NaN or infinite')
    if kind in 'ui' and size == 8 and np.any((image > _EXACT) | (image < -_EXACT)):
        raise ImageError('pixel values beyond 2^53 cannot be stored exactly')


def _stored_type(pixel_types: Iterable[np.dtype]) -> np.dtype:
    """The first of the types in use that holds all of these exactly."""
    common = np.result_type(*pixel_types)
    fitting = [name for name in _PIXEL_TYPES if np.can_cast(common, name, 'safe')]
    return np.dtype(fitting[0])


def describe_gaps(
    rows: Sequence[CellRow], classes: Sequence[str], grouped: bool
) -> list[str]:
    """What is thin in a screen: classes missing in a split, or in one group only."""
    counts = collections.Counter((row.label, row.split) for row in rows)
    splits = [split for split in SPLITS if any(row.split == split for row in rows)]
    messages = []
    for split in splits if any(row.label for row in rows) else []:
        absent = [name for name in classes if not counts[name, split]]
        if absent:
            messages.append(f'no cell in {split} of class {", ".join(absent)}.')
    groups, split_of = collections.defaultdict(set), collections.defaultdict(set)
    for row in rows:
        groups[row.label].add(row.group)
        split_of[row.group].add(row.split)
    thin = [name for name in classes if len(groups[name]) == 1]
    if grouped and thin:
        messages.append(
            f'all cells lie in one group, so in one split, of class {", ".join(thin)}.'
        )
    torn = [group for group, found in split_of.items() if len(found) > 1]
    if grouped and torn:
        messages.append(
            f'the column "split" tears {len(torn)} group(s) apart ({torn[0]!r} first): '
            'test cells then have near twins in training.'
        )
    return messages


def _make_layout(
    table: CellTable,
    roles: Mapping[str, str],
    file_channels: Sequence[str],
    crop: str | None,
) -> Layout:
    if crop not in (None, 'center'):
        raise ValueError(f"crop is {crop!r}; it is 'center' or left out.")
    separate = bool(cell_table.image_channels(table.columns))
    others = [name for role, name in roles.items() if role not in ('protein', 'marker')]
    names = [roles[role] for role in ('protein', 'marker') if role in roles] + others
    if 'protein' not in roles or len(set(names)) < len(names):
        stated = ', '.join(f'{role}={name}' for role, name in roles.items())
        raise ValueError(
            'Say by name which channel is which, each channel once and protein among '
            'them: channels="protein=GFP,marker=RFP", or "protein=GFP" without a '
            f'marker. Stated: {stated or "nothing"}. Found: {_find_channels(table)}.'
        )
    if not separate and not file_channels:
        file = _first_image(table)
        if file is not None and not file.channel_names:
            if len(names) > 1:
                raise ValueError(
                    'The images do not name their channels; give the names in the '
                    'order in which they lie in the file, '
                    f'channel_names="<first>,<second>". Found: {_find_channels(table)}.'
                )
            file_channels = names
    absent = [name for name in names if file_channels and name not in file_channels]
    if absent:
        raise ValueError(
            f'channel_names ({", ".join(file_channels)}) has no {absent[0]!r}, which '
            'channels asks for.'
        )
    marker_channel = 1 if 'marker' in roles else -1
    return Layout(tuple(names), marker_channel, separate, tuple(file_channels), crop)


def _find_channels(table: CellTable) -> str:
    """What table and images say about their channels, for an error."""
    columns = cell_table.image_channels(table.columns)
    if columns:
        return f'one file a channel, {", ".join(columns)}'
    file = _first_image(table)
    if file is None:
        return f'no readable image in the first {_TRIED} rows of {table.path}'
    named = ', '.join(file.channel_names) or 'no channel names'
    return f'images of shape {file.shape} with {named}'


def _first_image(table: CellTable) -> ImageFile | None:
    """The first file that opens, closed again; only its description is of use."""
    paths = [table.path.parent / values['image'] for _, values in table.rows if values]
    for path in paths[:_TRIED]:
        with ImageReader() as reader:
            try:
                return reader.open(path)
            except ImageError:
                continue
    return None


def _check_name(name: str | None) -> str:
    if not name or not re.fullmatch(r'[A-Za-z][A-Za-z0-9_-]*', name):
        raise ValueError(
            f'The screen needs a name of letters, digits, _ and -, a letter first '
            f"(name='my_screen'; to read it, 'own_screen/my_screen'); got {name!r}."
        )
    return name


def _parse_roles(channels: str | Mapping[str, str] | None) -> dict[str, str]:
    """{'protein': 'GFP', 'marker': 'RFP'}, also from 'protein=GFP,marker=RFP'."""
    if not isinstance(channels, str):
        return dict(channels or {})
    roles: dict[str, str] = {}
    for part in _as_names(channels):
        role, equals, name = (word.strip() for word in part.partition('='))
        if not (role and equals and name) or role in roles:
            raise ValueError(
                f'channels is {channels!r}; write it like "protein=GFP,marker=RFP".'
            )
        roles[role] = name
    return roles


def _as_names(names: str | Sequence[str] | None) -> list[str]:
    """A list of names, also from text with commas."""
    if isinstance(names, str):
        names = names.split(',')
    return [name.strip() for name in names or () if name.strip()]
