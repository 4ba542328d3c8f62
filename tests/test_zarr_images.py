"""OME-Zarr: images of versions 0.4 and 0.5, and plates of them."""

import json
import shutil
import sys

import numpy as np
import pytest

from deeploc_jax.images import ImageError, open_image
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.read import read_field
from tests.helpers.plate_files import (
    VERSIONS,
    set_attributes,
    two_channels,
    write_image,
    write_plate,
)

ROLES = 'protein=GFP,marker=RFP'


@pytest.mark.parametrize('version', VERSIONS)
@pytest.mark.parametrize('axes', ['cyx', 'czyx', 'tczyx'])
def test_an_image_is_read_at_full_resolution(tmp_path, version, axes):
    path = write_image(tmp_path / 'a.zarr', two_channels(1), version, axes=axes)
    with open_image(path) as file:
        assert (file.shape, file.count, file.size) == ((6, 8, 2), 1, (6, 8))
        assert file.channel_names == ('RFP', 'GFP') and file.pixel_size == (0.5, 0.5)
        np.testing.assert_array_equal(file.read(), two_channels(1).transpose(1, 2, 0))
        np.testing.assert_array_equal(file.read_plane(1), two_channels(1)[1])


@pytest.mark.parametrize(
    'unit, scale, expected',
    [('nanometer', 200.0, 0.2), ('', 0.2, None), ('furlong', 1.0, None)],
)
def test_a_pixel_size_without_a_known_unit_is_unknown(tmp_path, unit, scale, expected):
    path = write_image(tmp_path / 'a.zarr', two_channels(1), unit=unit, scale=scale)
    with open_image(path) as file:
        size = file.pixel_size
        assert size == (expected and pytest.approx((expected, expected)))


def test_only_the_chunks_of_the_asked_plane_are_read(tmp_path):
    path = write_image(tmp_path / 'a.zarr', two_channels(1))
    shutil.rmtree(path / '0' / 'c' / '0')  # of the first channel
    with open_image(path) as file:
        assert file.read_plane(1)[0, 0] == 101
        with pytest.raises(ImageError, match='never written'):
            file.read_plane(0)


def test_what_is_no_image_says_so(tmp_path):
    plate = write_plate(tmp_path / 'p.zarr')
    (tmp_path / 'empty.zarr').mkdir()
    for path, message in (
        (plate, 'plate or well'),
        (plate / 'A' / '7', 'no such file'),
        (tmp_path / 'empty.zarr', 'zarr.json'),
        (tmp_path / 'none.zarr', 'no such'),
    ):
        with pytest.raises(ImageError, match=message):
            open_image(path)


def test_damage_is_an_image_error(tmp_path):
    path = write_image(tmp_path / 'a.zarr', two_channels(1))
    chunk = path / '0' / 'c' / '0' / '0' / '0'
    chunk.write_bytes(chunk.read_bytes()[:5])
    with open_image(path) as file, pytest.raises(ImageError, match='damaged'):
        file.read_plane(0)
    (path / 'zarr.json').write_text('{')
    with pytest.raises(ImageError, match='damaged'):
        open_image(path)


def test_the_error_without_the_library_names_the_extra(tmp_path, monkeypatch):
    path = write_image(tmp_path / 'a.zarr', two_channels(1))
    monkeypatch.setitem(sys.modules, 'zarr', None)
    with pytest.raises(ImageError, match=r'\[zarr\]'):
        open_image(path)


@pytest.mark.parametrize('version', VERSIONS)
def test_a_plate_lists_its_wells_and_fields(tmp_path, version):
    plate = write_plate(tmp_path / 'p.zarr', version)
    inventory = describe_fields(str(plate), channels=ROLES, screen='S')
    assert [field.name for field in inventory.fields] == [
        'P7-A01-0',
        'P7-A01-1',
        'P7-B12-0',
        'P7-B12-1',
    ]
    image = read_field(inventory.fields[2])
    assert image.pixels[0, 0].tolist() == [103, 3]  # GFP is the second in the file
    assert image.pixel_size == 0.5 and inventory.fields[0].size == (6, 8)


def test_plates_are_found_by_a_pattern_and_joined_to_a_map(tmp_path):
    for name in ('x', 'y'):
        write_plate(tmp_path / f'{name}.ome.zarr', wells=('A/1',))
    (tmp_path / 'map.csv').write_text('plate,well,protein\nx,A1,FUS1\ny,A01,STE2\n')
    inventory = describe_fields(
        f'{tmp_path}/{{plate}}.ome.zarr',
        channels=ROLES,
        plate_map=str(tmp_path / 'map.csv'),
    )
    proteins = [(field.plate, field.protein) for field in inventory.fields]
    assert proteins == [('x', 'FUS1')] * 2 + [('y', 'STE2')] * 2


def test_a_well_that_is_missing_or_outside_is_set_aside(tmp_path):
    plate = write_plate(tmp_path / 'p.zarr', wells=('A/1', 'A/2', 'A/3', 'A/4'))
    shutil.rmtree(plate / 'A' / '2')
    (plate / 'A' / '3' / 'zarr.json').write_text('{}')
    metadata = json.loads((plate / 'zarr.json').read_text())
    metadata['attributes']['ome']['plate']['wells'][3]['path'] = '../../A/4'
    (plate / 'zarr.json').write_text(json.dumps(metadata))
    inventory = describe_fields(str(plate), channels=ROLES)
    assert {field.well for field in inventory.fields} == {'A01'}
    reasons = [str(problem) for problem in inventory.set_aside]
    assert len(reasons) == 3
    assert 'A02' in reasons[0] and 'no such folder' in reasons[0]
    assert 'A03' in reasons[1] or 'A03' in reasons[2]
    assert any('outside' in reason for reason in reasons)


def test_an_image_of_a_plate_that_lacks_a_channel_is_set_aside(tmp_path):
    plate = write_plate(tmp_path / 'p.zarr', wells=('A/1',))
    shutil.rmtree(plate / 'A' / '1' / '1')
    write_image(plate / 'A' / '1' / '1', two_channels(1)[:1])
    inventory = describe_fields(str(plate), channels=ROLES)
    assert [field.field for field in inventory.fields] == ['0']
    (problem,) = inventory.set_aside
    assert problem.field == '1' and "channel 0 is 'RFP'" in problem.reason


@pytest.mark.parametrize('plate', ['text', {'wells': 3}, {'wells': [7]}, {'name': 1}])
def test_metadata_of_a_plate_that_makes_no_sense_is_no_plate(tmp_path, plate):
    set_attributes(tmp_path / 'p.zarr', 3, {'plate': plate})
    with pytest.raises(ValueError, match='No field can be used'):
        describe_fields(str(tmp_path / 'p.zarr'), channels=ROLES)
