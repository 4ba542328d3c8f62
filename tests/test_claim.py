"""A workdir belongs to one run, which may go on elsewhere or be asked for more."""

import importlib
import json

import pytest

from deeploc_jax.command_line import require
from deeploc_jax.files import write_json
from deeploc_jax.workdir.claim import claim_remade, claim_workdir, read_claim
from deeploc_jax.workdir.source import data_folders

CONFIG = dict(task='t', data_dir=None, steps=3, splits=dict(train='a', test='b'))


def test_a_run_goes_on_with_what_its_task_says_may_change(tmp_path):
    claim_workdir(tmp_path, CONFIG, screen='s/1')
    moved = CONFIG | dict(data_dir='/elsewhere')
    claim_workdir(tmp_path, moved, screen='s/1')
    assert json.loads((tmp_path / 'config.json').read_text())['data_dir']
    other = CONFIG | dict(splits=dict(train='a', test='c'))
    with pytest.raises(ValueError, match=r"splits.test: 'b' there, 'c' asked"):
        claim_workdir(tmp_path, other, screen='s/1')
    claim_workdir(tmp_path, other, ('splits.test',), screen='s/1')
    with pytest.raises(ValueError, match='steps: 3 there, 4 asked'):
        claim_workdir(tmp_path, other | dict(steps=4), ('splits.test',), screen='s/1')


def test_a_run_on_other_inputs_does_not_go_on(tmp_path):
    claim_workdir(tmp_path, CONFIG, screen='s/1')
    with pytest.raises(ValueError, match=r"inputs.screen: 's/1' there, 's/2' asked"):
        claim_workdir(tmp_path, CONFIG, screen='s/2')


@pytest.mark.parametrize(
    ('task', 'file'),
    [
        ('train', 'deeploc'),
        ('evaluate', 'evaluate'),
        ('features', 'features'),
        ('novelty', 'novelty'),
        ('probe', 'probe'),
        ('transfer', 'transfer'),
    ],
)
def test_what_may_change_are_fields_of_the_task(task, file):
    config = importlib.import_module(f'configs.{file}').get_config().to_dict()
    for field in importlib.import_module(f'deeploc_jax.tasks.{task}').MAY_CHANGE:
        value = config
        for name in filter(None, field.split('.')):
            value = value[name]
        assert isinstance(value, dict) == field.endswith('.'), field


def test_data_are_looked_for_where_the_training_did(tmp_path):
    asked = dict(data_dir='here', manual_dir=None)
    assert data_folders(tmp_path, 'here', None) == asked  # weights alone
    write_json(tmp_path / 'run.json', {})
    write_json(tmp_path / 'config.json', dict(data_dir='there', manual_dir='files'))
    found = dict(data_dir='there', manual_dir='files')
    assert data_folders(str(tmp_path), None, None) == found
    assert data_folders(tmp_path / 'weights', None, None) == found
    assert data_folders(tmp_path, 'here', None) == dict(found, data_dir='here')
    write_json(tmp_path / 'config.json', {})  # a task that reads no screen
    assert data_folders(tmp_path, 'here', None) == asked


def test_a_field_without_a_default_is_asked_for_by_name():
    config = dict(task='t', source='runs/a', own=dict(table=None))
    require(config, source='<weights>')
    with pytest.raises(
        ValueError, match=r'^Say --config.own.table=<file>; configs/t.py explains it.$'
    ):
        require(config, source='<weights>', **{'own.table': '<file>'})


def test_a_run_of_an_earlier_version_goes_on_under_the_new_names_of_fields(tmp_path):
    claim_workdir(tmp_path, CONFIG | dict(licence='CC0'))
    claim_workdir(tmp_path, CONFIG | dict(license='CC0'))
    claim_workdir(tmp_path, CONFIG | dict(license='CC0'))
    with pytest.raises(ValueError, match="license: 'CC0' there, 'MIT' asked"):
        claim_workdir(tmp_path, CONFIG | dict(license='MIT'))


def test_a_run_from_before_an_augmentation_goes_on_without_it(tmp_path):
    later = dict.fromkeys(('zoom', 'blur', 'bleed', 'saturation'), 0.0)
    claim_workdir(tmp_path, CONFIG | dict(augmentation=dict(crop=60)))
    with pytest.raises(ValueError, match='augmentation.blur: 0.0 there, 1.0 asked'):
        asked = dict(later, crop=60, blur=1.0)
        claim_workdir(tmp_path, CONFIG | dict(augmentation=asked))
    claim_workdir(tmp_path, CONFIG | dict(augmentation=dict(later, crop=60)))


def test_what_is_made_anew_may_have_other_inputs_which_is_said(tmp_path, capsys):
    claim_remade(tmp_path, CONFIG, cells=['a'])
    (tmp_path / 'run.json').write_text('{}')
    claim_remade(tmp_path, CONFIG, cells=['a'])
    assert not capsys.readouterr().out
    claim_remade(tmp_path, CONFIG, cells=['b'])
    assert 'cells: changed since the last run' in capsys.readouterr().out
    assert not (tmp_path / 'run.json').exists()
    assert json.loads((tmp_path / 'config.json').read_text())['inputs'] == {
        'cells': ['b']
    }
    with pytest.raises(ValueError, match='steps: 3 there, 4 asked'):
        claim_remade(tmp_path, CONFIG | dict(steps=4), cells=['b'])


def test_a_run_may_be_moved_with_what_lies_beside_it(tmp_path):
    workdir, plates = tmp_path / 'old/scored', tmp_path / 'old/plates'
    plates.mkdir(parents=True)
    elsewhere = str(tmp_path / 'maps/map.csv')
    config = CONFIG | dict(fields=str(plates), plate_map=elsewhere)
    claim_workdir(workdir, config)
    assert read_claim(workdir)['fields'] == str(plates)
    (tmp_path / 'old').rename(tmp_path / 'new')
    workdir, plates = tmp_path / 'new/scored', tmp_path / 'new/plates'
    there = read_claim(workdir)
    assert there['fields'] == str(plates) and there['plate_map'] == elsewhere
    with pytest.raises(ValueError, match='fields: .*old/plates.*, .*new/others'):
        claim_workdir(workdir, config | dict(fields=str(tmp_path / 'new/others')))
    moved = config | dict(fields=str(plates))
    claim_workdir(workdir, moved)
    claim_workdir(workdir, moved)
    with pytest.raises(ValueError, match='plate_map'):
        claim_workdir(workdir, moved | dict(plate_map=str(tmp_path / 'm.csv')))


def test_a_run_that_moved_alone_finds_what_stayed(tmp_path):
    workdir, plates = tmp_path / 'old/scored', tmp_path / 'old/plates'
    plates.mkdir(parents=True)
    claim_workdir(workdir, CONFIG | dict(fields=str(plates)))
    workdir = workdir.rename(tmp_path / 'scores')
    assert read_claim(workdir)['fields'] == str(plates)
    claim_workdir(workdir, CONFIG | dict(fields=str(plates)))


def test_a_claim_of_an_earlier_version_is_read_as_it_is(tmp_path):
    write_json(tmp_path / 'config.json', CONFIG | dict(inputs={}))
    assert read_claim(tmp_path)['steps'] == 3 and not read_claim(tmp_path / 'none')
    claim_workdir(tmp_path, CONFIG)
