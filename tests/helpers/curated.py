"""Cells to curate, and a server of their page on a thread."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import threading

import numpy as np

from deeploc_jax.curate.sources.cells import Curated
from deeploc_jax.types import METADATA

CLASSES = ('ER', 'GOLGI', 'NUCLEUS')


def curated_cells(n=40, network=True, labelled=True, seed=0):
    """Cells with a bright square; a tenth of the labels is wrong, by the network."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n).astype(np.int32)
    labels = truth.copy()
    wrong = rng.permutation(n)[: n // 10]
    labels[wrong] = (truth[wrong] + 1) % 3
    images = rng.integers(0, 99, (n, 64, 64, 2)).astype(np.uint16)
    images[:, 20:40, 20:40, 0] += (500 * (truth + 1)).astype(np.uint16)[:, None, None]
    metadata = {name: np.full(n, '', '<U8') for name in METADATA}
    metadata['cell_id'] = np.array([f'cell-{i:02}' for i in range(n)])
    metadata['protein'] = np.array([f'P{i % 4}' for i in range(n)])
    metadata['x'] = metadata['y'] = np.full(n, np.nan, np.float32)
    cells = Curated(
        images,
        metadata,
        labels if labelled else np.full(n, -1, np.int32),
        CLASSES,
        ('GFP', 'RFP'),
        1,
    )
    if not network:
        return cells
    p = np.full((n, 3), 0.1, np.float32)
    p[np.arange(n), truth] = 0.8
    p += rng.random((n, 3), np.float32) * np.float32(0.05)
    p /= p.sum(axis=1, keepdims=True)
    named = cells.with_network(p, CLASSES, rng.random(n, np.float32))
    features = rng.normal(size=(n, 8)).astype(np.float16)
    return dataclasses.replace(named, features=features)


@contextlib.contextmanager
def served(desk, doors):
    """The port of a server of the page, which ends with the block."""
    from deeploc_jax.curate.page.app import make_app
    from deeploc_jax.curate.page.serve import make_server, open_socket

    with open_socket(0) as listening:
        port = listening.getsockname()[1]
        server = make_server(make_app(desk, doors, port))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()


def request(port, method, path, body=None, headers=None):
    """Status, headers and body of an answer; the path goes out as it is."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True)
        sent = {'Host': f'127.0.0.1:{port}'} | (headers or {})
        data = b'' if body is None else json.dumps(body).encode()
        if body is not None and 'Content-Length' not in sent:
            sent['Content-Length'] = str(len(data))
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
