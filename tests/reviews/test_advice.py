"""Every advice that the readers give is followed, to the letter: it works, and no row is lost.

`advice_cases.py` has inputs that provoke each message. The ways out are taken from the message
itself: options, commands, names to give instead. What no option follows, such as *write it as a
string*, is done by hand. `test_every_advice_is_given` finds the messages in the source, so that an
advice without a case is noticed.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlencode

import pytest

from sentiment.cli import group
from sentiment.errors import SentimentError
from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.serving.file_endpoints import _READERS
from sentiment.serving.server import Limits
from tests.commands import run
from tests.serving.conftest import in_process

from .advice_cases import CASES, Case, Files

ROOT = Path(__file__).parents[2]
MODULES = [
    *sorted((ROOT / "sentiment" / "reviews").glob("*.py")),
    ROOT / "sentiment" / "values.py",
    ROOT / "sentiment" / "cli" / "reading.py",
]


# What comes of a message


@dataclass(frozen=True)
class Way:
    """A way out that a message names."""

    said: str
    arguments: tuple[str, ...]  # of the command that takes it
    shell: str = ""  # a command for the shell to run before
    installed: bool = False  # whether the packages that are missing are there


_OPTION = re.compile(
    r"(?P<out>leave out |without )?(?P<flag>--[a-z][a-z-]*)"
    r"(?:[ =](?P<value>'[^']*'|\"[^\"]*\"|[^\s;()]+))?"
)
_QUOTED = r"(?:'[^']*'|\"[^\"]*\"|[^;'\"])*"
# Programs; others fetch data from where there are none here.
_SHELL = re.compile(
    rf": (?P<command>(?:jq|python3|sed|grep|unzip|7z|soffice|sqlite3|unzstd) {_QUOTED})"
    r"(?:; then name the folder (?P<folder>[^\s;]+))?"
)
_INSTEAD = re.compile(
    r"(?:name one: |name them: |name what to read, such as |give: )(?P<words>[^;]+)"
)


def ways_in(message: str, case: Case) -> Iterator[Way]:
    """Yield the ways out that a message names."""
    arguments = shlex.split(case.command)
    if arguments[0] == "serve":
        yield from _by_query(message, arguments, case)
        return
    if packages := re.search(r"pip install ([\w -]+)", message):
        list(map(distribution, packages[1].split()))
        yield Way(packages[0], tuple(arguments), installed=True)
    for shell in _SHELL.finditer(message):
        yield _by_shell(shell, arguments, case)
    rest = _SHELL.sub("", message)
    for words in _INSTEAD.finditer(rest):
        yield Way(words[0], tuple(_with_inputs(arguments, shlex.split(words["words"]))))
    rest = _INSTEAD.sub("", rest)
    rest = re.sub(r"\Aerror: --[^;]*", "", rest)  # what is wrong
    for some in _joined(rest, _options_of(arguments[0])):
        taken = arguments
        for found in some:
            taken = _with_option(taken, found, message, case)
        yield Way(" ".join(each[0] for each in some), tuple(taken))


def _joined(message: str, known: Mapping[str, bool]) -> Iterator[list[re.Match[str]]]:
    """Yield the options that a message names; those that belong together at once."""
    some: list[re.Match[str]] = []
    for found in _OPTION.finditer(message):
        if found["flag"] not in known:
            continue
        if some and message[some[-1].end() : found.start()] not in (" ", " and "):
            yield some
            some = []
        some.append(found)
    if some:
        yield some


def _by_query(message: str, arguments: Sequence[str], case: Case) -> Iterator[Way]:
    """Yield the ways out that the service names: parameters of the query."""
    for found in re.finditer(rf"\b({'|'.join(_READERS)})=([^\s;,]+)", message):
        value = case.choose.get(f"--{found[1]}", unquote(found[2]))
        assert value in message
        yield Way(found[0], (*arguments, f"{found[1]}={value}"))


def _by_shell(found: re.Match[str], arguments: Sequence[str], case: Case) -> Way:
    name = next(iter(case.files), "FILE")
    command = re.sub(r"\bFILE\b", shlex.quote(name), found["command"])
    to = re.search(r"> (reviews\.\w+)|'(reviews\.\w+)'", command)
    if to or found["folder"]:
        made = found["folder"] or (to and (to[1] or to[2])) or ""
        return Way(command, tuple(_with_inputs(arguments, [made])), command)
    return Way(command, tuple(shlex.split(case.then or case.command)), command)


def _with_inputs(arguments: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return a command that reads what is named: behind `-i`, or as the first argument."""
    if "-i" in arguments:
        place = arguments.index("-i") + 1
        return [*arguments[:place], *words, *arguments[place + 1 :]]
    return [arguments[0], *words, *arguments[2:]]


def _with_option(
    arguments: Sequence[str], found: re.Match[str], message: str, case: Case
) -> list[str]:
    flag, value = found["flag"], found["value"]
    is_flag = _options_of(arguments[0])[flag]
    given = arguments.index(flag) if flag in arguments else None
    if found["out"]:
        assert given is not None, message
        return [*arguments[:given], *arguments[given + 2 - is_flag :]]
    if is_flag:
        return [*arguments, flag]
    value = value and shlex.split(value.rstrip(",:"))[0]
    if flag in case.choose:
        value = case.choose[flag]
        offered = message.replace(flag, "")
        assert all(part in offered for part in value.split(",")), f"no {value} in: {message}"
    else:
        assert value not in (None, "", "VALUE", "NAME", "FILE"), f"what is {flag} in: {message}"
    if given is not None and shlex.split(case.command).count(flag):
        return [*arguments[:given], flag, value, *arguments[given + 2 :]]
    return [*arguments, flag, value]


@cache
def _options_of(command: str) -> Mapping[str, bool]:
    """Return the options of a command, and whether each is a flag."""
    found = group.get_command(None, command)  # type: ignore[arg-type]
    assert found
    return {
        name: bool(getattr(option, "is_flag", False))
        for option in found.params
        for name in (*option.opts, *option.secondary_opts)
    }


# Running them


class _Read(SentimentError):  # noqa: N818  # no error: what `train` has read
    exit_code = 0


def _stop_reading(reviews: Any, *_: Any) -> None:
    raise _Read(f"read {len(reviews)}")


def _served(path: Path, query: Mapping[str, str]) -> tuple[int, int, str]:
    """Send a file to the service; see `answer`."""
    query = {"name": path.name, "to": "jsonl", **query}
    with in_process(Limits(max_file=9_999)) as service:
        kind = {"Content-Type": "application/octet-stream"}
        sent = service.ask("POST", f"/files?{urlencode(query)}", path.read_bytes(), kind)
    rows = [row for row in sent.lines if "predicted" in row]
    errors = [row["error"] for row in sent.lines if "error" in row]
    return len(errors) and 3, len(rows) - len(errors), "".join(f"error: {e}\n" for e in errors)


_fast = cache(lambda: load_model(FAST_MODEL))


def _loaded(path: Path) -> Model:
    """Return a model; the bundled one is loaded once, which takes half of the time."""
    return _fast() if path == FAST_MODEL else load_model(path)


@contextmanager
def prepared(case: Case) -> Iterator[Path]:
    """Make the files of a case in a folder, and the limits."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        here = Path(folder)
        put(here, case.files or {"FILE": case.stdin})
        for name, value in case.settings.items():
            stack.enter_context(patch(name, value))
        yield here


def put(here: Path, files: Files) -> None:
    for name, content in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def answer(arguments: Sequence[str], here: Path, stdin: str | bytes = b"") -> tuple[int, int, str]:
    """Run a command; return its exit code, the number of rows it read, and its messages."""
    arguments = list(arguments)
    if arguments[0] == "serve":
        return _served(here / arguments[1], dict(each.split("=", 1) for each in arguments[2:]))
    if arguments[0] in ("predict", "evaluate") and "-m" not in arguments:
        arguments += ["-m", "fast"]
    if arguments[0] == "evaluate":
        arguments += ["--json"]
    with (
        patch("sentiment.cli.train.train", _stop_reading),
        patch("sentiment.cli.models.load_model", _loaded),
    ):
        done = run(*arguments, cwd=here, stdin=stdin, binary=True)
    said, out = done.stderr.decode(), done.stdout.decode()
    if arguments[0] == "predict":
        rows = out.count("\n")
    else:
        found = re.search(r'"n": (\d+)', out) or re.search(r"error: read (\d+)\n\Z", said)
        rows = int(found[1]) if found else 0
    return done.returncode, rows, re.sub(r"error: read \d+\n\Z", "", said)


@cache
def _first(name: str) -> tuple[int, int, str]:
    case = CASES[name]
    with prepared(case) as here:
        return answer(shlex.split(case.command), here, case.stdin)


def _message_of(name: str) -> str:
    """Return the error of a case, or all that is said without one."""
    _, _, said = _first(name)
    return next((line for line in said.splitlines() if line.startswith("error: ")), said)


@pytest.mark.parametrize("name", CASES)
def test_an_advice_works(name: str) -> None:
    case = CASES[name]
    code, _, said = _first(name)
    assert said.count("error: ") == (code != 0), said
    ways = list(ways_in(_message_of(name), case))
    assert ways or case.by_hand is not None, said
    for way in ways:
        with prepared(replace(case, settings={}) if way.installed else case) as here:
            if way.shell and not _ran(way.shell, here):
                continue
            _check(case, way.said, answer(way.arguments, here, case.stdin))
    if case.by_hand is not None:
        with prepared(case) as here:
            put(here, case.by_hand)
            arguments = shlex.split(case.then or case.command)
            _check(case, "by hand", answer(arguments, here, case.stdin))


def _check(case: Case, way: str, done: tuple[int, int, str]) -> None:
    code, rows, said = done
    assert code == 0, f"{way}: {said}"
    expected = next((n for flag, n in case.fewer.items() if flag in way), case.rows)
    assert rows == expected, f"{way}: {said}"


def _ran(command: str, here: Path) -> bool:
    """Run a command of the shell; return whether its program is installed."""
    if not shutil.which(shlex.split(command)[0]):
        return False
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-c", command], cwd=here, check=True, env=os.environ | {"PATH": path},
        capture_output=True,
    )  # fmt: skip
    return True


# All messages

# Words by which a message advises something.
_VERBS = (
    "add|ask|call it|choose|close|convert|correct|cut|delete|download|export|fetch|get it|give|"
    "install|join|keep|leave|load|name|open|pip|put|read (?:it|that|the|quoted)|rename|save|send|"
    "say which|swap|take|train|try|unpack|use|write"
)
_ADVISES = re.compile(rf"--[a-z]|(?:\A|[;:,(] |\bor |\band )(?:{_VERBS})\b")


# Advice of other commands, and what cannot be provoked; it has tests of its own.
ELSEWHERE = (
    "NaN is not JSON; write null",  # of a request to the service: tests/serving/test_answers.py
    "a value is nested too deeply to be written; leave it out",  # tests/reviews/test_writers.py
    "swap them in",  # tests/cli/test_orientation.py
    # Of dates: tests/cli/test_summarize.py
    "--timezone Mars: no such time zone; name one such as Europe/Berlin or UTC",
    "dates from 2014-01-01 to 2024-01-01 make more than 1,000 periods of a day; "
    "choose a longer --unit",
)


def messages() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the place and the pattern of each text in the source that advises something."""
    for path in MODULES:
        tree = ast.parse(path.read_text())
        left_out = set(_left_out(tree))
        for node in ast.walk(tree):
            if id(node) in left_out or not isinstance(node, (ast.Constant, ast.JoinedStr)):
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
            said = "…".join("" if text is None else str(text) for text in texts)
            if " " in said.strip() and _ADVISES.search(said):
                pattern = "".join(".*" if t is None else re.escape(str(t)) for t in texts)
                yield f"{path.name}:{node.lineno}: {said}", re.compile(pattern)

    kinds = tomllib.loads((ROOT / "sentiment" / "reviews" / "foreign.toml").read_text())
    for kind in (*kinds["bytes"], *kinds["text"], *kinds["line"]):
        if _SHELL.search(kind["what"]) or "--" in kind["what"]:
            yield f"foreign.toml: {kind['what']}", re.compile(re.escape(kind["what"]))


def _left_out(tree: ast.AST) -> Iterator[int]:
    """Yield what is no message: docstrings, patterns, parts of f-strings."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                yield id(first.value)
        if isinstance(node, ast.JoinedStr):
            yield from map(id, node.values)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("re.compile", "words_in"):
            yield from map(id, ast.walk(node))


def test_every_advice_is_given() -> None:
    said = "\n".join(map(_message_of, CASES))
    said += "\n".join(ELSEWHERE)
    missing = [place for place, pattern in messages() if not pattern.search(said)]
    assert missing == []
