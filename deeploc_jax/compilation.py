"""How XLA compiles, and where what it compiled is kept."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import jax
import platformdirs
from jax.sharding import Mesh

PROGRAM = 2**20
"""Bytes of a compiled program: room for one shows that a quota is not used up."""


def compiler_options(mesh: Mesh) -> dict[str, str]:
    """Options of `jax.jit` for programs with networks in them; none but on CPUs.

    XLA (of jax 0.10) hands matrix products and sums on CPUs to YNNPACK, which gives
    stacks of small products to a single thread: inference is a tenth faster without.
    Its sums are kept: a training step takes a sixth less time than with XLA's own.
    """
    if mesh.devices.flat[0].platform != 'cpu':
        return {}
    return {'xla_cpu_experimental_ynn_fusion_type': 'LIBRARY_FUSION_TYPE_REDUCE'}


def keep_programs() -> None:
    """Keeps compiled programs on disk: a second start then compiles next to nothing.

    They go to `compiled` in the cache folder that the platform has for deeploc_jax
    (Linux: `~/.cache/deeploc_jax` or below `XDG_CACHE_HOME`), unless
    `JAX_COMPILATION_CACHE_DIR` or `jax.config` say where (empty: nowhere). A folder
    that cannot be written, as in a container, keeps nothing and is no error. Call it
    before anything is compiled.
    """
    # Once is enough of a disk that fills up while programs are kept.
    warnings.filterwarnings('once', message='Error (read|writ)ing persistent comp')
    if jax.config.values['jax_compilation_cache_dir'] is not None:
        return
    try:
        root = platformdirs.user_cache_path('deeploc_jax', appauthor=False)
    except RuntimeError:  # the user of a container may have no home
        return
    if _is_writable(root / 'compiled'):
        jax.config.update('jax_compilation_cache_dir', str(root / 'compiled'))


def _is_writable(folder: Path) -> bool:
    if not folder.is_absolute():  # no home either
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROGRAM))
    except OSError:
        return False
    return True
