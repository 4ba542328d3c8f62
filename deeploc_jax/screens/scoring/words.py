"""What a scoring says before, while and after it works."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deeploc_jax.names import show_names
from deeploc_jax.screens.fields.resample import SAME
from deeploc_jax.screens.scoring.finish import SET_ASIDE_FILE, Finished
from deeploc_jax.screens.scoring.job import Job, Missing
from deeploc_jax.screens.scoring.parts import Part
from deeploc_jax.tables.scored_cells import FIELDS_SCORED, SCORED_CELLS
from deeploc_jax.weights.card import Card
from deeploc_jax.workdir.record import short


def describe_job(job: Job, card: Card, parts: Sequence[Part]) -> str:
    """The network, the channels that it gets, and the parts."""
    match = job.source.channels
    channels = f'{match.describe(card)}\n' if match else ''
    if card.pixel_size:
        size = (
            f'pixels of {card.pixel_size:g} µm: fields of another known size are '
            'resampled, those of unknown size are taken as they are'
        )
    else:
        size = 'unknown pixel size: fields are taken as they are'
    fields = sum(len(part.fields) for part in parts)
    return (
        f'Network: {job.source.weights}, {len(card.class_names)} classes, {size}\n'
        f'{channels}'
        f'{fields:,} fields in {len(parts):,} parts'
    )


def describe_lamps(parts: Sequence[Part]) -> str:
    """How many plates are corrected for uneven light, and why others are not."""
    lamps = {part.plate: part.lamp for part in parts if part.lamp}
    notes = [f'  {plate}, {n}' for plate, lamp in lamps.items() for n in lamp.notes]
    return '\n'.join(
        [
            f'Uneven light is corrected on {len(lamps):,} plates'
            + (', but not here:' if notes else '.'),
            *notes,
        ]
    )


def describe_missing(missing: Missing, wanted: int) -> str:
    """What of the parts is left to do, and why parts that were there do not count."""
    lines = []
    if left := len(missing.parts):
        lines.append(f'{wanted - left:,} of {wanted:,} parts are scored already.')
    else:
        lines.append('All parts are scored already.')
    if missing.changed:
        lines.append(
            f'Changed since, so that parts are scored again: '
            f'{show_names(missing.changed, 8)}.'
        )
    if missing.passing:
        lines.append(
            f'In {missing.passing:,} parts a file could not be read; they are tried '
            'again.'
        )
    return ' '.join(lines)


def describe_finished(done: Finished, workdir: Path, pixel_size: float | None) -> str:
    """What the screen came to, and where it is."""
    lines = [
        f'\n{done.cells:,} cells in {done.fields:,} fields, {done.border:,} of them at '
        'the border and without probabilities'
    ]
    other = [
        size
        for size in done.pixel_sizes
        if pixel_size and abs(size / pixel_size - 1) > SAME
    ]
    if other:
        sizes = ' and '.join(f'{size:g}' for size in other)
        lines.append(f'Fields of {sizes} µm were resampled to {pixel_size:g} µm.')
    if done.removed:
        lines.append(f'Files of {done.removed:,} parts that are no more are removed.')
    if done.flagged:
        lines.append(f'Flagged: {done.flagged:,} fields, see {FIELDS_SCORED.path}')
    if done.set_aside:
        lines.append(f'SET ASIDE: {done.set_aside:,} of {done.fields:,} fields')
    lines += [
        f'Cells:      {short(workdir / SCORED_CELLS.path)}',
        f'Fields:     {short(workdir / FIELDS_SCORED.path)}',
        f'Not scored: {short(workdir / SET_ASIDE_FILE)}',
    ]
    return '\n'.join(lines)
