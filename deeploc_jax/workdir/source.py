"""Finds the data folders of the run that a network comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deeploc_jax.files import read_json


def data_folders(
    source: Path | str, data_dir: str | None, manual_dir: str | None
) -> dict[str, Any]:
    """Where to look for data: as asked, or else where the run of `source` did.

    Args:
        source: Workdir of a run, its folder of weights, or anything else.
        data_dir: Folder of prepared screens, None where none was asked for.
        manual_dir: Folder of released files, None where none was asked for.

    Returns:
        `data_dir` and `manual_dir`, each None where nothing is known of it.
    """
    source = Path(source)
    workdir = source.parent if source.name == 'weights' else source
    asked = dict(data_dir=data_dir, manual_dir=manual_dir)
    if not (workdir / 'run.json').exists():  # weights alone
        return asked
    there = read_json(workdir / 'config.json')
    return {name: value or there.get(name) for name, value in asked.items()}
