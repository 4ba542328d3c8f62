"""Profiles are written and normalized as pycytominer and copairs take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from deeploc_jax.profiles.groups import group_by

if TYPE_CHECKING:
    import pandas

METADATA_COLUMNS = {
    'screen': 'Metadata_Screen',
    'condition': 'Metadata_Condition',
    'replicate': 'Metadata_Replicate',
    'plate': 'Metadata_Plate',
    'well': 'Metadata_Well',
    'protein': 'Metadata_Protein',
    'label_name': 'Metadata_Label',
    'n_cells': 'Metadata_Object_Count',
}
"""Our columns, as pycytominer names them."""
PREFIX = 'Cells_'
"""Beginning of the name of each feature, by which pycytominer knows features."""
METHODS = ('standardize', 'robustize', 'mad_robustize', 'spherize')
SELECTED = ('variance_threshold', 'correlation_threshold', 'drop_na_columns')
SELECTED += ('drop_outliers',)
CONSENSUS = ('Metadata_Condition', 'Metadata_Protein')


def cytominer_table(rows: pa.Table, features: Sequence[str]) -> pa.Table:
    """The rows with the names that pycytominer and copairs understand.

    Args:
        rows: Of wells.parquet or of well_features.parquet; those without usable cells
            are left out.
        features: Columns that are features.
    """
    kept = rows.filter(pa.array(rows['n_cells'].to_numpy() > 0))
    ours = [name for name in METADATA_COLUMNS if name in rows.column_names]
    names = [METADATA_COLUMNS[name] for name in ours]
    table = kept.select([*ours, *features])
    table = table.rename_columns([*names, *(PREFIX + name for name in features)])
    return table.replace_schema_metadata(None)


def normalize_plates(
    profiles: pandas.DataFrame, method: str, controls: str = ''
) -> pandas.DataFrame:
    """Features of each plate against those of the plate or of its controls.

    Plates of two replicates or conditions are two plates, also where they have the same
    name. `spherize` also takes away what the features have in common in the reference,
    and leaves out those that are constant in one of them.

    Args:
        profiles: Of `cytominer_table`.
        method: One of `METHODS`.
        controls: Which rows are the reference, as pandas.query takes it:
            `Metadata_Protein == 'HO'`; '' for all of the plate.

    Raises:
        ImportError: The extra `profiles` is not installed.
        ValueError: There is no such method, or a plate has no controls.
    """
    pandas, pycytominer = _libraries()
    if method not in METHODS:
        raise ValueError(f'normalize ({method}) must be one of {", ".join(METHODS)}.')
    names = list(METADATA_COLUMNS.values())[:4]
    plates = dict(list(profiles.groupby(names, sort=True)))
    constant: set[str] = set()
    for plate, rows in plates.items():
        reference = rows.query(controls) if controls else rows
        if not len(reference):
            raise ValueError(f'Plate {"/".join(map(str, plate))} has no {controls}.')
        spread = reference[feature_names(rows)].std(ddof=0)
        constant |= set(spread.index[~(spread > 0)])
    parts: list[Any] = []
    for rows in plates.values():
        if method == 'spherize':
            rows = rows.drop(columns=sorted(constant))
        parts.append(
            pycytominer.normalize(
                rows.reset_index(drop=True), samples=controls or 'all', method=method
            )
        )
    return pandas.concat(parts, ignore_index=True)


def select_features(profiles: pandas.DataFrame) -> pandas.DataFrame:
    """Leaves out features that are constant, redundant, missing or extreme.

    Raises:
        ValueError: All are constant.
    """
    _, pycytominer = _libraries()
    found = pycytominer.feature_select(profiles, operation=list(SELECTED))
    return cast('pandas.DataFrame', found)


def consensus(
    profiles: pandas.DataFrame, columns: Sequence[str] = CONSENSUS
) -> pandas.DataFrame:
    """The median over wells and replicates: a row per condition and protein.

    Args:
        profiles: Of `cytominer_table`, normalized or not.
        columns: What distinguishes one row of the result from another.
    """
    _, pycytominer = _libraries()
    found = pycytominer.consensus(
        profiles, replicate_columns=list(columns), operation='median'
    )
    return cast('pandas.DataFrame', found)


def replicates(
    profiles: pandas.DataFrame,
) -> tuple[np.ndarray, np.ndarray, list[dict[str, str]]]:
    """The profiles whose agreement is asked for.

    They are the medians over the wells of a replicate, or the wells themselves where no
    protein and condition has several replicates.

    Returns:
        Features float64 [n, f]; the number [n] of each one's condition and protein; and
        what names each of these g.
    """
    names = list(CONSENSUS)
    if profiles.groupby(names)['Metadata_Replicate'].nunique().max() > 1:
        profiles = consensus(profiles, [*names, 'Metadata_Replicate'])
    keys = pa.Table.from_pandas(profiles[names], preserve_index=False)
    groups = group_by(keys, names)
    pairs = zip(*groups.keys.values(), strict=True)
    named = [dict(condition=condition, protein=protein) for condition, protein in pairs]
    return feature_values(profiles), groups.of_cell, named


def check_libraries() -> None:
    """Raises an ImportError that names the extra unless its libraries are there."""
    _libraries()


def feature_names(profiles: pandas.DataFrame) -> list[str]:
    """Names of the columns that are features."""
    return [name for name in profiles.columns if name.startswith(PREFIX)]


def feature_values(profiles: pandas.DataFrame) -> np.ndarray:
    """Features float64 [n, f]; what is not a finite number is 0."""
    values = profiles[feature_names(profiles)].to_numpy(np.float64)
    return np.nan_to_num(values, posinf=0, neginf=0)


def _libraries() -> tuple[Any, Any]:
    try:
        import pandas
        import pycytominer
    except ImportError as error:
        raise ImportError(
            "Normalization needs pycytominer: pip install -e '.[profiles]'"
        ) from error
    return pandas, pycytominer
