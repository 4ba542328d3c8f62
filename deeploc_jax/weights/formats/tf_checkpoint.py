"""Finds a TensorFlow checkpoint by any of its names and reads it without TensorFlow."""

from __future__ import annotations

import codecs
import glob
import re
from pathlib import Path, PureWindowsPath

import numpy as np

from deeploc_jax.weights.formats.bundle import read_bundle
from deeploc_jax.weights.formats.other_files import check_kind
from deeploc_jax.weights.formats.slices import read_slices
from deeploc_jax.weights.formats.sstable import is_table

LATEST = 'checkpoint'  # text file in which TensorFlow names the latest checkpoint
_PART = re.compile(r'\.(index|meta|data-\d{5}-of-\d{5})$|-(\d{5}|\?{5})-of-\d{5}$')
_NAMED = re.compile(r'^\s*model_checkpoint_path\s*:\s*"((?:[^"\\]|\\.)*)"', re.M)


def read_checkpoint(source: Path | str) -> dict[str, np.ndarray]:
    """Reads the numeric arrays of a checkpoint, of format V1 or V2, by name.

    Args:
        source: `<folder>/model.ckpt-5000`, any of its files, or the folder with one
            checkpoint or a text file `checkpoint` that names the latest.

    Raises:
        FileNotFoundError: There is no such checkpoint, or a file of it is missing.
        ValueError: A file is damaged or of a kind that is not read, or the folder has
            several checkpoints.
    """
    source = Path(source)
    if source.name == LATEST and source.is_file():
        source = source.parent
    if source.is_dir():
        source = _latest(source)
    prefix = _without_part(source)
    if prefix.with_name(prefix.name + '.index').is_file():
        return read_bundle(prefix)
    if prefix.is_file():
        check_kind(prefix, 'tensorflow')
        return read_slices([prefix])
    if shards := sorted(prefix.parent.glob(f'{glob.escape(prefix.name)}-?????-of-*')):
        return read_slices(_all_of(shards))
    raise FileNotFoundError(
        f'There is no checkpoint {prefix}: neither {prefix.name}.index nor a file '
        f'{prefix.name}.{_those_in(prefix.parent)}'
    )


def _latest(folder: Path) -> Path:
    """The checkpoint that the text file names, or the only one in the folder."""
    there = _checkpoints(folder)
    named = _named(folder)
    if named is None and len(there) == 1:
        return there[0]
    if named in there:
        return named
    words = 'there is no checkpoint in it' if not there else 'it has several'
    if named is not None:
        words = f'its file {LATEST!r} names {named.name}, which is not there'
    elif (folder / 'saved_model.pb').exists():
        words = f'it is a SavedModel, whose arrays are in {folder / "variables"}'
    raise FileNotFoundError(
        f'Which checkpoint of {folder} is meant? {words}.{_those_in(folder)}'
    )


def _named(folder: Path) -> Path | None:
    """The checkpoint that the text file names, perhaps for another machine."""
    if not (folder / LATEST).is_file():
        return None
    found = _NAMED.search((folder / LATEST).read_text(errors='replace'))
    if found is None:
        return None
    text = codecs.escape_decode(found[1].encode())[0].decode(errors='replace')
    return _without_part(folder / PureWindowsPath(text).name)  # of / or \


def _checkpoints(folder: Path) -> list[Path]:
    """All checkpoints in a folder, without the endings of their files."""
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if path.is_file()]
    found = {_without_part(p) for p in files if p.suffix == '.index' or is_table(p)}
    return sorted(found)


def _without_part(path: Path) -> Path:
    return path.with_name(_PART.sub('', path.name)) if path.name else path


def _all_of(shards: list[Path]) -> list[Path]:
    """All files of a checkpoint in several; raises an error if one is missing."""
    count = int(shards[0].name[-5:])
    wanted = [
        shards[0].with_name(f'{_without_part(shards[0]).name}-{i:05d}-of-{count:05d}')
        for i in range(count)
    ]
    missing = [path.name for path in wanted if path not in shards]
    if missing:
        raise FileNotFoundError(
            f'The checkpoint {_without_part(shards[0])} is incomplete: there is no '
            f'{", ".join(missing)}.'
        )
    return wanted


def _those_in(folder: Path) -> str:
    """A sentence for errors that lists the checkpoints in a folder."""
    names = ', '.join(path.name for path in _checkpoints(folder))
    return f' Checkpoints in {folder}: {names}.' if names else ''
