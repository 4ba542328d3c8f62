import errno
import fcntl
import zipfile

import h5py
import numpy as np
import pytest
import tensorflow_datasets as tfds

from deeploc_jax import datasets
from deeploc_jax.data.release import files as release_files
from deeploc_jax.data.release import hdf5 as release_hdf5
from deeploc_jax.data.release.files import ZIP_NAME, ReleaseNotFoundError
from deeploc_jax.datasets import prepare_screen

FILE = 'Chong_test_set.hdf5'
RELEASED = datasets.chong2015.Chong2015.FILES
CLASSES = datasets.chong2015.Chong2015.CLASS_NAMES
K = len(CLASSES)
# The tests build from few cells and often from one file of three.
pytestmark = pytest.mark.filterwarnings(
    'ignore:.*is prepared without',
    'ignore:.*the released file',
)


def cells(n, planes=2, classes=K, seed=0):
    rng = np.random.default_rng(seed)
    data = rng.integers(2**15, 2**16, (n, planes * 4096)).astype(np.float64)
    return data, rng.integers(0, classes, n)


def write(path, *chunks, names=CLASSES, where='root', classes=K):
    """Writes (data, labels) chunks as the release lays them out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, 'w') as file:
        for n, (data, labels) in enumerate(chunks, 1):
            file[f'data{n}'] = data
            index = file.create_dataset(
                f'Index{n}', data=np.eye(classes, dtype=np.uint8)[labels]
            )
            if where == 'root':
                file.attrs[f'Index{n}_columns'] = np.array(names, 'S')
            elif where == 'dataset':
                index.attrs['columns'] = list(names)
            elif where == 'text':
                index.attrs['columns'] = ', '.join(names)
    return path


def edit(path, change):
    with h5py.File(path, 'r+') as file:
        change(file)


def build(tmp_path, name='chong2015'):
    return prepare_screen(name, tmp_path / 'data', tmp_path / 'manual')


def read(builder, split='test'):
    found = list(builder.as_data_source(split))
    return {cell['cell_id'].decode(): cell for cell in found}


@pytest.fixture
def offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('no network here')

    monkeypatch.setattr(release_files.urllib.request, 'urlopen', refuse)


@pytest.mark.parametrize('where', ['root', 'dataset', 'text', None])
def test_every_pixel_and_label_arrives(tmp_path, where):
    data, labels = cells(6)
    write(tmp_path / 'manual/deep/er' / FILE, (data, labels), where=where)
    builder = build(tmp_path)
    assert list(builder.info.splits) == ['test']
    assert builder.info.features['label'].names == list(CLASSES)
    assert builder.info.metadata['channels'] == ['GFP', 'RFP']
    found = read(builder)
    assert len(found) == 6
    for row in range(6):
        cell = found[f'Chong_test_set/1/{row}']
        assert cell['image'].dtype == np.float64
        assert cell['label'] == labels[row]
        for channel in range(2):
            plane = data[row, channel * 4096 :][:4096].reshape(64, 64)
            np.testing.assert_array_equal(cell['image'][..., channel], plane)


def test_all_splits_chunks_and_slices(tmp_path, monkeypatch):
    monkeypatch.setattr(release_hdf5, 'SLICE', 4)
    sizes = (9, 2, 5)
    for split, (name, _) in enumerate(RELEASED.values()):
        chunks = [cells(n, seed=10 * split + n) for n in sizes]
        write(tmp_path / 'manual' / name, *chunks)
    builder = build(tmp_path)
    assert list(builder.info.splits) == ['train', 'validation', 'test']
    found = read(builder, 'validation')
    assert len(found) == sum(sizes)
    for chunk, row in [(1, 0), (1, 3), (1, 4), (1, 8), (2, 1), (3, 4)]:
        data, labels = cells(sizes[chunk - 1], seed=10 + sizes[chunk - 1])
        cell = found[f'Chong_valid_set/{chunk}/{row}']
        assert cell['label'] == labels[row]
        np.testing.assert_array_equal(cell['image'][5, 7], data[row][[327, 4423]])


@pytest.mark.parametrize('compression', [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_zip_is_read_without_extracting_it(tmp_path, monkeypatch, compression):
    monkeypatch.setattr(release_hdf5, 'SLICE', 4)
    path = write(tmp_path / FILE, cells(10))
    (tmp_path / 'manual').mkdir()
    with zipfile.ZipFile(tmp_path / 'manual' / ZIP_NAME, 'w', compression) as file:
        file.writestr('__MACOSX/release/._' + FILE, b'not this one')
        file.write(path, f'release/datasets/{FILE}')
    found = read(build(tmp_path))
    data, labels = cells(10)
    cell = found['Chong_test_set/1/9']
    assert cell['label'] == labels[9]
    np.testing.assert_array_equal(cell['image'][..., 1].ravel(), data[9, 4096:])
    assert not list((tmp_path / 'data').rglob('*.hdf5'))


def test_names_and_measurements(tmp_path):
    path = write(tmp_path / 'manual' / FILE, cells(3), cells(2))

    def add(file):
        file['label_names'] = np.array([b'YAL001C_1', b'twice', b'twice'])
        file['label_names2'] = np.array([b'YAL001C_4', b'YAL001C_5'])
        file['Info1'] = np.arange(6.0).reshape(3, 2)
        file['Info2'] = np.arange(6.0, 10.0).reshape(2, 2)
        file.attrs['Info1_columns'] = np.array([b'area', b'mean'])

    edit(path, add)
    write(tmp_path / 'manual/Chong_valid_set.hdf5', cells(1))
    builder = build(tmp_path)
    assert builder.info.metadata['measurement_names'] == ['area', 'mean']
    found = read(builder)
    assert set(found) == {
        'YAL001C_1',
        'twice/Chong_test_set/1/1',
        'twice/Chong_test_set/1/2',
        'YAL001C_4',
        'YAL001C_5',
    }
    assert found['YAL001C_5']['measurements'].tolist() == [8, 9]
    # A file without them has the columns, empty.
    (cell,) = read(builder, 'validation').values()
    assert np.isnan(cell['measurements']).all()


@pytest.mark.parametrize('key', ['label_names', 'Info1'])
def test_extras_that_do_not_fit_are_left_out(tmp_path, key):
    path = write(tmp_path / 'manual' / FILE, cells(3))
    edit(path, lambda file: file.create_dataset(key, data=np.zeros((2, 4))))
    with pytest.warns(UserWarning, match=f'{key[:4]}.* they are left out'):
        builder = build(tmp_path)
    assert 'measurements' not in builder.info.features
    assert 'Chong_test_set/1/2' in read(builder)


def test_wt2017_has_protein_then_marker_then_nucleus(tmp_path):
    data, labels = cells(2, planes=3, classes=22)
    names = [
        name.replace('_', ' ').upper() for name in datasets.wt2017.Wt2017.CLASS_NAMES
    ]
    path = tmp_path / 'manual/wt2017_test_set.hdf5'
    write(path, (data, labels), names=names, classes=22)
    builder = build(tmp_path, 'wt2017')
    image = read(builder)['wt2017_test_set/1/1']['image']
    for channel, plane in enumerate((0, 2, 1)):
        values = data[1, plane * 4096 :][:4096]
        np.testing.assert_array_equal(image[..., channel].ravel(), values)
    assert builder.info.metadata['marker_channel'] == 1


def test_real_cells_of_the_release(tmp_path, shared_data):
    folder = shared_data('swat_rfp_36')
    builder = prepare_screen('swat_rfp', tmp_path, folder)
    source = tfds.data_source('swat_rfp', split='test', data_dir=tmp_path)
    counts = np.bincount([cell['label'] for cell in source], minlength=11)
    assert counts.tolist() == [6, 1, 0, 7, 5, 1, 3, 0, 4, 6, 3]
    with h5py.File(folder / 'Schuldiner_test_set.hdf5') as file:
        rows = file['data1'][()]
    for cell in source:
        row = int(cell['cell_id'].decode().split('/')[-1])
        expected = rows[row].reshape(2, 64, 64).transpose(1, 2, 0)
        np.testing.assert_array_equal(cell['image'], expected)
    assert builder.info.features['label'].names == list(
        datasets.swat_rfp.SwatRfp.CLASS_NAMES
    )
    assert builder.info.metadata['marker_channel'] == -1


@pytest.mark.filterwarnings('default')
def test_differences_from_the_release_raise_warnings(tmp_path):
    write(tmp_path / 'manual' / FILE, cells(3))
    with pytest.warns(UserWarning) as said:
        builder = build(tmp_path)
    texts = '\n'.join(str(warning.message) for warning in said)
    assert "Chong_train_set.hdf5 (split 'train'), Chong_valid_set.hdf5" in texts
    assert f'delete {builder.data_path} and' in texts  # no other version
    assert f'{FILE} has 3 cells, but the released file has 4516 (-4513)' in texts


@pytest.mark.parametrize('names', [CLASSES[:-1], ['a', 'b'], (*CLASSES, 'ACTIN')])
def test_other_classes_are_shown_side_by_side(tmp_path, names):
    write(tmp_path / 'manual' / FILE, cells(3), names=names)
    with pytest.raises(ValueError, match=FILE) as error:
        build(tmp_path)
    last = [*names, *['(none)'] * 19][18]
    assert f'0  {CLASSES[0]:24} {names[0]}' in str(error.value)
    assert f'18  {CLASSES[18]:24} {last}' in str(error.value)


def test_label_columns_are_found_by_name_and_other_classes_are_unlabelled(tmp_path):
    data, _ = cells(21)
    names = [*reversed(CLASSES[1:]), 'Bud scar', CLASSES[0].title(), 'unsure']
    chunks = (data[:15], np.arange(15)), (data[15:], np.arange(15, 21))
    write(tmp_path / 'manual' / FILE, *chunks, names=names, classes=21)
    with pytest.warns(UserWarning, match='2 cells of .*: Bud scar 1, unsure 1'):
        builder = build(tmp_path)
    assert builder.info.features['label'].names == list(CLASSES)
    found = read(builder)
    for row in range(21):
        chunk = 1 + (row >= 15)
        cell = found[f'Chong_test_set/{chunk}/{row - 15 * (row >= 15)}']
        name = names[row].upper()
        expected = CLASSES.index(name) if name in CLASSES else -1
        assert cell['label'] == expected
        np.testing.assert_array_equal(cell['image'][0, 0], data[row][[0, 4096]])


def test_more_columns_than_classes_need_names(tmp_path):
    data, labels = cells(3)
    path = tmp_path / 'manual' / FILE
    write(path, (data, labels), where=None, classes=K + 2)
    with pytest.raises(ValueError, match=r'shape \(3, 21\), but 3 cells .* 19 classes'):
        build(tmp_path)
    write(path, (data, labels), names=CLASSES, classes=K + 2)
    with pytest.raises(ValueError, match=r'shape \(3, 21\)'):
        build(tmp_path)


def spoil(key, rows, value):
    def change(file):
        values = file[key][()]
        values[rows] = value
        del file[key]
        file[key] = values

    return change


@pytest.mark.parametrize(
    'change, message',
    [
        (spoil('Index2', 1, 0), r'Index2 is not one-hot in 1 row.*: 1'),
        (spoil('Index2', [1, 4], 1), r'Index2 is not one-hot in 2 row.*: 1, 4'),
        (spoil('Index1', (0, 3), 7), 'Index1 is not one-hot'),
        (spoil('data2', (3, 17), np.nan), r'data2 has NaN or infinite.* 1 row.*: 3'),
        (spoil('data1', slice(0, 25), np.inf), r'25 row.*0, 1, .* 18, 19 and 5 more'),
        (lambda file: file.pop('Index2'), 'it has no Index2, only'),
        (lambda file: file.move('data2', 'data3'), 'it has no data2, Index3, only'),
        (lambda file: file.move('data1', 'pixels'), 'it has no data1'),
    ],
)
def test_errors_about_bad_files_name_the_rows(tmp_path, change, message):
    edit(write(tmp_path / 'manual' / FILE, cells(30), cells(5)), change)
    with pytest.raises(ValueError, match=f'{FILE}(?s:.*){message}'):
        build(tmp_path)
    assert not list((tmp_path / 'data').rglob('*array_record*'))


def test_one_error_names_bad_labels_and_bad_pixels(tmp_path):
    path = write(tmp_path / 'manual' / FILE, cells(30))
    edit(path, spoil('Index1', 2, 0))
    edit(path, spoil('data1', (3, 0), np.nan))
    with pytest.raises(ValueError, match='(?s)Index1 is .*data1 has '):
        build(tmp_path)


@pytest.mark.parametrize('planes', [1, 3])
def test_wrong_number_of_planes(tmp_path, planes):
    write(tmp_path / 'manual' / FILE, cells(3, planes=planes))
    with pytest.raises(
        ValueError, match=rf'\(3, {planes * 4096}\).*must hold 2 planes'
    ):
        build(tmp_path)


def blank(chunk, rows, plane):
    def change(file):
        values = file[f'data{chunk}'][()]
        values[rows, plane * 4096 :][:, :4096] = 3
        file[f'data{chunk}'][...] = values

    return change


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ([blank(1, slice(0, 16), 0)], r'channel GFP is blank .* in 16 of 30 cells'),
        ([blank(1, slice(20), 1), blank(2, slice(10), 1)], 'channel RFP .* 30 of 30'),
        ([blank(2, slice(10), 1)], r'data2: the channel RFP is blank .* in 10 of 10'),
        ([blank(1, slice(7), 0), blank(2, slice(5), 1)], None),
    ],
)
def test_many_planes_without_contrast_raise_a_warning(
    tmp_path, monkeypatch, changes, words
):
    monkeypatch.setattr(release_hdf5, 'SLICE', 8)
    path = write(tmp_path / 'manual' / FILE, cells(20), cells(10))
    for change in changes:
        edit(path, change)
    if words:
        with pytest.warns(UserWarning, match=f'{FILE}: .*{words}'):
            build(tmp_path)
    else:
        build(tmp_path)  # a warning would be an error


def test_a_blank_plane_has_the_name_of_its_channel(tmp_path):
    path = tmp_path / 'manual/wt2017_test_set.hdf5'
    names = datasets.wt2017.Wt2017.CLASS_NAMES
    write(path, cells(3, planes=3, classes=22), names=names, classes=22)
    edit(path, blank(1, slice(3), 1))  # planes: protein, nucleus, cytosol
    with pytest.warns(UserWarning, match='channel nucleus is blank'):
        build(tmp_path, 'wt2017')


def move_out(key, how):
    """Replaces a data set by one whose values are in other.hdf5, which is gone."""

    def change(file):
        values = file.pop(key)
        if how == 'link':
            file[key] = h5py.ExternalLink('other.hdf5', f'/{key}')
        elif how == 'linked group':
            file['group'] = h5py.ExternalLink('other.hdf5', '/')
            file[key] = h5py.SoftLink(f'/group/{key}')
        elif how == 'virtual':
            layout = h5py.VirtualLayout(values.shape, values.dtype)
            layout[:] = h5py.VirtualSource('other.hdf5', key, values.shape)
            file.create_virtual_dataset(key, layout)
        else:
            parts = [('other.hdf5', 0, h5py.h5f.UNLIMITED)]
            file.create_dataset(key, values.shape, values.dtype, external=parts)

    return change


@pytest.mark.parametrize('how', ['link', 'linked group', 'virtual', 'storage'])
@pytest.mark.parametrize('key', ['data2', 'Index1', 'Info1', 'label_names'])
@pytest.mark.parametrize('zipped', [False, True])
def test_values_in_another_file_are_refused(tmp_path, monkeypatch, key, how, zipped):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / 'manual' / FILE, cells(3), cells(2))
    edit(path, lambda file: file.update(Info1=np.ones((3, 2)), label_names=[b'a'] * 5))
    edit(path, move_out(key, how))
    if zipped:
        with zipfile.ZipFile(path.with_name(ZIP_NAME), 'w') as file:
            file.write(path, FILE)
        path.unlink()
    with pytest.raises(
        ValueError, match=f'{FILE}: .*{key} .* another file, .*other.hdf5'
    ):
        build(tmp_path)


def test_rows_that_were_never_written_are_no_zeros(tmp_path):
    path = write(tmp_path / 'manual' / FILE, cells(6))
    data, _ = cells(6)

    def unwrite(file):
        del file['data1']
        part = file.create_dataset('data1', data.shape, data.dtype, chunks=(2, 8192))
        part[:2] = data[:2]

    edit(path, unwrite)
    with pytest.raises(
        ValueError, match=f'{FILE}: data1 was never written in .*: 2, 3, 4, 5'
    ):
        build(tmp_path)

    def unwrite_all(file):
        del file['data1']
        file.create_dataset('data1', data.shape, data.dtype)

    edit(path, unwrite_all)
    with pytest.raises(ValueError, match=f'{FILE}: data1 was never written'):
        build(tmp_path)


@pytest.mark.parametrize('key', ['Info1', 'label_names'])
@pytest.mark.parametrize('how', ['empty', 'never written', 'in part'])
def test_extras_that_were_never_written_are_left_out(tmp_path, key, how):
    path = write(tmp_path / 'manual' / FILE, cells(6))
    values = np.ones((6, 2)) if key == 'Info1' else np.array([b'a'] * 6)

    def unwrite(file):
        if how == 'empty':
            file[key] = h5py.Empty(values.dtype)
            return
        chunks = (2, *values.shape[1:])
        part = file.create_dataset(key, values.shape, values.dtype, chunks=chunks)
        if how == 'in part':
            part[:2] = values[:2]

    edit(path, unwrite)
    with pytest.warns(UserWarning, match=f'{FILE} has .*{key}.*; they are left out'):
        builder = build(tmp_path)
    assert not builder.info.metadata['measurement_names']
    assert 'Chong_test_set/1/5' in read(builder)


def test_a_file_that_another_program_writes_is_not_called_damaged(tmp_path):
    path = write(tmp_path / 'manual' / FILE, cells(3))
    with path.open('rb') as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(
            ValueError, match=f'{FILE}: is held open .*close it'
        ) as error:
            build(tmp_path)
    assert 'damaged' not in str(error.value)


def test_what_the_system_refuses_is_not_called_damaged(tmp_path, monkeypatch):
    write(tmp_path / 'manual' / FILE, cells(3))

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, 'unable to open file')

    monkeypatch.setattr(h5py, 'File', refuse)
    with pytest.raises(
        ValueError, match=f'{FILE} cannot be read: Permission denied'
    ) as e:
        build(tmp_path)
    assert 'damaged' not in str(e.value)


@pytest.mark.parametrize('zipped', [False, True])
def test_truncated_file_is_named(tmp_path, zipped):
    path = write(tmp_path / 'manual' / FILE, cells(30))
    path.write_bytes(path.read_bytes()[:500_000])
    if zipped:
        with zipfile.ZipFile(path.with_name(ZIP_NAME), 'w') as file:
            file.write(path, FILE)
        path.unlink()
    with pytest.raises(ValueError, match=f'{FILE} cannot be read .*truncated'):
        build(tmp_path)


def test_damaged_zip_is_named(tmp_path):
    (tmp_path / 'manual').mkdir()
    (tmp_path / 'manual' / ZIP_NAME).write_bytes(b'PK\3\4 and then nothing')
    with pytest.raises(ValueError, match=f'{ZIP_NAME} is not a complete zip file'):
        build(tmp_path)


def test_nothing_there_and_no_network_is_one_clear_error(tmp_path, offline):
    with pytest.raises(ReleaseNotFoundError) as error:
        build(tmp_path)
    text = str(error.value)
    for part in [FILE, str(tmp_path / 'manual'), 'http://spidey', 'no network here']:
        assert part in text
    assert '--config=configs/deeploc.py:sim' in text
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Stands in for the download; the returned list counts its calls."""
    calls = []
    sent = tmp_path / 'sent.zip'

    def download(self, url):
        calls.append(url)
        folder = tmp_path / 'data/downloads'
        (folder / 'got.zip').write_bytes(sent.read_bytes())
        return folder / 'got.zip'

    class Answer:
        def close(self):
            pass

    monkeypatch.setattr(
        release_files.urllib.request, 'urlopen', lambda url, timeout: Answer()
    )
    monkeypatch.setattr(tfds.download.DownloadManager, 'download', download)
    return calls


def serve(tmp_path, *names):
    with zipfile.ZipFile(tmp_path / 'sent.zip', 'w') as file:
        for name in names:
            file.write(write(tmp_path / name, cells(3)), name)


def test_a_download_is_recorded_and_checked_when_used_again(tmp_path, server):
    serve(tmp_path, *(name for name, _ in RELEASED.values()))
    build(tmp_path)
    record = tmp_path / 'data/downloads' / f'{ZIP_NAME}.json'
    assert '"sha256"' in record.read_text()
    tfds.core.Path(tmp_path / 'data/chong2015').rmtree()
    build(tmp_path)
    assert len(server) == 1
    tfds.core.Path(tmp_path / 'data/chong2015').rmtree()
    with (tmp_path / 'data/downloads/got.zip').open('ab') as file:
        file.write(b'!')
    with pytest.raises(ReleaseNotFoundError, match='has changed since'):
        build(tmp_path)


@pytest.mark.parametrize('content', [b'<html>moved</html>', None])
def test_a_download_that_is_something_else(tmp_path, server, content):
    serve(tmp_path)
    if content:
        (tmp_path / 'sent.zip').write_bytes(content)
    with pytest.raises(ReleaseNotFoundError, match='did not send a zip|holds none'):
        build(tmp_path)
    assert not list((tmp_path / 'data').rglob('*.json'))
