"""Statistics of crops, and the comparison that is made with them."""

import json

import numpy as np
import pytest
import tensorflow_datasets as tfds
from scipy import ndimage

from configs import realism
from deeploc_jax.data.cell_schema import example, screen_features, screen_metadata
from deeploc_jax.data.screen_builder import ScreenBuilder
from deeploc_jax.realism.compare import compare
from deeploc_jax.realism.statistics import crop_statistics
from deeploc_jax.tasks import realism as realism_task

CHANNELS = ('GFP', 'RFP')


def discs(*middles, radius=9, noise=0.0, seed=0):
    """A crop with bright discs in both channels."""
    rows, columns = np.mgrid[:64, :64]
    plane = np.zeros((64, 64), np.float32)
    for y, x in middles:
        plane[np.hypot(rows - y, columns - x) < radius] = 0.8
    plane = ndimage.gaussian_filter(plane, 1.0)
    plane += noise * np.random.default_rng(seed).normal(size=plane.shape)
    return np.stack([plane, plane], -1).clip(0, 1).astype(np.float32)


def test_cells_are_counted_also_where_they_touch():
    apart = crop_statistics(discs((20, 20), (44, 44)), CHANNELS)
    touching = crop_statistics(discs((32, 23), (32, 41)), CHANNELS)
    alone = crop_statistics(discs((32, 32)), CHANNELS)
    assert [s['cells'] for s in (apart, touching, alone)] == [2, 2, 1]
    assert alone['area'] == pytest.approx(np.pi * 81, rel=0.1)
    assert touching['area'] > 1.7 * alone['area']
    assert alone['eccentricity'] < 0.2 < touching['eccentricity']


def test_the_area_is_that_of_the_cell_in_the_middle():
    rows = discs((32, 32), radius=7) + discs((10, 10), radius=10)
    found = crop_statistics(rows.clip(0, 1), CHANNELS)
    assert found['area'] == pytest.approx(np.pi * 49, rel=0.15)


def test_noise_and_blur_are_seen():
    calm, noisy = (
        crop_statistics(discs((32, 32), noise=n), CHANNELS) for n in (0.01, 0.05)
    )
    assert noisy['noise GFP'] > 3 * calm['noise GFP']
    assert noisy['power 0.44-0.50 GFP'] > calm['power 0.44-0.50 GFP'] + 0.5


def test_spots_are_counted_in_their_own_channel():
    image = np.zeros((64, 64, 2), np.float32)
    for y, x in ((20, 20), (40, 22), (30, 45)):
        image[y, x, 0] = 1.0
    image = ndimage.gaussian_filter(image, (1.5, 1.5, 0))
    found = crop_statistics(image / image.max(), CHANNELS)
    assert (found['spots GFP'], found['spots RFP']) == (3, 0)


def test_constant_planes_and_single_channels_have_finite_statistics():
    for image in (np.zeros((64, 64, 2), np.float32), np.ones((64, 64, 1), np.float32)):
        found = crop_statistics(image, CHANNELS[: image.shape[-1]])
        assert np.isfinite(list(found.values())).all()


def random_side(n, shift, seed):
    rng = np.random.default_rng(seed)
    return dict(a=rng.normal(shift, 1, n), b=rng.normal(0, 1, n))


def test_the_auc_is_a_half_for_equal_distributions_and_high_for_others():
    groups = np.arange(300) % 5
    same, other = (
        compare(random_side(300, 0, 0), random_side(300, shift, 1), groups, groups, 0)
        for shift in (0.0, 3.0)
    )
    assert 0.4 < same.together < 0.6
    assert other.together > 0.95
    assert other.single['a'] > 0.95 > 0.6 > other.single['b']


def test_what_only_marks_a_group_is_no_help():
    # A value of its own in each group, as a plate's brightness: useless on new groups.
    groups = np.repeat(np.arange(10), 30)
    marks = np.random.default_rng(0).normal(size=(2, 10))
    real, simulated = (dict(a=side[groups], b=np.zeros(300)) for side in marks)
    found = compare(real, simulated, groups, groups, 0)
    assert len(found.folds) == 5
    assert np.mean(found.folds) < 0.8


def test_one_group_is_refused():
    side, groups = random_side(30, 0, 0), np.arange(30) % 3
    with pytest.raises(ValueError, match='All real cells are from one field or plate'):
        compare(side, side, np.zeros(30), groups, 0)


class DiscScreen(ScreenBuilder):
    """Cells of two classes and one that the other screen lacks, in three fields."""

    VERSION = tfds.core.Version('1.0.0')
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name='taken', version=VERSION),
        tfds.core.BuilderConfig(name='drawn', version=VERSION),
    ]

    def _info(self):
        names = dict(taken=('er', 'ghost', 'golgi'), drawn=('DEAD', 'GOLGI', 'ER'))
        return self.screen_info(
            screen_features(names[self.builder_config.name], CHANNELS, np.uint8),
            screen_metadata(CHANNELS, marker_channel=1),
        )

    def _split_generators(self, dl_manager):
        return {'test': self._generate_examples()}

    def _generate_examples(self):
        noise = dict(taken=0.02, drawn=0.2)[self.builder_config.name]
        for i in range(36):
            image = discs((32, 20 + 5 * (i % 3)), noise=noise, seed=i)
            pixels = np.round(255 * image).astype(np.uint8)
            yield str(i), example(pixels, i % 3, f'c{i}', field=f'F{i // 12}')


def disc_config(folder):
    config = realism.get_config()
    config.data_dir = str(folder / 'screens')
    config.real.update(screen='disc_screen/taken', split='test')
    config.simulated.update(screen='disc_screen/drawn', split='test', group_by='field')
    return config


def test_the_task_compares_shared_classes_and_draws_a_page(tmp_path):
    workdir = tmp_path / 'run'
    realism_task.run(disc_config(tmp_path), workdir)
    record = json.loads((workdir / 'realism.json').read_text())
    assert record['classes'] == ['ER', 'GOLGI']
    assert record['real']['cells'] == record['simulated']['cells'] == 24
    assert record['real']['groups'] == len(record['auc_folds']) == 3
    assert record['auc'] > 0.95 and record['single']['noise GFP'] > 0.95
    page = (workdir / 'report.html').read_text()
    assert 'disc_screen/drawn/1.0.0' in page and 'src="http' not in page
    names = {path.stem for path in (workdir / 'figures').iterdir()}
    assert names == {'cells', 'series', 'differences'}


def test_further_hosts_leave_the_work_to_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(realism_task, 'is_main', lambda: False)
    realism_task.run(disc_config(tmp_path), tmp_path / 'run')
    assert not (tmp_path / 'run' / 'realism.json').exists()
    assert not (tmp_path / 'run' / 'report.html').exists()


def test_a_class_that_one_side_lacks_is_refused(tmp_path):
    config = disc_config(tmp_path)
    config.classes = 'ER,DEAD'
    with pytest.raises(ValueError, match='ER, GHOST, GOLGI; the simulated ones DEAD'):
        realism_task.run(config, tmp_path / 'run')


def test_a_mistyped_group_is_refused_before_anything_is_read(tmp_path):
    config = disc_config(tmp_path)
    config.real.group_by = 'fild'
    with pytest.raises(ValueError, match='fild'):
        realism_task.run(config, tmp_path / 'run')
    assert not (tmp_path / 'run').exists()
