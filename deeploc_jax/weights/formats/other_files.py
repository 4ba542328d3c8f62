"""Users get advice on files of weights that are not read."""

from __future__ import annotations

from pathlib import Path

_PICKLE = 'it is or holds a Python pickle, which runs code when it is opened'
_LAYERS = 'it describes layers without their weights'
_KERAS = 'Keras weights are those of DeepYeast: --config=configs/convert.py:deepyeast'
_ARCHIVE = 'it is an archive: unpack it first'
_TENSORFLOW = (
    'it is part of a TensorFlow checkpoint, such as that of DeepLoc: '
    '--config=configs/convert.py:deeploc'
)
_GRAPH = (
    'it is a graph; the arrays of a SavedModel are in the folder `variables` beside it'
)
_OTHER = 'it belongs to another library'
WANTED = {
    'tensorflow': 'A TensorFlow checkpoint is wanted: model.ckpt-5000, any of its '
    'files, or its folder.',
    'keras': 'What Keras saved is wanted: .h5, .hdf5, .weights.h5 or .keras.',
}
"""Sentence for the user by the format that is read."""
ADVICE = {
    **dict.fromkeys(('.pkl', '.pickle', '.joblib', '.pth', '.pt'), _PICKLE),
    **dict.fromkeys(('.json', '.yaml', '.yml'), _LAYERS),
    **dict.fromkeys(('.zip', '.tar', '.gz', '.tgz', '.bz2', '.xz', '.7z'), _ARCHIVE),
    **dict.fromkeys(('.onnx', '.tflite', '.npz', '.npy', '.mat'), _OTHER),
    **dict.fromkeys(('.safetensors', '.msgpack', '.orbax'), _OTHER),
    **dict.fromkeys(('.pb', '.pbtxt'), _GRAPH),
}
ONLY_FOR_OTHER = {
    'tensorflow': dict.fromkeys(('.h5', '.hdf5', '.keras'), _KERAS),
    'keras': dict.fromkeys(('.index', '.meta', '.ckpt'), _TENSORFLOW),
}


def check_kind(path: Path, wanted: str) -> None:
    """Checks by its ending that a file may be of the format that is read.

    Args:
        path: The file.
        wanted: The format, a key of `WANTED`.

    Raises:
        ValueError: It is of another format; the error says what to do.
    """
    advice = ADVICE | ONLY_FOR_OTHER[wanted]
    ending = path.suffix.lower()
    if ending in advice:
        raise ValueError(f'{path} is not read: {advice[ending]}. {WANTED[wanted]}')
