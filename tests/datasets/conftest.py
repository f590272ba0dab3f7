import pytest

from tests.datasets.site import serving


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with serving() as site:
        yield site
