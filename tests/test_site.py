"""The site holds every page and every module, and its links lead somewhere."""

import re

import pytest

from docs.site import staging
from tests.helpers import pages


@pytest.fixture(scope='module')
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp('site')
    staging.stage(folder)
    return folder


def test_every_page_and_module_is_in_the_navigation(staged):
    settings = (staged / 'mkdocs.yml').read_text()
    shown = re.findall(r': (\S+\.md)$', settings, re.M)
    written = [
        str(p.relative_to(staged / 'pages')) for p in staged.rglob('pages/**/*.md')
    ]
    assert sorted(shown) == sorted(written)
    modules = {
        '.'.join(path.relative_to(pages.ROOT).with_suffix('').parts)
        for path in (pages.ROOT / 'deeploc_jax').rglob('*.py')
        if path.name != '__init__.py'
    }
    told = '\n'.join(page.read_text() for page in staged.glob('pages/api/*.md'))
    assert modules <= set(re.findall(r'^::: (\S+)', told, re.M))


def test_links_lead_to_what_the_site_has(staged):
    links = [
        (page, target.partition('#')[0])
        for page in staged.glob('pages/**/*.md')
        for _, target in pages.links(page)
        if not re.match(r'\w+:|#', target)
    ]
    assert len(links) > 100
    assert not [
        (page, path) for page, path in links if not (page.parent / path).is_file()
    ]


@pytest.mark.parametrize(
    'page, link, wanted',
    [
        (
            'docs/a.md',
            '../deeploc_jax/train/step.py',
            '../api/train.md#deeploc_jax.train.step',
        ),
        ('docs/results/a.md', '../../configs/', '../../configs/README.md'),
        ('README.md', 'deeploc_jax/models/', 'api/models.md'),
        ('README.md', 'deeploc_jax/types.py', 'api/deeploc_jax.md#deeploc_jax.types'),
        ('README.md', 'https://docs.jax.dev', 'https://docs.jax.dev'),
        ('README.md', '#layout', '#layout'),
    ],
)
def test_links_to_code_lead_to_the_api(page, link, wanted):
    found = staging.relink(f'See [it]({link}).', page, {'configs/README.md'})
    assert found == f'See [it]({wanted}).'


def test_names_lead_to_their_definition_and_other_code_to_nothing():
    link = '[`make_train_step`](../deeploc_jax/train/step.py)'
    place = '../api/train.md#deeploc_jax.train.step.make_train_step'
    assert staging.relink(link, 'docs/a.md', set()) == f'[`make_train_step`]({place})'
    assert (
        staging.relink('[tests](../tests/test_train.py)', 'docs/a.md', set()) == 'tests'
    )
