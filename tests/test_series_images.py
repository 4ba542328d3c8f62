"""One OME-TIFF with many images: fields of a well, or a whole plate."""

import numpy as np
import pytest
import tifffile

from deeploc_jax.images import ImageError, open_image
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.read import read_field
from tests.helpers.plate_files import write_series


def test_each_image_and_each_channel_is_read_alone(tmp_path):
    with open_image(write_series(tmp_path / 'a.ome.tif')) as file:
        assert file.shape == (3, 5, 7, 2) and file.count == 3
        assert file.channel_names == ('GFP', 'RFP') and file.pixel_size == (0.2, 0.2)
        assert file.read(2)[0, 0].tolist() == [20, 21]
        assert file.read_plane(1, 1)[0, 0] == 11
        with pytest.raises(ImageError, match='holds 3 images, series.*index'):
            file.read()
        with pytest.raises(ImageError, match='out of range'):
            file.read(3)


def test_images_of_different_shapes_are_refused(tmp_path):
    path = write_series(tmp_path / 'a.ome.tif', [(2, 5, 7), (2, 5, 8)])
    with pytest.raises(ImageError, match='2 series of images, of shape'):
        open_image(path)


def test_images_with_channels_in_another_order_are_refused(tmp_path):
    path = write_series(tmp_path / 'a.ome.tif', [(2, 5, 7)] * 2)
    xml = tifffile.tiffcomment(path)
    second = xml.split('<Image ', 2)[2]
    swapped = second.replace('GFP', '@').replace('RFP', 'GFP').replace('@', 'RFP')
    second_image = f'<Image {second}'
    changed = xml.replace(second_image, f'<Image {swapped}')
    assert changed != xml
    tifffile.tiffcomment(path, changed.encode())
    with pytest.raises(ImageError, match='differ in their channels'):
        open_image(path)


def test_the_images_of_a_well_are_its_fields(tmp_path):
    write_series(tmp_path / 'P1_B03.ome.tif')
    inventory = describe_fields(
        f'{tmp_path}/{{plate}}_{{well}}.ome.tif', channels='protein=RFP'
    )
    names = [field.name for field in inventory.fields]
    assert names == ['P1-B03-1', 'P1-B03-2', 'P1-B03-3']
    image = read_field(inventory.fields[1])
    assert image.pixels[0, 0].tolist() == [11] and image.pixel_size == 0.2


def test_one_file_is_a_plate_where_it_says_so(tmp_path):
    path = write_series(tmp_path / 'a.ome.tif', places=[(0, 1), (0, 1), (7, 11)])
    (tmp_path / 'map.csv').write_text('well,protein\nA2,FUS1\nH12,STE2\n')
    inventory = describe_fields(
        str(path), channels='protein=GFP', plate_map=str(tmp_path / 'map.csv')
    )
    found = [(f.name, f.protein) for f in inventory.fields]
    assert found == [('P9-H12-1', 'STE2')]
    (problem,) = inventory.set_aside  # both are the first sample of the same well
    assert problem.well == 'A02' and 'same field' in problem.reason


def test_a_table_gives_the_index_of_each_field(tmp_path):
    write_series(tmp_path / 'a.ome.tif')
    table = tmp_path / 'fields.csv'
    table.write_text('well,image,index\nA1,a.ome.tif,2\nA2,a.ome.tif,0\n')
    inventory = describe_fields(str(table), channels='protein=GFP')
    values = [read_field(field).pixels[0, 0, 0] for field in inventory.fields]
    assert values == [20, 0]


def test_focal_planes_are_not_taken_for_fields(tmp_path):
    pixels = np.ones((3, 5, 7), np.uint16)
    path = tmp_path / 'A01.ome.tif'
    tifffile.imwrite(path, pixels, ome=True, metadata={'axes': 'ZYX'})
    inventory_of = f'{tmp_path}/{{well}}.ome.tif'
    with pytest.raises(ValueError, match='No field can be used.*(?s:.*)focal planes'):
        describe_fields(inventory_of, channels='protein=GFP')
