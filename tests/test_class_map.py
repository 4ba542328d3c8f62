"""Classes of a network and of a screen are brought together, by name or as told."""

import numpy as np
import pytest

from deeploc_jax.class_map import make_class_map

SOURCE = ('CYTOPLASM', 'NUCLEI', 'BUDNECK', 'MITOCHONDRIA', 'DEAD')


def test_names_are_equal_up_to_case_number_and_underscores():
    names = ('mitochondrion', 'Bud_Necks', 'nucleus', 'punctate')
    found = make_class_map(SOURCE, names)
    assert found.covers == ((3,), (2,), (1,), ())
    assert found.mapped.tolist() == [True, True, True, False]
    assert found.unmapped_names == ['punctate']
    for one, other in (('NUCLEI', 'Nucleolus'), ('SPINDLE', 'SPINDLEPOLE')):
        assert not make_class_map((one,), (other,)).mapped.any()


def test_the_very_same_name_is_nearer_and_a_draw_is_left_open():
    assert make_class_map(('NUCLEI',), ('nucleus', 'NUCLEI')).covers == ((), (0,))
    assert make_class_map(('NUCLEI',), ('nucleus', 'nuclei')).covers == ((), ())
    assert make_class_map(('bud', 'BUDS'), ('Bud',)).covers == ((0, 1),)


def test_what_is_told_comes_first_and_names_do_the_rest():
    told = 'cytosol = CYTOPLASM + NUCLEI, budneck='
    found = make_class_map(SOURCE, ('nucleus', 'cytosol', 'budneck', 'dead'), told)
    assert found.covers == ((), (0, 1), (), (4,))
    assert str(found) == 'cytosol=CYTOPLASM+NUCLEI,dead=DEAD'
    again = make_class_map(SOURCE, found.class_names, f'{found},nucleus=,budneck=')
    assert again == found
    odd = make_class_map(('A+B', 'C'), ('x, y', 'z'), '"x, y=A+B",z=C')
    assert odd.covers == ((0,), (1,)) and str(odd) == '"x, y=A+B",z=C'


def test_only_the_mapped_classes_are_asked_for():
    found = make_class_map(
        SOURCE, ('MITOCHONDRIA', 'bud', 'cell'), 'cell=NUCLEI+CYTOPLASM'
    )
    source = np.array([[0.2, 0.1, 0.3, 0.1, 0.3], [0, 0, 0.5, 0, 0.5]], np.float32)
    expected = [[0.25, 0, 0.75], [0.5, 0, 0.5]]
    np.testing.assert_allclose(found.probabilities(source), expected, rtol=1e-6)
    with pytest.raises(ValueError, match='No class of the screen is mapped'):
        make_class_map(SOURCE, ('x',)).probabilities(source)


@pytest.mark.parametrize(
    ('told', 'message'),
    [
        ('cell', "'cell' must be like"),
        ('cel=DEAD', "Unknown class of the screen 'cel'. Did you mean 'cell'"),
        ('cell=DEAT', "Unknown class of the network 'DEAT'. Did you mean 'DEAD'"),
        ('cell=DEAD,cell=NUCLEI', "names the class 'cell' twice"),
        ('cell=DEAD,bud=DEAD', "names the class 'DEAD' of the network twice"),
    ],
)
def test_mistakes_are_errors(told, message):
    with pytest.raises(ValueError, match=message):
        make_class_map(SOURCE, ('cell', 'bud'), told)
