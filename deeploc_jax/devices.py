"""Describes the devices of a run, and what to do where a better one is not used."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

import jax

_NVIDIA = ('dev/nvidia[0-9]*', 'dev/dxg')  # the second in Windows (WSL)
_PLUGINS = ('jax_cuda13_plugin', 'jax_cuda12_plugin')


def describe_devices() -> str:
    """Describes number, kind and platform: `1 x NVIDIA H100 80GB HBM3 (gpu)`."""
    devices = jax.devices()
    return f'{len(devices)} x {devices[0].device_kind} ({devices[0].platform})'


def is_main() -> bool:
    """Whether this process is the first one, which alone writes and prints."""
    return jax.process_index() == 0


def running_on() -> str:
    """The first lines of a run: its devices, and how to use better ones."""
    several = jax.process_count()
    hosts = f' of {several} processes' if several > 1 else ''
    text = f'Running on {describe_devices()}{hosts}, jax {jax.__version__}'
    unused = jax.default_backend() == 'cpu' and unused_card(os.environ)
    return f'{text}\n{unused}' if unused else text


def unused_card(environ: Mapping[str, str], root: Path = Path('/')) -> str:
    """Explains why an NVIDIA card is not used, and how to use it; '' without a card.

    Args:
        environ: Environment variables, which may exclude the card.
        root: Folder that holds the device files.
    """
    hidden = environ.get('CUDA_VISIBLE_DEVICES') in ('', '-1')
    if hidden or environ.get('JAX_PLATFORMS'):
        return ''
    if not any(path for pattern in _NVIDIA for path in root.glob(pattern)):
        return ''
    if any(importlib.util.find_spec(name) for name in _PLUGINS):
        return (
            'The NVIDIA card of this machine is not used: JAX cannot reach it, for the '
            'reason above. Does nvidia-smi work, and is its driver new enough?'
        )
    return (
        'The NVIDIA card of this machine is not used. To use it, run '
        "pip install '.[cuda]' in the folder from which deeploc_jax was installed."
    )
