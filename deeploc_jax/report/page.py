"""The report of a run is one page with all figures, which are files as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deeploc_jax.report import figures, html, selection, style, tables, wording
from deeploc_jax.report.results import Results, read_results

MANY_GROUPS = 20
"""Groups to resample, below which percentile intervals are known to be too narrow."""


def write_report(workdir: Path | str) -> Path:
    """Draws the figures of the split that a run evaluated and writes the page about it.

    Writes `figures/*.png` and `report.html`, which embeds them and needs no other
    file, no network and no script. Figures of an earlier report that this split does
    not allow (no true classes, no mistakes) are removed.

    Args:
        workdir: Folder of a run, with `evaluation/<split>/` in it.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: The split was not evaluated; the missing files are named.
        ValueError: A file is broken; it is named.
    """
    workdir = Path(workdir)
    results = read_results(workdir)
    with style.house_style():
        pictures = figures.draw_figures(results)
    for name in set(figures.NAMES) - set(pictures):
        (workdir / 'figures' / f'{name}.png').unlink(missing_ok=True)
    return html.write_page(workdir, 'report.html.j2', pictures, **_values(results))


def _values(results: Results) -> dict[str, Any]:
    """The values of the template."""
    metrics = results.metrics
    labelled = metrics['n_labelled'] > 0
    many = len(results.class_names) > selection.MANY
    class_rows, called_rows = tables.class_rows(results), tables.called_rows(results)
    worst = selection.worst_classes([row['f1'] for row in class_rows])
    most = selection.worst_classes([-row['n'] for row in called_rows])
    return dict(
        title=f'{results.run["dataset"]}: {results.split} split',
        summary=wording.summary(results),
        simulated=bool(results.run.get('simulated')),
        labelled=labelled,
        split=results.split,
        run_rows=tables.run_rows(results),
        number_rows=tables.number_rows(results),
        class_rows=class_rows,
        worst_rows=[class_rows[index] for index in worst],
        called_rows=called_rows,
        most_rows=[called_rows[index] for index in most],
        conditions=tables.condition_table(results),
        proteins=tables.protein_table(results),
        resampled=wording.resampled(metrics),
        few_groups=(metrics.get('n_resampled') or MANY_GROUPS) < MANY_GROUPS,
        kept=results.run.get('best_step') is not None,
        example_caption=wording.example_caption(labelled, len(results.channels), many),
        shown=selection.SHOWN,
        many=many,
        config=_pretty(results.config),
        run=_pretty(results.run),
    )


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
