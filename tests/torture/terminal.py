"""Commands on a terminal of their own, given texts and names that would take it over."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.torture.outcome import Outcome

# A title, a cleared screen, a bell, backspaces, C1's own escape, turned text, line separators.
HOSTILE = "a\x1b]0;x\x07\x1b[2J\x08\x08\x9b2J\u202eb\u2066c\u200fd\u2028e\x85f\rg\x7f\x00h"
NAME = HOSTILE.replace("\0", "")
# What the program writes itself: colors of `click.style`, and a status line that is taken back.
OURS = re.compile(r"\x1b\[(?:\d+;)*\d*m|\r\x1b\[2K")
TURNING = {
    "\u061c",
    "\u200e",
    "\u200f",
    *map(chr, (*range(0x2028, 0x202F), *range(0x2066, 0x206A))),
}


def on_a_terminal(model: Path, every: int) -> Outcome:
    """Run commands whose output would hold control characters if they were not spelled out.

    Args:
        model: a model's file.
        every: 1 runs all of the commands, 2 every second, …
    """
    outcome = Outcome("a command on a terminal, given control characters: none gets through")
    with tempfile.TemporaryDirectory() as folder:
        _make_files(Path(folder), model)
        for arguments in list(_commands())[::every]:
            shown = _shown(arguments, folder)
            plain = OURS.sub("", shown.replace("\r\n", "\n"))
            found = sorted({repr(char) for char in plain if _is_control(char)})
            outcome.check(
                bool(plain) and not found and "Traceback" not in plain,
                f"{arguments!r}: {', '.join(found) or plain[-300:]!r}",
            )
        page = Path(folder, "page.html")
        text = page.read_text("utf-8") if page.exists() else ""
        outcome.check(bool(text) and not any(map(_is_control, text)), "report: the page")
    return outcome


def _is_control(char: str) -> bool:
    return char in TURNING or (unicodedata.category(char) == "Cc" and char not in "\n\t")


def _make_files(folder: Path, model: Path) -> None:
    (folder / "model").write_bytes(model.read_bytes())
    (folder / f"{NAME}.model").write_bytes(model.read_bytes())
    header = f'"{NAME}",text,label\n'
    rows = [f'"{HOSTILE}","{HOSTILE} good {n}",{n % 2}\n' for n in range(60)]
    (folder / f"{NAME}.csv").write_bytes((header + "".join(rows)).encode())
    (folder / "labels.csv").write_bytes(f'text,label\nx,"{HOSTILE}"\ny,other\n'.encode())
    (folder / "columns.csv").write_bytes(f'"{HOSTILE}","{HOSTILE}2"\nx,y\nz,y\n'.encode())
    (folder / "ragged.csv").write_bytes(f'text,n\n"{HOSTILE}"\n'.encode())
    (folder / "bad.jsonl").write_bytes(f"{HOSTILE}\n".encode())
    twice = json.dumps(HOSTILE)
    (folder / "twice.jsonl").write_bytes(f"{{{twice}: 1, {twice}: 2}}\n".encode())
    (folder / "lines.txt").write_bytes(f"{HOSTILE}\n".encode() * 3)
    (folder / "not-a-model").write_bytes(HOSTILE.encode())


def _commands() -> Iterator[list[str]]:
    file, model = f"{NAME}.csv", ["-m", "model"]
    yield ["report", *model, file, "--slice", NAME, "-o", "page.html"]
    yield ["predict", *model, NAME]
    yield ["predict", *model, "-i", file]
    yield ["predict", *model, "-i", "lines.txt"]
    yield ["predict", *model, "-i", file, "--format", "jsonl"]
    yield ["predict", *model, "-i", file, "--format", "jsonl", "--explain"]
    yield ["predict", *model, "-i", file, "--text-column", NAME]
    yield ["predict", *model, "-i", file, "--text-column", NAME + "?"]
    yield ["predict", *model, "-i", NAME]
    yield ["predict", *model, "-i", "columns.csv", "--header"]
    yield ["predict", *model, "-o", f"{NAME}/x", "good"]
    yield ["predict", *model, "--format", NAME, "good"]
    yield ["predict", *model, "--encoding", NAME, "-i", file]
    yield ["predict", "-m", NAME, "good"]
    yield ["predict", "-m", "not-a-model", "good"]
    yield ["predict", "-v", "-m", f"{NAME}.model", "good"]
    yield [NAME]
    yield ["predict", f"--{NAME}"]
    for policy in ("stop", "skip", "keep"):
        for bad in ("ragged.csv", "bad.jsonl", "twice.jsonl"):
            yield ["predict", *model, "-i", bad, "--json", "--on-bad-row", policy]
            yield ["predict", *model, "-i", bad, "--format", "text", "--on-bad-row", policy]
    yield ["explain", *model, f"{NAME} good film"]
    yield ["explain", *model, "--json", f"{NAME} good film"]
    yield ["explain", *model, "-i", "lines.txt"]
    yield ["info", f"{NAME}.model"]
    yield ["info", f"{NAME}.model", "--words", "5"]
    yield ["info", NAME]
    yield ["info", "not-a-model"]
    yield ["train", "labels.csv"]
    yield ["train", file, "--label-column", NAME]
    yield ["train", "columns.csv", "--header"]
    yield ["evaluate", *model, file]
    yield ["evaluate", *model, file, "--slice", NAME]
    yield ["evaluate", *model, file, "--slice", NAME, "--json"]
    yield ["evaluate", *model, file, "--fail-under", f"slice:{NAME}=x:mcc=0.5"]
    yield ["evaluate", *model, "labels.csv"]
    yield ["evaluate", *model, file, "--fail-under", f"{NAME}=1"]
    yield ["compare", "model", f"{NAME}.model", file]
    yield ["compare", "model", f"{NAME}.model", file, "--json"]
    yield ["compare", "model", "labels.csv", file]
    yield ["calibrate", *model, file, "--goal", NAME, "-o", "careful"]
    yield ["datasets", "get", NAME]


def _shown(arguments: list[str], folder: str) -> str:
    """Run a command with a terminal for stdout and stderr; give what it shows."""
    ours, theirs = os.openpty()
    blocks: list[bytes] = []

    def read() -> None:
        while True:
            try:
                block = os.read(ours, 1 << 16)
            except OSError:  # nobody has the terminal open any more
                return
            if not block:
                return
            blocks.append(block)

    reader = threading.Thread(target=read)
    reader.start()
    environment = os.environ | {"TERM": "xterm-256color"}
    environment.pop("SENTIMENT_MODEL", None)
    try:
        subprocess.run([sys.executable, "-m", "sentiment", *arguments], cwd=folder, check=False,
                       stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment,
                       timeout=300)  # fmt: skip
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)
    return b"".join(blocks).decode("utf-8", "replace")
