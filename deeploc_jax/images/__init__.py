"""Image files: one way to open TIFF, OME-TIFF, PNG, NumPy and HDF5, one to write.

Images are read one at a time, so a file may be larger than memory; of a file with
several channels, one plane can be read alone. Pixel values are those that were saved.
Whatever is wrong with a file is raised as an `ImageError` that says what to do.

Example:
    >>> with open_image('plate1/r01c01f01.ome.tif') as file:
    ...     file.channel_names  # ('GFP', 'RFP', 'brightfield', 'far_red')
    ...     file.pixel_size     # (0.12, 0.12), micrometers
    ...     gfp = file.read_plane(0)    # [h, w]
    ...     image = file.read()         # [h, w, c]
    >>> write_ome_tiff('copy.ome.tif', image, file.channel_names, file.pixel_size)

`ImageReader` does the same for the many files of a table and keeps a few of them open.
`formats.py` lists the formats; a file here reads one of them.
"""

from deeploc_jax.images.errors import ImageError, IndexNeededError
from deeploc_jax.images.formats import OPENERS, open_image
from deeploc_jax.images.image_file import ImageFile
from deeploc_jax.images.ome_tiff_writer import write_ome_tiff
from deeploc_jax.images.pixel_types import check_pixels
from deeploc_jax.images.reader import ImageReader

__all__ = [
    'OPENERS',
    'ImageError',
    'ImageFile',
    'ImageReader',
    'IndexNeededError',
    'check_pixels',
    'open_image',
    'write_ome_tiff',
]
