"""The numbers in a row of a user's table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from deeploc_jax.data.own.table_columns import NUMBER_COLUMNS

# float() would take 1_000 for a thousand as well.
_NUMBER = re.compile(
    r'[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)', re.I
)

# 1.000 is a thousand in many countries; programs write .0 after whole numbers.
_THOUSANDS = re.compile(r'[+-]?\d{1,3}([.,]\d{3})+')


def read_numbers(values: Mapping[str, str]) -> tuple[dict[str, float], list[str]]:
    """`index`, `x` and `y`, NaN when unknown, and what is wrong with them."""
    numbers: dict[str, float] = {}
    reasons = []
    for name in NUMBER_COLUMNS:
        text = values.get(name) or 'nan'
        number = _NUMBER.fullmatch(text)
        numbers[name] = float(text) if number else math.nan
        if not number:
            help = '; write a decimal point' if ',' in text else ''
            reasons.append(f'{name} {text!r} is not a number{help}')
        if math.isinf(numbers[name]):
            reasons.append(f'{name} is infinite')
    index = numbers['index']
    if math.isfinite(index) and _THOUSANDS.fullmatch(values['index']):
        reasons.append(
            f'index {values["index"]!r} may be in thousands; write digits alone'
        )
    elif math.isfinite(index) and (index < 0 or index != int(index)):
        reasons.append(f'index {values["index"]!r} is not 0, 1, 2, ...')
    return numbers, reasons
