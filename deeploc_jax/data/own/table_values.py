"""Replaces what programs write into a column of a table by what was meant."""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Sequence

from deeploc_jax.data.own.table_columns import NUMBER_COLUMNS, is_image
from deeploc_jax.data.wells import canonical_well
from deeploc_jax.names import show_names

MISSING = frozenset(
    ('NA', 'N/A', 'n/a', '#N/A', '#NA', '<NA>', 'NaN', 'nan', 'NAN', 'NULL', 'null')
)
"""Words that programs write for an empty value. 'None' and 'none' are names."""

# A whole number among floats: programs turn a column of integers with gaps into one.
_WHOLE = re.compile(r'(-?(?:0|[1-9]\d{0,14}))(?:\.0+|,0)')
# A number whose last digits are lost: spreadsheets' '1.23457E+12', floats past 2^53.
_CUT = re.compile(r'[+-]?\d(\.\d+)?[eE]\+\d+|[+-]?\d{16,}\.0+')
_UNLABELLED = re.compile(r'-1([.,]0+)?')
_DECIMAL_COMMA = re.compile(r'[+-]?\d*,\d+')
_DECIMAL_OR_THOUSANDS = re.compile(r'[+-]?[1-9]\d{0,2},\d{3}')


def clean_text(text: str) -> str:
    """Puts text on one line with single spaces, and composes letters with accents.

    macOS decomposes such letters (NFD); they look alike but would be different names.
    """
    return unicodedata.normalize('NFC', ' '.join(text.split()))


def tidy_column(
    name: str, values: Sequence[str], delimiter: str = ','
) -> tuple[list[str], list[str]]:
    """Replaces the values of a column by what was meant.

    Args:
        name: Name of the column.
        values: Values as they are in the file, '' where empty.
        delimiter: Delimiter of the file; beside semicolons, a comma in a number is a
            decimal comma.

    Returns:
        The values, and sentences about them that the user should see.
    """
    notes: list[str] = []
    if not is_image(name):  # file systems distinguish the two forms of a letter
        values = [clean_text(value) for value in values]
    missing = collections.Counter(value for value in values if value in MISSING)
    values = ['' if value in MISSING else value for value in values]
    if name in NUMBER_COLUMNS:
        return _decimal_points(values, delimiter), notes
    if missing:
        words = ', '.join(f'{word!r} ({n} rows)' for word, n in missing.items())
        meant = 'unlabelled' if name == 'label' else 'empty'
        notes.append(
            f'{name}: {words} are taken as {meant}; write another word if it is a name.'
        )
    if cut := {value for value in values if _CUT.fullmatch(value)}:
        notes.append(
            f'{name}: {len(cut)} value(s) are numbers whose last digits may be lost '
            f'({show_names(sorted(cut), 3)}); save the column as text.'
        )
    values = whole_numbers(values)
    if name == 'label':
        values = ['' if _UNLABELLED.fullmatch(value) else value for value in values]
    if 'well' in name.lower():  # Metadata_Well too, where cells are grouped by it
        values = [canonical_well(value) for value in values]
    return values, notes


def sorted_names(names: set[str]) -> list[str]:
    """Sorts names alphabetically, or by number where all are whole numbers."""
    whole = all(re.fullmatch(r'-?\d+', name) for name in names)
    return sorted(names, key=lambda name: (int(name) if whole else 0, name))


def whole_numbers(values: list[str]) -> list[str]:
    """Removes the `.0` of floats where all values are whole or empty."""
    if all(_WHOLE.fullmatch(value) for value in values if value):
        return [_WHOLE.sub(r'\1', value) for value in values]
    return values


def _decimal_points(values: list[str], delimiter: str) -> list[str]:
    """Turns 12,5 into 12.5, unless 1,234 may also be a thousand."""
    commas = [value for value in values if _DECIMAL_COMMA.fullmatch(value)]
    sure = delimiter == ';' or not all(map(_DECIMAL_OR_THOUSANDS.fullmatch, commas))
    if not sure:
        return values
    return [v.replace(',', '.') if _DECIMAL_COMMA.fullmatch(v) else v for v in values]
