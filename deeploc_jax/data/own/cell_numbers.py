"""Reads the numbers in a row of a user's table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from deeploc_jax.data.own.table_columns import NUMBER_COLUMNS

# float() would also take 1_000 for a thousand.
_NUMBER = re.compile(
    r'[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)', re.I
)

# 1.000 is a thousand in many countries; programs write .0 after whole numbers.
_THOUSANDS = re.compile(r'[+-]?\d{1,3}([.,]\d{3})+')


def read_numbers(values: Mapping[str, str]) -> tuple[dict[str, float], list[str]]:
    """Reads `index`, `x` and `y` of a row.

    Returns:
        The numbers, NaN when unknown, and a reason for each one that is wrong.
    """
    numbers: dict[str, float] = {}
    reasons = []
    for name in NUMBER_COLUMNS:
        text = values.get(name) or 'nan'
        number = _NUMBER.fullmatch(text)
        numbers[name] = float(text) if number else math.nan
        if not number:
            hint = '; write a decimal point' if ',' in text else ''
            reasons.append(f'{name} {text!r} is not a number{hint}')
        if math.isinf(numbers[name]):
            reasons.append(f'{name} is infinite')
    index = numbers['index']
    if math.isfinite(index) and _THOUSANDS.fullmatch(values['index']):
        reasons.append(
            f'index {values["index"]!r} may be in thousands; write only digits'
        )
    elif math.isfinite(index) and (index < 0 or index != int(index)):
        reasons.append(f'index {values["index"]!r} is not 0, 1, 2, ...')
    return numbers, reasons
