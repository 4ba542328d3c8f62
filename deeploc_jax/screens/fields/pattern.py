"""Patterns of file names have named parts: `{plate}/{row:02}{column:02}_{channel}.tif`.

A part stands for any text without slashes, but a `row` is a letter or number, a
`column` a number and a `well` letters and a number. `{field:02}` is a number written
with two digits. `{*}`, or any other name, stands for text that is not used.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from deeploc_jax.screens.fields.place import PLACE

PARTS = (*PLACE, 'row', 'column', 'channel')
"""Names of the parts that are used."""

_PART = re.compile(r'\{([^{}]*)\}')
_NAME = re.compile(r'([A-Za-z_]\w*|\*)(?::0?(\d)d?)?')
_VALUES = {
    'row': r'[A-Za-z]{1,2}|\d+',
    'column': r'\d+',
    'well': r'[A-Za-z]{1,2}[ _-]?\d{1,3}',
}


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A file-name pattern.

    Attributes:
        folder: Folder that the pattern starts from.
        levels: Expressions for the folders below it and the file, one after the other.
        names: Names of the parts that are used.
        unused: Names of the other parts, without `*`.
        lazy: Expression for the whole path below `folder`, whose parts are as short
            as they can be.
        greedy: The same, whose parts are as long as they can be.
    """

    folder: Path
    levels: tuple[re.Pattern[str], ...]
    names: tuple[str, ...]
    unused: tuple[str, ...]
    lazy: re.Pattern[str]
    greedy: re.Pattern[str]

    def match(self, path: str) -> dict[str, str] | None:
        """The value of every part that is used, None where the path does not match.

        Args:
            path: Path below `folder`, with slashes.

        Raises:
            ValueError: The path can be read in two ways.
        """
        short, long = self.lazy.fullmatch(path), self.greedy.fullmatch(path)
        if not (short and long):
            return None
        for name in self.names:
            if short[name] != long[name]:
                raise ValueError(
                    f'can be read in two ways: {name} may be {short[name]!r} or '
                    f'{long[name]!r}; give more of its text in the pattern, or widths '
                    'as in {field:02}'
                )
        return {name: short[name] for name in self.names}


def is_pattern(source: str) -> bool:
    """Whether a text has named parts in braces."""
    return bool(_PART.search(source))


def parse_pattern(text: str) -> Pattern:
    """Reads a pattern; the folders before its first part are looked for as they are.

    Raises:
        ValueError: A part is not of the form {name} or {name:02}, or there are braces
            or asterisks outside of parts.
    """
    before, _, after = text.partition('{')
    folder, slash, start = before.rpartition('/')
    levels = (start + '{' + after).split('/')
    if '*' in _PART.sub('', text) or set('{}') & set(_PART.sub('', text)):
        raise ValueError(
            f'{text!r} is no file-name pattern: braces enclose the names of parts, '
            'and {*} stands for text that is not used.'
        )
    found = [_read_part(part, text)[0] for part in _PART.findall(text)]
    names = [name for name in dict.fromkeys(found) if name in PARTS]
    unused = [name for name in dict.fromkeys(found) if name not in (*PARTS, '*')]
    return Pattern(
        folder=Path((folder or slash) or '.'),
        levels=tuple(re.compile(_expression(level, text, '?')) for level in levels),
        names=tuple(names),
        unused=tuple(unused),
        lazy=re.compile(_expression('/'.join(levels), text, '?')),
        greedy=re.compile(_expression('/'.join(levels), text, '')),
    )


def _read_part(part: str, text: str) -> tuple[str, int]:
    """Name and width of a part; a width of 0 is any."""
    match = _NAME.fullmatch(part.strip())
    if not match:
        raise ValueError(
            f'{text!r}: {{{part}}} is no part of a file name; parts are like {{well}}, '
            '{field:02} or {*}.'
        )
    return match[1], int(match[2] or 0)


def _expression(piece: str, text: str, lazy: str) -> str:
    """Regular expression for a piece of a pattern; '?' makes its parts short."""
    seen, expression = set(), ''
    for number, part in enumerate(_PART.split(piece)):
        if number % 2 == 0:
            expression += re.escape(part)
            continue
        name, width = _read_part(part, text)
        if name in seen:
            expression += f'(?P={name})'
            continue
        value = _VALUES.get(name, f'[^/]+{lazy}')
        if width:
            value = rf'\d{{{width}}}|[1-9]\d{{{width},}}'
        expression += f'[^/]*{lazy}' if name == '*' else f'(?P<{name}>{value})'
        seen |= {name} - {'*'}
    return expression
