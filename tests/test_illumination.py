"""Uneven light: the lamp of simulated plates is found, whatever the cells are."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from deeploc_jax import simulate
from deeploc_jax.screens.fields.field import BadFieldError, Field, FieldImage, Plane
from deeploc_jax.screens.fields.illumination import correct, fit_illumination
from deeploc_jax.simulate.microscope.plate import illumination

OFFSET = 120.0
(SMOKE,) = (screen for screen in simulate.SCREENS if screen.name == 'smoke')


def fields(number):
    planes = {name: Plane(Path(f'{name}.tif')) for name in ('GFP', 'RFP')}
    place = dict(screen='s', condition='', replicate='', plate='P1', well='A01')
    return [
        Field(**place, field=str(i), protein='', label='', planes=planes)
        for i in range(number)
    ]


def reader(images):
    def read(field):
        return FieldImage(images[int(field.field)], ('GFP', 'RFP'), 0.12)

    return read


@pytest.fixture(scope='module')
def plate():
    """24 fields of a simulated plate and its lamp."""
    specs = simulate.screen_layout(dataclasses.replace(SMOKE, seed=11))
    (first, *_), name = specs, specs[0].plate.name
    dim = dataclasses.replace(first.plate, vignette=0.4)
    specs = [
        dataclasses.replace(s, plate=dataclasses.replace(s.plate, vignette=0.4))
        for s in specs
        if s.plate.name == name
    ]
    images = [simulate.simulate_field(spec).image for spec in specs[:24]]
    lamp = illumination(dim)
    return images, lamp / lamp.mean()


def rms(error):
    return float(np.sqrt(np.mean((error / np.median(error) - 1) ** 2)))


def test_the_lamp_of_a_simulated_plate_is_found(plate):
    images, lamp = plate
    found = fit_illumination(fields(24), reader(images), OFFSET)
    assert not found.notes
    shown = found.lamp(lamp.shape)
    assert shown.dtype == np.float32 and shown.shape == (*lamp.shape, 2)
    np.testing.assert_allclose(shown.mean((0, 1)), 1, rtol=1e-4)
    assert rms(1 / lamp) > 0.08
    for channel in range(2):
        assert rms(shown[..., channel] / lamp) < 0.025


def test_correction_leaves_offset_and_mean(plate):
    images, lamp = plate
    found = fit_illumination(fields(24), reader(images), OFFSET)
    flat = OFFSET + 500 * np.repeat(lamp[..., None], 2, axis=2)
    image = FieldImage(flat, ('GFP', 'RFP'), 0.12)
    after = correct(image, found)
    assert after.channels == image.channels and after.pixel_size == 0.12
    assert (after.pixels - OFFSET).std() < 0.3 * (flat - OFFSET).std()
    dark = correct(dataclasses.replace(image, pixels=0 * flat + OFFSET), found)
    np.testing.assert_allclose(dark.pixels, OFFSET, rtol=1e-5)


def test_without_its_offset_a_camera_is_corrected_in_part(plate):
    images, lamp = plate
    found = fit_illumination(fields(24), reader(images)).lamp(lamp.shape)
    assert rms(found[..., 1]) < rms(1 / lamp)  # flatter than the lamp is
    assert rms(found[..., 1] / lamp) < rms(1 / lamp)  # and better than nothing


def test_bright_cells_at_one_place_do_not_shine_through(plate):
    """A third of the fields has a very bright clump in the same corner."""
    images, lamp = plate
    clumps = [image.copy() for image in images]
    for image in clumps[::3]:
        image[:60, :80] += 3000
    found = fit_illumination(fields(24), reader(clumps), OFFSET).lamp(lamp.shape)
    assert rms(found[..., 1] / lamp) < 0.03


def test_too_few_fields_are_not_corrected(plate):
    images, _ = plate

    def broken(field):
        if int(field.field) % 4:
            raise BadFieldError('broken')
        return reader(images)(field)

    found = fit_illumination(fields(24), broken, OFFSET)
    assert found.notes[0] == 'GFP: 6 readable fields, 8 are needed'
    image = reader(images)(fields(1)[0])
    assert correct(image, found) is image
    assert len(fit_illumination([], broken).notes) == 0


def test_a_channel_that_is_no_brighter_than_the_offset_is_named(plate):
    images, _ = plate
    dark = [np.stack([0 * i[..., 0] + 100, i[..., 1]], axis=-1) for i in images]
    found = fit_illumination(fields(24), reader(dark), OFFSET)
    assert (
        len(found.notes) == 1 and 'GFP: the background is not above' in found.notes[0]
    )
    corrected = correct(reader(dark)(fields(1)[0]), found).pixels
    np.testing.assert_allclose(corrected[..., 0], 100, rtol=1e-5)


def test_fields_that_have_nothing_in_common_are_not_corrected():
    rng = np.random.default_rng(0)
    slopes = rng.normal(0, 1.5, 10)
    ramps = [np.exp(s * np.linspace(-1, 1, 96))[None, :, None] for s in slopes]
    images = [1000 * np.broadcast_to(ramp, (96, 96, 2)) for ramp in ramps]
    notes = fit_illumination(fields(10), reader(images)).notes
    assert len(notes) == 2 and 'disagree' in notes[0]


def test_only_a_sample_is_read(plate):
    images, _ = plate
    seen = []

    def read(field):
        seen.append(int(field.field))
        return reader(images)(field)

    fit_illumination(fields(24), read, OFFSET, most=9)
    assert len(seen) == 9 and seen[0] == 0 and seen[-1] == 23
