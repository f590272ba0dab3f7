"""Run the program's commands in this process or in a separate one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sentiment.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


def run(
    *args: str | Path,
    stdin: str | bytes | None = None,
    binary: bool = False,
    env: dict[str, str] | None = None,
    cwd: str | Path | None = None,
) -> subprocess.CompletedProcess[Any]:
    """Run a command in this process, with files as its standard streams."""
    binary = binary or isinstance(stdin, bytes)
    given = stdin if isinstance(stdin, bytes) else (stdin or "").encode(errors="surrogateescape")
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile()) for _ in range(3)]
        files[0].write(given)
        files[0].seek(0)
        with _streams(files), _environment(env or {}, cwd):
            code = main([str(arg) for arg in args])
        for file in files:
            file.seek(0)
        out, err = (file.read() for file in files[1:])
    if not binary:
        out, err = (each.decode().replace("\r\n", "\n") for each in (out, err))
    return subprocess.CompletedProcess(args, code, out, err)


def start(
    *args: str | Path,
    stdin: str | bytes | None = None,
    binary: bool = False,
    env: dict[str, str] | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run a command in a separate process."""
    as_bytes = binary or isinstance(stdin, bytes)
    return subprocess.run(
        [sys.executable, "-m", "sentiment", *map(str, args)],
        input=stdin if stdin is not None else (b"" if as_bytes else ""),
        capture_output=True,
        env=_without_a_model() | (env or {}),
        check=False,
        timeout=120,
        **({} if as_bytes else {"text": True, "encoding": "utf-8"}),
        **options,
    )


def _without_a_model() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "SENTIMENT_MODEL"}


@contextmanager
def _streams(files: list[Any]) -> Iterator[None]:
    """Replace descriptors 0 to 2 and Python's streams with these files."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    before = sys.stdin, sys.stdout, sys.stderr
    kept = [os.dup(number) for number in range(3)]
    try:
        for number, file in enumerate(files):
            os.dup2(file.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            TextIOWrapper(
                open(number, mode, closefd=False),  # noqa: SIM115
                encoding="utf-8",
                errors=errors,
                line_buffering=number == 2,
            )
            for number, mode, errors in (
                (0, "rb", "surrogateescape"),
                (1, "wb", "strict"),
                (2, "wb", "backslashreplace"),
            )
        )
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdin, sys.stdout, sys.stderr = before
        for number, copy in enumerate(kept):
            os.dup2(copy, number)
            os.close(copy)


@contextmanager
def _environment(env: dict[str, str], cwd: str | Path | None) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    os.environ.pop("SENTIMENT_MODEL", None)
    os.environ.update(env)
    try:
        os.chdir(cwd or folder)
        yield
    finally:
        os.chdir(folder)
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
