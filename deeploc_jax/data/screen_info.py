"""Reads what a screen is from its builder, once, into one frozen object."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow_datasets as tfds


@dataclasses.dataclass(frozen=True)
class ScreenInfo:
    """What is known of a screen.

    Attributes:
        name: Name without the version, as `config.screen` takes it.
        version: Version of the builder that prepared it.
        class_names: Class names in index order.
        channels: Channel names in image order, protein first.
        default_channels: Channels that are read when none are asked for.
        marker_channel: Index of the marker among `channels`, -1 when there is none.
        license: License of the images, 'not stated' when the builder names none.
        simulated: Whether the images were computed.
        identity: Full name, sizes of the splits and, for own cells, the digest of the
            table: it differs between screens that share a name.
        splits: Number of cells of each split; empty before the screen is prepared.
        pixel_size: Side of a pixel in micrometers, None when the screen does not state
            it.
    """

    name: str
    version: str
    class_names: tuple[str, ...]
    channels: tuple[str, ...]
    default_channels: tuple[str, ...]
    marker_channel: int
    license: str
    simulated: bool
    identity: str
    splits: dict[str, int]
    pixel_size: float | None = None

    @property
    def full_name(self) -> str:
        """Name with the version, 'yeast_sim/main/4.0.0'."""
        return f'{self.name}/{self.version}'

    @property
    def marker(self) -> str | None:
        """Name of the channel that is the marker, None where there is none."""
        return None if self.marker_channel < 0 else self.channels[self.marker_channel]

    def marker_among(self, channels: Sequence[str]) -> int:
        """Index of the marker among some channels, -1 when it is not one of them."""
        marker = self.marker
        return [*channels].index(marker) if marker and marker in channels else -1

    def with_channels(self, names: Sequence[str] | None) -> ScreenInfo:
        """The screen as it is read: these channels only, in this order.

        Args:
            names: Names of channels; None or empty for the default ones.

        Raises:
            ValueError: The screen has no such channel.
        """
        channels = tuple(names or self.default_channels)
        if not set(channels) <= set(self.channels):
            raise ValueError(
                f'channels={",".join(channels)}, but {self.full_name} has '
                f'{",".join(self.channels)}. Name those to use, in the order that the '
                'network takes them: --config.channels=...'
            )
        marker = self.marker_among(channels)
        return dataclasses.replace(self, channels=channels, marker_channel=marker)

    def facts(self) -> dict[str, Any]:
        """What `run.json` says of the screen."""
        return dict(
            dataset=self.full_name,
            simulated=self.simulated,
            channels=self.channels,
            marker_channel=self.marker_channel,
        )


def describe_screen(builder: tfds.core.DatasetBuilder) -> ScreenInfo:
    """Reads what a screen is from its builder, whether it is prepared or not."""
    info, metadata = builder.info, builder.info.metadata
    name, _, version = info.full_name.rpartition('/')
    channels = tuple(metadata['channels'])
    splits = {name: int(split.num_examples) for name, split in info.splits.items()}
    sizes = [f'{name} {number}' for name, number in splits.items()]
    table = metadata.get('source_sha256', '')[:16]
    identity = [info.full_name, *sizes, *([f'table {table}'] if table else [])]
    return ScreenInfo(
        name=name,
        version=version,
        class_names=tuple(info.features['label'].names),
        channels=channels,
        default_channels=tuple(metadata.get('default_channels') or channels),
        marker_channel=int(metadata['marker_channel']),
        license=info.redistribution_info.license or 'not stated',
        simulated=bool(metadata['simulated']),
        identity=' '.join(identity),
        splits=splits,
        pixel_size=metadata.get('pixel_size'),
    )


def name_without_version(full_name: str) -> str:
    """The name of a screen as `config.screen` takes it, 'yeast_sim/main'."""
    return full_name.rpartition('/')[0]
