"""Serves an app on the loopback interface of this machine, and nowhere else."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence
from typing import Any

import uvicorn

from deeploc_jax.curate.page.app import make_app
from deeploc_jax.curate.page.desk import Desk
from deeploc_jax.curate.page.guard import Door

LOOPBACK = '127.0.0.1'


def open_socket(port: int) -> socket.socket:
    """Takes a port of the loopback interface.

    Args:
        port: The port; 0 for any that is free.

    Raises:
        ValueError: The port is taken, or cannot be.
    """
    # Only a socket that says so is TCP to asyncio, which then sends answers at once;
    # otherwise each of them waits 40 ms for the browser to acknowledge its headers.
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((LOOPBACK, port))
        opened.listen()  # the address works as soon as it is printed
    except (OSError, OverflowError) as error:
        opened.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise ValueError(
                f'Port {port} is in use: give another, --config.port={port + 1}, or 0 '
                'for any that is free.'
            ) from None
        raise ValueError(f'Port {port} cannot be used: {error}') from None
    return opened


def make_server(app: Any) -> uvicorn.Server:
    """A server of an ASGI app; `run(sockets=[...])` serves until it is told to stop."""
    config = uvicorn.Config(
        app,
        log_level='warning',
        access_log=False,  # addresses hold the tokens
        lifespan='off',
        ws='none',
        server_header=False,
        proxy_headers=False,  # nothing stands between the browser and this
        h11_max_incomplete_event_size=64 * 1024,
        http='h11',
        loop='asyncio',
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def serve(desk: Desk, annotators: Sequence[str], port: int) -> None:
    """Prints an address for each annotator and serves the page until Ctrl-C.

    Args:
        desk: What the page works with. A training under way ends with the page.
        annotators: Names of the annotators.
        port: The port; 0 for any that is free.

    Raises:
        ValueError: The port is taken, or cannot be.
    """
    doors = tuple(Door(name) for name in annotators)
    with open_socket(port) as listening:
        number = listening.getsockname()[1]
        server = make_server(make_app(desk, doors, number))
        for door in doors:
            print(f'{door.annotator}: http://{LOOPBACK}:{number}/{door.token}/')
        print('Ctrl-C ends the page and writes the corrections.', flush=True)
        try:
            with contextlib.suppress(KeyboardInterrupt):  # how a page ends
                server.run(sockets=[listening])
        finally:
            desk.training.stop()
