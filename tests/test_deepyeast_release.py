import hashlib
import io
import itertools
import tarfile

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from deeploc_jax import datasets
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.release.files import ReleaseNotFoundError
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.groups import unit_names

MAIN = datasets.deepyeast.deepyeast.MAIN
LISTS = datasets.deepyeast.deepyeast._LISTS
SPLITS = {'train': 4, 'validation': 2, 'test': 3}
NAME = 'plate{:02d}/013008000-4-{}-{}.png'


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, 'PNG')
    return file.getvalue()


def take(iterator, count):
    return itertools.islice(iterator, count)


class Release:
    """A small release in a folder, and the digests that its files have."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        rng = np.random.default_rng(0)
        numbers = itertools.count()
        self.names = {
            split: [NAME.format(n % 3 + 1, 2717 + n, n) for n in take(numbers, count)]
            for split, count in SPLITS.items()
        }
        self.images = {
            name: rng.integers(0, 256, (64, 64, 3), np.uint8)
            for names in self.names.values()
            for name in names
        }
        self.labels = {n: i % 12 for i, n in enumerate(self.images)}
        self.files = {name: png(image) for name, image in self.images.items()}
        folder.mkdir(parents=True)

    def write(self, lines=None, archive=True):
        lists = {}
        for split, (name, _) in MAIN.lists.items():
            rows = [f'{n} {self.labels[n]}' for n in self.names[split]]
            text = '\n'.join((lines or {}).get(split, rows)) + '\n'
            (self.folder / name).write_text(text)
            lists[split] = (name, hashlib.md5(text.encode()).hexdigest())
        self.monkeypatch.setattr(MAIN, 'lists', lists)
        for name, content in () if archive else self.files.items():
            path = self.folder / 'main' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if archive:
            path = self.folder / 'main.tar.gz'
            with tarfile.open(path, 'w:gz') as tar:
                for name, content in self.files.items():
                    member = tarfile.TarInfo(f'./main/{name}')
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
            digest = hashlib.md5(path.read_bytes()).hexdigest()
            self.monkeypatch.setattr(MAIN, 'archive', digest)

    def build(self):
        return prepare_screen(
            'deepyeast', self.folder.parent / 'data', self.folder.as_posix()
        )


@pytest.fixture
def release(tmp_path, monkeypatch):
    return Release(tmp_path / 'manual', monkeypatch)


@pytest.mark.parametrize('archive', [True, False])
def test_every_image_and_label_arrives_green_first(release, archive):
    release.write(archive=archive)
    builder = release.build()
    assert builder.info.metadata['channels'] == ['GFP', 'RFP']
    assert builder.info.metadata['marker_channel'] == 1
    for split, names in release.names.items():
        cells = {c['cell_id'].decode(): c for c in builder.as_data_source(split)}
        assert cells.keys() == {name.removesuffix('.png') for name in names}
        for name in names:
            cell, image = cells[name.removesuffix('.png')], release.images[name]
            np.testing.assert_array_equal(cell['image'][..., 0], image[..., 1])
            np.testing.assert_array_equal(cell['image'][..., 1], image[..., 0])
            assert cell['label'] == release.labels[name]
            assert cell['plate'].decode() == name.split('/')[0]
            assert (cell['well'], cell['field']) == (
                b'M08',
                name.split('-')[2].encode(),
            )


def change(release, what):
    first, second = release.names['train'][:2]
    lines = [f'{name} 0' for name in release.names['train']]
    if what == 'label':
        lines[1] = f'{second} 12'
    elif what == 'twice':
        lines[1] = lines[0]
    elif what == 'words':
        lines[1] = 'no image here'
    elif what == 'absent':
        del release.files[second]
    elif what == 'broken':
        release.files[second] = release.files[second][:100]
    elif what == 'shape':
        release.files[second] = png(np.zeros((64, 32, 3), np.uint8))
    elif what == 'name':
        lines[1] = 'plate01/else.png 3'
        release.files['plate01/else.png'] = release.files[first]
    release.write({'train': lines})


@pytest.mark.parametrize(
    ('what', 'message'),
    [
        ('label', 'HOwt_train.txt, line 2: there is no label 12; the 12 classes'),
        ('twice', 'line 2: .* is listed twice'),
        ('words', "line 2: 'no image here' is not a PNG file and its label"),
        ('absent', 'lacks 1 of 4 listed images: plate02/'),
        ('broken', 'main.tar.gz: plate02/.* cannot be read'),
        ('shape', r'is uint8 \(64, 32, 3\)'),
        ('name', 'plate01/else.png must be named'),
    ],
)
def test_errors_name_the_bad_line_or_image_and_nothing_is_built(release, what, message):
    change(release, what)
    with pytest.raises(ValueError, match=message):
        release.build()
    assert not list((release.folder.parent / 'data').glob('deepyeast/main/1.0.0/*'))


@pytest.mark.parametrize('name', ['main.tar.gz', 'HOwt_val.txt'])
def test_another_file_than_the_published_one_is_refused(release, name):
    release.write()
    path = release.folder / name
    path.write_bytes(path.read_bytes() + b'\n')
    with pytest.raises(ValueError, match=f'{name} has the MD5'):
        release.build()


def test_a_cut_archive_is_refused(release):
    release.write()
    path = release.folder / 'main.tar.gz'
    path.write_bytes(path.read_bytes()[:-2000])
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    release.monkeypatch.setattr(MAIN, 'archive', digest)
    with pytest.raises(ValueError, match='cannot be read'):
        release.build()


def test_without_files_or_network_it_says_where_to_put_them(release, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('no network here')

    monkeypatch.setattr('urllib.request.urlopen', refuse)
    # TFDS would try for minutes.
    monkeypatch.setattr('tensorflow_datasets.download.DownloadManager.download', None)
    with pytest.raises(ReleaseNotFoundError, match='HOwt_train.txt is not in'):
        release.build()


def test_both_sets_have_the_classes_of_the_paper():
    configs = {c.name: c for c in datasets.deepyeast.DeepYeast.BUILDER_CONFIGS}
    assert len(configs['main'].class_names) == 12
    assert len(configs['transfer'].class_names) == 4
    for config in configs.values():
        assert list(config.lists) == ['train', 'validation', 'test']


def test_a_set_that_an_earlier_version_prepared_is_used(release, monkeypatch):
    release.write()
    cls = datasets.deepyeast.DeepYeast
    with monkeypatch.context() as earlier:
        earlier.setattr(cls, 'VERSION', tfds.core.Version('1.0.0'))
        release.build()
    (release.folder / 'main.tar.gz').unlink()  # or it could be prepared anew
    builder = release.build()
    assert builder.info.full_name == 'deepyeast/main/1.0.0'
    where = dict(data_dir=release.folder.parent / 'data')
    assert len(tfds.data_source('deepyeast', split='train', **where)) == 4
    assert 'share an image or a well' in builder.info.description
    with pytest.raises(AssertionError, match='2.0.0'):
        cls(version='2.0.0', **where)
    not_there = cls(version='1.0.1', **where)
    assert not not_there.is_prepared()
    with pytest.raises(ValueError, match='can only be read. 1.1.0 can be prepared'):
        not_there.download_and_prepare()


def test_a_new_preparation_has_the_current_version(release):
    release.write()
    assert release.build().info.full_name == 'deepyeast/main/1.1.0'


def test_wells_are_what_is_resampled(release):
    release.write()
    cells = read_cells(release.build(), 'train')
    wells = unit_names(cells.metadata, 'well')
    assert set(wells) == {f'main/plate{n:02d}/M08' for n in (1, 2, 3)}
    assert not unit_names(cells.metadata, 'protein').any()


def test_what_was_downloaded_before_needs_no_network(release, monkeypatch):
    release.write()
    name = MAIN.lists['train'][0]
    (release.folder / name).rename(release.folder.parent / name)
    known = tfds.download.DownloadManager(
        download_dir=release.folder.parent / 'data/downloads', dataset_name='deepyeast'
    )._get_dl_path(tfds.download.Resource(url=f'{LISTS}/{name}'))
    known.parent.mkdir()
    known.write_bytes((release.folder.parent / name).read_bytes())
    monkeypatch.setattr(tfds.download.DownloadManager, 'download', lambda *_: known)
    monkeypatch.setattr('urllib.request.urlopen', None)
    assert len(release.build().as_data_source('train')) == 4
