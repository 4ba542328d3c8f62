"""The DeepLoc release where it has no validation split."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from test_deeploc_release import (
    RELEASED,
    build,
    cells,
    edit,
    offline,  # noqa: F401
    read,
    write,
)

from deeploc_jax import datasets
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.release import builder as release_builder
from deeploc_jax.data.release.files import ReleaseNotFoundError
from deeploc_jax.data.release.validation import validation_rows
from tests.helpers.earlier import earlier

pytestmark = pytest.mark.filterwarnings(
    'ignore:.*is prepared without',
    'ignore:.*the released file',
    'ignore:.*were set aside as one',
)
OTHERS = {
    'wt2017': (datasets.wt2017.Wt2017, 3),
    'swat_rfp': (datasets.swat_rfp.SwatRfp, 2),
    'chong2015': (datasets.chong2015.Chong2015, 2),
}


def write_screen(tmp_path, name, train=60, test=5, label_names=None):
    """Training and test files of a screen, as released but small."""
    cls, planes = OTHERS[name]
    for split, n in dict(train=train, test=test).items():
        data, _ = cells(n, planes, seed=n)
        path = tmp_path / 'manual' / cls.FILES[split][0]
        labels = np.arange(n) % 3
        write(path, (data, labels), names=cls.CLASS_NAMES, classes=len(cls.CLASS_NAMES))
        if label_names and split == 'train':
            edit(
                path, lambda file: file.create_dataset('label_names', data=label_names)
            )


@pytest.mark.parametrize('name', OTHERS)
def test_a_tenth_of_training_is_validation_where_none_was_released(tmp_path, name):
    write_screen(tmp_path, name)
    with pytest.warns(UserWarning, match='6 of its 60 training cells.*neighbors'):
        builder = build(tmp_path, name)
    assert list(builder.info.splits) == ['train', 'validation', 'test']
    train, validation = (read(builder, split) for split in ('train', 'validation'))
    assert len(train) == 54 and not train.keys() & validation.keys()
    stem = OTHERS[name][0].FILES['train'][0].removesuffix('.hdf5')
    assert validation.keys() == {f'{stem}/1/{row}' for row in range(54, 60)}
    data, _ = cells(60, OTHERS[name][1], seed=60)
    np.testing.assert_array_equal(
        validation[f'{stem}/1/55']['image'][..., 0].ravel(), data[55, :4096]
    )
    assert [cell['label'] for cell in validation.values()].count(2) == 2


def test_validation_has_whole_proteins_where_cells_are_named_so(tmp_path):
    names = [f'plate1_YAL{n % 20:03d}C-A_{n}'.encode() for n in range(60)]
    write_screen(tmp_path, 'swat_rfp', label_names=names)
    with pytest.warns(UserWarning, match='6 of its 60 training cells.* whole proteins'):
        builder = build(tmp_path, 'swat_rfp')
    proteins = {
        split: {cell_id.split('_')[1] for cell_id in read(builder, split)}
        for split in ('train', 'validation')
    }
    assert len(proteins['validation']) == 2
    assert not proteins['train'] & proteins['validation']


@pytest.mark.parametrize(
    ('labels', 'held'),
    [
        ([0] * 20 + [1] * 3 + [2], [18, 19, 22]),  # in order of class, few cells
        ([0, 1] * 10, [18, 19]),
        ([-1] * 10 + [0] * 10, [9, 19]),
        ([0, 1, 2], []),
    ],
)
def test_validation_is_the_end_of_each_class(labels, held):
    ids = [f'file/1/{row}' for row in range(len(labels))]
    found, _ = validation_rows(np.array(labels), ids)
    assert np.flatnonzero(found).tolist() == held


def test_a_release_with_validation_is_left_as_it_is(tmp_path):
    for split, (name, _) in RELEASED.items():
        write(tmp_path / 'manual' / name, cells(20, seed=len(split)))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        builder = build(tmp_path)
    assert builder.info.splits['train'].num_examples == 20
    assert not [w for w in told if 'set aside' in str(w.message)]


def test_wt2017_trains_on_the_two_channels_of_the_paper(tmp_path):
    write_screen(tmp_path, 'wt2017')
    builder = build(tmp_path, 'wt2017')
    assert read_cells(builder, 'train').channels == ('GFP', 'far_red')
    every = read_cells(builder, 'train', channels=('nucleus', 'GFP', 'far_red'))
    assert every.images.shape == (54, 64, 64, 3)
    # What an earlier version prepared names no such channels.
    path = Path(builder.data_dir) / 'metadata.json'
    metadata = json.loads(path.read_text())
    del metadata['default_channels']
    path.write_text(json.dumps(metadata))
    builder = build(tmp_path, 'wt2017')
    assert read_cells(builder, 'train').channels == ('GFP', 'far_red', 'nucleus')


@pytest.mark.usefixtures('offline')
def test_what_an_earlier_version_prepared_still_opens(tmp_path, monkeypatch):
    cls = datasets.wt2017.Wt2017
    write_screen(tmp_path, 'wt2017')
    with monkeypatch.context() as earlier:
        earlier.setattr(cls, 'VERSION', tfds.core.Version('1.0.0'))
        earlier.setattr(release_builder, 'split_parts', whole_files)
        assert list(build(tmp_path, 'wt2017').info.splits) == ['train', 'test']
    builder = build(tmp_path, 'wt2017:1.0.0')
    assert list(builder.info.splits) == ['train', 'test']
    assert len(read_cells(builder, 'train')) == 60
    for path in (tmp_path / 'manual').iterdir():
        path.rename(tmp_path / path.name)
    with pytest.raises(ReleaseNotFoundError, match='--config.screen=wt2017:1.0.0'):
        build(tmp_path, 'wt2017')
    for path in tmp_path.glob('*.hdf5'):
        path.rename(tmp_path / 'manual' / path.name)
    new = build(tmp_path, 'wt2017')
    assert 'validation' in new.info.splits
    assert cls.RELEASE_NOTES['2.0.0'].startswith('A tenth')


@pytest.mark.usefixtures('offline')
@pytest.mark.parametrize(
    ('name', 'before'),
    [('chong2015', '1.0.0'), ('wt2017', '2.0.0'), ('swat_rfp', '2.0.0')],
)
def test_no_release_says_its_condition_and_one_prepared_before_is_used(
    tmp_path, monkeypatch, name, before
):
    write_screen(tmp_path, name)
    with earlier(monkeypatch, OTHERS[name][0], before):
        build(tmp_path, name)
    old = build(tmp_path, name)
    assert old.info.full_name == f'{name}/{before}'
    assert 'condition' not in old.info.features
    found = [read_cells(old, 'train')]
    shutil.rmtree(old.data_path)
    with pytest.raises(ValueError, match=f'{before} is not prepared .* only be read'):
        build(tmp_path, f'{name}:{before}')
    new = build(tmp_path, name)
    assert new.version > before and 'condition' in new.info.features
    found.append(read_cells(new, 'train'))
    for column, values in found[0].metadata.items():
        np.testing.assert_array_equal(values, found[1].metadata[column])
    assert set(found[0].metadata['condition']) == {''}
    assert set(found[0].metadata['replicate']) == {''}
    np.testing.assert_array_equal(found[0].images, found[1].images)


def whole_files(name, contents):
    return {s: (c, np.ones(len(c.labels), bool)) for s, c in contents.items()}
