"""A scoring job says what is scored, with which network, and where the rows go."""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deeploc_jax import __version__
from deeploc_jax.processes import map_in_processes
from deeploc_jax.screens.quality import NOT_CELLS
from deeploc_jax.screens.scoring.field_cells import (
    Cutting,
    FieldCells,
    read_field_cells,
)
from deeploc_jax.screens.scoring.fingerprints import what_changed
from deeploc_jax.screens.scoring.network import Source, open_scorer
from deeploc_jax.screens.scoring.part_files import (
    cells_file,
    features_file,
    read_about,
    write_part,
)
from deeploc_jax.screens.scoring.parts import Part
from deeploc_jax.screens.scoring.read_ahead import read_ahead

AHEAD = 16
"""Fields that may wait for the network, besides those that processes work on."""


@dataclasses.dataclass(frozen=True)
class Job:
    """All that a process needs to score a part.

    Attributes:
        workdir: Workdir of the run, which every process sees under this path.
        source: The network.
        cutting: How cells are found and cut out.
        channels: All channels of the screen, protein first.
        workers: Number of processes that read fields and find cells; 1 for a thread.
        not_cells: Classes that are no living cells.
    """

    workdir: Path
    source: Source
    cutting: Cutting
    channels: tuple[str, ...]
    workers: int = 1
    not_cells: tuple[str, ...] = NOT_CELLS

    def depends(self, part: Part, fields: Mapping[str, str]) -> dict[str, Any]:
        """What the rows of a part depend on, by name.

        Args:
            part: The part.
            fields: Fingerprint of each of its fields, by the name of the field.
        """
        cutting = dataclasses.asdict(self.cutting)
        source = dataclasses.asdict(self.source)
        del source['weights'], source['batch_size'], source['channels']
        del cutting['outlines']
        lacking = self.source.channels and self.source.channels.lacking
        return dict(
            version=__version__,
            **{name: repr(value) for name, value in (cutting | source).items()},
            illumination=repr(part.lamp),
            not_cells=repr(self.not_cells),
            without=repr(lacking) if lacking else None,
            fields=dict(fields),
        )


@dataclasses.dataclass(frozen=True)
class Missing:
    """The parts of a job that are not scored yet.

    Attributes:
        parts: These parts.
        changed: Names of what has changed for some of them since they were scored.
        passing: Number of those in which a file could not be read the last time.
    """

    parts: tuple[Part, ...]
    changed: tuple[str, ...]
    passing: int


def find_missing(job: Job, parts: Iterable[Part]) -> Missing:
    """Finds the parts that are not scored, or not from what is there today."""
    missing, changed, passing = [], dict[str, None](), 0
    for part in parts:
        about = read_about(cells_file(job.workdir, part.name))
        if about:
            differs = _differs(job, part, about)
            if not (differs or about['passing']) and _has_features(job, part):
                continue
            changed |= dict.fromkeys(differs)
            passing += about['passing']
        missing.append(part)
    return Missing(tuple(missing), tuple(changed), passing)


def all_current(job: Job, parts: Iterable[Part]) -> bool:
    """Whether all parts are scored, and from what is there today.

    The light of a plate, which is known to the shards that have parts of it, is left
    out of it, and so are files that could not be read.

    Args:
        job: The job.
        parts: All parts of the screen.
    """
    for part in parts:
        about = read_about(cells_file(job.workdir, part.name))
        if about is None or set(_differs(job, part, about)) - {'illumination'}:
            return False
    return True


def score_parts(
    job: Job, parts: Sequence[Part], report: Callable[[FieldCells], Any]
) -> Iterator[Part]:
    """Scores parts one after the other, and yields each when it is written.

    Fields are read, and cells found and cut out, while the network works on those of
    the part before.

    Args:
        job: The job.
        parts: Its parts that are wanted.
        report: Function that is told of every field that was read.
    """
    scorer = open_scorer(job.source)
    asked = [one for part in parts for one in part.asked()]
    read = functools.partial(read_field_cells, cutting=job.cutting)
    found = read_ahead(iter(map_in_processes(read, asked, job.workers)), AHEAD)
    try:
        for part in parts:
            cells = []
            for field in itertools.islice(found, len(part.fields)):
                cells.append(field)
                report(field)
            depends = job.depends(part, {f.field.name: f.fingerprint for f in cells})
            write_part(
                job.workdir,
                part.name,
                cells,
                scorer,
                job.channels,
                depends,
                job.not_cells,
            )
            yield part
    finally:
        found.close()


def score_part(job: Job, part: Part) -> dict[str, int]:
    """Scores one part, in a worker of a cluster.

    Such a worker may not start processes; its threads work on several parts.

    Returns:
        Number of `fields`, of those `set_aside`, and of `cells`.
    """
    counts = collections.Counter(fields=0, set_aside=0, cells=0)
    job = dataclasses.replace(job, workers=1)
    for _ in score_parts(job, [part], lambda cells: counts.update(cells.counts)):
        pass
    return dict(counts)


def _differs(job: Job, part: Part, about: Mapping[str, Any]) -> list[str]:
    """Names of what has changed since a part was scored."""
    fields = {asked.field.name: asked.fingerprint() for asked in part.asked()}
    return what_changed(about['depends'], job.depends(part, fields))


def _has_features(job: Job, part: Part) -> bool:
    return not job.source.layers or features_file(job.workdir, part.name).exists()
