"""The classes of a network are mapped to those of another screen.

They are mapped by their names, or as someone says: `bud=BUDTIP,cell=CYTOPLASM+NUCLEI`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64

from deeploc_jax.lookup import check_name
from deeploc_jax.names import show_name, split_names

_NUMBER = re.compile(r'(.{3,}?)(?:us|i|ion|ia|y|ies|(?<=[hsx])es|s)?')
"""A name, and the ending that differs between one and many."""


@dataclasses.dataclass(frozen=True)
class ClassMap:
    """What each class of a screen is among the classes of a network.

    Attributes:
        class_names: The k classes of the screen, in index order.
        source_names: The m classes of the network, in index order.
        covers: For each class of the screen the indices of its classes of the network;
            none where the network has nothing of the kind. No index occurs twice.
    """

    class_names: tuple[str, ...]
    source_names: tuple[str, ...]
    covers: tuple[tuple[int, ...], ...]

    @property
    def mapped(self) -> Bool[np.ndarray, ' k']:
        """Which classes of the screen have a class of the network."""
        return np.array([bool(own) for own in self.covers], bool)

    @property
    def unmapped_names(self) -> list[str]:
        """The classes of the screen that have none."""
        return [
            n for n, own in zip(self.class_names, self.covers, strict=True) if not own
        ]

    @property
    def can_ask(self) -> bool:
        """Whether the network has two classes of the screen to choose between."""
        return bool(self.mapped.sum() > 1)

    def __str__(self) -> str:
        """The map as `make_class_map` reads it, without the classes that have none."""
        pairs = zip(self.class_names, self.covers, strict=True)
        return ','.join(
            show_name(f'{name}={"+".join(self.source_names[i] for i in own)}', 10_000)
            for name, own in pairs
            if own
        )

    def probabilities(
        self, source: Float[np.ndarray, 'n m']
    ) -> Float64[np.ndarray, 'n k']:
        """Probabilities of the screen's classes, where the cell is in one of them.

        Each is the sum over its classes of the network, divided by the sum over all
        that are mapped: the network is asked "only this, or that?".

        Args:
            source: Probabilities of the network's classes.

        Returns:
            Rows that sum to 1; 0 for a class that has none of the network's.

        Raises:
            ValueError: No class is mapped.
        """
        mapped = self.mapped
        if not mapped.any():
            raise ValueError('No class of the screen is mapped to one of the network.')
        sums = [source[:, list(own)].sum(1, dtype=np.float64) for own in self.covers]
        asked = np.stack(sums, axis=1)
        total = asked.sum(axis=1, keepdims=True)
        even = mapped / mapped.sum()  # where the network excludes all of them
        return np.where(total > 0, asked / np.where(total > 0, total, 1), even)


def make_class_map(
    source_names: Sequence[str], class_names: Sequence[str], told: str = ''
) -> ClassMap:
    """Maps the classes that someone names, and the others by their names.

    Names count as equal up to case, plural and characters that are neither letters nor
    digits: `Bud_Neck` is BUDNECK, `nucleus` is NUCLEI. A class of the network goes to
    the class of the screen with the very same name if there is one; to none if several
    are as near.

    Args:
        source_names: Classes of the network, in index order.
        class_names: Classes of the screen, in index order.
        told: Classes of the screen with theirs of the network, such as
            'cytosol=CYTOPLASM+NUCLEI,bud='; nothing is mapped to `bud` here.

    Raises:
        ValueError: There is no such class, or one is named twice.

    Examples:
        >>> str(make_class_map(('ER', 'NUCLEI'), ('nucleus', 'er', 'bud')))
        'nucleus=NUCLEI,er=ER'
    """
    covers = _read(told, source_names, class_names)
    taken = {name for own in covers.values() for name in own}
    free = [name for name in class_names if name not in covers]
    for source in source_names:
        alike = [name for name in free if _stem(name) == _stem(source)]
        same = [source] if source in free else alike
        if source not in taken and len(same) == 1:
            covers.setdefault(same[0], []).append(source)
    index = {name: number for number, name in enumerate(source_names)}
    return ClassMap(
        tuple(class_names),
        tuple(source_names),
        tuple(tuple(index[s] for s in covers.get(name, ())) for name in class_names),
    )


def _read(
    told: str, source_names: Sequence[str], class_names: Sequence[str]
) -> dict[str, list[str]]:
    """Classes of the network by class of the screen, as someone names them."""
    covers: dict[str, list[str]] = {}
    for entry in split_names(told):
        name, equals, sources = (part.strip() for part in entry.partition('='))
        if not equals:
            raise ValueError(
                f'class_map: {entry!r} must be like nucleus=NUCLEI+NUCLEOLUS.'
            )
        check_name('class of the screen', name, class_names)
        if name in covers:
            raise ValueError(f'class_map names the class {name!r} twice.')
        whole = sources in source_names  # a name may contain a plus
        parts = [sources] if whole else [part.strip() for part in sources.split('+')]
        covers[name] = [part for part in parts if part]
    named = [name for own in covers.values() for name in own]
    for name in named:
        check_name('class of the network', name, source_names)
        if named.count(name) > 1:
            raise ValueError(
                f'class_map names the class {name!r} of the network twice.'
            )
    return covers


def _stem(name: str) -> str:
    """A name without what tells its number: nucle for nucleus and NUCLEI."""
    plain = ''.join(filter(str.isalnum, name)).casefold()
    found = _NUMBER.fullmatch(plain)
    return found[1] if found else plain
