"""Six small cells in every kind of file, and tables that point to them."""

import csv

import h5py
import imagecodecs
import numpy as np
import tifffile

CHANNELS = {'protein': 'GFP', 'marker': 'RFP'}
STACK = np.random.default_rng(0).integers(0, 4096, (6, 64, 64, 2), dtype=np.uint16)
"""Six cells; the channels are RFP, GFP."""
SPLITS = ('train', 'train', 'validation', 'validation', 'test', 'test')


def write_table(folder, columns, name='cells.csv'):
    with (folder / name).open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return folder / name


def stack_table(folder, stack=STACK, **columns):
    """Six labelled cells in one npy file, two a split."""
    np.save(folder / 'stack.npy', stack)
    count = range(6)
    base = {'image': ['stack.npy'] * 6, 'index': count, 'split': SPLITS}
    base |= {'label': ['ER', 'VACUOLE'] * 3, 'cell_id': [f'c{n}' for n in count]}
    return write_table(folder, base | columns)


def separate_files(folder):
    for n, image in enumerate(STACK):
        tifffile.imwrite(folder / f'{n}_red.tif', image[..., 0])
        green = imagecodecs.png_encode(image[..., 1].copy())
        (folder / f'{n}_green.png').write_bytes(green)
    return {
        'image_RFP': [f'{n}_red.tif' for n in range(6)],
        'image_GFP': [f'{n}_green.png' for n in range(6)],
    }


def ome_files(folder):
    """Every file names its channels, and not in the same order."""
    for n, image in enumerate(STACK):
        order = [0, 1] if n % 2 else [1, 0]
        names = [['RFP', 'GFP'][channel] for channel in order]
        tifffile.imwrite(
            folder / f'{n}.ome.tif',
            np.moveaxis(image[..., order], -1, 0),
            ome=True,
            metadata={'axes': 'CYX', 'Channel': {'Name': names}},
        )
    return {'image': [f'{n}.ome.tif' for n in range(6)]}


def release_files(folder):
    with h5py.File(folder / 'train.hdf5', 'w') as file:
        file['data1'] = np.moveaxis(STACK[:4], -1, 1).reshape(4, -1)
        file['data2'] = np.moveaxis(STACK[4:], -1, 1).reshape(2, -1)
    return {'image': ['train.hdf5'] * 6, 'index': range(6)}
