"""Image files of a table that was written on another computer."""

import os
import re
import unicodedata

import pytest

from deeploc_jax.data.own.cell_files import find_image, missing_hint

NFC, NFD = 'caf\xe9.tif', unicodedata.normalize('NFD', 'caf\xe9.tif')


@pytest.fixture
def folder(tmp_path):
    for name in ('crops/0001.tif', 'crops/a b.tif', 'own.tif', f'nfd/{NFD}'):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('crops/0001.tif', 'crops/0001.tif'),
        ('crops\\0001.tif', 'crops/0001.tif'),
        ('.\\crops\\0001.tif', 'crops/0001.tif'),
        ('./crops//0001.tif', 'crops/0001.tif'),
        ('crops/../own.tif', 'own.tif'),
        ('file:crops/a%20b.tif', 'crops/a b.tif'),
        (f'nfd/{NFC}', f'nfd/{NFD}'),
        (f'nfd\\{NFC}', f'nfd/{NFD}'),
    ],
)
def test_a_path_of_another_system_is_found(folder, text, name):
    found = find_image(folder, text)
    assert found.is_file() and found.samefile(folder / name)
    assert missing_hint(folder, found) == ''


@pytest.mark.parametrize('start', ['file://', 'FILE://localhost', 'file:'])
def test_a_file_url_is_a_path(folder, start):
    path = f'{folder}/crops/a b.tif'
    assert find_image(folder, start + path.replace(' ', '%20')).is_file()


@pytest.mark.skipif(os.name == 'nt', reason='a backslash is never part of a name there')
def test_a_path_that_is_there_literally_wins(folder):
    for name in ('crops\\0001.tif', 'file:own.tif', 'C:\\own.tif'):
        (folder / name).touch()
        assert find_image(folder, name) == folder / name


@pytest.mark.skipif(os.name == 'nt', reason='drives are no other computer there')
@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('C:\\screen\\crops\\0001.tif', "another computer.*mean 'crops/0001.tif'"),
        ('d:/screen/own.tif', "another computer.*mean 'own.tif'"),
        ('\\\\server\\share\\crops\\0001.tif', "another computer.*'crops/0001.tif'"),
        ('//server/share/else.tif', 'another computer: write it relative.*table$'),
        ('file:///C:/crops/0001.tif', "mean 'crops/0001.tif'"),
        ('https://host/crops/1.tif', 'an address, not a file'),
        ('s3://bucket/own.tif', "an address.*mean 'own.tif'"),
        ('/old/place/crops/0001.tif', "mean 'crops/0001.tif'"),
        ('Crops/0001.TIF', "mean 'crops/0001.tif'"),
        ('Crops\\0001.TIF', "mean 'crops/0001.tif'"),
        ('crops/001.tif', "mean 'crops/0001.tif'"),
        ('crops/1.tif', "mean 'crops/0001.tif'"),
        ('crop/0001.tif', "mean 'crops/0001.tif'"),
        ('zzz/qqq.png', '^$'),
        ('x' * 5000, '^$'),
        ('a\0b', '^$'),
    ],
)
def test_a_missing_file_comes_with_the_nearest_name(folder, text, words):
    path = find_image(folder, text)
    assert path == folder / text
    assert re.search(words, missing_hint(folder, path))
