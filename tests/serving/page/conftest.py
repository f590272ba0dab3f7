"""The page of `serve` in a headless Chromium, with a local service behind it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser
from tests.serving.conftest import serving

MIXED = "The pasta was cold and the waiter rude, but the cake was wonderful. 🍰 We loved the cake."


@pytest.fixture(scope="session")
def address(trained: Path) -> Iterator[str]:
    """The address of `sentiment serve` with the trained model."""
    with serving(model=str(trained)) as served:
        yield f"http://127.0.0.1:{served.port}/"


@pytest.fixture
def page(browser: Browser, address: str) -> Browser:
    """The page, freshly opened on a wide screen."""
    browser.screen(1200)
    browser.open(address)
    browser.until("document.getElementById('model-name').textContent != 'loading …'")
    return browser


def typed(page: Browser, text: str) -> None:
    """Replace the review on the page and wait for its answer."""
    page.run(
        "document.getElementById('review').focus(), document.getElementById('review').select()"
    )
    page.write(text)
    answered(page, text)


def answered(page: Browser, text: str) -> None:
    """Wait until the page shows the answer to a text."""
    page.until(
        f"document.getElementById('review').value === {json.dumps(text)} && "
        "document.getElementById('answer').ariaBusy === 'false'"
    )


def text_of(page: Browser, selector: str) -> str:
    return page.run(f"document.querySelector({json.dumps(selector)}).textContent")
