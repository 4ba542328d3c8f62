"""Task `score`: from the fields of a screen to its cells, whatever happens between."""

import errno
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import deeploc_jax
from configs import score as score_config
from deeploc_jax import tables, tasks
from deeploc_jax.screens.cells import CellOptions, cut_crops, find_cells
from deeploc_jax.screens.fields.describe import describe_fields
from deeploc_jax.screens.fields.field import BadFieldError
from deeploc_jax.screens.fields.read import read_field
from deeploc_jax.screens.scoring import field_cells, part_files
from deeploc_jax.screens.scoring import job as jobs
from deeploc_jax.tables.features import read_features
from deeploc_jax.tasks import score as task
from tests.helpers import spot_fields

ROLES = 'protein=GFP,marker=RFP'


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    with spot_fields.small_weights(tmp_path_factory.mktemp('weights')) as folder:
        yield folder


@pytest.fixture(scope='module')
def screen(tmp_path_factory):
    return spot_fields.write_screen(tmp_path_factory.mktemp('screen'))


@pytest.fixture
def config(weights, screen):
    return make_config(weights, screen)


def make_config(weights, fields, **options):
    config = score_config.get_config()
    config.source, config.fields, config.channels = weights, str(fields), ROLES
    config.batch_size, config.fields_per_part, config.workers = 8, 2, 1
    config.update(options)
    return config


@pytest.fixture(scope='module')
def whole(weights, screen, tmp_path_factory):
    """The screen scored in one go."""
    workdir = tmp_path_factory.mktemp('whole')
    assert task.run(make_config(weights, screen), workdir) == 0
    return workdir


@pytest.fixture
def own_screen(screen, tmp_path):
    """A copy of the screen that a test may damage."""
    return shutil.copytree(screen.parent, tmp_path / 'screen') / 'fields.csv'


def test_the_page_of_the_plates_says_that_they_are_simulated(
    whole, own_screen, weights, tmp_path
):
    for name in ('images.csv', 'cells.parquet'):  # as configs/simulate.py leaves them
        (own_screen.parent / name).touch()
    task.run(make_config(weights, own_screen), tmp_path / 'run')
    assert 'SIMULATED DATA' in (tmp_path / 'run/plates.html').read_text()
    assert 'SIMULATED DATA' not in (whole / 'plates.html').read_text()


def parts_in(workdir):
    return sorted(path.name for path in (workdir / 'cells.parquet').iterdir())


def reasons(workdir, stage):
    lines = (workdir / 'set_aside.csv').read_text().splitlines()
    return [line for line in lines if f',{stage},' in line]


def test_every_cell_is_a_row_and_what_the_network_says_of_its_crop(
    whole, screen, weights
):
    table = tables.read_scored_cells(whole)
    fields = tables.read_scored_fields(whole)
    assert len(fields) == 12 and set(fields['status'].to_pylist()) == {'scored'}
    assert sum(fields['n_cells'].to_pylist()) == len(table) > 60
    assert min(fields['brightness_RFP'].to_pylist()) > 300
    assert len(set(table['cell_id'].to_pylist())) == len(table)
    inventory = describe_fields(str(screen), channels=ROLES)
    network = deeploc_jax.load(weights)
    for field in inventory.fields[:3]:
        image = read_field(field)
        name = np.array(table['cell_id'].to_pylist())
        rows = table.filter(np.char.startswith(name, f'{field.name}-'))
        usable = rows.filter(np.logical_not(rows['border'].to_numpy(False)))
        crops, inside = cut_crops(
            image.pixels, usable['x'].to_numpy(), usable['y'].to_numpy(), 20
        )
        assert inside.all() and 0 < len(usable) < len(rows)
        np.testing.assert_allclose(
            tables.class_values(usable), network.predict(crops), atol=1e-5
        )
        np.testing.assert_allclose(
            usable['novelty'].to_numpy(), network.novelty(crops), rtol=1e-3, atol=1e-4
        )


def test_a_row_has_all_that_is_known_of_its_cell(whole):
    table = tables.read_scored_cells(whole)
    first = table.slice(0, 1).to_pylist()[0]
    assert first['plate'] == 'P1' and first['well'] == 'A01' and first['field'] == '1'
    assert (first['protein'], first['label'], first['label_name']) == ('ORF11', 1, 'B')
    assert table['label'].to_pylist()[-1] == -1
    assert 150 < first['area'] < 400 and 1 < first['major_axis'] / 14 < 1.8
    assert first['corrected_RFP'] > 300 and first['mean_RFP'] > first['corrected_RFP']
    for row in table.to_pylist():
        if row['border']:
            assert row['p_A'] is None and row['flags'] == ['border']
        elif row['predicted_name'] == 'DEAD':
            assert row['flags'] == ['dead']
        else:
            assert (
                row['flags'] == []
                and row['confidence'] == row[f'p_{row["predicted_name"]}']
            )


def test_cells_at_the_border_are_listed_with_a_count(whole):
    border = sum(tables.read_scored_cells(whole)['border'].to_pylist())
    listed = [line.split(',') for line in reasons(whole, 'border')]
    assert sum(int(line[-1].split()[0]) for line in listed) == border > 10


@pytest.mark.parametrize('stop', [0, 1, 3, 5])
def test_killed_at_any_part_and_resumed_it_is_the_same_table(
    stop, config, whole, tmp_path, monkeypatch, capsys
):
    written = []

    def write(workdir, name, *rest):
        if len(written) == stop:
            raise KeyboardInterrupt
        written.append(name)
        write_part(workdir, name, *rest)

    write_part = part_files.write_part
    with monkeypatch.context() as patch:
        patch.setattr(jobs, 'write_part', write)
        with pytest.raises(KeyboardInterrupt):
            task.run(config, tmp_path)
    assert not (tmp_path / 'run.json').exists()
    capsys.readouterr()
    assert task.run(config, tmp_path) == 0
    assert f'{stop} of 6 parts are scored already.' in capsys.readouterr().out
    assert tables.read_scored_cells(tmp_path).equals(tables.read_scored_cells(whole))
    assert parts_in(tmp_path) == parts_in(whole)


def test_a_finished_screen_is_not_scored_again(config, whole, monkeypatch, capsys):
    before = (whole / 'fields.parquet').read_bytes()
    monkeypatch.setattr(jobs, 'read_field_cells', None)
    assert task.run(config, whole) == 0
    assert 'All parts are scored already.' in capsys.readouterr().out
    assert (whole / 'fields.parquet').read_bytes() == before


def test_a_few_labelled_cells_flag_others_in_what_is_scored(
    config, whole, tmp_path, monkeypatch, capsys
):
    workdir = shutil.copytree(whole, tmp_path / 'run')
    assert 'not_a_cell' not in (workdir / 'plates.html').read_text()
    before = tables.read_scored_cells(workdir)
    labels = tmp_path / 'labels.csv'
    rows = zip(before['cell_id'].to_pylist(), before['x'].to_pylist(), strict=True)
    lines = [f'{name},{int(x > 60)}' for name, x in list(rows)[:40]]
    labels.write_text('\n'.join(['cell_id,is_cell', *lines]))
    monkeypatch.setattr(part_files, 'write_part', None)  # nothing is scored again
    config.cell_labels = str(labels)
    assert task.run(config, workdir) == 0
    assert 'objects are no cells by their measurements' in capsys.readouterr().out
    after = tables.read_scored_cells(workdir)
    said = [line.endswith(',0') for line in lines]
    assert ['not_a_cell' in f for f in after['flags'].to_pylist()[:40]] == said
    assert 0 < sum(said) < 40 and 'not_a_cell' in (workdir / 'plates.html').read_text()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'no table'),
        ('cell_id,is_it\nP1-A01-1-1,1\n', 'lacks the columns is_cell'),
        ('cell_id,is_cell\nP1-A01-1-1,perhaps\n', "row 2: is_cell .'perhaps'"),
        ('cell_id,is_cell\nP1-A01-1-1,1\n', 'labels 1 cells of the screen, and 0'),
        (
            '\n'.join(
                ['cell_id,is_cell', *(f'P9-A01-1-{n},{n % 2}' for n in range(9))]
            ),
            "labels 0 cells .* 'P9-A01-1-0' is in no field of the screen",
        ),
    ],
)
def test_labels_that_cannot_be_used_are_told_before_any_work(
    config, tmp_path, content, message
):
    labels = tmp_path / 'labels.csv'
    if content:
        labels.write_text(content)
    config.cell_labels = str(labels)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        task.run(config, tmp_path / 'run')
    assert not (tmp_path / 'run').exists()


def test_shards_make_the_same_table_and_the_last_one_ends_it(
    config, whole, tmp_path, capsys
):
    for number in (3, 1, 2):
        assert not (tmp_path / 'run.json').exists()
        config.shard = f'{number}/3'
        assert task.run(config, tmp_path) == 0
    assert tables.read_scored_cells(tmp_path).equals(tables.read_scored_cells(whole))
    for name in ('fields.parquet', 'set_aside.csv'):
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes()
    config.shard = '4/3'
    with pytest.raises(ValueError, match=r"shard \('4/3'\) must be"):
        task.run(config, tmp_path)


def test_two_shards_run_at_once_but_no_two_of_the_same_number(config, tmp_path):
    from deeploc_jax.workdir.lock import hold

    config.shard = '1/3'
    with hold(tmp_path / '.shard-2-of-3'):
        assert tasks.run(config, tmp_path) == 0
    with hold(tmp_path / '.shard-1-of-3'):
        assert tasks.run(config, tmp_path) == 1


def test_processes_make_the_same_table(config, whole, tmp_path):
    config.workers = 2
    assert task.run(config, tmp_path) == 0
    assert tables.read_scored_cells(tmp_path).equals(tables.read_scored_cells(whole))


@pytest.mark.parametrize(('batch_size', 'fields_per_part'), [(4, 3), (64, 100)])
def test_rows_do_not_depend_on_batches_and_parts(
    batch_size, fields_per_part, config, whole, tmp_path
):
    config.batch_size, config.fields_per_part = batch_size, fields_per_part
    task.run(config, tmp_path)
    one, other = map(tables.read_scored_cells, (tmp_path, whole))
    assert one['cell_id'].equals(other['cell_id'])
    usable = np.logical_not(other['border'].to_numpy(False))
    for name in ('p_A', 'p_B', 'p_DEAD', 'novelty'):
        np.testing.assert_allclose(
            one[name].filter(usable), other[name].filter(usable), atol=1e-5
        )


def test_what_has_changed_is_scored_again_and_named(
    weights, own_screen, tmp_path, capsys
):
    config = make_config(weights, own_screen)
    task.run(config, tmp_path / 'out')
    files = {
        path.name: path.stat().st_mtime_ns
        for path in (tmp_path / 'out/cells.parquet').iterdir()
    }
    image = own_screen.parent / 'images/P2_A02_1.ome.tif'
    shutil.copy(own_screen.parent / 'images/P1_A01_1.ome.tif', image)
    capsys.readouterr()
    assert task.run(config, tmp_path / 'out') == 0
    out = capsys.readouterr().out
    assert '5 of 6 parts are scored already.' in out
    assert 'scored again: field P2-A02-1.' in out
    again = {
        path.name
        for path in (tmp_path / 'out/cells.parquet').iterdir()
        if path.stat().st_mtime_ns != files[path.name]
    }
    assert again == {'P2-00001.parquet'}
    cells = tables.read_scored_cells(tmp_path / 'out', ['plate', 'well', 'p_A', 'x'])
    rows = cells.to_pylist()
    one = [r['p_A'] for r in rows if (r['plate'], r['well']) == ('P2', 'A02')]
    other = [r['p_A'] for r in rows if (r['plate'], r['well']) == ('P1', 'A01')]
    assert one[:5] == other[:5]


def test_another_network_or_option_needs_another_workdir(config, whole):
    config.crops = 1
    with pytest.raises(ValueError, match='crops: None there, 1 asked'):
        task.run(config, whole)


def test_a_plate_that_is_gone_takes_its_rows_along(
    weights, own_screen, tmp_path, capsys
):
    config = make_config(weights, own_screen)
    task.run(config, tmp_path / 'out')
    lines = own_screen.read_text().splitlines()
    own_screen.write_text('\n'.join(line for line in lines if 'P1' not in line))
    assert task.run(config, tmp_path / 'out') == 0
    assert '3 parts that are no more are removed' in capsys.readouterr().out
    assert set(tables.read_scored_cells(tmp_path / 'out')['plate'].to_pylist()) == {
        'P2'
    }


def test_bad_fields_are_set_aside_and_the_others_are_scored(
    weights, own_screen, whole, tmp_path, capsys
):
    images = own_screen.parent / 'images'
    content = (images / 'P1_A01_1.ome.tif').read_bytes()
    (images / 'P1_A01_1.ome.tif').write_bytes(content[: len(content) // 2])
    (images / 'P1_A01_2.ome.tif').write_bytes(b'')
    (images / 'P1_A03_1.ome.tif').unlink()
    write = spot_fields.write_ome_tiff
    write(images / 'P1_A02_1.ome.tif', spot_fields.field_image(1)[..., :1], ['GFP'])
    write(
        images / 'P2_A01_1.ome.tif',
        spot_fields.field_image(1, shape=(80, 90)),
        spot_fields.CHANNELS,
    )
    nan = spot_fields.field_image(1).astype(np.float32)
    nan[3, 4] = np.nan
    write(images / 'P2_A02_2.ome.tif', nan, spot_fields.CHANNELS)
    config = make_config(weights, own_screen)
    assert tasks.run(config, tmp_path / 'out') == task.INCOMPLETE
    out = capsys.readouterr().out
    assert 'SET ASIDE: 6 of 12 fields' in out
    listed = reasons(tmp_path / 'out', 'read') + reasons(tmp_path / 'out', 'list')
    words = {
        'P1,A01,1': '',
        'P1,A01,2': 'empty',
        'P1,A03,1': '',
        'P1,A02,1': 'RFP',
        'P2,A01,1': '80x90',
        'P2,A02,2': 'finite',
    }
    assert len(listed) == len(words)
    for place, word in words.items():
        (line,) = (line for line in listed if line.startswith(f',,,{place},'))
        assert word in line and '.ome.tif' in line
    rows = tables.read_scored_cells(tmp_path / 'out')
    good = tables.read_scored_cells(whole)
    bad = {f'{p.replace(",", "-")}-' for p in words}
    kept = [not i.startswith(tuple(bad)) for i in good['cell_id'].to_pylist()]
    assert rows['cell_id'].to_pylist() == good['cell_id'].filter(kept).to_pylist()


def test_a_file_on_a_share_that_was_away_is_tried_again(
    config, whole, tmp_path, monkeypatch, capsys
):
    def read(field):
        if field.name == 'P1-A02-1':
            raise BadFieldError('input/output error') from OSError(errno.EIO, 'away')
        return read_field(field)

    with monkeypatch.context() as patch:
        patch.setattr(field_cells, 'read_field', read)
        assert task.run(config, tmp_path) == task.INCOMPLETE
    assert len(reasons(tmp_path, 'read')) == 1
    capsys.readouterr()
    assert task.run(config, tmp_path) == 0
    out = capsys.readouterr().out
    assert '5 of 6 parts are scored already. In 1 parts a file could not' in out
    assert tables.read_scored_cells(tmp_path).equals(tables.read_scored_cells(whole))


def test_the_flags_of_a_field_are_those_of_its_cells(weights, own_screen, tmp_path):
    image = own_screen.parent / 'images/P1_A01_1.ome.tif'
    pixels = spot_fields.field_image(1)
    pixels[:20] = 65535
    spot_fields.write_ome_tiff(image, pixels, spot_fields.CHANNELS)
    task.run(make_config(weights, own_screen), tmp_path / 'out')
    fields = tables.read_scored_fields(tmp_path / 'out').to_pylist()
    assert [f['field'] for f in fields if 'saturated' in f['flags']] == ['1']
    assert '% of the pixels' in fields[0]['flag_reasons'][0]
    cells = tables.read_scored_cells(tmp_path / 'out').to_pylist()
    flagged = {c['cell_id'][:8] for c in cells if 'saturated' in c['flags']}
    assert flagged == {'P1-A01-1'}


def test_a_full_disk_ends_the_run_and_what_stood_before_is_intact(
    config, whole, tmp_path, monkeypatch, capsys
):
    calls = []

    def write(table, path, **options):
        calls.append(path)
        if len(calls) == 3:
            path.write_bytes(b'half')
            raise OSError(errno.ENOSPC, 'No space left on device')
        real(table, path, **options)

    real = pq.write_table
    with monkeypatch.context() as patch:
        patch.setattr(pq, 'write_table', write)
        assert tasks.run(config, tmp_path) == 1
    assert 'No space left on device' in capsys.readouterr().err
    assert len(parts_in(tmp_path)) == 2
    assert tasks.run(config, tmp_path) == 0
    assert tables.read_scored_cells(tmp_path).equals(tables.read_scored_cells(whole))


def test_a_dry_run_says_what_was_understood_and_writes_nothing(
    config, tmp_path, capsys
):
    config.dry_run = True
    assert tasks.run(config, tmp_path / 'out') == 0
    out = capsys.readouterr().out
    assert '2 plates x 6 wells x 12 fields' in out and '12 fields in 6 parts' in out
    assert 'GFP = GFP, RFP = RFP' in out
    assert not (tmp_path / 'out').exists()


def test_uneven_light_is_corrected_and_kept(weights, tmp_path, capsys):
    screen = spot_fields.write_screen(tmp_path / 'screen', 1, 10, 1)
    shade = np.linspace(0.6, 1.4, spot_fields.SHAPE[1])[None, :, None]
    for seed, path in enumerate(sorted((tmp_path / 'screen/images').iterdir())):
        image = (spot_fields.field_image(seed, cells=3) * shade).astype(np.uint16)
        spot_fields.write_ome_tiff(path, image, spot_fields.CHANNELS)
    light = {}
    for name, corrected in (('as_is', False), ('even', True), ('again', True)):
        config = make_config(weights, screen, illumination=corrected)
        workdir = tmp_path / name.replace('again', 'even')
        capsys.readouterr()
        task.run(config, workdir)
        table = tables.read_scored_cells(workdir, ['x', 'mean_GFP', 'corrected_GFP'])
        x, mean, over = (column.to_numpy() for column in table.columns)
        light[name] = np.polyfit(x, mean - over, 1)[0]  # of the background
    assert light['as_is'] > 1 and abs(light['even']) < 0.2 * light['as_is']
    assert light['even'] == light['again']
    assert 'All parts are scored already.' in capsys.readouterr().out
    assert [p.name for p in (tmp_path / 'even/illumination').iterdir()] == ['P1.json']


def test_centers_and_label_images_of_another_program_are_taken(
    weights, screen, whole, tmp_path, capsys
):
    table = tables.read_scored_cells(whole)
    rows = table.select(['plate', 'well', 'field', 'x', 'y', 'p_A']).to_pylist()
    lines = [f'{r["plate"]},{r["well"]},{r["field"]},{r["x"]},{r["y"]}' for r in rows]
    centers = tmp_path / 'centers.csv'
    centers.write_text('\n'.join(['plate,well,field,x,y', *lines[:-1]]))
    config = make_config(weights, screen)
    config.cells.centers = str(centers)
    assert task.run(config, tmp_path / 'centers') == 0
    found = tables.read_scored_cells(tmp_path / 'centers')
    assert len(found) == len(table) - 1 and found['area'].null_count == len(found)
    one, other = (
        dict(zip(t['cell_id'].to_pylist(), t['p_A'].to_pylist(), strict=True))
        for t in (found, table)
    )
    same = [n for n in one if one[n] is not None and other[n] is not None]
    assert len(same) > 30
    np.testing.assert_allclose(
        [one[n] for n in same], [other[n] for n in same], atol=1e-5
    )
    centers.write_text('\n'.join(['plate,well,field,x,y', *lines]))
    capsys.readouterr()
    assert task.run(config, tmp_path / 'centers') == 0
    assert 'scored again: field P2-A03-2.' in capsys.readouterr().out
    config.cells.centers, config.cells.labels = None, str(tmp_path / '{name}.npy')
    for field in describe_fields(str(screen), channels=ROLES).fields:
        labels = find_cells(read_field(field), CellOptions(marker='RFP'))
        image = field.planes['GFP'].path.name.removesuffix('.ome.tif')
        np.save(tmp_path / f'{image}.npy', labels)
    (tmp_path / 'P1_A01_1.npy').unlink()
    assert task.run(config, tmp_path / 'labels') == task.INCOMPLETE
    assert 'P1_A01_1.npy' in reasons(tmp_path / 'labels', 'cells')[0]
    found = tables.read_scored_cells(tmp_path / 'labels')
    kept = [not i.startswith('P1-A01-1-') for i in table['cell_id'].to_pylist()]
    assert found.equals(table.filter(kept))
    config.cells.labels = '{other}.npy'
    with pytest.raises(ValueError, match=r'may have screen, .* in braces'):
        task.run(config, tmp_path / 'other')


def test_outlines_are_drawn_where_asked(weights, own_screen, tmp_path):
    config = make_config(weights, own_screen, outlines=True)
    image = own_screen.parent / 'images/P1_A01_1.ome.tif'
    empty = np.full((*spot_fields.SHAPE, 2), 200, np.uint16)
    spot_fields.write_ome_tiff(image, empty, spot_fields.CHANNELS)
    assert task.run(config, tmp_path / 'out') == 0
    pictures = sorted(path.name for path in (tmp_path / 'out/outlines').iterdir())
    assert len(pictures) == 11 and pictures[0] == 'P1-A01-2.png'
    with Image.open(tmp_path / 'out/outlines/P1-A01-2.png') as picture:
        assert picture.size == spot_fields.SHAPE[::-1]
    field = tables.read_scored_fields(tmp_path / 'out').to_pylist()[0]
    assert (field['n_cells'], field['status']) == (0, 'scored')


def test_features_of_layers_are_written_too(config, whole, tmp_path):
    config.layers = 'conv'
    task.run(config, tmp_path)
    features = read_features(tmp_path)
    table = tables.read_scored_cells(tmp_path)
    usable = table.filter(np.logical_not(table['border'].to_numpy(False)))
    assert features.metadata['cell_id'].tolist() == usable['cell_id'].to_pylist()
    assert features.names == ('conv_0', 'conv_1', 'conv_2', 'conv_3')
    assert features.about['layer'] == 'conv' and np.isfinite(features.values).all()
    assert table.equals(tables.read_scored_cells(whole))


def test_fields_of_another_pixel_size_are_resampled_to_the_networks(
    screen, tmp_path, capsys
):
    with spot_fields.small_weights(tmp_path / 'w', pixel_size=0.18) as weights:
        config = make_config(weights, screen)
        task.run(config, tmp_path / 'out')
    out = capsys.readouterr().out
    assert 'pixels of 0.18 µm: fields of another known size are resampled' in out
    assert 'Fields of 0.36 µm were resampled to 0.18 µm.' in out
    fine = tables.read_scored_cells(tmp_path / 'out')
    assert max(fine['x'].to_pylist()) < 112 and max(fine['area'].to_pylist()) < 400


def test_a_screen_of_the_protein_alone_is_scored_without_the_marker(
    config, weights, screen, tmp_path, capsys
):
    config.channels = 'protein=GFP'
    task.run(config, tmp_path)
    out = capsys.readouterr().out
    assert 'GFP = GFP, RFP = -' in out and 'The network works without RFP' in out
    table = tables.read_scored_cells(tmp_path)
    network = deeploc_jax.load(weights, without=['RFP'])
    field = describe_fields(str(screen), channels='protein=GFP').fields[0]
    name = np.array(table['cell_id'].to_pylist())
    rows = table.filter(np.char.startswith(name, f'{field.name}-'))
    usable = rows.filter(np.logical_not(rows['border'].to_numpy(False)))
    x, y = (usable[axis].to_numpy() for axis in 'xy')
    crops, _ = cut_crops(read_field(field).pixels, x, y, 20)
    assert len(crops) and crops.shape[-1] == 1
    found = tables.class_values(usable)
    np.testing.assert_allclose(found, network.predict(crops), atol=1e-5)
    task.run(config, tmp_path)
    assert 'All parts are scored already.' in capsys.readouterr().out


def test_the_network_is_adapted_once_to_the_fields(
    config, whole, weights, tmp_path, capsys
):
    config.adapt = True
    task.run(config, tmp_path)
    network = deeploc_jax.load(tmp_path / 'adapted')
    assert network.card.note in capsys.readouterr().out
    made = (tmp_path / 'adapted/card.json').stat().st_mtime_ns
    table = tables.read_scored_cells(tmp_path)
    assert len(table) == len(tables.read_scored_cells(whole))
    task.run(config, tmp_path)
    assert 'All parts are scored already.' in capsys.readouterr().out
    assert (tmp_path / 'adapted/card.json').stat().st_mtime_ns == made
    config.shard = '1/2'
    with pytest.raises(ValueError, match='must share a network'):
        task.run(config, tmp_path)


def test_channels_of_the_network_that_are_asked_for_must_fit(config, tmp_path, capsys):
    config.network_channels = 'GFP'
    assert tasks.run(config, tmp_path) == 1
    assert 'screen:  1 (GFP)\n  network: 2 (GFP, RFP)' in capsys.readouterr().err
    config.network_channels = 'GFP,DIC'
    assert tasks.run(config, tmp_path) == 1
    assert "have 'DIC', but the screen has GFP" in capsys.readouterr().err


def test_a_field_over_which_the_program_stumbles_is_set_aside(
    config, whole, tmp_path, monkeypatch, capsys
):
    def find(image, options):
        if (image.pixels == bad).all():
            raise IndexError('out of bounds')
        return find_cells(image, options)

    fields = describe_fields(config.fields, channels=ROLES).fields
    bad = read_field(fields[3]).pixels
    with monkeypatch.context() as patch:
        patch.setattr(field_cells, 'find_cells', find)
        assert task.run(config, tmp_path) == task.INCOMPLETE
    (reason,) = reasons(tmp_path, 'cells')
    assert 'unexpected IndexError: out of bounds' in reason and 'A02' in reason
    assert task.run(config, tmp_path) == 0  # mended, it is tried again
    assert tables.read_scored_cells(tmp_path).equals(tables.read_scored_cells(whole))


def test_a_channel_that_is_not_there_is_named_before_anything_is_read(config, tmp_path):
    config.cells.marker = 'RPF'
    with pytest.raises(ValueError, match="Did you mean 'RFP'"):
        task.run(config, tmp_path)


def test_centers_are_joined_to_all_fields_whichever_are_of_a_shard(
    config, tmp_path, capsys
):
    centers = tmp_path / 'centers.csv'
    centers.write_text('plate,well,field,x,y\nP1,A01,1,50,50\nP2,A03,2,50,50\n')
    config.cells.centers = str(centers)
    for number in range(1, 7):
        config.shard = f'{number}/6'
        assert task.run(config, tmp_path / 'out') == 0
        assert 'join no field' not in capsys.readouterr().out
    assert len(tables.read_scored_cells(tmp_path / 'out')) == 2


def test_parts_of_other_shards_must_be_of_today(weights, own_screen, tmp_path):
    config = make_config(weights, own_screen)
    task.run(config, tmp_path / 'out')
    before = (tmp_path / 'out/fields.parquet').read_bytes()
    for name in ('P1_A01_1', 'P1_A02_1'):
        image = own_screen.parent / f'images/{name}.ome.tif'
        shutil.copy(own_screen.parent / 'images/P2_A03_2.ome.tif', image)
    for number, ended in ((1, False), (2, True)):
        config.shard = f'{number}/2'
        assert task.run(config, tmp_path / 'out') == 0
        assert (tmp_path / 'out/run.json').exists() == ended
    assert (tmp_path / 'out/fields.parquet').read_bytes() != before


def test_a_screen_that_is_half_scored_again_is_not_finished(
    weights, own_screen, tmp_path, monkeypatch
):
    config = make_config(weights, own_screen)
    task.run(config, tmp_path / 'out')
    image = own_screen.parent / 'images/P1_A01_1.ome.tif'
    shutil.copy(own_screen.parent / 'images/P2_A03_2.ome.tif', image)
    monkeypatch.setattr(jobs, 'write_part', None)
    with pytest.raises(TypeError):
        task.run(config, tmp_path / 'out')
    with pytest.raises(ValueError, match='is not finished'):
        tables.read_scored_cells(tmp_path / 'out')


def test_limits_and_labels_may_change_and_nothing_of_the_old_ones_stays(
    config, whole, tmp_path, monkeypatch
):
    workdir = shutil.copytree(whole, tmp_path / 'run')
    monkeypatch.setattr(jobs, 'read_field_cells', None)  # nothing is scored again
    before = tables.read_scored_cells(workdir)
    labels = tmp_path / 'labels.csv'
    rows = zip(before['cell_id'].to_pylist(), before['x'].to_pylist(), strict=True)
    lines = [f'{name},{int(x > 60)}' for name, x in rows]
    labels.write_text('\n'.join(['cell_id,is_cell', *lines]))
    config.cell_labels, config.quality.saturated = str(labels), -1.0
    task.run(config, workdir)
    flags = tables.read_scored_cells(workdir)['flags'].to_pylist()
    assert all('saturated' in own for own in flags)
    assert any('not_a_cell' in own for own in flags)
    config.cell_labels, config.quality.saturated = None, 0.01
    task.run(config, workdir)
    assert tables.read_scored_cells(workdir).equals(before)
