"""What a screen is, as one object read from its builder."""

import dataclasses

import pytest
import tensorflow_datasets as tfds

from deeploc_jax.data.cell_schema import screen_features, screen_metadata
from deeploc_jax.data.screen_info import (
    describe_screen,
    name_without_version,
)
from tests.helpers.spot_screen import SpotScreen


class ThreeChannels(SpotScreen):
    """Two of three channels by default, and a license."""

    VERSION = tfds.core.Version('2.1.0')

    def _info(self):
        names = ('GFP', 'DIC', 'RFP')
        metadata = screen_metadata(
            names, marker_channel=2, simulated=True, default_channels=('GFP', 'RFP')
        )
        features = screen_features(('LEFT',), names, 'uint8')
        return self.screen_info(features, metadata, license='CC BY 4.0')


def test_an_unprepared_screen_is_described(tmp_path):
    screen = describe_screen(ThreeChannels(data_dir=tmp_path))
    assert screen.full_name == 'three_channels/2.1.0'
    assert screen.name == 'three_channels' == name_without_version(screen.full_name)
    assert screen.class_names == ('LEFT',)
    assert screen.channels == ('GFP', 'DIC', 'RFP')
    assert screen.default_channels == ('GFP', 'RFP')
    assert screen.license == 'CC BY 4.0' and screen.simulated
    assert screen.splits == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        screen.version = '9'


def test_the_marker_is_found_among_the_channels_that_are_read(tmp_path):
    screen = describe_screen(ThreeChannels(data_dir=tmp_path))
    assert screen.marker == 'RFP' and screen.marker_among(screen.channels) == 2
    assert screen.marker_among(('RFP', 'GFP')) == 0
    assert screen.marker_among(('GFP', 'DIC')) == -1
    assert dataclasses.replace(screen, marker_channel=-1).marker_among(('RFP',)) == -1


def test_a_screen_is_narrowed_to_the_channels_that_are_read(tmp_path):
    screen = describe_screen(ThreeChannels(data_dir=tmp_path))
    default = screen.with_channels(None)
    assert default.channels == ('GFP', 'RFP') and default.marker_channel == 1
    assert default.facts() == dict(
        dataset='three_channels/2.1.0',
        simulated=True,
        channels=('GFP', 'RFP'),
        marker_channel=1,
    )
    narrow = screen.with_channels(['DIC'])
    assert narrow.marker_channel == -1 and narrow.marker is None
    assert screen.channels == ('GFP', 'DIC', 'RFP')
    with pytest.raises(ValueError, match='channels=GFP,YFP, but .* has GFP,DIC,RFP'):
        screen.with_channels(['GFP', 'YFP'])


def test_the_identity_changes_with_the_cells(tmp_path):
    builder = SpotScreen(data_dir=tmp_path)
    before = describe_screen(builder)
    builder.download_and_prepare()
    screen = describe_screen(builder)
    assert screen.splits == {'train': 24, 'validation': 9, 'test': 10}
    assert screen.default_channels == screen.channels == ('GFP', 'RFP')
    assert screen.license == 'not stated' and not screen.simulated
    assert screen.pixel_size == 0.2
    assert screen.identity == 'spot_screen/1.0.0 train 24 validation 9 test 10'
    assert before.identity != screen.identity
    fields = {'source_sha256': 'ab' * 32}
    builder.info.metadata.update(fields)
    assert describe_screen(builder).identity.endswith(' table ' + 'ab' * 8)
