"""One file from the web: whole, resumed, changed meanwhile, or not to be had."""

from urllib.error import URLError
from urllib.request import Request

import pytest

from sentiment.datasets.archives import Unexpected
from sentiment.datasets.download import _Transfer, download
from sentiment.datasets.web import NoAnswer, _Redirects
from tests.datasets.site import File

CONTENT = bytes(range(256)) * 400
OTHER = CONTENT[::-1]
SIZE = len(CONTENT)


@pytest.fixture
def get(site, tmp_path):
    """Download /file: `get()` gives what stands there then."""

    def call(file=None, *, name="/file", size=SIZE, report=lambda *_: None, timeout=10.0):
        if file is not None:
            site.files[name] = file
        target = tmp_path / "file"
        target.unlink(missing_ok=True)
        download(f"{site.url}{name}", target, size=size, report=report, timeout=timeout)
        assert [path.name for path in tmp_path.iterdir()] == ["file"], "something was left behind"
        return target.read_bytes()

    return call


def cut_short(get, *, after=1000, **options):
    with pytest.raises(NoAnswer, match="the connection broke"):
        get(File(CONTENT, cut=after, **options))


def test_a_file_comes_whole_and_how_far_it_is_gets_told(get):
    heard = []
    assert get(File(CONTENT), report=lambda *each: heard.append(each)) == CONTENT
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert heard == sorted(heard)


def test_a_file_without_a_length_comes_whole(get):
    assert get(File(CONTENT, chunked=True)) == CONTENT
    with pytest.raises(NoAnswer, match="the connection broke"):
        get(File(CONTENT, chunked=True, cut=1000))


def test_a_cut_connection_is_gone_on_with(get, site):
    cut_short(get)
    assert get(File(CONTENT)) == CONTENT
    assert site.ranges == [None, "bytes=1000-"]
    assert site.requests[1][1]["If-Range"] == '"one"'


def test_many_cuts_add_up(get, site):
    for _ in range(5):
        cut_short(get)
    assert get(File(CONTENT)) == CONTENT
    assert site.ranges[-1] == "bytes=5000-"


@pytest.mark.parametrize("tag", [None, 'W/"weak"'])
def test_a_date_tells_the_same_file_where_no_strong_tag_does(get, site, tag):
    date = "Sun, 26 Jun 2011 07:00:00 GMT"
    cut_short(get, tag=tag, date=date)
    assert get(File(CONTENT, tag=tag, date=date)) == CONTENT
    assert site.requests[1][1]["If-Range"] == date
    assert site.ranges == [None, "bytes=1000-"]


def test_without_tag_and_date_nothing_is_kept(get, site, tmp_path):
    cut_short(get, tag=None)
    assert not list(tmp_path.iterdir())
    assert get(File(CONTENT, tag=None)) == CONTENT
    assert site.ranges == [None, None]


def test_a_server_without_ranges_sends_all_again(get, site):
    cut_short(get)
    assert get(File(CONTENT, ranges=False)) == CONTENT
    assert site.ranges == [None, "bytes=1000-"]


def test_a_file_that_changed_meanwhile_comes_anew(get):
    cut_short(get)
    assert get(File(OTHER, tag='"two"')) == OTHER


@pytest.mark.parametrize(
    "changed",
    [File(OTHER, tag='"two"', blindly=True), File(OTHER + b"more", blindly=True)],
    ids=["tag", "size"],
)
def test_a_part_of_another_file_is_not_taken(get, site, changed):
    cut_short(get)
    assert get(changed) == changed.content
    assert site.ranges == [None, "bytes=1000-", None]


class Killed(BaseException):
    """What a test raises where a process is killed: nothing handles it."""


def test_killed_before_the_first_byte_of_a_changed_file_it_does_not_go_on_from_the_old(
    get, monkeypatch
):
    cut_short(get)

    def dies(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(_Transfer, "_receive", dies)
        with pytest.raises(Killed):
            get(File(OTHER, tag='"two"'))
    assert get(File(OTHER, tag='"two"')) == OTHER


def test_a_file_that_became_shorter_than_what_is_here_comes_anew(get, site):
    cut_short(get)
    assert get(File(b"short", blindly=True)) == b"short"
    assert site.ranges == [None, "bytes=1000-", None]


def test_what_came_whole_before_a_crash_is_not_asked_for_again(get, site, tmp_path):
    cut_short(get)
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert get() == CONTENT
    assert len(site.requests) == 1


def test_what_is_known_of_a_part_may_be_damaged(get, site, tmp_path):
    cut_short(get)
    (tmp_path / "file.part.json").write_text('{"url": 3')
    assert get(File(CONTENT)) == CONTENT
    assert site.ranges == [None, None]


def test_a_part_from_another_address_is_not_gone_on_with(get, site):
    cut_short(get)
    assert get(File(OTHER), name="/mirror") == OTHER
    assert site.ranges == [None, None]


def test_a_cut_before_the_first_byte_leaves_nothing(get, tmp_path):
    cut_short(get, after=0)
    assert not list(tmp_path.iterdir())


def test_an_interrupt_keeps_what_came(get, site):
    def interrupt(there, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(File(CONTENT * 10), report=interrupt)
    assert get() == CONTENT * 10
    assert site.ranges[1] is not None


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found"), (503, "503 Service")])
def test_an_error_of_the_server_is_told(get, status, words):
    with pytest.raises(NoAnswer, match=words) as caught:
        get(File(status=status))
    assert caught.value.status == status


def test_a_server_that_says_nothing_is_not_waited_for_forever(get, site):
    with pytest.raises(NoAnswer, match="does not answer in time"):
        get(File(CONTENT, cut=1000, wait=2), timeout=0.2)
    assert get(File(CONTENT)) == CONTENT
    assert site.ranges == [None, "bytes=1000-"]


def test_nobody_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(NoAnswer, match="refuses the connection"):
        download("http://127.0.0.1:1/file", tmp_path / "file", size=1, report=lambda *_: None)


def test_what_is_no_address_is_told(tmp_path):
    with pytest.raises(NoAnswer):
        download("http://[", tmp_path / "file", size=1, report=lambda *_: None)


def test_a_redirect_is_followed_with_what_was_asked(get, site):
    site.files["/moved"] = File(status=302, location="/file")
    site.files["/file"] = File(CONTENT, cut=1000)
    with pytest.raises(NoAnswer, match="broke"):
        get(name="/moved")
    site.files["/file"] = File(CONTENT)
    assert get(name="/moved") == CONTENT
    assert site.ranges == [None, None, "bytes=1000-", "bytes=1000-"]


def test_a_circle_of_redirects_ends(get, site):
    with pytest.raises(NoAnswer, match="circle"):
        get(File(status=302, location="/file"))
    assert len(site.requests) < 10


def test_a_long_way_of_redirects_ends(get, site):
    site.files |= {f"/{n}": File(status=302, location=f"/{n + 1}") for n in range(20)}
    with pytest.raises(NoAnswer, match="too often"):
        get(name="/0")
    assert len(site.requests) < 10


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/file", "file:///etc/passwd"])
def test_a_redirect_to_something_else_is_not_followed(get, location):
    with pytest.raises(NoAnswer):
        get(File(status=302, location=location))


def test_a_redirect_never_gives_up_encryption():
    request = Request("https://example.com/file")
    for url in ("http://example.com/file", "ftp://example.com/file"):
        with pytest.raises(URLError, match="without encryption"):
            _Redirects().redirect_request(request, None, 302, "", {}, url)
    followed = _Redirects().redirect_request(request, None, 302, "", {}, "https://example.org/")
    assert followed.full_url == "https://example.org/"


def test_far_more_than_expected_is_refused(get):
    huge = bytes(10_000_100)
    with pytest.raises(Unexpected, match="sends more than"):
        get(File(huge), size=10)


def test_another_part_than_asked_for_is_not_taken(get, site):
    cut_short(get)
    assert get(File(CONTENT, shift=7)) == CONTENT
    assert site.ranges == [None, "bytes=1000-", None]


def test_a_part_of_what_was_asked_for_whole_is_refused(get):
    with pytest.raises(NoAnswer, match="unasked"):
        get(File(CONTENT, status=206))
