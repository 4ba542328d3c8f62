"""Pages say that their cells are simulated, however far the plates are away."""

from __future__ import annotations

from pathlib import Path

from deeploc_jax.files import read_json
from deeploc_jax.tables.simulated import IMAGES, SIMULATED_CELLS


def is_simulated(workdir: Path | str) -> bool:
    """Whether the cells of a scoring or an evaluation are simulated.

    Args:
        workdir: Workdir of configs/score.py, whose fields may be plates of
            configs/simulate.py, or of configs/evaluate.py, which keeps it on record.
    """
    workdir = Path(workdir)
    facts = {}
    for name in ('config.json', 'run.json'):
        if (workdir / name).is_file():
            facts |= read_json(workdir / name)
    fields = Path(facts.get('fields') or '')
    folder = fields if fields.is_dir() else fields.parent
    plates = all((folder / t.path).is_file() for t in (IMAGES, SIMULATED_CELLS))
    return bool(facts.get('simulated')) or ('fields' in facts and plates)
