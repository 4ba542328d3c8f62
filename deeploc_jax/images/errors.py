"""Why an image file cannot be read: the system refuses it, or it is damaged."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

_WHAT_TO_DO = {
    errno.EACCES: 'ask its owner for the right to read it',
    errno.EPERM: 'ask its owner for the right to read it',
    errno.EMFILE: 'raise the limit with "ulimit -n 4096"',
    errno.ENFILE: 'close other programs',
    errno.ESTALE: 'the network share has lost it; mount the share again',
    errno.EIO: 'the disk or the network share fails',
    errno.ETIMEDOUT: 'the network share does not answer',
    errno.ELOOP: 'it is a link that leads back to itself',
    errno.ENOENT: 'it was there a moment ago',
}
# Error codes for a position that cannot exist: the file itself asked for it.
_CODES_OF_DAMAGE = (errno.EINVAL, errno.EOVERFLOW, errno.EFBIG)
_BEGINNINGS = {
    b'\x89PNG': 'a PNG',
    b'\xff\xd8\xff': 'a JPEG',
    b'II*\0': 'a TIFF',
    b'MM\0*': 'a TIFF',
    b'II+\0': 'a BigTIFF',
    b'MM\0+': 'a BigTIFF',
    b'GIF8': 'a GIF',
    b'BM': 'a BMP',
    b'\x89HDF': 'an HDF5 (h5) file',
    b'\x93NUMPY': 'an npy file',
    b'PK\x03\x04': 'a zip or npz archive',
    b'\x1f\x8b': 'a gzip archive',
    b'ZISRAWFILE': 'a CZI of ZEISS',
    b'\xda\xce\xbe\x0a': 'an ND2 of Nikon',
    b'p\0\0\0': 'a LIF of Leica',
    b'\xd0\xcf\x11\xe0': 'an OIB, ZVI or old Office file',
    b'version https://git-lfs': 'a pointer of Git LFS, whose file was not fetched',
    b'<': 'a web page or other text',
    bytes(64): 'a file of zeros, as an interrupted copy leaves them',
}


class ImageError(ValueError):
    """An image cannot be used; the message says why, without the file name."""


class IndexNeededError(ImageError):
    """A file holds a stack of images, and no index says which one to read."""


@contextlib.contextmanager
def as_image_error(path: Path) -> Iterator[None]:
    """Turns every exception of a decoder into one that gives the reason.

    Decoders raise exceptions of any type on a damaged file.

    Args:
        path: Path of the file, whose first bytes may show what it really is.

    Raises:
        ImageError: In place of every other exception.
    """
    try:
        yield
    except ImageError:
        raise
    except MemoryError:
        raise ImageError('needs more memory than there is') from None
    except Exception as error:
        code = getattr(error, 'errno', None) or errno.EINVAL
        if isinstance(error, OSError) and code not in _CODES_OF_DAMAGE:
            raise ImageError(_describe_refusal(code)) from error
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ImageError(f'damaged or unreadable: {reason}{_hint(path)}') from error


def _describe_refusal(code: int) -> str:
    """Why the system refuses the file, and what to do."""
    what_to_do = _WHAT_TO_DO.get(code)
    return f'cannot be read: {os.strerror(code)}' + (
        f' ({what_to_do})' if what_to_do else ''
    )


def _hint(path: Path) -> str:
    """The real kind of the file, where its first bytes do not fit its suffix."""
    try:
        with path.open('rb') as file:
            start = file.read(64)
    except OSError:
        return ''
    for beginning, kind in _BEGINNINGS.items():
        known = path.suffix.lower()[1:4] in kind.lower()  # .tiff is 'a TIFF'
        if start.startswith(beginning) and not known:
            return f' (the file begins like {kind})'
    return ''
