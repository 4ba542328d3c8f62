"""Lays out the pages of the site: those of the repository at their places, and the API.

Links to code lead to the API, links to a folder to its README; where the site has
neither, their text stays.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOWN = ('*.md', 'LICENSE', 'CITATION.cff', 'configs/*.*', 'datasets/**/*.md')
SHOWN += ('docs/**/*.md', 'docs/*.png', 'docs/*.jpg')
LINK = re.compile(r'(?<!!)\[([^\[\]]+)\]\(([^)\s]+)\)')


def stage(folder: Path) -> None:
    """Writes `mkdocs.yml`, `pages/` and the package, whose docstrings are read."""
    shutil.copytree(ROOT / 'deeploc_jax', folder / 'deeploc_jax')
    shown = {path for pattern in SHOWN for path in ROOT.glob(pattern)}
    names = {path.relative_to(ROOT).as_posix() for path in shown}
    for name in names:
        target = folder / 'pages' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
        if name.endswith('.md'):
            target.write_text(relink(target.read_text(), name, names))
    (folder / 'pages' / 'api').mkdir()
    settings = Path(__file__).with_name('mkdocs.yml').read_text() + '  - API:\n'
    for floor, modules in floors().items():
        text = '\n\n'.join([f'# {floor}', *(f'::: {module}' for module in modules)])
        (folder / 'pages' / 'api' / f'{floor}.md').write_text(text + '\n')
        settings += f'      - {floor}: api/{floor}.md\n'
    (folder / 'mkdocs.yml').write_text(settings)


def floors() -> dict[str, list[str]]:
    """The modules of each floor; those on the ground floor are of `deeploc_jax`."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / 'deeploc_jax').rglob('*.py')):
        module = path.relative_to(ROOT).with_suffix('').parts
        if module[-1] != '__init__':
            floor = module[1] if len(module) > 2 else 'deeploc_jax'
            found.setdefault(floor, []).append('.'.join(module))
        elif path.read_text().strip():
            floor = module[1] if len(module) > 2 else 'deeploc_jax'
            found.setdefault(floor, []).insert(0, '.'.join(module[:-1]))
    return dict(sorted(found.items()))


def relink(text: str, name: str, names: set[str]) -> str:
    """A page whose links lead to what the site has.

    Args:
        text: The page.
        name: Its path in the repository.
        names: Paths of all files that the site shows.
    """
    here = posixpath.dirname(name)

    def placed(link: re.Match[str]) -> str:
        words, target = link.groups()
        path = posixpath.normpath(posixpath.join(here, target.partition('#')[0]))
        if target.startswith('#') or re.match(r'\w+:', target) or path in names:
            return link[0]
        if f'{path}/README.md' in names:
            found = f'{path}/README.md'
        elif path.startswith('deeploc_jax/'):
            found = in_api(path, words.strip('`'))
        else:
            return words
        return f'[{words}]({posixpath.relpath(found, here or ".")})'

    return LINK.sub(placed, text)


def in_api(path: str, name: str) -> str:
    """Where the API has a module, or the name that it defines, or a floor."""
    module = [p for p in Path(path).with_suffix('').parts if p != '__init__']
    is_floor = len(module) > 1 and (ROOT / 'deeploc_jax' / module[1]).is_dir()
    page = f'api/{module[1] if is_floor else "deeploc_jax"}.md'
    if not path.endswith('.py'):
        return page
    defined = rf'^(def|class) {re.escape(name)}\b'
    known = re.search(defined, (ROOT / path).read_text(), re.M)
    return f'{page}#{".".join([*module, name] if known else module)}'
