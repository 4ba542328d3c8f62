"""Columns of the tables of fits: transfers of a network, probes on frozen features."""

from __future__ import annotations

import pyarrow as pa

from deeploc_jax.tables.schema import TEXT, Column, TableSchema

_COUNT, _NUMBER = pa.int64(), pa.float64()
_DRAWN = (
    Column(
        'cells_per_class',
        _COUNT,
        'Number of training cells of each class, null for all that are labelled.',
        'cells',
    ),
    Column('draw', _COUNT, 'Number of the random draw of these cells, from 0.'),
)
_TRAINED = Column('n_train', _COUNT, 'Number of training cells in all.', 'cells')
_TESTED = (
    Column('test_split', TEXT, 'Split that the fit was tested on.', required=False),
    Column('n_test', _COUNT, 'Number of labelled cells of that split.', 'cells'),
    Column('accuracy', _NUMBER, 'Share of these cells that are called right.'),
    Column('balanced_accuracy', _NUMBER, 'Mean of the recall over the classes.'),
)
TRANSFERS = TableSchema(
    'transfer.parquet',
    'configs/transfer.py',
    'One row per fit: a mode, a number of training cells, a draw of them.',
    (
        Column(
            'mode',
            TEXT,
            'How the network was transferred: as_is (not at all, 0 training cells), '
            'fine_tune, frozen_conv, probe, scratch.',
        ),
        *_DRAWN,
        _TRAINED,
        *_TESTED,
        Column(
            'confusion',
            pa.list_(pa.list_(_COUNT)),
            'Number of test cells by true class (outer list) and predicted class '
            '(inner list), in the order of the class names (key `class_names` of the '
            "file's schema metadata).",
            'cells',
        ),
        Column(
            'validation',
            _NUMBER,
            'Balanced accuracy on the validation cells that were not trained on; null '
            'if there are none.',
        ),
        Column(
            'crops',
            _COUNT,
            'Number of crops of a cell whose probabilities are averaged.',
            required=False,
        ),
        Column(
            'temperature',
            _NUMBER,
            'Temperature that divides the logits; null for a probe.',
            required=False,
        ),
        Column(
            'calibration',
            TEXT,
            "Cells that the temperature was fitted on, in words; '' for a probe.",
            required=False,
        ),
        Column(
            'ece',
            _NUMBER,
            'Expected calibration error on the test cells at that temperature; null '
            'for a probe.',
            required=False,
        ),
        Column(
            'ece_before_temperature',
            _NUMBER,
            'The same at temperature 1; null for a probe.',
            required=False,
        ),
        Column(
            'steps',
            _COUNT,
            'Number of training steps; 0 for a probe.',
            required=False,
        ),
        Column('seconds', _NUMBER, 'Duration of the fit.', 's', required=False),
        Column(
            'l2_sp',
            _NUMBER,
            'Pull of the training towards the source; null for none.',
            required=False,
        ),
        Column(
            'unseen',
            _NUMBER,
            'Balanced accuracy on validation cells of groups (config field group_by, '
            'such as proteins) that were not trained on, where necessary after another '
            'training without some of them; null if it is not known.',
            required=False,
        ),
        Column(
            'unseen_as_is',
            _NUMBER,
            'That of the source as it is on the same cells; null if it is not known.',
            required=False,
        ),
        Column(
            'unjudged_classes',
            _COUNT,
            'Number of classes that could not be judged on new groups: `unseen` has '
            'their cells of other groups that were not trained on.',
            required=False,
        ),
        Column(
            'class_map',
            TEXT,
            'Classes of the source that those of the screen were asked as or, after a '
            "training, started from; '' where all started from random values.",
            required=False,
        ),
    ),
)
_RECALL = pa.list_(pa.struct([('class_name', TEXT), ('recall', _NUMBER)]))
PROBES = TableSchema(
    'probe.parquet',
    'configs/probe.py',
    'One row per fit: features, a probe, a number of training cells, a draw of them.',
    (
        Column('features', TEXT, 'Name of the folder with the features.'),
        Column('probe', TEXT, 'Kind of classifier.'),
        *_DRAWN,
        Column(
            'training_sets',
            TEXT,
            "Digest of the training sets of an ensemble; '' for other probes.",
            required=False,
        ),
        _TRAINED,
        *_TESTED,
        Column(
            'recall',
            _RECALL,
            'For each class with test cells, the share of them that is called right.',
        ),
        Column('value', _NUMBER, "Value of the probe's parameter."),
        Column(
            'chosen_by',
            _NUMBER,
            'Balanced accuracy that this value was chosen by; null where it could not '
            'be measured.',
        ),
        Column(
            'chosen_among',
            _COUNT,
            'Number of values that it was chosen among.',
            required=False,
        ),
    ),
)
