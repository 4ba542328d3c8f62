"""Binary machines on sets of positives and negatives, after ensLOC."""

import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from configs import probe as probe_config
from deeploc_jax.probe.ensemble import NAME, PENALTIES, Ensemble, choose_and_fit
from deeploc_jax.probe.fit import Labelled, score_on
from deeploc_jax.probe.training_sets import TrainingSets, read_training_sets
from deeploc_jax.tables.feature_files import features_table
from deeploc_jax.tables.features import read_features
from deeploc_jax.tables.parquet import write_table
from deeploc_jax.tasks import probe as task
from tests.helpers.small import random_cells

HEADER = 'classifier,class,cell_id,positive\n'


def blobs(n=120, f=6, k=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    x = rng.normal(size=(n, f)) + 3 * np.eye(k, f)[y]
    return Labelled(x.astype(np.float32), y, np.array([f'g{i // 6}' for i in range(n)]))


def sets_of(cells, classes=(0, 0, 1, 2)):
    """A machine sees half of its class, and half of the other cells as negatives."""
    rng = np.random.default_rng(1)
    signs = np.where(cells.y[:, None] == np.array(classes), 1, -1).astype(np.int8)
    signs[rng.random(signs.shape) < 0.5] = 0
    names = tuple(f'm{i}' for i in range(len(classes)))
    return TrainingSets(cells.x, signs, cells.groups, np.array(classes), names)


def test_a_machine_is_that_of_scikit_learn_on_its_own_cells():
    sets, test = sets_of(blobs()), blobs(seed=1)
    answers = Ensemble(0.1, 0).fit(sets).decisions(test.x)
    scaler = StandardScaler().fit(sets.x)
    for m, signs in enumerate(sets.signs.T):
        used = signs != 0
        svm = LinearSVC(
            C=0.1, class_weight='balanced', max_iter=5000, tol=1e-3, random_state=0
        )
        svm.fit(scaler.transform(sets.x[used]), signs[used])
        expected = svm.decision_function(scaler.transform(test.x))
        np.testing.assert_allclose(answers[:, m], expected, rtol=1e-6)


def test_the_class_whose_machines_agree_most_is_the_answer():
    sets, test = sets_of(blobs(), classes=(0, 2, 0, 2)), blobs(seed=1)
    ensemble = Ensemble(0.1, 0).fit(sets)
    answers = ensemble.decisions(test.x)
    first = answers[:, [0, 2]].mean(1) > answers[:, [1, 3]].mean(1)
    # No machine is for class 1, so that it is never the answer.
    np.testing.assert_array_equal(ensemble.predict(test.x), np.where(first, 0, 2))


def test_the_penalty_is_chosen_on_validation_or_by_groups():
    sets, test = sets_of(blobs()), blobs(seed=1)
    ensemble, c, score = choose_and_fit(sets, blobs(seed=2), 0)
    assert c in PENALTIES and score > 0.8
    assert score_on(ensemble, test) > 0.8
    ensemble, c, score = choose_and_fit(sets, None, 0)
    assert score > 0.8 and score_on(ensemble, test) > 0.8
    alone = dataclasses.replace(sets, groups=np.full(len(sets), 'g'))
    _, c, score = choose_and_fit(alone, None, 0)
    assert c == 0.01 and np.isnan(score)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('classifier,class,cell_id\n', 'lacks the columns positive'),
        (HEADER, 'no rows below it'),
        (HEADER + 'a,A,1,1\na,A,,1\n', 'row 3: no value in cell_id'),
        (HEADER + 'a,A,1,maybe\n', "row 2: positive is 'maybe'"),
        (HEADER + 'a,A,1,1\na,A,1,0\n', 'row 3: cell .1. is both positive and neg'),
        (HEADER + 'a,A,1,1\na,"A,1,0\n', 'row 3 cannot be read'),
        (HEADER + 'a,A,1\n', 'row 2: no value in positive'),
    ],
)
def test_a_wrong_row_is_named(tmp_path, text, message):
    path = tmp_path / 'sets.csv'
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_training_sets(path)


@pytest.fixture
def config(tmp_path):
    """Features of three splits, with unlabelled cells among the negatives."""
    for number, (split, n) in enumerate(dict(train=60, validation=24, test=30).items()):
        cells = random_cells(n, size=8, seed=number)
        noise = np.random.default_rng(number).normal(size=(n, 5))
        values = (noise + 3 * np.eye(3, 5)[cells.labels]).astype(np.float32)
        if split == 'train':
            cells.labels[:20] = -1
        table = features_table(cells, split, list('abcde'), values, dict(screen='a'))
        write_table(table, tmp_path / f'f/features.parquet/{split}.parquet')
    (tmp_path / 'f/run.json').write_text('{}')
    config = probe_config.get_config()
    config.features, config.probes = f'{tmp_path}/f', f'ridge,{NAME}'
    config.training_sets = f'{tmp_path}/sets.csv'
    return config


def write_sets(config, tmp_path, classes='ABC'):
    train = read_features(tmp_path / 'f').of_split('train')
    true = train.values[:, :3].argmax(1)
    rows = [
        f'machine_{name},{name},{cell},{int(k == index)}'
        for index, name in enumerate(classes)
        for cell, k in zip(train.metadata['cell_id'], true, strict=True)
    ]
    (tmp_path / 'sets.csv').write_text(HEADER + '\n'.join(rows) + '\n')


def test_sets_are_learned_from_beside_other_probes(config, tmp_path, capsys):
    write_sets(config, tmp_path)
    task.run(config, tmp_path / 'out')
    ridge, sets = pq.read_table(tmp_path / 'out/probe.parquet').to_pylist()
    assert sets['probe'] == NAME and sets['balanced_accuracy'] > 0.8
    assert (ridge['n_train'], sets['n_train']) == (40, 60)  # labelled or not
    told = capsys.readouterr().out
    assert NAME in told and '180 of 180 rows' in told
    config.probes, config.training_sets = 'ridge', None  # in the same workdir
    task.run(config, tmp_path / 'out')
    config.probes, config.training_sets = NAME, f'{tmp_path}/sets.csv'
    write_sets(config, tmp_path, 'AB')  # others are another fit
    task.run(config, tmp_path / 'out')
    assert 'No classifier is for C' in capsys.readouterr().out
    assert len((tmp_path / 'out/fits.jsonl').read_text().splitlines()) == 3


def test_sets_and_the_probe_belong_together(config, tmp_path):
    config.probes = 'ridge'
    with pytest.raises(ValueError, match='belong together'):
        task.run(config, tmp_path / 'out')
    config.probes, config.cells_per_class = NAME, '5'
    with pytest.raises(ValueError, match=r'leave cells_per_class \(5\) out'):
        task.run(config, tmp_path / 'out')
    config.cells_per_class = None
    with pytest.raises(
        FileNotFoundError, match=r'no table of training sets .*sets.csv'
    ):
        task.run(config, tmp_path / 'out')
    (tmp_path / 'sets.csv').write_text(HEADER + 'a,D,1,1\n')
    with pytest.raises(ValueError, match="Unknown class 'D'"):
        task.run(config, tmp_path / 'out')
    (tmp_path / 'sets.csv').write_text(HEADER + 'a,A,1,1\na,B,2,0\n')
    with pytest.raises(ValueError, match="'a' is given for the classes 'A' and 'B'"):
        task.run(config, tmp_path / 'out')
    (tmp_path / 'sets.csv').write_text(HEADER + 'a,A,nowhere,1\n')
    with pytest.raises(ValueError, match="'a' has 0 positive and 0 negative"):
        task.run(config, tmp_path / 'out')
