"""The page of `serve` as people use it: a service of this machine, and a headless Chromium."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser, find_chromium


@pytest.fixture(scope="session")
def address(trained: Path) -> Iterator[str]:
    """Where `sentiment serve` answers."""
    environment = {k: v for k, v in os.environ.items() if k != "SENTIMENT_MODEL"}
    service = subprocess.Popen(
        [sys.executable, "-m", "sentiment", "serve", "-m", str(trained), "--port", "0"],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert service.stderr is not None
    said = service.stderr.readline()
    found = re.search(r"http://\S+", said)
    assert found, said
    drain = threading.Thread(target=service.stderr.read)  # it is never to wait for a reader
    drain.start()
    yield found[0].rstrip("/") + "/"
    service.terminate()
    assert service.wait(timeout=30) in (0, 143, -15)
    drain.join()
    service.stderr.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium here: the page is not tried in a browser")
    browser = Browser(path)
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Browser:
    """The page, just opened, on a wide screen."""
    browser.screen(1200)
    browser.open(address)
    browser.until("document.getElementById('model-name').textContent != 'asking …'")
    return browser
