"""An inventory is put into words for the person who described the screen."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence

from deeploc_jax.names import show_names
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.listing import KINDS, Problem
from deeploc_jax.screens.fields.plates import group_plates

_LISTED = 10  # problems of a kind, plates and names that are listed


def describe_inventory(
    source: str,
    roles: Mapping[str, str],
    fields: Sequence[Field],
    problems: Sequence[Problem],
    notes: Sequence[str],
) -> str:
    """What was understood, and what was not, see `Inventory`: text of many lines."""
    plates = group_plates(fields)
    wells = {(name, f.well) for name, part in plates.items() for f in part}
    channels = ', '.join(f'{n} ({role})' for role, n in roles.items())
    lines = [
        f'{source}:',
        f'  {_count(plates, "plate")} x {_count(wells, "well")} x '
        f'{_count(fields, "field")}, channels {channels}',
    ]
    lines += [f'  {_describe_plate(*plate)}' for plate in [*plates.items()][:_LISTED]]
    if len(plates) > _LISTED:
        lines.append(f'  ... and {len(plates) - _LISTED} more plates')
    screens = ('screen',) if len({field.screen for field in fields}) > 1 else ()
    names = (*screens, 'condition', 'replicate', 'protein', 'label')
    lines += [f'  {_describe_names(fields, name)}' for name in names]
    lines += [f'  {text}' for name in names if (text := _describe_alike(fields, name))]
    lines += [f'  {note}' for note in notes]
    for kind in KINDS:
        lines += _describe_problems(
            KINDS[kind], [p for p in problems if p.kind == kind]
        )
    if not problems:
        lines.append('Nothing is missing, doubled or left over.')
    return '\n'.join(lines)


def _describe_plate(name: str, fields: Sequence[Field]) -> str:
    """Plate P01: 96 wells, 4 fields each, 1080x1080 pixels."""
    per_well = collections.Counter(field.well for field in fields)
    low, high = min(per_well.values()), max(per_well.values())
    each = f'{low}' if low == high else f'{low} to {high}'
    sizes = {field.size for field in fields if field.size}
    size = ', '.join(f'{h}x{w} pixels' for h, w in sizes) or 'size not known yet'
    unit = 'field' if high == 1 else 'fields'
    plate = f'Plate {name}' if name else 'Without a plate'
    return f'{plate}: {_count(per_well, "well")}, {each} {unit} a well, {size}'


def _describe_names(fields: Iterable[Field], name: str) -> str:
    counts = collections.Counter(getattr(field, name) for field in fields)
    unknown = counts.pop('', 0)
    text = f'{name.capitalize()}s: {show_names(sorted(counts), _LISTED) or "unknown"}'
    return f'{text} (unknown in {unknown} fields)' if unknown and counts else text


def _describe_alike(fields: Iterable[Field], name: str) -> str:
    """A warning about names that may be meant to be one, '' where there are none."""
    plain: dict[str, set[str]] = {}
    for value in {getattr(field, name) for field in fields}:
        plain.setdefault(value.casefold(), set()).add(value)
    alike = [show_names(sorted(same)) for same in plain.values() if len(same) > 1]
    if not alike:
        return ''
    return (
        f'{name.capitalize()}s that differ in letter case alone, and count as several: '
        f'{"; ".join(sorted(alike))}.'
    )


def _describe_problems(heading: str, problems: Sequence[Problem]) -> list[str]:
    if not problems:
        return []
    lines = [f'{heading} ({len(problems)}):']
    lines += [f'  {problem}' for problem in problems[:_LISTED]]
    if len(problems) > _LISTED:
        lines.append(f'  ... and {len(problems) - _LISTED} more')
    return lines


def _count(things: Iterable[object], unit: str) -> str:
    count = len(list(things))
    return f'{count:,} {unit}{"" if count == 1 else "s"}'
