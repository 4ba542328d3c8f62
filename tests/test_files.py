import errno
import os
from pathlib import Path

import pytest

from deeploc_jax.files import atomic_write

REFUSALS = [errno.EPERM, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS]


def refuse(number):
    def call(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return call


def write(path, text):
    return atomic_write(path, lambda temporary: temporary.write_text(text))


@pytest.mark.parametrize('number', REFUSALS)
def test_a_share_without_permissions_links_or_syncs_takes_files(
    tmp_path, monkeypatch, number
):
    for name in ('chmod', 'fchmod', 'lchmod', 'link', 'utime', 'chown', 'fsync'):
        monkeypatch.setattr(os, name, refuse(number), raising=False)
    monkeypatch.setattr(Path, 'chmod', refuse(number))
    for text in ('first', 'second'):
        assert write(tmp_path / 'a/b.txt', text).read_text() == text
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['b.txt']


@pytest.mark.parametrize('number', [errno.EPERM, errno.EEXIST, errno.EACCES])
def test_a_share_that_cannot_rename_onto_a_file_takes_files(
    tmp_path, monkeypatch, number
):
    rename = os.rename

    def onto_nothing(old, new):
        if os.path.exists(new):
            raise OSError(number, os.strerror(number))
        rename(old, new)

    monkeypatch.setattr(os, 'replace', onto_nothing)
    monkeypatch.setattr(os, 'rename', onto_nothing)
    for text in ('first', 'second'):
        assert write(tmp_path / 'b.txt', text).read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ['b.txt']


@pytest.mark.parametrize('step', ['fsync', 'replace', 'rename'])
def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch, step):
    write(tmp_path / 'b.txt', 'first')
    if step == 'rename':  # it can be moved away, and then nothing more
        monkeypatch.setattr(os, 'replace', refuse(errno.EPERM))
        rename, calls = Path.rename, []

        def fail_second(self, target):
            calls.append(target)
            if len(calls) == 2:
                raise OSError(errno.EIO, 'gone')
            return rename(self, target)

        monkeypatch.setattr(Path, 'rename', fail_second)
    else:
        monkeypatch.setattr(os, step, refuse(errno.EIO))
    with pytest.raises(OSError):
        write(tmp_path / 'b.txt', 'second')
    assert (tmp_path / 'b.txt').read_text() == 'first'
    assert [path.name for path in tmp_path.iterdir()] == ['b.txt']


def test_nothing_half_written_stays(tmp_path):
    def half(temporary):
        temporary.write_text('half')
        raise ValueError

    with pytest.raises(ValueError):
        atomic_write(tmp_path / 'b.txt', half)
    assert not list(tmp_path.iterdir())


def test_a_file_has_the_permissions_that_the_user_gives(tmp_path):
    mask = os.umask(0o027)
    try:
        write(tmp_path / 'b.txt', 'text')
    finally:
        os.umask(mask)
    assert (tmp_path / 'b.txt').stat().st_mode & 0o777 == 0o640
