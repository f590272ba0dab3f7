"""One file from the web: whole, or not to be had."""

from hashlib import sha256
from ssl import SSLCertVerificationError
from urllib.error import URLError
from urllib.request import Request

import pytest

from sentiment.datasets import download as module
from sentiment.datasets.catalog import Download, DownloadError
from sentiment.datasets.download import Progress
from tests.datasets.site import File

CONTENT = bytes(range(256)) * 400
SIZE = len(CONTENT)
HASH = sha256(CONTENT).hexdigest()


class Heard(Progress):
    def __init__(self):
        self.heard = []

    def downloaded(self, file, there, of):
        self.heard.append((file, there, of))


@pytest.fixture
def get(site, tmp_path):
    """Download /file: `get()` gives what stands there then."""

    def call(file=None, *, url=None, size=SIZE, sha256=None, progress=None, timeout=10.0):
        if file is not None:
            site.files["/file"] = file
        url = url or f"{site.url}/file"
        source = Download(url, size, sha256)
        target = tmp_path / "file"
        module._download(url, source, target, progress or Progress(), timeout)
        return target.read_bytes()

    return call


def test_a_file_comes_whole_and_how_far_it_is_gets_told(get):
    progress = Heard()
    assert get(File(CONTENT), progress=progress, sha256=HASH) == CONTENT
    assert progress.heard[-1] == ("file", SIZE, SIZE)
    assert progress.heard == sorted(progress.heard)


def test_a_file_without_a_length_comes_whole(get):
    assert get(File(CONTENT, chunked=True)) == CONTENT


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (File(CONTENT, cut=1000), "the connection broke"),
        (File(CONTENT, cut=1000, chunked=True), "the connection broke"),
        (File(CONTENT, cut=0), "the connection broke"),
        (File(CONTENT, cut=1000, wait=2), "does not answer in time"),
        (File(status=404), "it answers 404 Not Found"),
        (File(status=503), "it answers 503 Service Unavailable"),
        (File(status=206), "it answers 206 Partial Content"),
        (File(status=302, location="/file"), "loop"),
        (File(status=302, location="ftp://127.0.0.1/file"), "without encryption"),
        (File(status=302, location="file:///etc/passwd"), "not http"),
    ],
)
def test_what_cannot_be_had_is_told(get, site, file, words):
    with pytest.raises(DownloadError, match=f"^{site.url}/file: .*{words}"):
        get(file, timeout=0.5)
    assert len(site.requests) < 15


def test_a_long_way_of_redirects_ends(get, site):
    site.files |= {f"/{n}": File(status=302, location=f"/{n + 1}") for n in range(20)}
    with pytest.raises(DownloadError, match="too often"):
        get(url=f"{site.url}/0")
    assert len(site.requests) < 15


def test_a_redirect_is_followed(get, site):
    site.files["/moved"] = File(status=302, location="/file")
    assert get(File(CONTENT), url=f"{site.url}/moved") == CONTENT


def test_nobody_there_is_told(get):
    with pytest.raises(DownloadError, match="refuses the connection"):
        get(url="http://127.0.0.1:1/file")
    with pytest.raises(DownloadError, match=r"http://\["):
        get(url="http://[")


def test_what_begins_encrypted_stays_so(site):
    """A redirect is opened by the same opener: it knows no address without encryption."""
    opener = module._opener("https://example.com/file")
    for url in (f"{site.url}/file", "ftp://127.0.0.1/file", "file:///etc/passwd", "data:,x"):
        with pytest.raises(URLError, match="unknown url type"):
            opener.open(Request(url))
    assert not site.requests


def test_a_certificate_that_cannot_be_verified_is_told():
    error = URLError(SSLCertVerificationError(1, "x"))
    error.reason.verify_message = "self-signed certificate"
    assert "cannot be verified (self-signed" in module._explain(error)


def test_a_proxy_of_the_environment_is_asked(get, site, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", site.url)
    site.files["http://example.invalid/file"] = File(CONTENT)
    assert get(url="http://example.invalid/file") == CONTENT


def test_more_than_expected_is_refused(get):
    huge = bytes(10_000_100)
    for options in ({"size": 10}, {"size": len(huge) - 1, "sha256": HASH}):
        with pytest.raises(DownloadError, match=r"sends more than 10.0 MB"):
            get(File(huge), **options)


def test_another_file_than_the_one_known_is_refused(get):
    with pytest.raises(DownloadError, match=f"is not the expected file .* not with {HASH[:12]}"):
        get(File(CONTENT[::-1]), sha256=HASH)
