"""Classifiers of hand-made features: what a network must beat.

    pip install -e '.[baseline]'
    python -m benchmarks.hand_baselines --screen=yeast_sim

A random forest (the baseline of DeepYeast) over several seeds, and logistic regression,
whose penalty is chosen by cross-validation within the train split. Both are reported on
the test split.
"""

from __future__ import annotations

import concurrent.futures

import numpy as np
from absl import app, flags
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.hand_features import hand_features
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.screen_builder import prepare_screen
from deeploc_jax.progress import track
from deeploc_jax.types import Images

_SCREEN = flags.DEFINE_string('screen', 'yeast_sim', 'A data set of `datasets/`.')
_DATA_DIR = flags.DEFINE_string('data_dir', None, 'Where prepared screens live.')
_TRAIN = flags.DEFINE_string('train_split', 'train', 'What classifiers learn from.')
_TEST = flags.DEFINE_string('test_split', 'test', 'What is reported.')
_TREES = flags.DEFINE_integer('trees', 500, 'Trees of the forest.')
_LOGISTIC = flags.DEFINE_bool('logistic', True, 'Logistic regression too: slow.')
_SEEDS = flags.DEFINE_integer('seeds', 3, 'Forests grown.')

PENALTIES = {'logisticregression__C': [0.003, 0.01, 0.03, 0.1, 0.3]}


def main(argv: list[str]) -> None:
    """Prints a table in Markdown: accuracy, and recall by class."""
    del argv
    builder = prepare_screen(_SCREEN.value, _DATA_DIR.value)
    train, test = (read_cells(builder, s) for s in (_TRAIN.value, _TEST.value))
    known = [cells.labels >= 0 for cells in (train, test)]
    x, unseen = (
        measure_cells(cells.images)[rows]
        for cells, rows in zip((train, test), known, strict=True)
    )
    y, labels = train.labels[known[0]], test.labels[known[1]]
    predicted = dict(
        forest=np.stack([forest(seed).fit(x, y).predict(unseen) for seed in seeds()]),
    )
    if _LOGISTIC.value:
        predicted['logistic'] = logistic_regression().fit(x, y).predict(unseen)[None]
    print(f'\n{builder.info.full_name}, {_TRAIN.value}: {len(y):,} cells, ', end='')
    print(f'{_TEST.value}: {len(labels):,} cells; {x.shape[1]} features; forest of ')
    print(f'{_TREES.value} trees, seeds 0 to {_SEEDS.value - 1}; mean ± sd\n')
    names = {'forest': 'random forest', 'logistic': 'logistic regression'}
    print('| | ' + ' | '.join(names[method] for method in predicted) + ' |')
    print('|---' * (1 + len(predicted)) + '|')
    for name, values in scores(labels, predicted, test.class_names).items():
        print(f'| {name} | ' + ' | '.join(values) + ' |')


def seeds() -> range:
    """Of the forests."""
    return range(_SEEDS.value)


def forest(seed: int) -> RandomForestClassifier:
    """A forest that is not grown yet."""
    return RandomForestClassifier(_TREES.value, n_jobs=-1, random_state=seed)


def logistic_regression() -> GridSearchCV:
    """Multinomial, on standardised features, with the best of a few L2 penalties."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-3))
    return GridSearchCV(model, PENALTIES, cv=3, n_jobs=-1)


def scores(
    labels: np.ndarray, predicted: dict[str, np.ndarray], class_names: tuple[str, ...]
) -> dict[str, list[str]]:
    """Metric -> a text for each method, from predictions [seeds, n] of each."""

    def text(metric: np.ndarray) -> str:
        spread = f' ± {metric.std(ddof=1):.3f}' if len(metric) > 1 else ''
        return f'{metric.mean():.3f}{spread}'

    every = range(len(class_names))
    rows: dict[str, list[str]] = {}
    for guesses in predicted.values():
        accuracy = np.array([(p == labels).mean() for p in guesses])
        balanced = np.array([balanced_accuracy_score(labels, p) for p in guesses])
        recalls = [recall_score(labels, p, labels=every, average=None) for p in guesses]
        rows.setdefault('accuracy', []).append(text(accuracy))
        rows.setdefault('balanced accuracy', []).append(text(balanced))
        for name, recall in zip(class_names, np.mean(recalls, 0), strict=True):
            rows.setdefault(f'recall {name}', []).append(f'{recall:.3f}')
    return rows


def measure_cells(images: Images) -> np.ndarray:
    """Features of all cells, float32 [n, f], by a process a core."""
    n = images.shape[0]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        rows = pool.map(hand_features, images[np.arange(n)], chunksize=64)
        return np.stack(list(track(rows, n, 'measure', unit='cell')))


if __name__ == '__main__':
    app.run(main)
