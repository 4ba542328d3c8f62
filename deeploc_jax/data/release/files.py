"""Finds the files of the DeepLoc release, or downloads them where that is possible."""

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
_PATIENCE = 5  # seconds that a server has to answer


class ReleaseNotFoundError(FileNotFoundError):
    """No file of a screen is here, and none can be downloaded."""


def find_files(folder: Path, names: Collection[str]) -> dict[str, Source]:
    """Looks for files by name in a folder, its subfolders and the released zip.

    Args:
        folder: Folder to search; it need not exist.
        names: File names without folder.

    Returns:
        The files found, by name. An extracted file goes before one in the zip, and a
        file nearer to `folder` before one deeper in it.
    """
    files: dict[str, Source] = {}
    for name in names:
        if paths := _nearest_first(folder.rglob(name)):
            files[name] = Source(paths[0])
    missing = [name for name in names if name not in files]
    for archive in _nearest_first(folder.rglob(ZIP_NAME)) if missing else ():
        files = {**members(archive, missing), **files}
    return files


def members(archive: Path, names: Collection[str]) -> dict[str, Source]:
    """Finds the members of a zip that have one of these file names.

    Raises:
        ValueError: The archive is damaged or is not a zip file.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            inside = {PurePosixPath(name).name: name for name in file.namelist()}
    except zipfile.BadZipFile as error:
        raise ValueError(f'{archive} is not a complete zip file: {error}.') from None
    return {name: Source(archive, inside[name]) for name in names if name in inside}


def fetch_files(
    dl_manager: tfds.download.DownloadManager, names: Collection[str]
) -> tuple[dict[str, Source], Path]:
    """Downloads the released zip, unless the download folder has it already.

    A copy that an earlier build recorded is checked against its record. The first
    copy cannot be checked: the release came without checksums.

    Args:
        dl_manager: Download manager of TFDS.
        names: File names without folder.

    Returns:
        Those of the files that the zip holds, by name, and the path of the zip.

    Raises:
        OSError: The server does not respond, or the download breaks off.
        ValueError: The copy has changed since it was recorded, is not a zip file, or
            holds none of the files.
    """
    archive = _fetch_zip(dl_manager)
    if not (files := members(archive, names)):
        raise ValueError(f'{archive} holds none of them')
    return files, archive


def _fetch_zip(dl_manager: tfds.download.DownloadManager) -> Path:
    record = _record(dl_manager)
    if record.exists() and Path(read_json(record)['file']).exists():
        return _unchanged(record)
    path = download(dl_manager, URL)
    if not zipfile.is_zipfile(path):
        path.unlink()  # or TFDS would use it the next time
        raise ValueError(f'{URL} did not send a zip file')
    return path


def download(dl_manager: tfds.download.DownloadManager, url: str) -> Path:
    """Downloads a file, unless the download folder has it already.

    Returns:
        Path of the file.

    Raises:
        OSError: The server does not respond; TFDS alone would try for minutes.
    """
    if not dl_manager._get_dl_path(tfds.download.Resource(url=url)).exists():
        urllib.request.urlopen(url, timeout=_PATIENCE).close()
    return Path(dl_manager.download(url))


def record_zip(dl_manager: tfds.download.DownloadManager, path: Path) -> None:
    """Records size and SHA-256 of a zip that proved to be sound, for its next use."""
    record = _record(dl_manager)
    if not record.exists():
        write_json(record, {'url': URL, 'file': str(path), **_checksum(path)})


def _unchanged(record: Path) -> Path:
    known = read_json(record)
    path = Path(known['file'])
    now = _checksum(path)
    if now != {key: known[key] for key in now}:
        raise ValueError(
            f'{path} has changed since it was downloaded: it has {now}, but {record} '
            f'says {known}. Delete both and prepare the screen again.'
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
