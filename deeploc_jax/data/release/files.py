"""Finds the files of the DeepLoc release, or fetches them when they can be."""

from __future__ import annotations

import hashlib
import urllib.request
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

import tensorflow_datasets as tfds

from deeploc_jax.data.release.hdf5 import Source
from deeploc_jax.files import read_json, write_json

ZIP_NAME = 'DeepLoc_full_datasets.zip'
URL = f'http://spidey.ccbr.utoronto.ca/~okraus/{ZIP_NAME}'
_PATIENCE = 5  # seconds until a server that does not answer counts as gone


class ReleaseNotFoundError(FileNotFoundError):
    """No file of a screen is here, and none can be fetched."""


def find_files(folder: Path, names: Collection[str]) -> dict[str, Source]:
    """Looks for files by name in a folder, its subfolders and the released zip.

    Args:
        folder: Where to look; it need not exist.
        names: File names without folder.

    Returns:
        What was found. An extracted file goes before one in the zip, and a file
        nearer to `folder` before one deeper in it.
    """
    found: dict[str, Source] = {}
    for name in names:
        if paths := _nearest_first(folder.rglob(name)):
            found[name] = Source(paths[0])
    missing = [name for name in names if name not in found]
    for archive in _nearest_first(folder.rglob(ZIP_NAME)) if missing else ():
        found = {**members(archive, missing), **found}
    return found


def members(archive: Path, names: Collection[str]) -> dict[str, Source]:
    """The members of the zip that have one of these file names.

    Raises:
        ValueError: `archive` is no whole zip file.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            inside = {PurePosixPath(name).name: name for name in file.namelist()}
    except zipfile.BadZipFile as error:
        raise ValueError(f'{archive} is no whole zip file: {error}.') from None
    return {name: Source(archive, inside[name]) for name in names if name in inside}


def fetch_zip(dl_manager: tfds.download.DownloadManager) -> Path:
    """Path of the released zip in the download folder, downloaded when not there.

    A copy that an earlier build recorded is checked against its record. The first
    one has nothing to be checked against: the release came without checksums.

    Raises:
        OSError: The server does not answer, or the download breaks off.
        ValueError: The copy has changed since it was recorded, or is no zip.
    """
    record = _record(dl_manager)
    if record.exists() and Path(read_json(record)['file']).exists():
        return _unchanged(record)
    path = download(dl_manager, URL)
    if not zipfile.is_zipfile(path):
        path.unlink()  # or TFDS would take it for the download the next time
        raise ValueError(f'what {URL} sent is no zip file')
    return path


def download(dl_manager: tfds.download.DownloadManager, url: str) -> Path:
    """Path of a file in the download folder, downloaded when it is not there.

    Raises:
        OSError: The server does not answer, which TFDS would try for minutes.
    """
    if not dl_manager._get_dl_path(tfds.download.Resource(url=url)).exists():
        urllib.request.urlopen(url, timeout=_PATIENCE).close()
    return Path(dl_manager.download(url))


def record_zip(dl_manager: tfds.download.DownloadManager, path: Path) -> None:
    """Writes size and SHA-256 of a zip that has proved good, for the next use."""
    record = _record(dl_manager)
    if not record.exists():
        write_json(record, {'url': URL, 'file': str(path), **_checksum(path)})


def _unchanged(record: Path) -> Path:
    known = read_json(record)
    path = Path(known['file'])
    now = _checksum(path)
    if now != {key: known[key] for key in now}:
        raise ValueError(
            f'{path} is not what it was when it was downloaded: {now}, but {record} '
            f'has {known}. Delete both and prepare the screen again.'
        )
    return path


def _record(dl_manager: tfds.download.DownloadManager) -> Path:
    return Path(dl_manager.download_dir) / f'{ZIP_NAME}.json'


def _checksum(path: Path) -> dict[str, int | str]:
    with path.open('rb') as file:
        digest = hashlib.file_digest(file, 'sha256').hexdigest()
    return {'size': path.stat().st_size, 'sha256': digest}


def _nearest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (len(path.parts), path))
