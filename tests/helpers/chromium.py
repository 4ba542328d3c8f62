"""Pages are opened in a real Chromium, which tells what they ask for and what fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

ARGUMENTS = (
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
    '--force-device-scale-factor=1',
)


def start(folder: Path, width: int = 1280, height: int = 900):
    """Starts a browser whose profile and downloads are in a folder, or skips the test.

    Whoever calls it calls `quit()` in the end.
    """
    found = [shutil.which(name) for name in ('chromium', 'chromedriver')]
    if None in found:
        pytest.skip('Chromium and its driver are not installed')
    browser, driver = found
    webdriver = pytest.importorskip('selenium.webdriver')
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (*ARGUMENTS, f'--user-data-dir={folder / "profile"}'):
        options.add_argument(argument)
    options.add_argument(f'--window-size={width},{height}')
    downloads = {'download.default_directory': str(folder / 'downloads')}
    options.add_experimental_option('prefs', downloads)
    logs = {'browser': 'ALL', 'performance': 'ALL'}
    options.set_capability('goog:loggingPrefs', logs)
    # With both paths given, Selenium looks for nothing in the network.
    service = webdriver.ChromeService(executable_path=driver)
    return webdriver.Chrome(options=options, service=service)


def visit(browser, url: str, ready: str) -> None:
    """Opens an address anew and waits until an element of its page has text.

    On a busy machine, `get` may return before a page with a fragment is there.

    Args:
        browser: The browser.
        url: The address.
        ready: Selector of the element.
    """
    from selenium.webdriver.support.wait import WebDriverWait

    browser.get('about:blank')
    browser.get(url)
    script = 'return document.querySelector(arguments[0])?.textContent'
    WebDriverWait(browser, 60, 0.02).until(lambda b: b.execute_script(script, ready))


def complaints(browser) -> list[str]:
    """What the console has said since it was last asked."""
    return [entry['message'] for entry in browser.get_log('browser')]


def requests(browser) -> list[str]:
    """Addresses that pages asked for since this was last called, their start alone.

    What the browser's own pages, such as that of a new tab, ask for is left out.
    """
    messages = (
        json.loads(entry['message'])['message']
        for entry in browser.get_log('performance')
    )
    sent = (m['params'] for m in messages if m['method'] == 'Network.requestWillBeSent')
    return [
        one['request']['url'][:200]
        for one in sent
        if not one['documentURL'].startswith('chrome')
    ]
