"""Lists of names, as they are typed and as they are shown."""

import pytest

from deeploc_jax.names import show_name, show_names, split_names


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ('', []),
        ('ER', ['ER']),
        (' ER , VACUOLE,', ['ER', 'VACUOLE']),
        ('"cytoplasm, diffuse",ER', ['cytoplasm, diffuse', 'ER']),
        ('ER, "cytoplasm, diffuse"', ['ER', 'cytoplasm, diffuse']),
        ('"say ""a, b""",5" plate', ['say "a, b"', '5" plate']),
        ('protein=GFP,marker=RFP', ['protein=GFP', 'marker=RFP']),
    ],
)
def test_a_name_with_a_comma_stands_in_quotes(text, names):
    assert split_names(text) == names


@pytest.mark.parametrize('text', ['"a, b', 'ER,"a, b', '"a"b,c', '"', 'a\nb'])
def test_a_list_that_could_be_read_in_two_ways_is_refused(text):
    with pytest.raises(ValueError, match='double quote'):
        split_names(text)


def test_shown_names_are_read_back():
    names = ['cytoplasm, diffuse', 'ER']
    assert show_names(names) == '"cytoplasm, diffuse", ER'
    assert split_names(show_names(names)) == names


def test_a_shown_name_is_visible_and_short():
    assert show_name('ER\u200b') == 'ER\\u200b'
    assert show_name('a\x1b[31m\nb') == 'a\\x1b[31m\\nb'
    assert show_name('er ') == '"er "'
    assert len(show_name('x' * 1000)) == 60
    assert show_names(map(str, range(1000)), 2) == '0, 1, ... and 998 more'
