"""`.flex` of the Opera: fields times channels, and what their XML says."""

import pytest

from deeploc_jax.images import ImageError, open_image
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.read import read_field
from tests.helpers.plate_files import make_xml, write_flex


@pytest.mark.parametrize('end', ['', '>', '%', '\0'])
def test_fields_channels_and_pixel_size_are_read(tmp_path, end):
    with open_image(write_flex(tmp_path / 'a.flex', xml=make_xml(end=end))) as file:
        assert file.shape == (2, 5, 7, 2) and file.size == (5, 7)
        assert file.channel_names == ('Exp1Cam1', 'Exp1Cam2')
        assert file.pixel_size == pytest.approx((0.21, 0.21))
        assert file.read(1)[0, 0].tolist() == [2, 3]
        assert file.read_plane(1, 0)[0, 0] == 1


def test_one_field_is_no_stack(tmp_path):
    names = ['Exp1Cam1', 'Exp1Cam2', 'Exp2Cam1']
    path = write_flex(tmp_path / 'a.flex', 3, make_xml(names))
    with open_image(path) as file:
        assert file.count == 1 and file.read()[0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize('xml', [None, '<Root><Array'])
def test_without_xml_even_frames_are_one_channel_and_odd_frames_the_other(
    tmp_path, xml
):
    with open_image(write_flex(tmp_path / 'a.flex', xml=xml)) as file:
        assert file.fault and file.channel_names == () and file.pixel_size is None
        assert file.read(1)[0, 0].tolist() == [2, 3]


@pytest.mark.parametrize(
    'frames, xml, message',
    [
        (3, None, '3 frames, which are no whole fields of 2 channels'),
        (4, make_xml(['a_G', 'b_G', 'a_R', 'b_R']), 'do not come in turn'),
        (2, '<!DOCTYPE a [<!ENTITY b "c">]><Root/>', 'DOCTYPE'),
    ],
)
def test_frames_that_are_no_fields_are_refused(tmp_path, frames, xml, message):
    with pytest.raises(ImageError, match=message):
        open_image(write_flex(tmp_path / 'a.flex', frames, xml))


def test_an_unreadable_file_says_so(tmp_path):
    path = write_flex(tmp_path / 'a.flex', xml=make_xml())
    whole = path.read_bytes()
    for content, message in (
        (b'', 'empty'),
        (b'not a TIFF', 'damaged'),
        (whole[:300], 'damaged or'),
    ):
        path.write_bytes(content)
        with pytest.raises(ImageError, match=message):
            open_image(path).read(1)


def test_the_fields_of_a_file_are_fields_of_its_well(tmp_path):
    (tmp_path / 'plate1').mkdir()
    for column in (20, 21):
        write_flex(tmp_path / 'plate1' / f'007{column:03}000.flex', xml=make_xml())
    write_flex(tmp_path / 'plate1' / '008001000.flex').write_bytes(b'II*\0')
    inventory = describe_fields(
        f'{tmp_path}/{{plate}}/{{row:03}}{{column:03}}000.flex',
        channels='protein=GFP,marker=RFP',
        channel_names='GFP,RFP',
    )
    assert [field.name for field in inventory.fields] == [
        'plate1-G20-1',
        'plate1-G20-2',
        'plate1-G21-1',
        'plate1-G21-2',
    ]
    image = read_field(inventory.fields[1])
    assert image.pixels[0, 0].tolist() == [2, 3] and image.pixel_size == 0.21
    (problem,) = inventory.set_aside
    assert problem.well == 'H01' and problem.file.endswith('008001000.flex')
