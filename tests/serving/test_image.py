"""What the Dockerfile relies on, there being no Docker here: see that each part of it holds."""

import json
import os
import re
import subprocess
import sys

from tests.conftest import ROOT

# All that a service imports by the time that it has answered and explained.
SERVE = """
import sys
from sentiment.__main__ import main
import sentiment.cli.serve, uvicorn, uvicorn.protocols.http.httptools_impl
from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from sentiment.serving.app import App
from sentiment.serving.service import _explained, answer
model = load_model(FAST_MODEL)
answer(model, ["not good", "qwxz"])
_explained(model, "not good")
print(*{
    name.split(".")[0] for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "")
})
"""


def test_the_packages_of_the_image_are_all_that_the_service_needs():
    listed = subprocess.run(
        [sys.executable, ".ci/serving.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    packages = {re.match(r"[\w-]+", line)[0] for line in listed.stdout.splitlines()}
    assert "tensorflow" not in packages
    done = subprocess.run(
        [sys.executable, "-c", SERVE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name for name in done.stdout.split() if not name.startswith("_")}
    assert {"click", "numpy", "uvicorn"} <= loaded
    brought = {"anyio", "h11", "typing_extensions"}  # by starlette and uvicorn
    assert loaded - {*brought, "sentiment"} <= packages


def test_what_is_copied_is_there_and_not_ignored():
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    copied = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.M):
        copied += line.split()[:-1]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / path).exists() for path in copied)


def test_the_health_check_asks_the_service_and_no_proxy(live):
    """Docker hands the proxies of its configuration on to every container."""
    written = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    _, *check = json.loads(re.search(r"^HEALTHCHECK .* CMD (.+)$", written, re.M)[1])
    proxied = {**os.environ, "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    for port, healthy in ((live.port, True), (9, False)):
        command = [sys.executable, *(each.replace("8000", str(port)) for each in check)]
        done = subprocess.run(command, env=proxied, capture_output=True, check=False)
        assert (done.returncode == 0) == healthy, done.stderr
