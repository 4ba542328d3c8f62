"""The documentation as a reader sees it: pages, links, headings, code, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_GLOBS = ('README.md', 'docs/**/*.md', 'datasets/**/*.md', 'configs/*.md')
PAGES = sorted(path for pattern in _GLOBS for path in ROOT.glob(pattern))
# What stands for something in a command: <screen>, $field, a glob.
_STAND_INS = (
    (r'<screen>', 'yeast_sim'),
    (r'<[^>]*>', 'something'),
    (r'\$\{?\w+\}?', 'something'),
)


def name(page: Path) -> str:
    """Its path in the repository."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    """The contents of its fenced blocks of a language."""
    return re.findall(rf'^```{language}\n(.*?)^```', page.read_text(), re.M | re.S)


def prose(page: Path) -> str:
    """Its text without fenced blocks."""
    return re.sub(r'^```.*?^```', '', page.read_text(), flags=re.M | re.S)


def links(page: Path) -> list[tuple[str, str]]:
    """(text, target) of its links and pictures."""
    text = prose(page)
    pictures = [('', path) for path in re.findall(r'<img src="([^"]+)"', text)]
    return pictures + re.findall(r'\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)', text)


def anchors(page: Path) -> set[str]:
    """What `#...` may be: its headings, as GitHub and the site write them."""
    headings = re.findall(r'^#+ (.*)', prose(page), re.M)
    return {re.sub(r'[^\w -]', '', h.lower()).replace(' ', '-') for h in headings}


def code(page: Path) -> list[str]:
    """What stands between backticks in its prose."""
    return re.findall(r'`([^`\n]+)`', prose(page))


def commands(page: Path) -> Iterator[list[str]]:
    """Every `python launch.py` of a page, and `configs/x.py` with its options."""
    text = page.read_text()
    for pattern, word in _STAND_INS:
        text = re.sub(pattern, word, text)
    text = text.replace('\\\n', ' ')
    found = re.findall(r'python launch\.py ([^`\n]*)', text)
    named = re.findall(r'`(configs/\w+\.py[^`\n]*)`', text)
    found += [f'--config={words}' for words in named]
    for line in found:
        if not line.startswith('--config=...'):  # any config
            yield shlex.split(line.split('&&')[0].rstrip('.'), comments=True)
