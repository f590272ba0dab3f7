"""The document is true: schemathesis asks what it says can be asked, and what it says cannot."""

import subprocess
import sys

import pytest

# Whether a file can be read, no schema tells.
CONFIG = """
[[operations]]
include-path-regex = "/files.*"
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(live, tmp_path):
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    address = f"http://127.0.0.1:{live.port}/openapi.json"
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", address, "--max-examples", "30",
         "--generation-deterministic", "--no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[:3000]
    assert "No issues found" in done.stdout


def test_every_path_is_there_and_every_reference_leads_somewhere(served):
    document = served.ask("GET", "/openapi.json").json
    assert set(document["paths"]) == {
        "/predict", "/explain", "/files", "/files/events", "/health", "/info", "/openapi.json",
        "/", "/static/{name}", "/docs", "/ready", "/metrics", "/version",
    }  # fmt: skip

    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if "$ref" in value else []
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from references(each)

    named = set(references(document))
    for reference in named:
        found = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]
    kept = {f"#/components/{kind}/{name}" for kind, all_of in document["components"].items()
            for name in all_of}  # fmt: skip
    assert kept == named


def test_a_parameter_without_a_value_means_its_default_and_the_document_says_so(served):
    body, kind = "text,n\nI loved it,1\n", {"Content-Type": "application/octet-stream"}
    plain = served.ask("POST", "/files", body, kind)
    assert plain.status == 200
    for parameter in served.ask("GET", "/openapi.json").json["components"]["parameters"].values():
        schema = parameter["schema"]
        assert schema.get("type") in ("string", "array") or parameter["allowEmptyValue"]
        got = served.ask("POST", f"/files?{parameter['name']}=", body, kind)
        assert (got.status, got.body) == (200, plain.body), parameter["name"]
