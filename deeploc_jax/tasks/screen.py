"""Task `screen`: takes plates of micrographs through all stages to the movers."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import ml_collections

from deeploc_jax.command_line import require
from deeploc_jax.lookup import check_name
from deeploc_jax.report.whole_screen import write_screen_page
from deeploc_jax.screens.fields.describe import describe_asked
from deeploc_jax.screens.simulated_source import is_simulated
from deeploc_jax.tasks import start
from deeploc_jax.workdir.claim import claim_workdir, read_claim
from deeploc_jax.workdir.record import short

STAGES = ('plates.', 'score.', 'profile.', 'compare.')
"""Groups of fields that are the configs of stages, which check them themselves."""
INCOMPLETE = 3
"""Exit status of a run that set fields aside, or could not make a comparison."""
SHARED = ('source', 'fields', 'channels', 'plate_map')
"""Fields of `score` that are said once for the whole screen."""


def run(config: ml_collections.ConfigDict, workdir: Path) -> int:
    """Runs one stage after the other, each in its own folder of the workdir.

    Returns:
        The exit status: 0, or `INCOMPLETE` where fields were set aside, or conditions
        could not be compared.

    Raises:
        ValueError: Source, fields or the condition before are not given or not known,
            or a stage raises it.
    """
    if config.get('plates'):
        config.fields = str(workdir / 'plates')
    require(
        config,
        source='<workdir of a training, or weights>',
        fields='<table of fields, or pattern of file names>',
    )
    if config.dry_run:
        return start(score_stage(config), workdir / 'scored')
    claim_workdir(workdir, config.to_dict(), (*STAGES, 'before'))
    statuses = [0]
    folders, failed = [], []
    for folder, stage in stages(config, workdir):
        print(f'\n=== {folder}: {stage.task} ===', flush=True)
        try:
            statuses.append(start(stage, workdir / folder))
            folders.append(folder)
        except ValueError as error:
            if stage.task != 'compare':
                raise
            failed.append(f'{stage.before} and {stage.after} are not compared: {error}')
            print(f'\nNOT COMPARED: {failed[-1]}')
            statuses.append(INCOMPLETE)
    page = write_screen_page(
        workdir,
        folders,
        is_simulated(workdir / 'scored'),
        commands(workdir, folders),
        failed,
    )
    there = {path.parent.name for path in workdir.glob('movers*/movers.html')}
    for folder in sorted(there - {*folders}):
        print(f'{short(workdir / folder)} is not of this run: look at it no more.')
    print(f'\nThe screen: {short(page)}')
    return max(statuses)


def commands(workdir: Path, folders: Sequence[str]) -> list[tuple[str, str]]:
    """The command that was typed, and those of comparisons with other options."""
    typed = Path(sys.argv[0]).name == 'launch.py'
    found = [('This page was made by', shlex.join(['python', *sys.argv]))] * typed
    for folder in folders:
        if folder.startswith('movers'):
            made = read_claim(workdir / folder)
            options = {name: made[name] for name in ('cells', 'before', 'after')}
            options |= dict(cells=str(short(Path(made['cells']))), rate=0.1)
            words = [f'--config.{name}={value}' for name, value in options.items()]
            where = f'--workdir={short(workdir / folder)}-10'
            words = [
                'python',
                'launch.py',
                '--config=configs/compare.py',
                *words,
                where,
            ]
            purpose = 'The same comparison at another false-discovery rate, by itself:'
            found.append((purpose, shlex.join(['python', 'launch.py', *words])))
    return found


def stages(
    config: ml_collections.ConfigDict, workdir: Path
) -> Iterator[tuple[str, ml_collections.ConfigDict]]:
    """Folder and config of each stage; the plates exist once the first has run."""
    if config.get('plates'):
        yield 'plates', config.plates
    later = conditions_after(config)  # a mistake in `before` shows now, not in the end
    yield 'scored', score_stage(config)
    profile = config.profile.copy_and_resolve_references()
    profile.cells = str(workdir / 'scored')
    yield 'profiles', profile
    for condition in later:
        compare = config.compare.copy_and_resolve_references()
        compare.cells = str(workdir / 'scored')
        compare.before, compare.after = config.before, condition
        yield folder_of(condition, later), compare


def score_stage(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """The config of the stage that scores the cells."""
    score = config.score.copy_and_resolve_references()
    score.update({name: config[name] for name in SHARED})
    score.dry_run = config.dry_run
    return score


def conditions_after(config: ml_collections.ConfigDict) -> list[str]:
    """The conditions that are compared with `before`; none where there is but one.

    Raises:
        ValueError: There are several and `before` is none of them.
    """
    inventory = describe_asked(score_stage(config).to_dict())
    names = list(dict.fromkeys(field.condition for field in inventory.fields))
    if len(names) < 2:
        print(f'One condition, {names[0]!r}: nothing is compared.')
        return []
    if config.before is None:
        known = ', '.join(name or "''" for name in names)
        raise ValueError(
            f'The screen has the conditions {known}: say with which of them the '
            'others are compared, --config.before=<condition>.'
        )
    check_name('condition', config.before, names)
    return [name for name in names if name != config.before]


def folder_of(condition: str, conditions: Sequence[str]) -> str:
    """Folder of a comparison: `movers`, with its condition where there are several."""
    if len(conditions) == 1:
        return 'movers'
    names = [re.sub(r'[^\w.-]+', '_', name) for name in conditions]
    place = conditions.index(condition)
    same = [name.casefold() for name in names]  # one folder on some systems
    twice = same.count(same[place]) > 1
    return f'movers-{names[place]}' + (f'-{place + 1}' if twice else '')
