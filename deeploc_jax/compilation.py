"""Sets how XLA compiles, and where compiled programs are kept."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import jax
import platformdirs
from jax.sharding import Mesh

PROGRAM = 2**20
"""Size of a compiled program in bytes; room for one shows that a quota is not full."""


def compiler_options(mesh: Mesh) -> dict[str, str]:
    """Options of `jax.jit` for programs that contain networks; {} except on CPUs.

    On CPUs, XLA (jax 0.10) passes matrix products and sums to YNNPACK, which computes
    stacks of small products in a single thread: inference is a tenth faster without
    it. Its sums are kept: with them, a training step takes a sixth less time.
    """
    if mesh.devices.flat[0].platform != 'cpu':
        return {}
    return {'xla_cpu_experimental_ynn_fusion_type': 'LIBRARY_FUSION_TYPE_REDUCE'}


def keep_programs() -> None:
    """Keeps compiled programs on disk, so that a second start compiles hardly anything.

    They are kept in the folder `compiled` of the platform's cache for deeploc_jax
    (Linux: `~/.cache/deeploc_jax` or below `XDG_CACHE_HOME`), unless
    `JAX_COMPILATION_CACHE_DIR` or `jax.config` name another one (or '' for none).
    Where the folder cannot be written, as in a container, nothing is kept, without an
    error. Call this function before anything is compiled.
    """
    # One warning is enough when the disk fills up.
    warnings.filterwarnings('once', message='Error (read|writ)ing persistent comp')
    if jax.config.values['jax_compilation_cache_dir'] is not None:
        return
    try:
        root = platformdirs.user_cache_path('deeploc_jax', appauthor=False)
    except RuntimeError:  # a user in a container may have no home
        return
    if _is_writable(root / 'compiled'):
        jax.config.update('jax_compilation_cache_dir', str(root / 'compiled'))


def _is_writable(folder: Path) -> bool:
    if not folder.is_absolute():  # there is no home here either
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROGRAM))
    except OSError:
        return False
    return True
