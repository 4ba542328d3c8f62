"""The same plate is understood in every form that microscopes write."""

import csv

import numpy as np
import pytest
import tifffile
from PIL import Image

from configs import prepare as prepare_config
from deeploc_jax.images import write_ome_tiff
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.tasks import prepare
from tests.helpers.plate_files import make_xml, set_attributes, write_image

PLACES = [(well, number) for well in ('A01', 'H12') for number in (1, 2)]
CHANNELS = ('GFP', 'RFP')
PIXELS = np.random.default_rng(0).integers(0, 2**16, (4, 2, 6, 8), np.uint16)


def a_table_with_a_file_a_channel(folder):
    rows = [('plate', 'well', 'field', 'image_GFP', 'image_RFP')]
    for (well, field), planes in zip(PLACES, PIXELS, strict=True):
        names = [f'{well}_{field}_{channel}.tif' for channel in CHANNELS]
        for name, plane in zip(names, planes, strict=True):
            tifffile.imwrite(folder / name, plane)
        rows.append(('P', well, field, *names))
    with (folder / 'fields.csv').open('w', newline='') as file:
        csv.writer(file).writerows(rows)
    return dict(fields=folder / 'fields.csv')


def tiff_files_of_an_opera_phenix(folder):
    for (well, field), planes in zip(PLACES, PIXELS, strict=True):
        row, column = 'ABCDEFGH'.index(well[0]) + 1, int(well[1:])
        for channel, plane in enumerate(planes, 1):
            name = f'r{row:02}c{column:02}f{field:02}p01-ch{channel}sk1fk1fl1.tiff'
            tifffile.imwrite(folder / name, plane)
    name = 'r{row:02}c{column:02}f{field:02}p01-ch{channel:1}{*}.tiff'
    return dict(fields=folder / name, channel_names='1=GFP,2=RFP')


def png_files(folder):
    for (well, field), planes in zip(PLACES, PIXELS, strict=True):
        for channel, plane in zip(CHANNELS, planes, strict=True):
            Image.fromarray(plane).save(folder / f'P_{well}_f{field}_{channel}.png')
    return dict(fields=folder / '{plate}_{well}_f{field}_{channel}.png')


def an_ome_tiff_a_field(folder):
    for (well, field), planes in zip(PLACES, PIXELS, strict=True):
        path = folder / f'{well}-{field}.ome.tif'
        write_ome_tiff(path, np.moveaxis(planes, 0, -1), CHANNELS, (0.2, 0.2))
    return dict(fields=folder / '{well}-{field}.ome.tif')


def write_all(path, planes):
    """An OME-TIFF with an image for each field."""
    with tifffile.TiffWriter(path, ome=True) as file:
        for field in planes:
            about = {'axes': 'CYX', 'Channel': {'Name': list(CHANNELS)}}
            file.write(field, photometric='minisblack', metadata=about)


def an_ome_tiff_a_well(folder):
    for number, well in enumerate(('A01', 'H12')):
        write_all(folder / f'{well}.ome.tif', PIXELS[2 * number :][:2])
    return dict(fields=folder / '{well}.ome.tif')


def an_ome_tiff_for_the_plate(folder):
    write_all(folder / 'P.ome.tif', PIXELS)
    wells = ''.join(
        f'<Well ID="Well:{n}" Row="{row}" Column="{column}">'
        + ''.join(
            f'<WellSample ID="W:{i}" Index="{i}"><ImageRef ID="Image:{i}"/>'
            '</WellSample>'
            for i in (2 * n, 2 * n + 1)
        )
        + '</Well>'
        for n, (row, column) in enumerate([(0, 0), (7, 11)])
    )
    xml = tifffile.tiffcomment(folder / 'P.ome.tif')
    at = xml.index('<Image ')
    plate = f'<Plate ID="Plate:0" Name="P">{wells}</Plate>'
    tifffile.tiffcomment(folder / 'P.ome.tif', (xml[:at] + plate + xml[at:]).encode())
    return dict(fields=folder / '{plate}.ome.tif')


def flex_files(folder):
    """Frames of the Opera: fields times channels, channel by channel."""
    for number, name in enumerate(('001001000', '008012000')):
        frames = PIXELS[2 * number :][:2].reshape(4, 6, 8)
        tag = (65200, 2, None, make_xml([f'{f}_{c}' for f in '12' for c in CHANNELS]))
        with tifffile.TiffWriter(folder / f'{name}.flex') as file:
            for at, frame in enumerate(frames):
                file.write(
                    frame,
                    photometric='minisblack',
                    contiguous=False,
                    metadata=None,
                    extratags=[(*tag, True)] if not at else [],
                )
    return dict(fields=folder / '{row:03}{column:03}000.flex')


def an_ome_zarr_plate(folder):
    plate, wells = folder / 'P.zarr', ('A/1', 'H/12')
    listed = [dict(path=w, rowIndex=0, columnIndex=0) for w in wells]
    set_attributes(plate, 3, {'plate': {'name': 'P', 'wells': listed}})
    for number, well in enumerate(wells):
        images = [{'path': '1'}, {'path': '2'}]
        set_attributes(plate / well, 3, {'well': {'images': images}})
        for field in (0, 1):  # the helper names RFP first
            planes = PIXELS[2 * number + field, ::-1]
            write_image(plate / well / str(field + 1), planes)
    return dict(fields=plate)


FORMS = [
    a_table_with_a_file_a_channel,
    tiff_files_of_an_opera_phenix,
    png_files,
    an_ome_tiff_a_field,
    an_ome_tiff_a_well,
    an_ome_tiff_for_the_plate,
    flex_files,
    an_ome_zarr_plate,
]


@pytest.mark.parametrize('form', FORMS)
def test_the_same_plate_is_understood_in_every_form(form, tmp_path, capsys):
    (tmp_path / 'plate').mkdir()
    options = {name: str(value) for name, value in form(tmp_path / 'plate').items()}
    (tmp_path / 'map.csv').write_text('well,label\nA1,X\nH12,Y\n')
    options |= dict(channels='protein=GFP,marker=RFP')
    options |= dict(plate_map=str(tmp_path / 'map.csv'))
    config = prepare_config.get_config('micrographs')
    config.update(options, name='mine', group_by='well', dry_run=True)
    before = sorted(tmp_path.rglob('*'))
    prepare.run(config, tmp_path / 'work')
    said = capsys.readouterr().out
    assert '1 plate x 2 wells x 4 fields, channels GFP (protein), RFP (marker)' in said
    assert 'Nothing is missing, doubled or left over.' in said
    assert sorted(tmp_path.rglob('*')) == before
    fields = describe_fields(options.pop('fields'), **options).fields
    assert [(f.well, int(f.field), f.label) for f in fields] == [
        (well, number, 'X' if well == 'A01' else 'Y') for well, number in PLACES
    ]
    for field, planes in zip(fields, PIXELS, strict=True):
        np.testing.assert_array_equal(
            read_field(field).pixels, np.moveaxis(planes, 0, -1)
        )
