"""The report of a run: figures as files, and one page that holds them all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deeploc_jax.report import figures, html, selection, style, tables, wording
from deeploc_jax.report.results import Results, read_results

MANY_GROUPS = 20
"""With fewer groups to resample, percentile intervals are known to be too narrow."""


def write_report(workdir: Path | str, split: str = 'test') -> Path:
    """Draws the figures of an evaluated split and writes the page about it.

    Writes `figures/*.png` and `report.html`, which embeds them and needs no other
    file, no network and no script. Figures left by an earlier report that this
    split does not allow (no true classes, no mistakes) are removed.

    Args:
        workdir: Folder of a run, with `evaluation/<split>/` in it.
        split: The split to report.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: The split was not evaluated; the missing files are named.
        ValueError: A file is broken; it is named.
    """
    workdir = Path(workdir)
    results = read_results(workdir, split)
    with style.house_style():
        pictures = figures.draw_figures(results)
    for name in figures.NAMES:
        path = workdir / 'figures' / f'{name}.png'
        if name in pictures:
            html.write_bytes(path, pictures[name].png)
        else:
            path.unlink(missing_ok=True)
    page = render_page(results, pictures)
    return html.write_bytes(workdir / 'report.html', page.encode())


def render_page(results: Results, pictures: dict[str, html.Picture]) -> str:
    """The page as HTML text."""
    metrics = results.metrics
    labelled = metrics['n_labelled'] > 0
    many = len(results.class_names) > selection.MANY
    class_rows, called_rows = tables.class_rows(results), tables.called_rows(results)
    worst = selection.worst_classes([row['f1'] for row in class_rows])
    most = selection.worst_classes([-row['n'] for row in called_rows])
    return html.render(
        'report.html.j2',
        title=f'{results.run["dataset"]}: {results.split} split',
        summary=wording.summary(results),
        simulated=bool(results.run.get('simulated')),
        labelled=labelled,
        split=results.split,
        pictures=pictures,
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
