"""The flux network says how many proteins went from which class to which.

References:
    Kraus et al. 2017, Fig. 3A, drawn with Cytoscape (Shannon et al. 2003).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
from jaxtyping import Float

from deeploc_jax.files import atomic_write
from deeploc_jax.tables.changes import FLUX
from deeploc_jax.tables.schema import rows_to_table

Move = tuple[str, str, str, float]
"""Protein, class it leaves, class it goes to, score."""


def score_moves(
    names: Sequence[str],
    scores: Float[np.ndarray, 'n k'],
    class_names: Sequence[str],
    least: float,
) -> list[Move]:
    """Moves of proteins that lose a class and gain another by at least `least` each.

    Args:
        names: Of n proteins.
        scores: Positive where the class gains; NaN where it is not known.
        class_names: k names.
        least: Smallest magnitude of a score that counts.

    Returns:
        From the class of the least score to that of the largest; the score of a move
        is half their difference.
    """
    known = np.nan_to_num(scores)
    lost, gained = known.argmin(axis=1), known.argmax(axis=1)
    moves = []
    for name, row, out, into in zip(names, known, lost, gained, strict=True):
        if row[out] <= -least and row[into] >= least:
            half = float(row[into] - row[out]) / 2
            moves.append((name, class_names[out], class_names[into], half))
    return moves


def flux_table(moves: Mapping[str, Sequence[Move]]) -> pa.Table:
    """One row per pair of classes; `tables.FLUX` has the columns.

    Args:
        moves: By the name of the method that found them.
    """
    rows = [row for method in sorted(moves) for row in _rows(method, moves[method])]
    return rows_to_table(rows, FLUX.arrow())


def _rows(method: str, moves: Sequence[Move]) -> list[dict[str, Any]]:
    pairs: dict[tuple[str, str], list[Move]] = {}
    for move in moves:
        pairs.setdefault((move[1], move[2]), []).append(move)
    rows = [
        {
            'method': method,
            'from': out,
            'to': into,
            'proteins': len(found),
            'names': sorted(move[0] for move in found),
            'score': float(np.mean([move[3] for move in found])),
        }
        for (out, into), found in pairs.items()
    ]
    return sorted(rows, key=lambda row: (-row['proteins'], row['from'], row['to']))


def write_networks(table: pa.Table, folder: Path) -> list[Path]:
    """Writes flux_<method>.graphml and flux_<method>.cyjs of each method.

    A node is a class; it has the numbers of proteins that leave it (`lost`) and that
    come (`gained`). An edge has the other columns of the table, names with spaces
    between them.
    """
    paths = []
    for method in sorted(set(table['method'].to_pylist())):
        graph = network(table, method)
        stem = folder / f'flux_{method}'
        text = json.dumps(nx.cytoscape_data(graph), indent=1)
        paths += [
            atomic_write(
                stem.with_suffix('.graphml'),
                lambda path, g=graph: nx.write_graphml(g, path),
            ),
            atomic_write(
                stem.with_suffix('.cyjs'), lambda path, t=text: path.write_text(t)
            ),
        ]
    return paths


def network(table: pa.Table, method: str) -> nx.DiGraph:
    """The network of one method's rows of the table."""
    graph = nx.DiGraph(name=f'flux_{method}')
    for row in table.to_pylist():
        if row['method'] == method:
            graph.add_edge(
                row['from'],
                row['to'],
                proteins=row['proteins'],
                names=' '.join(row['names']),
                score=row['score'],
            )
    for node in graph:
        for key, edges in dict(lost=graph.out_edges, gained=graph.in_edges).items():
            count = sum(n for *_, n in edges(node, data='proteins'))
            graph.nodes[node][key] = count
    return graph
