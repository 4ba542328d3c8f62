"""Protein-level calls: means, labels, and the Dirichlet posterior."""

import numpy as np
import pytest

from deeploc_jax.evaluate import proteins
from deeploc_jax.groups import UNIT_COLUMNS
from deeploc_jax.tables import PROTEINS, class_values

NAMES = ('ER', 'GOLGI', 'NUCLEI')


def metadata(cells, **columns):
    blank = dict.fromkeys(UNIT_COLUMNS, [''] * cells)
    return {name: np.array(c, object) for name, c in (blank | columns).items()}


P = np.array([[0.8, 0.1, 0.1], [0.4, 0.5, 0.1], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]])


def test_means_calls_and_posterior():
    table = proteins.proteins_table(
        metadata(4, protein=['Sec61', 'Sec61', 'Nup49', '']),
        np.array([0, 0, 1, 1]),
        P,
        NAMES,
    )
    assert table['protein'].to_pylist() == ['Nup49', 'Sec61']
    assert table['n_cells'].to_pylist() == [1, 2]
    assert table['predicted_name'].to_pylist() == ['NUCLEI', 'ER']
    assert table['label_name'].to_pylist() == ['GOLGI', 'ER']
    means = class_values(table)
    np.testing.assert_allclose(means[1], [0.6, 0.3, 0.1], atol=1e-6)
    posterior = class_values(table, 'posterior_')
    np.testing.assert_allclose(posterior[1], [2.2 / 5, 1.6 / 5, 1.2 / 5], atol=1e-6)
    assert proteins.protein_accuracy(table) == (0.5, 2)
    assert proteins.protein_accuracy(table, 2) == (1.0, 1)


def test_labels_that_disagree_are_flagged_and_the_majority_stands():
    table = proteins.proteins_table(
        metadata(4, protein=['A', 'A', 'A', 'B']), np.array([1, 2, 2, -1]), P, NAMES
    )
    assert table['labels_agree'].to_pylist() == [False, True]
    assert table['label'].to_pylist() == [2, -1]
    assert table['label_name'].to_pylist() == ['NUCLEI', '']
    assert table['n_labelled'].to_pylist() == [3, 0]
    assert proteins.protein_accuracy(table)[1] == 1


def test_unlabelled_cells_count_for_the_call_but_not_for_the_label():
    table = proteins.proteins_table(
        metadata(4, protein=['A'] * 4), np.array([-1, -1, 1, -1]), P, NAMES
    )
    assert table['n_cells'].to_pylist() == [4]
    assert table['label'].to_pylist() == [1]
    np.testing.assert_allclose(class_values(table)[0], P.mean(axis=0), atol=1e-6)


def test_wells_stand_in_when_no_protein_is_known():
    columns = metadata(4, plate=['1', '1', '2', '2'], well=['A01', 'A01', 'A01', ''])
    table = proteins.proteins_table(columns, np.full(4, -1), P, NAMES)
    assert table['unit'].to_pylist() == ['well', 'well']
    assert table['protein'].to_pylist() == ['1/A01', '2/A01']
    accuracy, n = proteins.protein_accuracy(table)
    assert np.isnan(accuracy) and n == 0


def test_neither_protein_nor_well_is_an_empty_table():
    table = proteins.proteins_table(metadata(4), np.zeros(4, int), P, NAMES)
    assert len(table) == 0
    assert table.schema.equals(PROTEINS.arrow(NAMES))


def test_rows_that_do_not_fit_are_an_error():
    with pytest.raises(ValueError, match='probabilities have shape'):
        proteins.proteins_table(metadata(4), np.zeros(4, int), P[:3], NAMES)
