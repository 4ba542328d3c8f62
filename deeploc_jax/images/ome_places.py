"""Where on a plate the images of an OME-XML were taken."""

from __future__ import annotations

from xml.etree import ElementTree

from deeploc_jax.images.image_place import ImagePlace


def find_places(root: ElementTree.Element) -> tuple[ImagePlace, ...]:
    """The place of every image, () unless each is in exactly one well."""
    found: dict[str, ImagePlace] = {}
    count = 0
    for plate in root.iterfind('{*}Plate'):
        for well in plate.iterfind('{*}Well'):
            row, column = (well.get(name, '') for name in ('Row', 'Column'))
            if not (row.isdecimal() and column.isdecimal()):
                return ()
            images = well.iterfind('{*}WellSample/{*}ImageRef')
            for field, image in enumerate(images, start=1):
                found[image.get('ID', '')] = ImagePlace(
                    plate.get('Name', ''), int(row) + 1, int(column) + 1, field
                )
                count += 1
    names = [image.get('ID', '') for image in root.iterfind('{*}Image')]
    complete = count == len(names) and set(names) == set(found)
    return tuple(found[name] for name in names) if complete else ()
