"""Options that are written as text are read."""

from __future__ import annotations

import os
from pathlib import Path

from deeploc_jax.names import split_names


def parse_offset(asked: str) -> tuple[float, float]:
    """Numbers of pixels from '-20,-20'.

    Raises:
        ValueError: It is not two numbers.
    """
    try:
        x, y = map(float, asked.split(','))
    except ValueError:
        raise ValueError(
            f'center_offset ({asked}) must be two numbers with a comma, as in -20,-20.'
        ) from None
    return x, y


def class_list(asked: str | None) -> list[str]:
    """Names of further classes, from a list or from a file with one a line."""
    if asked and os.path.isfile(asked):
        lines = Path(asked).read_text().splitlines()
        return [line.strip() for line in lines if line.strip()]
    return split_names(asked or '')
