"""Advises what to do when a device or the machine ran out of memory."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

import jax

_WORDS = ('resource_exhausted', 'out_of_memory', 'out of memory', 'failed to allocate')
_WORDS += ('cublas_status_alloc_failed', 'cudnn_status_alloc_failed')
_OF_DEVICE = ('batch_size', 'evaluation.batch_size', 'device_limit')
_OF_HOST = ('memory_limit', 'cells_per_file', 'cells')


def explain_memory(error: BaseException, config: Mapping[str, Any]) -> str:
    """Says which field to lower and what else may help; '' for other errors.

    Args:
        error: The error that a task ended with.
        config: Config of the task.
    """
    enomem = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if enomem or isinstance(error, MemoryError):
        return f'The memory of this machine is not enough.{_lower(config, _OF_HOST)}'
    if not isinstance(error, RuntimeError) or not _says_memory(str(error)):
        return ''
    if _on_cpu():
        names = *_OF_DEVICE, *_OF_HOST
        return f'The memory of this machine is not enough.{_lower(config, names)}'
    return (
        f'The memory of the device is not enough.{_lower(config, _OF_DEVICE)} Another '
        'process may hold the card: nvidia-smi lists them, and each takes most of it '
        'when it starts unless XLA_PYTHON_CLIENT_PREALLOCATE=false.'
    )


def _says_memory(text: str) -> bool:
    return any(words in text.lower() for words in _WORDS)


def _on_cpu() -> bool:
    try:
        return jax.default_backend() == 'cpu'
    except RuntimeError:  # the memory was full before the device could be used
        return False


def _lower(config: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Advice to lower those of the fields that the task has."""
    found = []
    for name in names:
        value: Any = config
        for part in name.split('.'):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value:
            found.append(f'--config.{name} ({value})')
    return f' Lower {" or ".join(found)}.' if found else ''
