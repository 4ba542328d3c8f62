"""The network of the last round is written, with all that is known of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deeploc_jax.curate.training.learning_file import points_of
from deeploc_jax.curate.training.linear import Linear
from deeploc_jax.curate.training.new_head import with_head
from deeploc_jax.curate.training.round import HEAD, PREDICTIONS, folder_of
from deeploc_jax.curate.training.training import Source
from deeploc_jax.groups import known_proteins
from deeploc_jax.tables.parquet import class_names
from deeploc_jax.tables.predictions import read_predictions
from deeploc_jax.weights.folder import write_weights


def keep_network(workdir: Path, source: Source | None) -> str:
    """Writes `weights/`, the network of the last round.

    Args:
        workdir: Workdir of the curation.
        source: The network that it was trained from.

    Returns:
        What was written, in a sentence; '' where there was no round.
    """
    rounds = points_of(workdir, source.key) if source else []
    if not source or not rounds:
        return ''
    last, network = rounds[-1], source.network()
    folder = folder_of(workdir, last['round'])
    table = read_predictions(folder / PREDICTIONS)
    used = table.filter(table['label'].to_numpy() >= 0)
    proteins = known_proteins({'protein': np.array(used['protein'].to_pylist())})
    accuracy, labels = last['accuracy'], f'{last["cells"]:,} labels'
    with np.load(folder / HEAD, allow_pickle=False) as head:
        linear, temperature = Linear(head['kernel'], head['bias']), head['temperature']
    network = with_head(
        network,
        linear,
        class_names(table),
        crops=1,
        temperature=float(temperature),
        calibration=f'temperature fitted on {labels}, each {last["left_out"]} left out '
        'in turn',
        validation={} if accuracy is None else {'validation/accuracy': accuracy},
        proteins=tuple(sorted({*network.card.proteins, *proteins})),
        note=f'Trained on {labels} of a curation, round {last["round"]}: the last '
        'layer only.',
        **source.about,
    )
    about = network.variables, network.card, network.novelty
    return f'{write_weights(workdir / "weights", *about).name}: round {last["round"]}.'
