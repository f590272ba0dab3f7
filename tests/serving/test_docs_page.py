"""The page of the API: it has all that the OpenAPI document has, as text."""

import re
import subprocess
from html import unescape
from html.parser import HTMLParser

import pytest

from sentiment.serving.docs_page import docs_page, prose, tag
from tests.serving.conftest import ask, body_of, serving

VOID = {"meta", "link", "img"}


class Checked(HTMLParser):
    """Checks that elements are closed in order; keeps ids, links and code."""

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.links, self.code = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, name, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[key] for key in ("href", "src") if key in given]
        assert not [key for key in given if key.startswith("on") or key == "style"]
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if self.open and self.open[-1] == "code":
            self.code.append(data)


def test_every_path_parameter_status_and_field_is_on_the_page(served):
    document = served.ask("GET", "/openapi.json").json
    answer = served.ask("GET", "/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Checked(answer.body.decode())
    parts = document["components"]
    wanted = {*document["paths"], *parts["schemas"]}
    wanted |= {each["name"] for each in parts["parameters"].values()}
    wanted |= {field for each in parts["schemas"].values() for field in each.get("properties", {})}
    for methods in document["paths"].values():
        for operation in methods.values():
            wanted |= set(operation["responses"])
    assert wanted <= set(page.code)
    assert len(page.ids) == len(set(page.ids))
    places = {link[1:] for link in page.links if link[0] == "#"}
    assert places <= set(page.ids)
    for link in {link for link in page.links if link[0] != "#"}:
        assert ":" not in link
        assert served.ask("GET", f"/{link.removeprefix('./')}").status == 200


def test_the_commands_on_the_page_work(tmp_path):
    (tmp_path / "reviews.csv").write_text("text\nI loved it\n")
    with serving() as served:
        page = served.ask("GET", "/docs").body.decode()
        commands = re.findall(r'<pre tabindex="0"><code>(.+?)</code></pre>', page, re.DOTALL)
        assert len(commands) == 14
        for command in map(unescape, commands):
            assert f"127.0.0.1:{served.port}/" in command
            done = subprocess.run(
                ["sh", "-c", command.replace("curl -s", "curl -sS --fail --noproxy '*'")],
                cwd=tmp_path, capture_output=True, check=False,
            )  # fmt: skip
            if "/metrics" not in command:  # it may not be installed
                assert done.returncode == 0, (command, done.stderr)


def test_text_never_becomes_markup(served):
    evil = "<script>alert(1)</script>\x1b\u202e`<b>`"
    assert tag("p", evil, id=evil).count("<") == 2
    assert "<b>" not in prose(evil)
    assert "\u202e" not in prose(evil)
    document = served.ask("GET", "/openapi.json").json
    document["components"]["schemas"]["Answer"]["enum"] = [evil, None]
    document["paths"]["/info"]["get"]["summary"] = evil
    assert docs_page(document).count("<script") == 1


@pytest.mark.parametrize(
    ("host", "shown"), [("localhost:81", "localhost:81"), ("<b>", "localhost")]
)
def test_commands_name_the_host_that_was_asked(served, host, shown, monkeypatch):
    app = served.client.app
    monkeypatch.setattr(app, "_checks", [])
    headers = [(b"host", host.encode())]
    page = body_of(asked(app, headers)).decode()
    assert f"curl -s {shown}/health" in page
    assert "<b>" not in page


def asked(app, headers):
    """Ask for the page with these headers alone."""

    async def bare(scope, receive, send):
        await app({**scope, "headers": headers}, receive, send)

    return ask(bare, b"", method="GET", path="/docs")
