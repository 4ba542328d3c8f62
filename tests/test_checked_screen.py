"""What is found before a user's screen is built: bad images, channels, gaps."""

import csv
import tracemalloc

import numpy as np
import pytest
import tifffile
from own_cells import (
    CHANNELS,
    SPLITS,
    STACK,
    ome_files,
    separate_files,
    stack_table,
    write_table,
)

from deeploc_jax.data.own.cell_images import check_images
from deeploc_jax.data.own.cell_rows import check_rows
from deeploc_jax.data.own.cell_table import read_table
from deeploc_jax.data.own.channel_layout import Layout, parse_names, parse_roles
from deeploc_jax.data.own.checked_screen import check_screen


def _check(table, channels=CHANNELS, channel_names='RFP,GFP', **kwargs):
    return check_screen(
        table,
        channels=parse_roles(channels),
        channel_names=parse_names(channel_names),
        **kwargs,
    )


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('missing.npy', None, 'no such file'),
        ('broken.npy', b'\x93NUMPY', 'unreadable'),
        ('small.npy', np.zeros((63, 64, 2)), '63x64 pixels, smaller than 64x64'),
        ('large.npy', np.zeros((64, 80, 2)), "64x80 pixels.*crop='center'"),
        ('grey.npy', np.zeros((64, 64)), r'shape \(64, 64\); expected 2 channels'),
        ('nan.npy', np.full((64, 64, 2), np.nan), '8192 pixel.*NaN or infinite'),
        ('inf.npy', np.full((64, 64, 2), -np.inf), 'NaN or infinite'),
        ('complex.npy', np.zeros((64, 64, 2), complex), 'complex128 are not supported'),
        ('huge.npy', np.full((64, 64, 2), 2**60), 'cannot be stored exactly'),
        ('stack.npz', np.zeros((9, 64, 64, 2)), 'holds 9 images; say which'),
    ],
)
def test_bad_images_are_named(tmp_path, name, content, reason):
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        (np.savez if name.endswith('z') else np.save)(tmp_path / name, content)
    images = ['stack.npy'] * 5 + [name]
    table = stack_table(tmp_path, image=images, index=[*range(5), ''])
    with pytest.raises(ValueError, match=f'row 7: .*{name}.*: .*{reason}') as error:
        _check(table)
    assert '1 of 6 rows' in str(error.value)
    with (tmp_path / 'cells.csv.bad_rows.csv').open(newline='') as file:
        (bad,) = csv.DictReader(file)
    assert bad['row'] == '7' and bad['file'].endswith(name)


def test_truncated_tiff_is_named(tmp_path):
    columns = separate_files(tmp_path) | {'split': SPLITS}
    data = (tmp_path / '3_red.tif').read_bytes()
    (tmp_path / '3_red.tif').write_bytes(data[:5000])
    tifffile.imwrite(tmp_path / '4_red.tif', np.zeros((70, 64), np.uint16))
    with pytest.raises(ValueError, match=r'row 5: (?s:.)*RFP: damaged') as error:
        _check(write_table(tmp_path, columns), channel_names=())
    assert 'row 6' in str(error.value) and 'differ in size' in str(error.value)


def test_nothing_is_left_when_every_row_is_bad(tmp_path):
    table = stack_table(tmp_path, image=['gone.npy'] * 6)
    with pytest.raises(ValueError, match='6 of 6 rows'):
        _check(table, skip_bad_rows=True)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (
            {'channels': None},
            r'Found: images of shape \(6, 64, 64, 2\) with no channel',
        ),
        ({'channels': {'marker': 'RFP'}}, 'protein among them'),
        ({'channels': 'protein=GFP,marker=GFP'}, 'each channel once'),
        ({'channels': 'GFP,RFP'}, 'write it like "protein=GFP'),
        ({'channel_names': ()}, 'channel_names="<first>,<second>".*shape'),
        ({'channel_names': 'RFP,YFP'}, r"channel_names \(RFP, YFP\) has no 'GFP'"),
        ({'channel_names': 'RFP,GFP,DAPI'}, 'expected 3 channels'),
        ({'crop': 'left'}, "crop is 'left'"),
    ],
)
def test_channels_are_stated_not_guessed(tmp_path, arguments, words):
    with pytest.raises(ValueError, match=words):
        _check(stack_table(tmp_path), **arguments)


def test_file_and_statement_must_agree_on_the_channel_order(tmp_path):
    table = write_table(tmp_path, ome_files(tmp_path) | {'split': SPLITS})
    with pytest.raises(
        ValueError, match='3 of 6 rows.*(?s:.)*own channel order is GFP'
    ):
        _check(table)
    with pytest.raises(ValueError, match="no channel 'BF'; it has"):
        channels = {'protein': 'GFP', 'marker': 'BF'}
        _check(table, channels=channels, channel_names=())
    with pytest.raises(ValueError, match='Found: .* with GFP, RFP'):
        _check(table, channels=None, channel_names=())


def test_thin_classes_and_torn_groups_are_warned_of(tmp_path):
    with pytest.warns(UserWarning) as caught:
        labels = ['ER'] * 5 + ['BUD']
        table = stack_table(tmp_path, split=[''] * 6, field=[*'aabbcc'], label=labels)
        _check(table, group_by='field')
    text = '\n'.join(str(warning.message) for warning in caught)
    assert 'in one group, so in one split, of class BUD' in text
    table = stack_table(tmp_path, field=[*'abbcca'])
    with pytest.warns(UserWarning, match='tears 3 group.*near twins'):
        _check(table, group_by='field')


@pytest.mark.parametrize(('blank', 'told'), [(6, True), (4, True), (3, False)])
def test_a_channel_without_contrast_is_told(tmp_path, blank, told):
    stack = STACK.copy()
    stack[:blank, ..., 1] = 7  # GFP
    table = stack_table(tmp_path, stack)
    if told:
        words = rf'channel GFP is blank \(all pixels are equal\) in {blank} of 6 cells'
        with pytest.warns(UserWarning, match=words) as caught:
            _check(table)
        assert 'RFP' not in str(caught[0].message)
    else:
        _check(table)  # a warning would be an error


def test_what_is_cut_away_does_not_count_as_contrast(tmp_path):
    stack = np.pad(np.full((6, 64, 64, 2), 7), ((0, 0), (4, 4), (4, 4), (0, 0)))
    table = stack_table(tmp_path, stack)
    with pytest.warns(UserWarning, match='GFP is blank.*RFP is blank'):
        _check(table, crop='center')


def test_the_check_does_not_hold_the_images(tmp_path):
    stack = np.zeros((2000, 64, 64, 2), np.uint16)  # 33 MB
    stack[:] = np.arange(2000)[:, None, None, None]
    np.savez_compressed(tmp_path / 'stack.npz', image=stack)
    columns = {'image': ['stack.npz'] * len(stack), 'index': range(len(stack))}
    table = read_table(write_table(tmp_path, columns))
    rows, _ = check_rows(table, ['GFP', 'RFP'])
    layout = Layout(('GFP', 'RFP'), 1, False, ('RFP', 'GFP'), None)
    tracemalloc.start()
    good, bad, *_ = check_images(rows, layout)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(good) == len(stack) and not bad
    assert peak < stack.nbytes / 4
