"""The unit for systemd and the compose file in docs/serving.md, as far as a machine can tell."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser

import click
import pytest

from sentiment.cli.serve import command
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def options_of(arguments: list[str]) -> dict[str, object]:
    """Return what the command takes of its arguments."""
    values = command.make_context("serve", list(arguments), resilient_parsing=False).params
    return {name: value for name, value in values.items() if value not in (None, (), False)}


def test_the_unit_starts_the_service_and_ends_as_it_does():
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(block("ini"))
    service = unit["Service"]
    program, name, *arguments = shlex.split(service["ExecStart"])
    assert (program, name) == ("/opt/sentiment/bin/sentiment", "serve")
    assert {"named", "uds", "token_file", "watch"} <= set(options_of(arguments))
    assert str(options_of(arguments)["uds"]).startswith(f"/run/{service['RuntimeDirectory']}/")
    assert (service["ExecReload"], service["SuccessExitStatus"]) == (
        "/bin/kill -HUP $MAINPID",
        "143",
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    """The program is this Python, as there is none in /opt."""
    unit = tmp_path / "sentiment.service"
    unit.write_text(block("ini").replace("/opt/sentiment/bin/sentiment", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "sentiment.service" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_compose_file_starts_the_image_with_options_that_there_are():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    made = yaml.safe_load(block("yaml"))
    (service,) = made["services"].values()
    found = options_of(service["command"])
    assert {"named", "watch", "token_file", "allowed"} <= set(found)
    assert str(found["token_file"]) == f"/run/secrets/{service['secrets'][0]}"
    assert set(service["secrets"]) == set(made["secrets"])
    (mount,) = service["volumes"]
    (model,) = found["named"]
    assert str(model).startswith(f"{mount.split(':')[1]}/")
    assert (ROOT / service["build"] / "Dockerfile").is_file()


def test_options_that_are_not_there_would_be_found():
    with pytest.raises(click.UsageError):
        options_of(["--watches-over"])
