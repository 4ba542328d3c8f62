"""OME-XML that is broken, hostile, or describes planes in several files."""

import itertools
import re

import numpy as np
import pytest
import tifffile

from deeploc_jax.data.own.channel_layout import parse_roles
from deeploc_jax.data.own.checked_screen import check_screen
from deeploc_jax.images import ImageError, ImageReader
from tests.helpers.own_cells import SPLITS, write_table

STACK = np.random.default_rng(0).integers(0, 60000, (6, 64, 64, 2), dtype=np.uint16)
PLANES = np.moveaxis(STACK[0], -1, 0)
NAMESPACE = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
UUIDS = [f'urn:uuid:{n}0000000-0000-0000-0000-000000000000' for n in 'abcd']


def ome_xml(data='<TiffData/>', order='XYCZT', sizes=(2, 1, 1), uuid='', before=''):
    channels = ''.join(
        f'<Channel ID="Channel:0:{n}" Name="{name}" SamplesPerPixel="1"/>'
        for n, name in enumerate(('RFP', 'GFP'))
    )
    lengths = ' '.join(
        f'Size{axis}="{n}"' for axis, n in zip('CZT', sizes, strict=True)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<OME {NAMESPACE} {uuid}>'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="{order}" '
        f'SizeX="64" SizeY="64" {lengths} Type="uint16">{channels}{data}</Pixels>'
        '</Image></OME>'
    )


def save(path, planes, xml):
    tifffile.imwrite(
        path, planes, description=xml, metadata=None, photometric='minisblack'
    )
    return path


def read(path, index=None, channels=2):
    with ImageReader() as reader:
        return reader.read(path, index, channels)


def check(folder, columns, channels='protein=GFP,marker=RFP', channel_names=()):
    table = write_table(folder, columns | {'split': SPLITS})
    roles = parse_roles(channels)
    return check_screen(table, channels=roles, channel_names=channel_names)


@pytest.mark.parametrize('order', ['CZT', 'ZCT', 'CTZ', 'ZTC', 'TCZ', 'TZC'])
def test_the_planes_lie_in_the_order_that_the_xml_says(tmp_path, order):
    planes = np.moveaxis(STACK, -1, 1 if order.index('C') < order.index('Z') else 0)
    xml = ome_xml(order=f'XY{order}', sizes=(2, 6, 1))
    path = save(tmp_path / 'a.ome.tif', planes.reshape(12, 64, 64), xml)
    np.testing.assert_array_equal(read(path, 4), STACK[4])


BROKEN = {
    'unclosed': ome_xml().replace('</Pixels>', ''),
    'cut': ome_xml()[:-40],
    'no order': ome_xml().replace('DimensionOrder', 'Order'),
    'no number': ome_xml().replace('SizeC="2"', 'SizeC="two"'),
    'huge': ome_xml(sizes=(2, 1, 9999999999)),
    'no such channel': ome_xml(data='<TiffData FirstC="5" IFD="0"/>'),
}


@pytest.mark.parametrize('xml', BROKEN.values(), ids=BROKEN)
def test_a_file_with_broken_xml_is_read_by_stated_names(tmp_path, xml):
    for n, image in enumerate(STACK):
        save(tmp_path / f'{n}.ome.tif', np.moveaxis(image, -1, 0), xml)
    columns = {'image': [f'{n}.ome.tif' for n in range(6)]}
    with pytest.warns(UserWarning, match='0.ome.tif, its OME-XML') as told:
        screen = check(tmp_path, columns, channel_names=('RFP', 'GFP'))
    assert len(told) == 1 and '6 file(s)' in str(told[0].message)
    ((_, image), _) = screen.read_split('train')
    np.testing.assert_array_equal(image, STACK[0][..., ::-1])
    with pytest.raises(ValueError, match='give the names.*OME-XML is broken'):
        check(tmp_path, columns)


def test_only_the_rows_with_broken_xml_lack_names(tmp_path):
    for n, image in enumerate(STACK):
        xml = BROKEN['unclosed'] if n == 3 else ome_xml()
        save(tmp_path / f'{n}.ome.tif', np.moveaxis(image, -1, 0), xml)
    columns = {'image': [f'{n}.ome.tif' for n in range(6)]}
    with pytest.raises(ValueError, match='row 5: .*OME-XML is broken'):
        check(tmp_path, columns)


def test_entities_in_the_xml_are_refused(tmp_path):
    lines = '<!ENTITY a "aaaaaaaaaa">'
    for a, b in itertools.pairwise('abcdefghij'):
        lines += f'<!ENTITY {b} "{f"&{a};" * 10}">'
    xml = ome_xml(before=f'<!DOCTYPE x [{lines}]>').replace('"GFP"', '"&j;"')
    path = save(tmp_path / 'a.ome.tif', PLANES, xml)
    with pytest.raises(ImageError, match='DOCTYPE'):
        read(path)


def in_files(names, own, blocks, sizes=(2, 1, 1), order='XYCZT'):
    """The XML of file `own` of several; a block is its file, FirstC, FirstZ, planes."""
    data = ''.join(
        f'<TiffData FirstC="{c}" FirstZ="{z}" FirstT="0" IFD="0" PlaneCount="{count}">'
        f'<UUID FileName="{names[file]}">{UUIDS[file]}</UUID></TiffData>'
        for file, c, z, count in blocks
    )
    return ome_xml(data, order, sizes, uuid=f'UUID="{UUIDS[own]}"')


@pytest.mark.parametrize(
    ('root', 'text', 'names'),
    [
        (UUIDS[0], f'\n  {UUIDS[0]} ', 'aa'),
        (f' {UUIDS[0]}', UUIDS[0], 'aa'),
        (UUIDS[0], UUIDS[0], 'xx'),
        (UUIDS[0], UUIDS[1], 'aa'),
        (UUIDS[0], UUIDS[1], 'AA'),
        ('', UUIDS[1], 'aa'),
        ('', UUIDS[1], 'xx'),
    ],
)
def test_the_planes_of_one_file_are_its_own_whatever_its_name(
    tmp_path, root, text, names
):
    data = ''.join(
        f'<TiffData FirstC="{c}" IFD="{c}" PlaneCount="1">'
        f'<UUID FileName="{name}.ome.tif">{text}</UUID></TiffData>'
        for c, name in enumerate(names)
    )
    xml = ome_xml(data, uuid=f'UUID="{root}"' if root else '')
    path = save(tmp_path / 'a.ome.tif', PLANES, xml)
    if 'x' in names:  # another file of the old name has nothing to do with it
        save(tmp_path / 'x.ome.tif', PLANES[::-1], xml)
    np.testing.assert_array_equal(read(path), STACK[0])
    with ImageReader() as reader:
        assert reader.open(path).channel_names == ('RFP', 'GFP')


def test_a_file_that_has_the_old_name_of_another_keeps_its_own_planes(tmp_path):
    names = ['a.ome.tif', 'b.ome.tif']
    xml = in_files(names, 1, [(0, 0, 0, 1), (1, 1, 0, 1)])
    path = save(tmp_path / 'a.ome.tif', PLANES[1], xml)
    with ImageReader() as reader:
        assert reader.open(path).channel_names == ('GFP',)
        assert reader.open(path).other_file == 'a.ome.tif'
    xml = xml.replace(f'UUID="{UUIDS[1]}"', '')
    with ImageReader() as reader:
        path = save(tmp_path / 'c.ome.tif', PLANES[1], xml)
        assert not reader.open(path).channel_names


def save_channels(folder, count=6):
    """Each channel of a cell in a file, each with the XML of both."""
    for n, image in enumerate(STACK[:count]):
        names = [f'{n}_C{c}.ome.tif' for c in (0, 1)]
        for c, name in enumerate(names):
            xml = in_files(names, c, [(0, 0, 0, 1), (1, 1, 0, 1)])
            save(folder / name, image[..., c], xml)


def test_a_file_of_one_channel_is_read_for_its_own_planes(tmp_path):
    save_channels(tmp_path)
    columns = {
        'image_RFP': [f'{n}_C0.ome.tif' for n in range(6)],
        'image_GFP': [f'{n}_C1.ome.tif' for n in range(6)],
    }
    for _, image in check(tmp_path, columns).read_split('test'):
        index = int(np.flatnonzero((STACK[..., 1] == image[..., 0]).all((1, 2)))[0])
        np.testing.assert_array_equal(image, STACK[index][..., ::-1])
    for n in range(6):
        (tmp_path / f'{n}_C1.ome.tif').unlink()
    gone = columns | {'image_GFP': columns['image_RFP']}
    with pytest.raises(ValueError, match='GFP: the file says that its channel is RFP'):
        check(tmp_path, gone)
    alone = {'image_RFP': columns['image_RFP']}
    screen = check(tmp_path, alone, 'protein=RFP')
    _, image = next(screen.read_split('train'))
    np.testing.assert_array_equal(image, STACK[0][..., :1])


@pytest.mark.parametrize('names', [(), ('RFP', 'GFP')])
def test_channels_in_other_files_need_a_column_each(tmp_path, names):
    save_channels(tmp_path)
    columns = {'image': [f'{n}_C0.ome.tif' for n in range(6)]}
    with pytest.raises(ValueError, match=r'are in 0_C1.ome.tif.*image_<channel>'):
        check(tmp_path, columns, channel_names=names)


def test_planes_of_one_file_among_several_keep_their_axis(tmp_path):
    names = ['a.ome.tif', 'b.ome.tif']
    deep = [(0, 0, 0, 2), (1, 1, 0, 2)]  # a file a channel, two focal planes in each
    xml = in_files(names, 0, deep, sizes=(2, 2, 1), order='XYZCT')
    path = save(tmp_path / 'a.ome.tif', PLANES, xml)
    with pytest.raises(ImageError, match='2 images, focal planes'):
        read(path)
    np.testing.assert_array_equal(read(path, 1, 1), STACK[0, ..., 1:])
    flat = [(0, 0, 0, 2), (1, 0, 1, 2)]  # a file a focal plane, two channels in each
    path = save(path, PLANES, in_files(names, 0, flat, sizes=(2, 2, 1)))
    np.testing.assert_array_equal(read(path), STACK[0])
    with ImageReader() as reader:
        assert reader.open(path).channel_names == ('RFP', 'GFP')


def test_planes_that_a_companion_file_describes_are_no_channels(tmp_path):
    xml = f'<OME {NAMESPACE}><BinaryOnly MetadataFile="a.companion.ome"/></OME>'
    path = save(tmp_path / 'a.ome.tif', PLANES, xml)
    with pytest.raises(ImageError, match='whose axes another file describes'):
        read(path)
    np.testing.assert_array_equal(read(path, 1, 1), STACK[0, ..., 1:])
    path = save(path, PLANES[0], xml)
    np.testing.assert_array_equal(read(path, None, 1), STACK[0, ..., :1])


def test_planes_that_are_missing_are_no_zeros(tmp_path):
    path = save(tmp_path / 'a.ome.tif', PLANES, ome_xml(sizes=(2, 2, 1)))
    with pytest.raises(ImageError, match='planes are missing'):
        read(path, 0)


def test_a_prefix_in_the_xml_does_not_matter(tmp_path):
    xml = re.sub(r'<(/?)(?=[A-Z])', r'<\1ome:', ome_xml()).replace('xmlns', 'xmlns:ome')
    path = save(tmp_path / 'a.ome.tif', PLANES, xml)
    np.testing.assert_array_equal(read(path), STACK[0])
    with ImageReader() as reader:
        assert reader.open(path).channel_names == ('RFP', 'GFP')
