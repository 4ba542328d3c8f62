import importlib.util
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from deeploc_jax.explain.embed import METHODS, embed
from deeploc_jax.explain.neighbors import middle_cells, nearest, purity, together
from deeploc_jax.report import style
from deeploc_jax.report.explorer import explorer
from deeploc_jax.report.mapped import Mapped
from deeploc_jax.tasks import explain as task
from tests.helpers import chromium
from tests.helpers.explained import config as config

RNG = np.random.default_rng(0)
GROUPS = np.arange(60) % 3
BLOBS = (np.eye(3, 8)[GROUPS] * 9 + RNG.normal(size=(60, 8))).astype(np.float32)


@pytest.mark.parametrize('method', METHODS)
def test_a_map_keeps_groups_together_and_is_the_same_each_time(method):
    if method == 'umap' and not importlib.util.find_spec('umap'):
        with pytest.raises(ImportError, match=r"pip install -e '.\[umap\]'"):
            embed(BLOBS, method, 0)
        return
    places = embed(BLOBS, method, 0)
    assert places.shape == (60, 2) and purity(places, GROUPS) > 0.95
    np.testing.assert_array_equal(places, embed(BLOBS, method, 0))
    # Units of features do not matter, and constant ones are no obstacle.
    scaled = np.concatenate([BLOBS * 1000 + 5, np.ones((60, 1))], 1)
    np.testing.assert_allclose(purity(embed(scaled, method, 0), GROUPS), 1, atol=0.05)


def without_cones(colors, matrix):
    """sRGB colors as people see them who lack one kind of cones."""
    linear = np.where(
        colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4
    )
    seen = np.clip(linear @ np.array(matrix).T, 0, 1)
    return np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


# Machado et al. 2009, IEEE TVCG 15:1291: red and green cones missing.
CONES = {
    'all': (np.eye(3), 19.5),
    'no red': (
        [
            [0.1523, 1.0526, -0.2049],
            [0.1145, 0.7863, 0.0992],
            [-0.0039, -0.0481, 1.052],
        ],
        9.5,
    ),
    'no green': (
        [[0.3673, 0.8607, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
        9.5,
    ),
}


@pytest.mark.parametrize(('matrix', 'least'), CONES.values(), ids=CONES)
def test_no_two_classes_have_similar_colors(matrix, least):
    colors = np.array(
        [to_rgb(c) for c in [*style.colors_of(20), style.UNKNOWN, '#fff']]
    )
    lab = rgb2lab(without_cones(colors, matrix)[None])[0]
    apart = deltaE_ciede2000(lab[:, None], lab[None])
    assert apart[np.triu_indices(20, 1)].min() > least
    if least > 15:
        assert apart[:20, 20:].min() > 10  # nor the color of no class, or of the page
    assert len(style.colors_of(45)) == 45


def test_the_nearest_are_other_cells_in_order():
    rows, away = nearest(BLOBS, 4)
    apart = np.linalg.norm(BLOBS[:, None] - BLOBS[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_array_equal(rows, np.argsort(apart, axis=1)[:, :4])
    np.testing.assert_allclose(away, np.sort(apart, axis=1)[:, :4], rtol=1e-4)


def test_purity_passes_over_cells_of_the_same_protein():
    """Cells of one protein lie on one place, beside those of another class."""
    protein = np.repeat(np.arange(8), 12)
    classes = protein // 2  # two proteins a class, far from each other
    values = np.array([0, 100, 1, 101, 10, 50, 11, 51], float)[protein][:, None]
    values += 0.01 * RNG.random((96, 1))
    assert purity(values, classes) == 1.0
    assert purity(values, classes, protein) < 0.2
    assert np.isnan(purity(values, classes, np.zeros(96, int)))


def test_numbers_of_a_space_leave_out_cells_of_no_known_class():
    classes = np.where(np.arange(60) < 45, GROUPS, -1)
    names = np.array([f'P{i}' for i in range(60)])
    found = together(BLOBS, classes, names, names)
    assert found['cells'] == 45 and found['purity'] > 0.95
    assert found['chance'] == pytest.approx(1 / 3) and found['purity_plates'] == 0
    assert found['silhouette'] > 0.3
    one = together(BLOBS, 0 * GROUPS, ['P'] * 60, names)
    one_plate = together(BLOBS, classes, names, ['p'] * 60)
    assert one_plate['purity_plates'] is None
    assert one['silhouette'] is None and one['purity_other_proteins'] is None


def test_the_middle_cell_of_each_class_is_chosen():
    values = np.array([[0.0], [1], [5], [10], [11], [30]])
    assert middle_cells(values, np.array([0, 0, 0, 1, 1, -1])) in ([1, 3], [1, 4])


def test_the_task_writes_maps_that_can_be_explored(config, tmp_path, no_pictures):
    config.parts, config.measurements = 'maps', False
    task.run(config, tmp_path / 'out')
    rows = pq.read_table(tmp_path / 'out/maps.parquet').to_pylist()
    assert [(r['layer'], r['space']) for r in rows] == [
        ('conv', 'features'),
        ('conv', 'tsne'),
        ('dense', 'features'),
        ('dense', 'tsne'),
    ]
    points = pq.read_table(tmp_path / 'out/map_points.parquet').to_pylist()
    assert len(points) == 2 * 10 and {p['method'] for p in points} == {'tsne'}
    near = pq.read_table(tmp_path / 'out/nearest.parquet').to_pylist()
    assert {r['rank'] for r in near} == set(range(1, 8))
    assert len({r['chosen'] for r in near}) == 3  # one of each class
    assert {p.name for p in (tmp_path / 'out/figures').iterdir()} == {
        'maps_tsne.png',
        'nearest.png',
    }
    config.maps.near = 'no such cell'
    with pytest.raises(ValueError, match='cell no such cell is not among the 10'):
        task.run(config, tmp_path / 'out')
    config.maps.near = near[0]['cell_id']
    task.run(config, tmp_path / 'out')
    near = pq.read_table(tmp_path / 'out/nearest.parquet').to_pylist()
    assert {r['chosen'] for r in near} == {config.maps.near}


class OneMap:
    layer = 'conv'
    places = dict(tsne=np.array([[0.0, 0], [2, 0], [0, 1], [2, 4]]))
    near = np.array([[2, 1, 3], [0, 2, 3], [0, 1, 3], [1, 2, 0]])


MAPPED = Mapped(
    images=RNG.random((4, 12, 12, 2), np.float32),
    marker=1,
    classes=np.array([0, 1, -1, 0]),
    class_names=('A', '</script><b>B'),
    metadata=dict(
        cell_id=np.array(['a', 'b', 'c', 'd']),
        protein=np.array(['P', 'P', 'Q', 'Q']),
        plate=np.array(['p'] * 4),
        condition=np.array([''] * 4),
    ),
    maps=[OneMap],
    best='conv',
    chosen=[0],
)


def test_the_explorer_is_given_places_neighbors_and_groups():
    found = json.loads(json.dumps(explorer(MAPPED)))
    (one,) = found['maps']
    assert one['places'] == [0, 0, 500, 0, 0, 250, 500, 1000]
    assert one['near'][:3] == [2, 1, 3] and found['across'] == 2
    assert list(found['groups']) == ['class', 'protein']  # all are on one plate
    assert found['groups']['class']['of'] == [0, 1, -1, 0]
    assert found['sprites'].startswith('data:image/jpeg;base64,')


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    started = chromium.start(tmp_path_factory.mktemp('chromium'), height=1500)
    yield started
    started.quit()


def test_in_chromium_a_click_shows_the_nearest_cells(browser, tmp_path):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    from deeploc_jax.report import section

    made = section.Section('Maps', 'l', {}, ['h'], [['r']], {}, explorer(MAPPED))
    page = tmp_path / 'page.html'
    section.write_sections(page, dict(maps=made), title='T', simulated=False)
    chromium.visit(browser, page.as_uri(), '.colors')
    chromium.complaints(browser), chromium.requests(browser)

    def texts(selector):
        return [x.text for x in browser.find_elements(By.CSS_SELECTOR, selector)]

    assert texts('.colors li') == ['A', '</script><b>B']
    canvas = browser.find_element(By.CSS_SELECTOR, 'canvas.map')
    half = canvas.size['width'] / 2
    edge = half * (1 - 2 * 40 / 1280)

    def move(x, y):  # thousandths of the map
        return ActionChains(browser).move_to_element_with_offset(
            canvas, round((x / 500 - 1) * edge), round((1 - y / 500) * edge)
        )

    move(500, 0).perform()
    assert texts('.cells figcaption') == ['</script><b>B · P · b']
    move(500, 0).click().perform()
    shown = ['</script><b>B · P · b', 'A · P · a', 'not known · Q · c', 'A · Q · d']
    assert texts('.cells figcaption') == shown
    move(900, 900).click().perform()
    assert texts('.cells figcaption')[0] == 'A · Q · d'  # nearest to the point
    move(0, 0).click().perform()
    canvas.send_keys(Keys.ARROW_RIGHT)
    assert texts('.cells figcaption') == ['</script><b>B · P · b']
    canvas.send_keys(Keys.ENTER)
    assert texts('.cells figcaption') == shown

    def strength(x, y):  # of the dot at a place of the map, 0 to 255
        read = """
            const one = document.createElement('canvas').getContext(
              '2d', { willReadFrequently: true });
            one.drawImage(arguments[0], -arguments[1], -arguments[2]);
            return one.getImageData(0, 0, 1, 1).data[3];
        """
        return browser.execute_script(read, canvas, 40 + 1.2 * x, 1240 - 1.2 * y)

    only_first = browser.find_element(By.CSS_SELECTOR, '.colors button')
    only_first.click()
    assert only_first.get_attribute('aria-pressed') == 'true'
    assert strength(0, 0) == 255 and 0 < strength(500, 0) < 60
    only_first.click()
    assert strength(500, 0) == 255
    assert chromium.complaints(browser) == []
    asked = [url for url in chromium.requests(browser) if not url.startswith('data:')]
    assert asked == []
