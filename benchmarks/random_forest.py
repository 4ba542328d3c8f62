"""A random forest on hand-made features, the baseline of DeepYeast.

    pip install -e '.[baseline]'
    python -m benchmarks.random_forest --screen=yeast_sim

Trained on the train split, reported on the test split, over several seeds.
"""

from __future__ import annotations

import concurrent.futures

import numpy as np
from absl import app, flags
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score, recall_score

from benchmarks.hand_features import hand_features
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.screen_builder import prepare_screen
from deeploc_jax.progress import track
from deeploc_jax.types import Images

_SCREEN = flags.DEFINE_string('screen', 'yeast_sim', 'A data set of `datasets/`.')
_DATA_DIR = flags.DEFINE_string('data_dir', None, 'Where prepared screens live.')
_TRAIN = flags.DEFINE_string('train_split', 'train', 'What the forest is grown on.')
_TEST = flags.DEFINE_string('test_split', 'test', 'What is reported.')
_TREES = flags.DEFINE_integer('trees', 500, 'Trees of the forest.')
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Forests grown.')


def main(argv: list[str]) -> None:
    """Prints a table in Markdown: accuracy, and recall by class."""
    del argv
    builder = prepare_screen(_SCREEN.value, _DATA_DIR.value)
    train, test = (read_cells(builder, s) for s in (_TRAIN.value, _TEST.value))
    features = [measure_cells(cells.images) for cells in (train, test)]
    known = [cells.labels >= 0 for cells in (train, test)]
    labels = test.labels[known[1]]
    predicted = []
    for seed in range(_SEEDS.value):
        forest = RandomForestClassifier(_TREES.value, n_jobs=-1, random_state=seed)
        forest.fit(features[0][known[0]], train.labels[known[0]])
        predicted.append(forest.predict(features[1][known[1]]))
    accuracy = [(p == labels).mean() for p in predicted]
    balanced = [balanced_accuracy_score(labels, p) for p in predicted]
    print(f'\n{builder.info.full_name}, {_TEST.value}: {len(labels):,} cells; ', end='')
    print(f'{features[0].shape[1]} features, {_TREES.value} trees, seeds 0 to {seed}\n')
    print('| | mean | spread (sd) |\n|---|---|---|')
    for name, values in (('accuracy', accuracy), ('balanced accuracy', balanced)):
        print(f'| {name} | {np.mean(values):.3f} | {np.std(values, ddof=1):.3f} |')
    recalls = [
        recall_score(labels, p, labels=range(len(test.class_names)), average=None)
        for p in predicted
    ]
    for name, recall in zip(test.class_names, np.mean(recalls, 0), strict=True):
        print(f'| recall {name} | {recall:.3f} | |')


def measure_cells(images: Images) -> np.ndarray:
    """Features of all cells, float32 [n, f], by a process a core."""
    n = images.shape[0]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        rows = pool.map(hand_features, images[np.arange(n)], chunksize=64)
        return np.stack(list(track(rows, n, 'measure', unit='cell')))


if __name__ == '__main__':
    app.run(main)
