"""The schema of a cell, the same for every screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from deeploc_jax.types import METADATA

IMAGE_SIZE = 64  # pixels on a side; every crop of every screen


def screen_features(
    class_names: Sequence[str],
    channels: Sequence[str],
    pixel_dtype: np.typing.DTypeLike,
    num_measurements: int = 0,
) -> tfds.features.FeaturesDict:
    """Makes the TFDS features of one cell.

    Args:
        class_names: Localizations in index order.
        channels: Channel names in image order: protein, marker, then any others.
        pixel_dtype: Type in which the pixels are stored, without loss.
        num_measurements: Number F of measurements of a cell; 0 leaves them out.

    Returns:
        `image` [64, 64, C], `label` (-1 = unlabelled), the `METADATA` columns and, when
        F > 0, `measurements` float32 [F].
    """
    features: dict[str, Any] = {
        'image': tfds.features.Tensor(
            shape=(IMAGE_SIZE, IMAGE_SIZE, len(channels)),
            dtype=np.dtype(pixel_dtype),
            encoding='zlib',
        ),
        'label': tfds.features.ClassLabel(names=list(class_names)),
    }
    for name, meaning in METADATA.items():
        if name in ('x', 'y'):
            features[name] = tfds.features.Scalar(np.float32, doc=meaning)
        else:
            features[name] = tfds.features.Text(doc=meaning)
    if num_measurements:
        features['measurements'] = tfds.features.Tensor(
            shape=(num_measurements,), dtype=np.float32, encoding='bytes'
        )
    return tfds.features.FeaturesDict(features)


def screen_metadata(
    channels: Sequence[str],
    marker_channel: int,
    measurement_names: Sequence[str] = (),
    simulated: bool = False,
    default_channels: Sequence[str] = (),
    pixel_size: float | None = None,
) -> tfds.core.MetadataDict:
    """Makes the metadata of a screen, which readers need beside its features.

    Args:
        channels: Channel names in image order; the protein is always channel 0.
        marker_channel: Index of the cytosolic marker, -1 when there is none.
        measurement_names: Names of the entries of `measurements`.
        simulated: Whether the images were computed, not taken with a microscope.
        default_channels: Channels that `read_cells` takes unless others are named; ()
            for all of them.
        pixel_size: Side of a pixel in micrometers, None when unknown.
    """
    defaults: dict[str, Any] = {}
    if default_channels:
        defaults['default_channels'] = list(default_channels)
    if pixel_size:
        defaults['pixel_size'] = float(pixel_size)
    return tfds.core.MetadataDict(
        channels=list(channels),
        protein_channel=0,
        marker_channel=marker_channel,
        measurement_names=list(measurement_names),
        simulated=simulated,
        **defaults,
    )


def example(
    image: np.ndarray,
    label: int | str,
    cell_id: str,
    *,
    screen: str = '',
    condition: str = '',
    replicate: str = '',
    plate: str = '',
    well: str = '',
    field: str = '',
    protein: str = '',
    x: float = np.nan,
    y: float = np.nan,
    measurements: np.ndarray | None = None,
) -> dict[str, Any]:
    """Makes one cell in the form of `screen_features`; unknown values are '' or NaN.

    Args:
        image: Image [64, 64, C] in the pixel type of the screen's features.
        label: Class index or name; -1 when unlabelled.
        cell_id: Name of the cell, unique in the screen.
        screen: Name of the screen.
        condition: Treatment, time point or medium.
        replicate: Repetition of the experiment.
        plate: Plate of the cell.
        well: Well of the plate.
        field: Field image of the well.
        protein: Tagged protein or strain.
        x: Cell center in the field image, pixels from the left.
        y: Cell center in the field image, pixels from the top.
        measurements: Measurements, float32 [F], for a screen that declares them.
    """
    cell = {'image': image, 'label': label, 'cell_id': cell_id, 'screen': screen}
    cell |= {'condition': condition, 'replicate': replicate}
    cell |= {'plate': plate, 'well': well, 'field': field, 'protein': protein}
    cell |= {'x': np.float32(x), 'y': np.float32(y)}
    if measurements is not None:
        cell['measurements'] = np.asarray(measurements, np.float32)
    return cell
