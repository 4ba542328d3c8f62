"""Small files with the fields of plates: `.flex`, OME-TIFF and OME-Zarr."""

import numpy as np
import tifffile
import zarr

VERSIONS = {2: '0.4', 3: '0.5'}
"""Version of OME-Zarr by the one of Zarr that it uses."""
NAMES = [f'{field}_Exp1Cam{camera}' for field in (1, 2) for camera in (1, 2)]


def make_xml(names=NAMES, size='2.1e-07', end=''):
    arrays = ''.join(f'<Array Name="{name}" Factor="1.0"/>' for name in names)
    sizes = ''.join(f'<ImageResolution{a}>{size}</ImageResolution{a}>' for a in 'XY')
    root = 'Root xmlns="http://www.evotec.com/FLEX"'
    return (
        f'<?xml version="1.0"?><{root}><FLEX><Image>{sizes}</Image>'
        f'<Arrays>{arrays}</Arrays></FLEX></Root>{end}'
    )


def write_flex(path, frames=4, xml=None):
    """A file whose frames have the values 0, 1, 2, ..."""
    tags = [(65200, 2, None, xml, True)] if xml else []
    with tifffile.TiffWriter(path) as file:
        for number in range(frames):
            file.write(
                np.full((5, 7), number, np.uint16),
                photometric='minisblack',
                contiguous=False,
                metadata=None,
                extratags=tags if not number else [],
            )
    return path


def write_series(path, shapes=((2, 5, 7),) * 3, names=('GFP', 'RFP'), places=()):
    """An image for each shape; all pixels of one are its number, from 0.

    Args:
        path: Path of the file.
        shapes: Shape of each image, (c, h, w).
        names: Channel names.
        places: Row and column (from 0) of each image, for a plate in the OME-XML.
    """
    with tifffile.TiffWriter(path, ome=True) as file:
        for number, shape in enumerate(shapes):
            pixels = np.full(shape, 10 * number, np.uint16)
            pixels += np.arange(shape[0], dtype=np.uint16)[:, None, None]
            sizes = {f'PhysicalSize{a}': 0.2 for a in 'XY'}
            named = {'Channel': {'Name': list(names[: shape[0]])}}
            file.write(
                pixels,
                photometric='minisblack',
                metadata={'axes': 'CYX', **sizes, **named},
            )
    if places:
        wells = ''.join(
            f'<Well ID="Well:{n}" Row="{row}" Column="{column}">'
            f'<WellSample ID="W:{n}" Index="{n}"><ImageRef ID="Image:{n}"/>'
            '</WellSample></Well>'
            for n, (row, column) in enumerate(places)
        )
        xml = tifffile.tiffcomment(path)
        at = xml.index('<Image ')
        plate = f'<Plate ID="Plate:0" Name="P9">{wells}</Plate>'
        tifffile.tiffcomment(path, (xml[:at] + plate + xml[at:]).encode())
    return path


def set_attributes(path, version, attributes):
    group = zarr.open_group(path, mode='a', zarr_format=version)
    named = {'version': VERSIONS[version], **attributes}
    group.attrs.update({'ome': named} if version == 3 else attributes)
    return group


def write_image(path, pixels, version=3, *, axes='cyx', unit='micrometer', scale=0.5):
    """Pixels [c, h, w], full resolution and one of half the size."""
    described = [{'name': a, **({'unit': unit} if a in 'yx' else {})} for a in axes]
    shape = tuple(dict(zip('cyx', pixels.shape, strict=True)).get(a, 1) for a in axes)
    sizes = [scale if a in 'yx' else 1.0 for a in axes]
    datasets = [
        {
            'path': name,
            'coordinateTransformations': [
                {'type': 'scale', 'scale': [size * factor for size in sizes]}
            ],
        }
        for name, factor in (('0', 1.0), ('1', 2.0))
    ]
    attributes = {
        'multiscales': [{'axes': described, 'datasets': datasets}],
        'omero': {'channels': [{'label': 'RFP'}, {'label': 'GFP'}][: len(pixels)]},
    }
    group = set_attributes(path, version, attributes)
    for name, step in (('0', 1), ('1', 2)):
        level = pixels.reshape(shape)[..., ::step, ::step]
        chunks = (*(1 for _ in shape[:-2]), 4, 4)
        group.create_array(name, shape=level.shape, chunks=chunks, dtype=level.dtype)
        group[name][:] = level
    return path


def two_channels(value):
    return np.stack([np.full((6, 8), value + n, np.uint16) for n in (0, 100)])


def write_plate(path, version=3, wells=('A/1', 'B/12'), images=('0', '1')):
    """A plate; every image has its own value, the second channel 100 more."""
    described = [
        {'path': well, 'rowIndex': n, 'columnIndex': n} for n, well in enumerate(wells)
    ]
    set_attributes(path, version, {'plate': {'name': 'P7', 'wells': described}})
    value = 0
    for well in wells:
        listed = [{'path': image} for image in images]
        set_attributes(path / well, version, {'well': {'images': listed}})
        for image in images:
            value += 1
            write_image(path / well / image, two_channels(value), version)
    return path
