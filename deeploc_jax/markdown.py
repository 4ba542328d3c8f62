"""Tables are printed in Markdown, to be read on a terminal and pasted into a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as text.

    Args:
        header: Names of the columns.
        rows: Texts of each row, as many as there are columns.
    """
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
