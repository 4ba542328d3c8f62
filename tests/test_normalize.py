"""Normalisations that keep brightness: by one white level, or none at all."""

import numpy as np
import pytest

from configs import deeploc
from deeploc_jax.data.normalize import check_augmentation, make_normalize
from deeploc_jax.evaluate.examples import _shown
from deeploc_jax.files import read_json, write_json
from deeploc_jax.workdir.claim import claim_workdir

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ('dtype', 'white'),
    [('u1', 255), ('<u2', 65535), ('>u2', 65535), ('f2', 1), ('f4', 1), ('>f8', 1)],
)
def test_white_is_the_largest_value_of_the_type(dtype, white):
    images = (RNG.random((3, 8, 8, 2)) * white).astype(dtype)
    found = make_normalize('unit')(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, images.astype(float) / white, rtol=1e-6)


@pytest.mark.parametrize('dtype', ['u1', 'i2', 'u2', 'i8', 'f4', 'f8'])
def test_a_white_level_keeps_brightness_and_clips(dtype):
    images = RNG.integers(-4 if dtype[0] != 'u' else 0, 120, (3, 8, 8, 2)).astype(dtype)
    found = make_normalize('unit', 100.0)(images)
    assert found.dtype == np.float32 and found.min() == 0 and found.max() == 1
    np.testing.assert_allclose(found, np.clip(images.astype(float) / 100, 0, 1), 1e-6)
    np.testing.assert_array_equal(
        make_normalize('unit', 100.0)(images[1:2])[0], found[1]
    )


@pytest.mark.parametrize(
    'images',
    [
        np.full((1, 2, 2, 1), 1.5, np.float32),
        np.full((1, 2, 2, 1), -0.1),
        np.full((1, 2, 2, 1), 200, np.int64),
        np.full((1, 2, 2, 1), 200, np.uint32),
    ],
)
def test_a_white_level_that_the_type_does_not_imply_must_be_given(images):
    with pytest.raises(ValueError, match=r'Set white_level.*--config.white_level=4095'):
        make_normalize('unit')(images)


def test_none_leaves_pixels_as_they_are():
    images = RNG.integers(-9000, 9000, (2, 4, 4, 2))
    found = make_normalize('none')(images)
    assert found.dtype == np.float32 and (found == images).all()


def test_pictures_show_cells_of_any_range():
    images = RNG.random((2, 16, 16, 2)).astype(np.float32)
    found = _shown(images)
    assert found.dtype == np.uint8 and found.max() == 255
    difference = _shown(images * 9000 - 400).astype(int) - found
    assert abs(difference).max() <= 1


def test_a_run_of_an_earlier_version_had_percentiles(tmp_path):
    config = deeploc.get_config()
    claim_workdir(tmp_path, config.to_dict())
    earlier = read_json(tmp_path / 'config.json')
    del earlier['normalization'], earlier['white_level']
    write_json(tmp_path / 'config.json', earlier)
    claim_workdir(tmp_path, config.to_dict())
    write_json(tmp_path / 'config.json', earlier)
    config.normalization = 'unit'
    with pytest.raises(ValueError, match="normalization: 'percentile' there, 'unit' a"):
        claim_workdir(tmp_path, config.to_dict())


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('units',), "Unknown normalization 'units'. Did you mean 'unit'"),
        (('unit', 0.0), r'white_level \(0.0\) must be a number above 0'),
        (('unit', float('nan')), 'white_level .nan. must be'),
        (('unit', float('inf')), 'white_level .inf. must be'),
        (
            ('percentile', 255.0),
            r'white_level \(255\) is only used with normalization unit',
        ),
        (('none', 255.0), 'here it is none'),
    ],
)
def test_unknown_names_and_unusable_white_levels_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_normalize(*arguments)


@pytest.mark.parametrize(
    'field, allowed',
    [
        *((field, ('percentile', 'unit')) for field in ('gamma', 'noise')),
        *((field, ('percentile',)) for field in ('zoom', 'blur', 'bleed')),
        ('saturation', ('percentile',)),
    ],
)
def test_augmentations_name_the_normalizations_that_they_need(field, allowed):
    plain = dict(crop=60, gamma=0.0, noise=0.0)
    for name in ('percentile', 'unit', 'none'):
        check_augmentation(name, plain)
        if name in allowed:
            check_augmentation(name, plain | {field: 0.1})
            continue
        with pytest.raises(ValueError, match=rf'augmentation\.{field} needs another'):
            check_augmentation(name, plain | {field: 0.1})
