"""Files of our own are a group of kinds: weights, configs, and those of a workdir."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from absl import flags

import launch
from benchmarks.fuzz.kind import Kind
from configs import evaluate
from deeploc_jax.models import get_model
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.features import read_features
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.weights.folder import read_weights, write_weights
from deeploc_jax.workdir.claim import claim_workdir
from deeploc_jax.workdir.finished_fits import Fits
from tests.helpers.small import make_card, random_cells, random_variables


def _make_weights(place: Path) -> None:
    card = make_card(model=dict(name='lean', widths=(8, 8, 8, 8)), crop=16)
    model = get_model(num_classes=3, **card.model)
    write_weights(place, random_variables(model, 16), card)


def _make_config(place: Path) -> None:
    source = Path('configs/evaluate.py').read_text()
    (place / 'config.py').write_text(source)


def _read_config(place: Path) -> None:
    """Loads a config as `launch.py` does, which exits with a message if it cannot."""
    flags.FLAGS.unparse_flags()
    try:
        launch.parse(['launch.py', f'--config={place}/config.py'])
    except SystemExit as answer:
        raise ValueError(str(answer)) from None


def _make_claim(place: Path) -> None:
    text = evaluate.get_config().to_json_best_effort()
    (place / 'config.json').write_text(json.dumps(json.loads(text), indent=2))
    row = dict(job=dict(mode='probe', draw=0), tested=dict(crops=1), result=dict(a=1.0))
    (place / 'fits.jsonl').write_text(2 * (json.dumps(row) + '\n'))


def _read_claim(place: Path) -> None:
    claim_workdir(place, evaluate.get_config().to_dict())
    Fits(place / 'fits.jsonl', dict(crops=1)).jobs()


def _make_features(place: Path) -> None:
    values = np.random.default_rng(0).random((9, 4), np.float32)
    cells = random_cells(9, size=8)
    table = features_table(cells, 'train', list('abcd'), values, dict(screen='a'))
    write_table(table, place / 'features.parquet/train.parquet')
    (place / 'run.json').write_text('{}')


KINDS = {
    'safetensors': Kind(_make_weights, read_weights, '*.safetensors'),
    'card': Kind(_make_weights, read_weights, '*.json'),
    'features': Kind(_make_features, read_features, 'features.parquet/*'),
    'config': Kind(_make_config, _read_config, 'config.py'),
    'workdir': Kind(_make_claim, _read_claim, '*.json*'),
}
