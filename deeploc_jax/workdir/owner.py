"""Says which process owns a file, so that other processes and hosts can check it."""

from __future__ import annotations

import datetime
import json
import os
import socket
import sys
import uuid
from pathlib import Path
from typing import Any


def own_words() -> str:
    """This process, as JSON that no other one writes."""
    pid = os.getpid()
    now = datetime.datetime.now().astimezone()
    about = dict(
        host=socket.gethostname(),
        process=pid,
        since=now.isoformat(sep=' ', timespec='seconds'),
        pids=_pids(),
        began=_began(pid),
        token=uuid.uuid4().hex,
    )
    return json.dumps(about, indent=2) + '\n'


def parsed(words: str) -> dict[str, Any]:
    """The content of `own_words`, {} where the text was cut short."""
    try:
        found = json.loads(words)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def named(owner: dict[str, Any]) -> str:
    """Description by which a person can find the owner."""
    if 'process' not in owner:
        return 'a run that did not get to say who it is'
    return (
        f'a run on {owner.get("host")} (process {owner["process"]}), started '
        f'{owner.get("since")}'
    )


def is_alive(owner: dict[str, Any]) -> bool | None:
    """Whether the owner still runs; None where its pid says nothing here.

    Another process may have the pid by now; it began at another time.
    """
    if not owner.get('pids') or owner['pids'] != _pids():
        return None
    return _began(owner['process']) == owner.get('began')


def _pids() -> str:
    """Identifies where pids mean the same: this boot, container and user.

    Users may not see each other's processes. '' where nothing is known.
    """
    if sys.platform != 'linux':
        return ''
    try:
        boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
        return f'{boot} {os.readlink("/proc/self/ns/pid")} {os.getuid()}'
    except OSError:
        return ''


def _began(pid: int) -> str:
    """Start time of a process in ticks, '' where it does not run."""
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return ''
    state, *fields = stat.rpartition(') ')[2].split()
    return '' if state in 'ZX' else fields[18]
