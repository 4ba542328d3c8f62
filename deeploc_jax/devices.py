"""What a run computes on, and what to do where that is not what the machine has."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

import jax

_NVIDIA = ('dev/nvidia[0-9]*', 'dev/dxg')  # the second under Windows
_PLUGINS = ('jax_cuda13_plugin', 'jax_cuda12_plugin')


def describe_devices() -> str:
    """Number, kind and platform: `1 x NVIDIA H100 80GB HBM3 (gpu)`."""
    devices = jax.devices()
    return f'{len(devices)} x {devices[0].device_kind} ({devices[0].platform})'


def is_main() -> bool:
    """Whether this process is the first one, which alone writes and prints."""
    return jax.process_index() == 0


def running_on() -> str:
    """What a run begins with: its devices, and what to do for better ones."""
    several = jax.process_count()
    hosts = f' of {several} processes' if several > 1 else ''
    text = f'Running on {describe_devices()}{hosts}, jax {jax.__version__}'
    unused = jax.default_backend() == 'cpu' and unused_card(os.environ)
    return f'{text}\n{unused}' if unused else text


def unused_card(environ: Mapping[str, str], root: Path = Path('/')) -> str:
    """Why an NVIDIA card is not used and how to use it; '' where there is none.

    Args:
        environ: Variables that may say not to use it.
        root: Where the files of devices are.
    """
    hidden = environ.get('CUDA_VISIBLE_DEVICES') in ('', '-1')
    if hidden or environ.get('JAX_PLATFORMS'):
        return ''
    if not any(path for pattern in _NVIDIA for path in root.glob(pattern)):
        return ''
    if any(importlib.util.find_spec(name) for name in _PLUGINS):
        return (
            'The NVIDIA card of this machine is not used: JAX cannot reach it, and has '
            'said why above. Does nvidia-smi work, and is its driver new enough?'
        )
    return (
        "The NVIDIA card of this machine is not used; to use it: pip install '.[cuda]'"
        ' where deeploc_jax was installed from.'
    )
