"""What the documentation names exists: links, headings, files, modules, configs."""

import pkgutil
import re
import subprocess
import sys

import pytest
from absl import flags

from tests.helpers import pages

PARTS = ('configs', 'datasets', 'deeploc_jax', 'benchmarks', 'docs', 'tests', '.ci')
every_page = pytest.mark.parametrize('page', pages.PAGES, ids=pages.name)


@pytest.fixture(scope='module')
def tracked():
    """Files of the repository, each with a slash before it, and new ones."""
    listed = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard'],
        cwd=pages.ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:  # no checkout
        found = (path.relative_to(pages.ROOT) for path in pages.ROOT.rglob('*.*'))
        return [f'/{path}' for path in found]
    return [f'/{path}' for path in listed.stdout.splitlines()]


@pytest.mark.parametrize('read', [pages.links, pages.code, pages.commands])
def test_pages_have_what_the_tests_below_look_at(read):
    assert sum(len(list(read(page))) for page in pages.PAGES) > 50


@every_page
def test_links_lead_to_files_and_headings(page):
    for text, target in pages.links(page):
        path, _, anchor = target.partition('#')
        if re.match(r'\w+:', target):  # of the web
            continue
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f'[{text}]({target}) leads nowhere.'
        if anchor:
            assert anchor in pages.anchors(found), f'{target}: no such heading.'


@every_page
def test_names_that_link_to_code_are_defined_there(page):
    for text, target in pages.links(page):
        if target.endswith('.py') and re.fullmatch(r'`\w+`', text):
            source = (page.parent / target).read_text()
            defined = rf'^(def|class) {text[1:-1]}\b|^{text[1:-1]}\b.* ='
            assert re.search(defined, source, re.M), f'{target} has no {text}.'


@every_page
def test_files_and_modules_that_are_named_exist(page, tracked):
    for word in pages.code(page):
        path = re.match(r'[\w./-]+\.(?:py|md)\b', word)
        if path and not word.startswith('http'):
            ends = [file for file in tracked if file.endswith('/' + path[0])]
            assert ends or (page.parent / path[0]).exists(), f'{word}: no such file.'
        if re.fullmatch(r'[\w./-]+/', word) and word.split('/')[0] in PARTS:
            assert (pages.ROOT / word).is_dir(), f'{word}: no such folder.'
        if found := re.match(r'deeploc_jax(\.\w+)+', word):
            pkgutil.resolve_name(found[0])
    modules = re.findall(r'(?:python -m |`)((?:\w+\.)+\w+)', page.read_text())
    for module in modules:
        if module.split('.')[0] in ('benchmarks', 'configs', 'docs', 'tests'):
            file = pages.ROOT / module.replace('.', '/')
            there = file.with_suffix('.py').exists() or (file / '__main__.py').exists()
            assert there, f'python -m {module}: no such module.'


@pytest.fixture
def parse(monkeypatch):
    """What the entry makes of a command line, as if none had been parsed before."""
    import launch

    def forget():
        flags.FLAGS.unparse_flags()
        for name in [name for name in flags.FLAGS if name.startswith('config.')]:
            delattr(flags.FLAGS, name)

    def parse(*arguments):
        forget()
        monkeypatch.setattr(sys, 'argv', ['launch.py', *arguments])
        return launch.parse(sys.argv)

    yield parse
    forget()


# How ml_collections loads a config.
@pytest.mark.filterwarnings(r'ignore:the load_module\(\) method:DeprecationWarning')
@every_page
def test_commands_name_configs_and_fields_that_exist(page, parse, monkeypatch):
    monkeypatch.chdir(pages.ROOT)
    for arguments in pages.commands(page):
        assert parse(*arguments) == sys.argv[:1]  # nothing is left over


def test_results_on_the_cells_that_the_simulator_was_set_beside_say_so():
    said, silent = [], []
    for page in pages.PAGES:
        text = ' '.join(pages.prose(page).split())
        if re.search('yeast_wt2|five proteins', text) and page.name != 'not_kept.md':
            open_ = re.search('set beside|set by looking at these very cells', text)
            (said if open_ else silent).append(pages.name(page))
    assert 'README.md' in said and not silent


def test_every_page_is_found_from_the_index():
    seen, new = set(), {pages.ROOT / 'README.md'}
    while new:
        page = new.pop()
        seen.add(page)
        targets = (target.partition('#')[0] for _, target in pages.links(page))
        new |= {(page.parent / target).resolve() for target in targets if target} & (
            set(pages.PAGES) - seen
        )
    missing = [pages.name(page) for page in pages.PAGES if page not in seen]
    assert not missing, f'No page links to {", ".join(missing)}.'
