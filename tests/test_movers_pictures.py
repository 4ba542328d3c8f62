"""Pictures of the pages of movers: cells, volcano plot and flux."""

import io

import numpy as np
import pytest
from PIL import Image

from deeploc_jax.report import flux
from deeploc_jax.report.flux import Flux
from deeploc_jax.report.movers.listing import unique_keys
from deeploc_jax.report.movers.strips import choose_strips
from deeploc_jax.report.movers.volcano import SIZE, Volcano, lay_out, volcano_figure
from deeploc_jax.report.style import house_style, to_png
from deeploc_jax.screens.examples import (
    ProteinCells,
    choose_examples,
    write_pictures,
)
from deeploc_jax.tables import EXAMPLES, read_table


def written(tmp_path, crops, marker=1):
    """The rows of examples.parquet with their pictures, by condition."""
    cells = ProteinCells('YFG1', crops, {name: 70 for name in crops})
    path = write_pictures(tmp_path / 'examples.parquet', [cells], marker)
    rows = read_table(path, EXAMPLES).to_pylist()
    return {
        row['condition']: row
        | dict(picture=np.asarray(Image.open(io.BytesIO(row['jpeg']))))
        for row in rows
    }


def test_the_cells_shown_are_those_nearest_to_the_median():
    p = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3], [0.69, 0.31], [0.0, 1.0]])
    assert choose_examples(p, 3).tolist() == [3, 2, 1]
    assert choose_examples(p, 99).tolist()[-1] == 4


def test_cells_without_a_call_are_never_shown():
    p = np.array([[np.nan, np.nan], [1.0, 0.0], [np.nan, np.nan], [0.8, 0.2]])
    assert set(choose_examples(p, 8)) == {1, 3}
    assert choose_examples(p[:1], 8).tolist() == []


def test_both_conditions_have_one_scale(tmp_path):
    """Cells of half the brightness look half as bright; the gain makes up for it."""
    rng = np.random.default_rng(0)
    bright = rng.uniform(0, 4000, (4, 32, 32, 2))
    rows = written(tmp_path, {'before': bright, 'after': bright / 2})
    before, after = (rows[name]['picture'][:32, :32, 1] for name in ('before', 'after'))
    assert after.mean() == pytest.approx(before.mean() / 2, rel=0.05)
    assert rows['before']['gain'] == pytest.approx(1, rel=0.02)
    assert rows['after']['gain'] == pytest.approx(2, rel=0.05)


def test_pictures_are_bounded_whatever_the_crops_are(tmp_path):
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 65535, (50, 200, 200, 2)).astype(np.uint16)
    (row,) = written(tmp_path, {'before': crops}).values()
    assert row['n_shown'] == 8 and row['n_cells'] == 70
    assert max(row['picture'].shape) <= 4 * 100
    assert len(row['jpeg']) < 100_000


def test_protein_is_green_and_marker_magenta_or_the_protein_gray(tmp_path):
    crops = np.zeros((1, 16, 16, 2), np.uint8)
    crops[:, :8, :, 0] = crops[:, :, :8, 1] = 200
    picture = written(tmp_path, {'before': crops})['before']['picture']
    colors = picture[4, 12], picture[12, 4], picture[4, 4], picture[12, 12]
    for color, expected in zip(colors, ('010', '101', '111', '000'), strict=True):
        assert ''.join(str(int(value > 127)) for value in color) == expected
    gray = written(tmp_path, {'before': crops[..., :1]}, marker=-1)['before']
    assert gray['picture'].shape == (16, 16)


@pytest.mark.parametrize('count', [1, 3, 4, 5, 8])
def test_every_number_of_cells_has_a_picture(tmp_path, count):
    crops = np.full((count, 16, 16, 2), 7)
    row = written(tmp_path, {'before': crops, 'after': crops[:0]})
    assert list(row) == ['before']
    assert row['before']['picture'].shape[1] == 18 * min(count, 4) - 2


def test_pictures_of_the_first_rows_have_room_before_others(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    cells = [
        ProteinCells(name, {'': rng.integers(0, 255, (2, 32, 32, 1))}, {'': 2})
        for name in 'CBA'
    ]
    table = read_table(write_pictures(tmp_path / 'x.parquet', cells, -1), EXAMPLES)
    sizes = [len(row['jpeg']) for row in table.to_pylist()]
    room = 'deeploc_jax.report.movers.strips.MOST_BYTES'
    monkeypatch.setattr(room, sum(sizes[1:]) + 1)
    wanted = [[('C', ''), ('unseen', ''), ('B', ''), ('A', '')]]
    strips, places, left_out = choose_strips(table, wanted, [4, 3, 2, 1])
    assert places == [[None, None, 1, 2]] and left_out == 1
    assert [strip['index'] for strip in strips] == [1, 2]
    assert choose_strips(None, wanted, range(4)) == ([], [[None] * 4], 0)


def test_names_that_are_there_twice_have_keys_of_their_own():
    assert unique_keys(['A', 'B', 'A', 'A']) == ['A', 'B', 'A (2)', 'A (3)']


def some_fluxes(count=6):
    pairs = [(f'C{i}', f'C{j}') for i in range(9) for j in range(9) if i != j]
    return [
        Flux(origin, target, tuple(f'P{n}' for n in range(1 + k)))
        for k, (origin, target) in enumerate(pairs[:count])
    ]


def test_arrows_are_as_wide_as_proteins_are_many():
    nodes, arrows = flux.lay_out(some_fluxes())
    assert {node.name for node in nodes} == {f'C{i}' for i in range(7)}
    widths = {len(arrow.flux.proteins): arrow.width for arrow in arrows}
    assert widths[6] == pytest.approx(2 * widths[3])
    assert list(widths) == sorted(widths, reverse=True)


def test_arrows_end_at_their_compartment_and_both_ways_stay_apart():
    there, back = Flux('A', 'B', ('P',)), Flux('B', 'A', ('Q',))
    nodes, arrows = flux.lay_out([there, back])
    center = {node.name: np.array(node.center) for node in nodes}
    for arrow in arrows:
        tip = np.array(arrow.head[0])
        away = {name: np.linalg.norm(tip - at) for name, at in center.items()}
        assert min(away, key=away.get) == arrow.flux.target
        assert flux.NODE <= away[arrow.flux.target] < 2 * flux.NODE
    one, other = (np.array(arrow.middle) for arrow in arrows)
    assert np.linalg.norm(one - other) > 20


def test_the_widest_arrows_are_drawn_and_titles_stay_short():
    _, arrows = flux.lay_out(some_fluxes(70))
    counts = [len(arrow.flux.proteins) for arrow in arrows]
    assert counts == list(range(70, 10, -1))
    assert 'and 58 more' in arrows[0].title


def volcano(effect, q, moved, names=None):
    n = len(effect)
    return Volcano(
        np.array(effect, float),
        np.array(q, float),
        np.array(moved, bool),
        np.zeros(n, bool),
        names or [f'P{i}' for i in range(n)],
        0.05,
        'effect',
    )


def test_points_stand_where_their_numbers_say():
    plot = volcano([1, 2, 4, np.nan, 3], [0.1, 0.01, 0, 0.5, np.nan], 5 * [False])
    points = {point['row']: point for point in lay_out(plot)['points']}
    assert set(points) == {0, 1, 2}
    x, y = ([points[row][axis] for row in range(3)] for axis in 'xy')
    assert x[2] - x[1] == pytest.approx(2 * (x[1] - x[0]), abs=0.3)
    # q of 0 stands a step of ten above the smallest other one.
    assert y[0] - y[1] == pytest.approx(y[1] - y[2], abs=0.3)
    assert 0 < min(y) and max(x) < SIZE[0]


def test_names_lie_on_no_other_name_and_inside():
    rng = np.random.default_rng(0)
    n = 400
    plot = volcano(rng.uniform(0, 9, n), 10.0 ** -rng.uniform(2, 9, n), n * [True])
    labels = lay_out(plot)['labels']
    assert len(labels) > 3
    boxes = []
    for label in labels:
        long = 6 * len(label['name'])
        left = label['x'] - (long if label['anchor'] == 'end' else 0)
        assert 0 < left and left + long < SIZE[0]
        boxes.append((left, left + long, label['y']))
    for i, (left, right, y) in enumerate(boxes):
        for other in boxes[:i]:
            apart = right <= other[0] or other[1] <= left or abs(y - other[2]) >= 12
            assert apart


@pytest.mark.parametrize('n', [0, 1, 30])
def test_figures_are_drawn_of_any_number_of_proteins(n):
    plot = volcano(np.arange(n), np.full(n, 0.5), n * [False], n * ['$x^2$ <b>'])
    with house_style():
        for figure in (volcano_figure(plot), flux.flux_figure(some_fluxes(n))):
            width, height = Image.open(io.BytesIO(to_png(figure))).size
            assert width > 900 and height > 600
