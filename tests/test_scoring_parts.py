"""A screen is cut into parts that stay the same when plates are added."""

import dataclasses

import pytest

from deeploc_jax.screens.fields.field import Field, Plane
from deeploc_jax.screens.scoring.fingerprints import (
    file_name,
    fingerprint_field,
    what_changed,
)
from deeploc_jax.screens.scoring.parts import cut_parts, take_shard


def make_fields(tmp_path, plate='P1', wells=4, fields=3, condition=''):
    return [
        Field(
            'S',
            condition,
            '',
            plate,
            f'A{well:02}',
            str(field),
            '',
            '',
            {'GFP': Plane(tmp_path / f'{plate}{well}{field}.tif')},
        )
        for well in range(1, wells + 1)
        for field in range(1, fields + 1)
    ]


@pytest.mark.parametrize(
    ('size', 'expected'),
    [
        (1, [1] * 12),
        (2, [2, 1] * 4),
        (3, [3] * 4),
        (5, [3] * 4),
        (7, [6, 6]),
        (99, [12]),
    ],
)
def test_wells_stay_together_where_they_fit(tmp_path, size, expected):
    fields = make_fields(tmp_path)
    parts = cut_parts(fields, size)
    assert [len(part.fields) for part in parts] == expected
    assert [field for part in parts for field in part.fields] == fields
    if size >= 3:
        for part in parts:
            wells = [field.well for field in part.fields]
            assert all(wells.count(well) == 3 for well in wells)


def test_a_new_plate_leaves_the_parts_of_others_as_they_are(tmp_path):
    old = make_fields(tmp_path, 'P2')
    more = make_fields(tmp_path, 'P1') + old + make_fields(tmp_path, 'P3')
    parts = cut_parts(more, 6)
    assert all(part in parts for part in cut_parts(old, 6))
    assert len({part.name for part in parts}) == len(parts) == 6


def test_plates_of_one_name_in_two_conditions_are_two(tmp_path):
    fields = make_fields(tmp_path, condition='a') + make_fields(tmp_path, condition='b')
    parts = cut_parts(fields, 99)
    assert [part.plate for part in parts] == ['a-P1', 'b-P1']


def test_file_names_are_plain_and_differ():
    names = [file_name(plate) for plate in ('P1', 'P/1', 'P:1', '.P1', 'Ä', '')]
    assert names[0] == 'P1' and len(set(names)) == 6
    assert all(
        set(name) <= set('abcdefghijklmnopqrstuvwxyz0123456789P_-') for name in names
    )


def test_shards_are_all_parts_each_once(tmp_path):
    parts = cut_parts(make_fields(tmp_path), 1)
    shards = [take_shard(parts, f'{n}/5') for n in range(1, 6)]
    assert sorted(p.name for s in shards for p in s) == sorted(p.name for p in parts)
    assert take_shard(parts, '7/16') == (parts[6],)
    assert take_shard(parts, None) == parts
    for wrong in ('0/4', '5/4', '3', 'a/b', '1/0', '-1/4'):
        with pytest.raises(ValueError, match='must be a number of how many'):
            take_shard(parts, wrong)


def test_a_field_changes_with_its_file_and_with_what_is_known_of_it(tmp_path):
    field = make_fields(tmp_path)[0]
    prints = [fingerprint_field(field)]
    path = field.planes['GFP'].path
    path.write_bytes(b'one')
    prints.append(fingerprint_field(field))
    path.write_bytes(b'three')
    prints.append(fingerprint_field(field))
    prints.append(fingerprint_field(dataclasses.replace(field, protein='ABP1')))
    prints.append(fingerprint_field(field, 'center'))
    assert len(set(prints)) == 5
    assert fingerprint_field(field) == prints[2]


def test_what_has_changed_is_named():
    then = dict(version='1', weights='a', fields={'one': 'x', 'two': 'y'})
    now = dict(version='2', weights='a', fields={'one': 'x', 'two': 'z', 'three': 'w'})
    assert what_changed(then, now) == ['version', 'field two', 'field three']
    assert what_changed(now, now) == []


def test_no_plate_is_lost_where_names_of_plates_and_conditions_run_together(tmp_path):
    fields = [
        field
        for plate, condition in [('c', 'a-b'), ('c', 'x'), ('b-c', 'a'), ('b-c', 'y')]
        for field in make_fields(tmp_path, plate, 1, condition=condition)
    ]
    parts = cut_parts(fields, 99)
    assert sum(len(part.fields) for part in parts) == len(fields)
    assert len({part.name for part in parts}) == len(parts) == 4
