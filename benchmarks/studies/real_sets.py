"""Real cells of three microscopes are named by networks that saw simulated ones alone.

    python -m benchmarks.studies.real_sets --cells=yeast_wt2/cells.npz \
        --figure=deepyeast_figure/cells.npz \
        --swat=swat_rfp_36/Schuldiner_test_set.hdf5 lean-sim

The archives are 1,220 cells of `benchmarks.real_cells.yeast_wt2`, of which only the
annotated localization of the protein is known; 48 cells of twelve classes, cut out of
DeepYeast's own figure (github.com/tanelp/deepyeast); and 36 cells of nine classes in
DeepLoc's HDF5 layout, with RFP as the protein and no marker. A cell is right where any
class of its annotation is called. Networks get both channels and, at the end of a
training with `augmentation.protein_alone` as much as of any other, the protein alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import h5py
import numpy as np
from absl import app, flags

import deeploc_jax
from benchmarks.studies.over_seeds import spread
from benchmarks.studies.zero_shot import ANNOTATED
from deeploc_jax.markdown import markdown_table

_FIGURE = flags.DEFINE_string('figure', None, 'Archive of the cells of a figure.')
_SWAT = flags.DEFINE_string('swat', None, 'HDF5 file of screen swat_rfp.')

Right = tuple[str, ...]
"""Classes of which any is right for a cell."""

# Classes of swat_rfp that have another name, or are several, among DeepLoc's.
SWAT: dict[str, Right] = {
    'Bud': ('BUDTIP', 'BUDNECK'),
    'Cytosol': ('CYTOPLASM',),
    'Nucleus': ('NUCLEI',),
    'Punctate': ('ACTIN', 'ENDOSOME', 'GOLGI', 'PEROXISOME'),
    'Vacuole Membrane': ('VACUOLARMEMBRANE',),
}


def main(argv: list[str]) -> None:
    """Prints two tables in Markdown: the sets, and the classes of the figure."""
    if len(argv) < 2:
        raise app.UsageError('Name weights or workdirs of trainings.')
    rows, classes = [], []
    for title, images, right in real_sets():
        names = np.array(['+'.join(one) for one in right])
        for shown in ('both channels', 'protein alone')[images.shape[-1] == 1 :]:
            seen = images if shown == 'both channels' else images[..., :1]
            hits = np.stack([called_right(name, seen, right) for name in argv[1:]])
            rows.append(row(title, shown, hits))
            if title == 'figure':
                classes += [
                    row(name, shown, hits[:, names == name])
                    for name in np.unique(names)
                ]
    header = ('cells', 'shown', 'n', 'called right')
    print(markdown_table(header, rows))
    print(f'\n{markdown_table(("class", *header[1:]), classes)}')


def row(title: str, shown: str, hits: np.ndarray) -> list[str]:
    """A row, from hits [networks, n]."""
    share = spread(hits.mean(axis=1).tolist())
    return [title, shown, str(hits.shape[1]), share]


def real_sets() -> Iterator[tuple[str, np.ndarray, list[Right]]]:
    """Name, images [n, 64, 64, protein and marker or protein], right classes [n]."""
    if _FIGURE.value:
        with np.load(_FIGURE.value, allow_pickle=False) as archive:
            labels = archive['label'].astype(str)
            yield 'figure', archive['image'], [(name,) for name in labels]
    cells = flags.FLAGS.cells  # of `zero_shot`
    if cells:
        with np.load(cells, allow_pickle=False) as archive:
            right: list[Right] = [
                ANNOTATED[name] for name in archive['protein'].astype(str)
            ]
            yield 'yeast_wt2', archive['image'][..., ::-1], right  # the marker first
    if _SWAT.value:
        with h5py.File(_SWAT.value) as file:
            planes = file['data1'][:].reshape(-1, 2, 64, 64)
            names = [n.decode() for n in file['Index1'].parent.attrs['Index1_columns']]
            labels = np.array(names)[file['Index1'][:].argmax(axis=1)]
        right = [SWAT.get(n, (n.upper().replace(' ', ''),)) for n in labels.tolist()]
        yield 'swat_rfp', planes[:, 0, :, :, None].astype(np.uint16), right


def called_right(name: str, images: np.ndarray, right: list[Right]) -> np.ndarray:
    """Whether a network calls each cell by a class that is right, bool [n]."""
    network = deeploc_jax.load(name)
    if images.shape[-1] == 1:
        network = deeploc_jax.load(name, without=network.card.channels[1:])
    called = np.array(network.class_names)[network.predict(images).argmax(axis=1)]
    return np.array([one in any_of for one, any_of in zip(called, right, strict=True)])


if __name__ == '__main__':
    app.run(main)
