"""What the pages say can be followed: links lead somewhere, and commands are taken as shown."""

import re
import shlex
from pathlib import Path

import click
import pytest

from sentiment.cli import COMMANDS, find_command
from tests.conftest import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "benchmarks").glob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
COMMAND = re.compile(
    r"^(?:\$ )?(?:.*\| )?sentiment ([a-z-]+)((?:'[^'\n]*'|[^|>\n])*)", re.MULTILINE
)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def each_page(test):
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)(test)


@each_page
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_commands_are_shown_with_options_that_they_have(page):
    for block in FENCED.findall(page.read_text(encoding="utf-8")):
        for name, rest in COMMAND.findall(block):
            assert name in COMMANDS
            command = find_command(name)
            arguments = shlex.split(rest, comments=True)
            if isinstance(command, click.Group):
                command = command.commands[arguments.pop(0)]
            command.make_context(name, arguments)  # parses, or raises
