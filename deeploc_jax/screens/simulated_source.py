"""Pages say that their cells are simulated, however far the plates are away."""

from __future__ import annotations

from pathlib import Path

from deeploc_jax.files import read_json
from deeploc_jax.tables.simulated import IMAGES, SIMULATED_CELLS
from deeploc_jax.workdir.claim import read_claim


def is_simulated(workdir: Path | str) -> bool:
    """Whether the cells of a scoring or an evaluation are simulated.

    Args:
        workdir: Workdir of configs/score.py, whose fields may be plates of
            configs/simulate.py, or of configs/evaluate.py, which keeps it on record.
    """
    asked, path = read_claim(Path(workdir)), Path(workdir) / 'run.json'
    record = read_json(path) if path.is_file() else {}
    if not asked.get('fields'):
        return bool(record.get('simulated'))
    fields = Path(asked['fields'])
    folder = fields if fields.is_dir() else fields.parent
    return all((folder / t.path).is_file() for t in (IMAGES, SIMULATED_CELLS))
