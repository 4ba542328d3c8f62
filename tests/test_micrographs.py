"""Micrographs become a screen that trains like any other."""

import csv
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from configs import prepare as prepare_config
from deeploc_jax.data.cells import read_cells
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.data.screen_info import describe_screen
from deeploc_jax.datasets import prepare_screen
from deeploc_jax.images import write_ome_tiff
from deeploc_jax.screens.micrographs import crop_parts
from deeploc_jax.tasks import prepare as task
from tests.helpers.spot_fields import CHANNELS, PIXEL, field_image

pytestmark = pytest.mark.filterwarnings('ignore:.*no cell in')  # of a class
INSIDE, CELLS = 4, 9  # cells of a field whose crop lies in it, and all
PLATES, LABELS = ('P1', 'P2', 'P3'), {'A01': 'B', 'A02': 'C', 'A03': ''}


@pytest.fixture(scope='module')
def fields(tmp_path_factory):
    """The table of nine fields on three plates, beside the map of their wells."""
    folder, rows = tmp_path_factory.mktemp('screen'), []
    for plate in PLATES:
        for well in LABELS:
            file = f'images/{plate}_{well}.ome.tif'
            pixels = field_image(len(rows), CELLS, (128, 128))
            write_ome_tiff(folder / file, pixels, CHANNELS, (PIXEL, PIXEL))
            rows.append((plate, well, '1', file))
    write_csv(folder / 'fields.csv', ('plate', 'well', 'field', 'image'), rows)
    write_csv(folder / 'wells.csv', ('well', 'label'), LABELS.items())
    return folder / 'fields.csv'


def write_csv(path, header, rows):
    with path.open('w', newline='') as file:
        csv.writer(file).writerows([header, *rows])


def prepare(fields, folder, **options):
    config = prepare_config.get_config('micrographs')
    config.fields, config.channels = str(fields), 'protein=GFP,marker=RFP'
    config.plate_map = str(fields.parent / 'wells.csv')
    config.name, config.group_by = 'mine', 'plate'
    config.data_dir, config.workers, config.fields_per_part = str(folder), 1, 2
    config.update(options)
    return task.run(config, folder / 'work')


def test_fields_become_cells_with_the_labels_of_their_wells(fields, tmp_path, capsys):
    assert prepare(fields, tmp_path) == 0
    assert '--config.screen=own_screen/mine' in capsys.readouterr().out
    builder = prepare_screen('own_screen/mine', tmp_path)
    screen = describe_screen(builder)
    assert (screen.channels, screen.marker_channel) == (CHANNELS, 1)
    assert screen.class_names == ('B', 'C') and screen.pixel_size == PIXEL
    assert screen.splits == dict.fromkeys(('train', 'validation', 'test'), 3 * INSIDE)
    normalize = make_normalize('none')
    cells = read_cells(builder, 'train+validation+test', normalize=normalize)
    names = np.array([*screen.class_names, ''])[cells.labels]
    wells = cells.metadata['well']
    assert names.tolist() == [LABELS[well] for well in wells]
    assert len(set(cells.metadata['cell_id'])) == len(cells) == 9 * INSIDE
    whole = [plate + well for plate in PLATES for well in LABELS]
    for row in range(len(cells)):
        plate, well = (cells.metadata[name][row] for name in ('plate', 'well'))
        number = whole.index(plate + well)
        x, y = (round(cells.metadata[name][row]) for name in 'xy')
        field = field_image(number, CELLS, (128, 128))
        expected = field[y - 32 : y + 32, x - 32 : x + 32]
        np.testing.assert_array_equal(cells.images[row], expected)


def test_a_dry_run_says_what_was_understood_and_writes_nothing(
    fields, tmp_path, capsys
):
    assert prepare(fields, tmp_path, dry_run=True) == 0
    printed = capsys.readouterr().out
    assert '3 plates x 9 wells x 9 fields, channels GFP (protein), RFP' in printed
    assert not [*tmp_path.iterdir()]


def test_a_stopped_run_goes_on_with_the_parts_that_are_missing(
    fields, tmp_path, monkeypatch
):
    read, seen = crop_parts.read_field_cells, []

    def counting(asked, cutting):
        seen.append(asked.field.name)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return read(asked, cutting)

    monkeypatch.setattr(crop_parts, 'read_field_cells', counting)
    with pytest.raises(KeyboardInterrupt):
        prepare(fields, tmp_path)
    stopped = seen.copy()
    seen.extend([''] * 10)
    assert prepare(fields, tmp_path) == 0
    again = [name for name in seen[len(stopped) :] if name]
    assert 0 < len(again) < 9 and set(stopped) | set(again) == {
        f'{p}-{w}-1' for p in PLATES for w in LABELS
    }
    table = pq.read_table(tmp_path / 'work/crops.parquet')
    monkeypatch.undo()
    prepare(fields, tmp_path / 'whole')
    assert table == pq.read_table(tmp_path / 'whole/work/crops.parquet')


def test_a_field_that_cannot_be_read_is_set_aside_with_its_reason(fields, tmp_path):
    own = shutil.copytree(fields.parent, tmp_path / 'screen') / 'fields.csv'
    path = own.parent / 'images/P2_A02.ome.tif'
    path.write_bytes(path.read_bytes()[:5000])
    assert prepare(own, tmp_path) == task.INCOMPLETE
    lines = (tmp_path / 'work/set_aside.csv').read_text().splitlines()
    assert len([line for line in lines if 'P2_A02' in line and 'border' not in line])
    screen = describe_screen(prepare_screen('own_screen/mine', tmp_path))
    assert sum(screen.splits.values()) == 8 * INSIDE


def test_fields_of_two_bit_depths_are_told_and_not_scaled(fields, tmp_path, capsys):
    own = shutil.copytree(fields.parent, tmp_path / 'screen') / 'fields.csv'
    path = own.parent / 'images/P2_A02.ome.tif'
    pixels = (field_image(4, CELLS, (128, 128)) // 16).astype(np.uint8)
    write_ome_tiff(path, pixels, CHANNELS, (PIXEL, PIXEL))
    prepare(fields, tmp_path / 'one')
    assert 'types' not in capsys.readouterr().out
    assert prepare(own, tmp_path) == 0
    said = capsys.readouterr().out
    assert 'fields have pixels of 2 types' in said and 'nothing is scaled' in said
    assert f'uint8: 1 field, for example {path}' in said
    assert 'uint16: 8 fields, for example ' in said
    (part,) = (tmp_path / 'work/crops').glob('P2-00000-*')
    with np.load(part) as archive:
        small = archive['images'][archive['well'] == 'A02']
        assert small.dtype == np.uint16 and 0 < small.max() < 256
    prepare(own, tmp_path)  # from the parts that are there
    assert 'uint8: 1 field' in capsys.readouterr().out


def test_other_options_make_other_crops_and_another_screen(fields, tmp_path):
    prepare(fields, tmp_path)
    with pytest.raises(ValueError, match='Choose another name'):
        prepare(fields, tmp_path, crop_pixel_size=0.5)
    assert prepare(fields, tmp_path, crop_pixel_size=0.2, name='other') == 0
    screen = describe_screen(prepare_screen('own_screen/other', tmp_path))
    assert screen.pixel_size == 0.2


def test_fields_of_several_pixel_sizes_need_one_for_the_crops(fields, tmp_path):
    own = shutil.copytree(fields.parent, tmp_path / 'screen') / 'fields.csv'
    path = own.parent / 'images/P2_A02.ome.tif'
    write_ome_tiff(path, field_image(4, CELLS, (128, 128)), CHANNELS, (0.3, 0.3))
    with pytest.raises(ValueError, match=r'0\.3, 0\.36 micrometers: say --config'):
        prepare(own, tmp_path)
    assert prepare(own, tmp_path, crop_pixel_size=PIXEL) == 0


def test_what_only_the_user_can_say_is_asked_for(fields, tmp_path):
    with pytest.raises(ValueError, match=r'Say --config\.name=<name>'):
        prepare(fields, tmp_path, name=None)
