"""A few fields of each plate are looked at, without reading their pixels."""

from __future__ import annotations

import collections
import dataclasses

from deeploc_jax.data.own.image_formats import make_reader
from deeploc_jax.images import ImageError, ImageReader
from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.listing import Listing, Problem, kind_of
from deeploc_jax.screens.fields.plates import group_plates
from deeploc_jax.screens.fields.read import find_channel, find_pixel_size, is_square

SAMPLES = 5
"""Fields of a plate that are looked at, evenly over it."""


def look_at_samples(listing: Listing) -> Listing:
    """Finds the size of the images of each plate, and files that cannot be opened.

    Returns:
        The listing, whose fields have the commonest size of the samples of their
        plate, without those that were found to be of no use.
    """
    problems, fields = [], []
    sizes: set[float | None] = set()
    for members in group_plates(listing.fields).values():
        step = max(1, -(-len(members) // SAMPLES))
        counts: collections.Counter[tuple[int, int]] = collections.Counter()
        bad = set()
        with make_reader(len(members[0].planes)) as reader:
            for field in members[::step]:
                problem = _look(reader, field, counts, sizes)
                if problem:
                    problems.append(problem)
                    bad.add(id(field))
        size = counts.most_common(1)[0][0] if counts else None
        fields += [
            dataclasses.replace(field, size=size)
            for field in members
            if id(field) not in bad
        ]
    stated = next((field.pixel_size for field in fields), None)
    return Listing(
        tuple(fields),
        (*listing.problems, *problems),
        (*listing.notes, _describe_pixel_size(stated, sizes)),
    )


def _look(
    reader: ImageReader,
    field: Field,
    counts: collections.Counter[tuple[int, int]],
    sizes: set[float | None],
) -> Problem | None:
    """Counts the sizes of a field's images and pixels, or says what is wrong."""
    for name, plane in field.planes.items():
        try:
            file = reader.open(plane.path)
            file.find_place(plane.index)
            find_channel(file, name, plane, field.planes)
            if field.pixel_size is None or is_square(file):
                sizes.add(find_pixel_size(file))
        except ImageError as error:
            reason = f'{error} ({name})'
            return Problem.at(vars(field), kind_of(reason), reason, str(plane.path))
        if file.size:
            counts[file.size] += 1
    return None


def _describe_pixel_size(stated: float | None, in_files: set[float | None]) -> str:
    listed = ' or '.join(f'{size:g}' for size in sorted(filter(None, in_files)))
    if stated and listed and in_files != {stated}:
        return f'Pixel size: {stated:g} µm as stated, though files say {listed} µm.'
    if stated:
        return f'Pixel size: {stated:g} µm as stated.'
    if not listed:
        return 'Pixel size: not in the files; state it where a network needs it.'
    some = ' (some files do not say it)' if None in in_files else ''
    return f'Pixel size: {listed} µm as the files say{some}.'
