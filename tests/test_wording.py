"""The lines that a run prints at its end."""

import pytest

from deeploc_jax.report.wording import outcome

LABELLED = dict(
    n_cells=12,
    n_labelled=10,
    accuracy=dict(value=0.5, interval=[0.25, 0.75]),
    resampled_by='protein',
    unlike_training=0.125,
)


def test_the_main_number_is_printed_with_its_interval():
    text = outcome(LABELLED, 'test', 'temperature fitted on 9 validation cells')
    assert text == (
        'test accuracy: 0.500 (95 % 0.250 to 0.750, resampled by protein) over 10 '
        'cells; 12.5% unlike anything seen in training'
    )


@pytest.mark.parametrize('labelled', [0, 10])
def test_probabilities_that_are_not_calibrated_are_called_so(labelled):
    metrics = LABELLED | dict(n_labelled=labelled, unlike_training=None)
    text = outcome(metrics, 'all', 'not calibrated: no validation cell is labelled')
    assert text.endswith('\nConfidence: not calibrated: no validation cell is labelled')
    assert 'unlike' not in text
    assert text.startswith('all acc' if labelled else "12 unlabelled cells of 'all'")
