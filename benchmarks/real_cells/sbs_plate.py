"""A plate of human cells: from its fields to the dose that moves half of the protein.

    python -m benchmarks.real_cells.sbs_plate --plate=sbs_plate --map=runs/sbs/wells.csv
    python launch.py --config=configs/prepare.py:micrographs \
        --config.fields='sbs_plate/images/Channel{channel}-{*}-{row}-{column}.tif' \
        --config.channels=protein=FKHR,marker=DNA --config.channel_names=1=FKHR,2=DNA \
        --config.plate_map=runs/sbs/wells.csv --config.cells.diameter=20 \
        --config.name=sbs --config.group_by=row --workdir=runs/sbs
    python launch.py --config=configs/deeploc_lean.py:small \
        --config.screen=own_screen/sbs --config.total_steps=240 \
        --config.checkpoint_every=48 --config.evaluation.crops=1 --workdir=runs/sbs_0
    python launch.py --config=configs/score.py --config.source=runs/sbs_0 \
        --config.fields='sbs_plate/images/Channel{channel}-{*}-{row}-{column}.tif' \
        --config.channels=protein=FKHR,marker=DNA --config.channel_names=1=FKHR,2=DNA \
        --config.plate_map=runs/sbs/wells.csv --config.cells.diameter=20 \
        --workdir=runs/sbs_0_cells
    python -m benchmarks.real_cells.sbs_plate --plate=sbs_plate \
        --scored=runs/sbs_0_cells --figure=docs/dose_response.png

The folder is the plate of GFP-FKHR in U2OS cells among the test images of CellProfiler
(48 wells, rows A to D): `images/` and `metadata.csv`, in which SBS_Controls is -1 for
untreated wells, 1 for the positive control and 0 for the doses 1 to 9.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from absl import app, flags
from scipy.optimize import curve_fit

from deeploc_jax.files import atomic_write
from deeploc_jax.markdown import markdown_table
from deeploc_jax.report import style
from deeploc_jax.tables import read_scored_cells

_PLATE = flags.DEFINE_string('plate', 'sbs_plate', 'Folder of the plate.')
_MAP = flags.DEFINE_string('map', None, 'Plate map to write.')
_SCORED = flags.DEFINE_list('scored', [], 'Workdirs of scorings, a seed each.')
_TEST = flags.DEFINE_string('test_row', None, 'Row of the plate that is the test.')
_FIGURE = flags.DEFINE_string('figure', None, 'Figure to write.')

LABELS = {'-1': 'CYTOPLASM', '1': 'NUCLEUS', '0': ''}
POSITIVE = 10  # written as the dose of the positive control, which is another treatment
RESAMPLES = 1000


def main(argv: list[str]) -> None:
    """Writes the plate map, or prints what the scored wells say."""
    del argv
    wells = read_wells(Path(_PLATE.value, 'metadata.csv'))
    if _MAP.value:
        print(write_map(Path(_MAP.value), wells))
    if not _SCORED.value:
        return
    runs = [well_means(Path(workdir), wells) for workdir in _SCORED.value]
    print(control_table(wells, runs, _TEST.value))
    doses = np.array([int(well['dose']) for well in wells.values()])
    series = doses < POSITIVE
    fits = [fit(doses[series], run['share'][series]) for run in runs]
    drawn = [resampled_fits(doses[series], run['share'][series]) for run in runs]
    print(dose_table(doses, runs))
    for number, (found, many) in enumerate(zip(fits, drawn, strict=True)):
        low, high = np.percentile(many[:, 2], (2.5, 97.5))
        print(
            f'Run {number}: half-maximal dose {found[2]:.2f} (95 % {low:.2f} to '
            f'{high:.2f}), slope {found[3]:.1f} a step, from {found[0]:.3f} to '
            f'{found[0] + found[1]:.3f}'
        )
    if _FIGURE.value:
        print(draw(Path(_FIGURE.value), doses, runs[0]['share'], fits[0], drawn[0]))


def read_wells(path: Path) -> dict[str, dict[str, str]]:
    """Dose and label of each well, by its name."""
    with path.open(newline='') as file:
        return {
            row['Row'] + row['Column']: dict(
                dose=row['SBS_Doses'], label=LABELS[row['SBS_Controls']]
            )
            for row in csv.DictReader(file)
        }


def write_map(path: Path, wells: dict[str, dict[str, str]]) -> Path:
    """Writes the plate map: control wells have a label, doses have none."""

    def write(temporary: Path) -> None:
        with temporary.open('w', newline='') as file:
            rows = [(w, f'dose {v["dose"]}', v['label']) for w, v in wells.items()]
            csv.writer(file).writerows([('well', 'condition', 'label'), *rows])

    return atomic_write(path, write)


def well_means(
    workdir: Path, wells: dict[str, dict[str, str]]
) -> dict[str, np.ndarray]:
    """Of each well: mean probability of NUCLEUS, cells, and how many are called so."""
    table = read_scored_cells(workdir)
    of = np.array(table['well'].to_pylist(), object)
    probability = np.array(table['p_NUCLEUS'].to_pylist(), float)  # None becomes NaN
    inside = [probability[(of == well) & np.isfinite(probability)] for well in wells]
    return dict(
        share=np.array([p.mean() for p in inside]),
        cells=np.array([len(p) for p in inside]),
        called=np.array([(p > 0.5).sum() for p in inside]),
    )


def control_table(
    wells: dict[str, dict[str, str]],
    runs: list[dict[str, np.ndarray]],
    test_row: str | None,
) -> str:
    """Accuracy over the cells of each control well, mean ± deviation over the runs."""
    rows = []
    for number, (well, facts) in enumerate(wells.items()):
        if facts['label'] and (test_row is None or well[0] in test_row):
            shares = np.array([r['called'][number] / r['cells'][number] for r in runs])
            right = shares if facts['label'] == 'NUCLEUS' else 1 - shares
            cells = str(runs[0]['cells'][number])
            rows.append([well, facts['label'], cells, spread(right)])
    return markdown_table(['well', 'class', 'cells', 'accuracy'], rows)


def dose_table(doses: np.ndarray, runs: list[dict[str, np.ndarray]]) -> str:
    """Share in the nucleus at each dose, one column a well of that dose."""
    rows = []
    for dose in np.unique(doses):
        shares = np.array([run['share'][doses == dose] for run in runs])
        name = 'positive control' if dose == POSITIVE else str(dose)
        means = ' '.join(f'{share:.3f}' for share in shares.mean(axis=0))
        rows.append([name, means, spread(shares.mean(axis=1))])
    return markdown_table(['dose', 'wells', 'mean'], rows)


def spread(values: np.ndarray) -> str:
    """Mean, and standard deviation where there are several."""
    text = f'{values.mean():.3f}'
    return f'{text} ± {values.std(ddof=1):.3f}' if len(values) > 1 else text


def hill(
    dose: np.ndarray, low: float, rise: float, half: float, slope: float
) -> np.ndarray:
    """A logistic curve over the steps of a dilution series, [n]."""
    return low + rise / (1 + np.exp(-slope * (dose - half)))


def fit(doses: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Least squares over wells: lower end, rise, half-maximal dose and slope."""
    start = (shares.min(), np.ptp(shares), np.median(doses), 1.0)
    bounds = ([0, 0, doses.min(), 0.1], [1, 1, doses.max(), 20])
    return curve_fit(hill, doses, shares, start, bounds=bounds)[0]


def resampled_fits(doses: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Fits [r, 4] to wells drawn with replacement within each dose."""
    rng = np.random.default_rng(0)
    wells = [np.flatnonzero(doses == dose) for dose in np.unique(doses)]
    fits = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rng.choice(w, len(w)) for w in wells])
        fits.append(fit(doses[drawn], shares[drawn]))
    return np.array(fits)


def draw(
    path: Path,
    doses: np.ndarray,
    shares: np.ndarray,
    found: np.ndarray,
    drawn: np.ndarray,
) -> Path:
    """Draws wells, curve, its interval and the half-maximal dose."""
    at = np.linspace(0, POSITIVE - 1, 200)
    low, high = np.percentile([hill(at, *one) for one in drawn], (2.5, 97.5), axis=0)
    half = np.percentile(drawn[:, 2], (2.5, 97.5))
    with style.house_style():
        figure = style.new_figure(6, 3.6)
        axes = figure.subplots()
        axes.fill_between(at, low, high, color=style.TRAIN, alpha=0.2, lw=0)
        axes.plot(at, hill(at, *found), color=style.TRAIN)
        axes.axvspan(*half, color=style.VALIDATION, alpha=0.25, lw=0)
        positive = doses == POSITIVE
        axes.plot(doses[~positive], shares[~positive], 'o', color=style.INK, ms=4)
        axes.plot(doses[positive], shares[positive], 's', color=style.CHOSEN, ms=4)
        axes.set_xticks(range(POSITIVE + 1), [*map(str, range(POSITIVE)), 'positive'])
        axes.set_xlabel('dose, step of the dilution series (0: untreated)')
        axes.set_ylabel('mean probability of NUCLEUS')
        axes.set_title(
            f'Half-maximal dose {found[2]:.2f} (95 % {half[0]:.2f} to {half[1]:.2f})'
        )
        atomic_write(path, lambda temporary: figure.savefig(temporary))
    return path


if __name__ == '__main__':
    app.run(main)
