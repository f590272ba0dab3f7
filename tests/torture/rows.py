"""Cases are files whose rows are known, written by the test's own writers, then given to `predict`.

Whole files, and damaged ones by each policy of --on-bad-row, from every input format to every
output format; blocks and batches are cut at random sizes. A failure is a shortest file that
shows it.
"""

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from sentiment.cli.answering import Target, answer_rows, handling
from sentiment.cli.console import console
from sentiment.cli.inputs import open_inputs
from sentiment.cli.progress import Meter
from sentiment.errors import SentimentError
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.reviews.streams import ReadOptions
from tests.torture.outcome import Outcome
from tests.torture.row_answers import Answer, answers_of
from tests.torture.row_dialects import DIALECTS, dialect_files, encoded, packed, replaced_files
from tests.torture.row_files import FILES, File, open_quote_files
from tests.torture.row_layouts import LAYOUTS, Layout, check

TITLE = "Rows in, rows out"
MODEL = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "format-1.safetensors"
EXAMPLES = 2500  # for each input format, of whole and of damaged files
LABELLED = 1000  # for each layout of labelled reviews
COMMANDS = 60
LARGE = 10_000_000
BLOCK = 1 << 17
OPTIONS = ("encoding", "on_bad_bytes", "delimiter", "quote", "comment", "skip_lines")
# JSON values are not cells: of JSON and Parquet, own columns are held to these.
JSON = ("json", "jsonl")
OUTPUTS = {
    **{format: [*JSON, "text", "fasttext"] for format in JSON},
    "parquet": ["parquet", *JSON, "fasttext"],
}
ALL_OUTPUTS = ["text", "csv", "tsv", *JSON, "parquet", "xlsx", "fasttext"]
WHOLE = ("parquet", "xlsx")  # formats whose rows are never bad
SEARCH: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "report_multiple_bugs": False,
    "phases": [Phase.generate, Phase.shrink],
    "suppress_health_check": list(HealthCheck),
}


@dataclass
class Ran:
    """What a run left behind: exit code, stdout, stderr, and the rows that were rejected."""

    code: int
    out: bytes
    err: str
    rejected: list[int]


Run = Callable[[File, str, str], Ran]


def run(share: float) -> Iterator[Outcome]:
    """Try a share of all files."""
    model = load_model(MODEL)
    in_process = _runner(model)
    examples = max(1, int(share * EXAMPLES))
    for format, files in FILES.items():
        what = f"{format}: a record for each row, own columns intact"
        yield _tried(what, files(damaged=False), examples, in_process)
        if format not in WHOLE:
            what = f"{format}, damaged: stopped at the row, left out or kept"
            yield _tried(what, files(damaged=True), examples, in_process)
    yield _tried(
        "csv in dialects that are found or named: a record for each row, own columns intact",
        dialect_files(damaged=False), 2 * examples, in_process,
    )  # fmt: skip
    what = "csv in these dialects, damaged: stopped at the row, left out or kept"
    yield _tried(what, dialect_files(damaged=True), 2 * examples, in_process)
    what = "--on-bad-bytes replace: a record for each row, with U+FFFD"
    yield _tried(what, replaced_files(damaged=True), examples, in_process)
    what = "csv: a quote that is never closed costs its own line only"
    yield _tried(what, open_quote_files(damaged=True), examples, in_process)
    kinds = [*FILES.values(), *DIALECTS]
    any_file = st.one_of([files(damaged=True) for files in kinds])
    what = "any of these, through the real command line"
    yield _tried(what, any_file, max(1, int(share * COMMANDS)), _command)
    for layout in LAYOUTS:
        yield _labelled(layout, max(1, int(share * LABELLED)))
    yield _large(max(1, int(share * LARGE)), in_process)


def _tried(what: str, files: st.SearchStrategy[File], examples: int, run: Run) -> Outcome:
    """Try files; what fails is made as short as can be."""
    outcome = Outcome(what)

    @settings(**SEARCH, max_examples=examples)
    @given(file=files, data=st.data(), sizes=st.tuples(*[st.sampled_from([1, 2, 7, BLOCK])] * 2))
    def one(file: File, data: Any, sizes: tuple[int, int]) -> None:
        output = data.draw(st.sampled_from(OUTPUTS.get(file.format, ALL_OUTPUTS)))
        policy = data.draw(st.sampled_from(["stop", "skip", "keep"]))
        assume(not _is_refused(file, batch=sizes[1]))
        if file.by_beginning:
            sizes = BLOCK, sizes[1]
        if data.draw(st.integers(0, 3)) == 3:
            file = encoded(data.draw, file)
        if data.draw(st.integers(0, 3)) == 3:
            file = packed(data.draw, file)
        outcome.cases += 1
        with patch("sentiment.reviews.streams.BLOCK_BYTES", sizes[0]), patch(
            "sentiment.reviews.feed.BATCH_ROWS", sizes[1]
        ):  # fmt: skip
            ran = run(file, output, policy)
        case = f"{policy} to {output}: {file.data[:500]!r} {file.arguments}"
        try:
            _check(file, output, policy, ran)
        except AssertionError as error:
            raise AssertionError(f"{error} ({case})") from error

    return _failing(outcome, one)


def _labelled(layout: Callable[[], st.SearchStrategy[Layout]], examples: int) -> Outcome:
    """Read labelled reviews in a layout; what fails is made as short as can be."""
    what = (layout.__doc__ or "").rstrip(".")
    outcome = Outcome(f"labelled reviews, as a model learns from them: {what}")

    @settings(**SEARCH, max_examples=examples)
    @given(layout())
    def one(drawn: Layout) -> None:
        outcome.cases += 1
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(drawn, Path(folder))
            except (AssertionError, SentimentError) as error:
                raise AssertionError(f"{error} ({drawn})") from error

    return _failing(outcome, one)


def _failing(outcome: Outcome, search: Callable[[], None]) -> Outcome:
    try:
        search()
    except Exception as error:
        outcome.failures.append(f"{type(error).__name__}: {error}")
    return outcome


def _check(file: File, output: str, policy: str, ran: Ran) -> None:
    """Hold what came out to what went in."""
    assert "Traceback" not in ran.err, ran.err
    first = min(file.bad, default=0)
    stops = policy == "stop" and first > 0
    numbers = range(1, len(file.rows) + 1)
    if stops:
        assert ran.code == 3, f"exit code {ran.code}: {ran.err}"
        assert f"in.{file.format}, row {first}" in ran.err, ran.err
        expected = list(numbers[: first - 1])
    else:
        assert ran.code == 0, f"exit code {ran.code}: {ran.err}"
        expected = [n for n in numbers if policy == "keep" or n not in file.bad]
    if policy == "skip":
        assert ran.rejected == sorted(file.bad), f"rejected {ran.rejected}, not {file.bad}"
    answers = answers_of(ran.out, output, file)
    assert len(answers) == len(expected), f"{len(answers)} records, not {len(expected)}"
    for number, answer in zip(expected, answers, strict=True):
        _check_record(file, number, output, answer)


def _check_record(file: File, number: int, output: str, answer: Answer) -> None:
    row, is_bad = file.rows[number - 1], number in file.bad
    assert answer.predicted in ("positive", "negative", "uncertain", ""), answer
    assert bool(answer.predicted) == bool(answer.p_positive), answer
    text = _text_of(file, row)
    if is_bad or (text is not None and not text.strip()):
        assert answer.predicted == "", f"row {number} has an answer"
    if output in JSON:
        assert (answer.error is not None) == is_bad, f"row {number}: {answer.error}"
    if row is None or output == "fasttext":
        return
    own = text if output == "text" else row
    if output not in ("text", "fasttext") and file.format == "fasttext":
        own = [row[0] or (None if output in ("parquet", *JSON) else ""), row[1]]
    assert answer.own == own, f"row {number} is {answer.own!r}, not {own!r}"


def _is_refused(file: File, batch: int) -> bool:
    """Tell whether all texts hold a fastText label, or are figures without a letter.

    The program judges by the first batch.
    """
    rows = [row for number, row in enumerate(file.rows, start=1) if number not in file.bad]
    texts = [text for row in rows if (text := _text_of(file, row)) and text.strip()]
    marked = ["__label__" in text for text in texts]
    figures = [not any(map(str.isalpha, text)) and any(map(str.isdigit, text)) for text in texts]
    if batch < len(file.rows):
        marked, figures = marked[:1], figures[:2]
    return bool(texts) and (all(marked) or all(figures))


def _text_of(file: File, row: Any) -> str | None:
    if row is None:
        return None
    text = row.get("text") if file.text is None else row[file.text]
    return "" if text is None else str(text)


def _runner(model: Model) -> Run:
    """Do what `predict` does after its options are read, in this process."""
    console.quiet = True

    def run(file: File, output: str, policy: str) -> Ran:
        out, err, code = io.BytesIO(), io.StringIO(), 0
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            path, rejects = Path(folder, f"in.{file.format}"), Path(folder, "rejects.jsonl")
            path.write_bytes(file.data)
            stack.enter_context(patch("sys.stdout", SimpleNamespace(buffer=out)))
            stack.enter_context(redirect_stderr(err))
            try:
                with handling(policy, rejects if policy == "skip" else None) as bad_rows:
                    options = ReadOptions(file.format, **file.arguments, bad_rows=bad_rows)
                    opened = open_inputs((), [str(path)], options)
                    target = Target(None, output, "", False, policy == "keep")
                    answer_rows(model, opened, target, 1, Meter())
            except SentimentError as error:
                code = error.exit_code
                err.write(str(error))
            return Ran(code, out.getvalue(), err.getvalue(), _rejected(rejects))

    return run


def _command(file: File, output: str, policy: str) -> Ran:
    with tempfile.TemporaryDirectory() as folder:
        path, rejects = Path(folder, f"in.{file.format}"), Path(folder, "rejects.jsonl")
        path.write_bytes(file.data)
        arguments = ["--input-format", file.format, "--format", output, "--on-bad-row", policy]
        arguments += ["--rejects", str(rejects)] if policy == "skip" else []
        for name in file.arguments.get("text_columns", ()):
            arguments += ["--text-column", name]
        if "header" in file.arguments:
            arguments.append("--header" if file.arguments["header"] else "--no-header")
        for name in OPTIONS:
            if file.arguments.get(name) is not None:
                arguments += [f"--{name.replace('_', '-')}", str(file.arguments[name])]
        done = subprocess.run(
            [sys.executable, "-m", "sentiment", "predict", "-q", "-m", MODEL, "-i", path,
             *arguments], capture_output=True, check=False, timeout=300,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr.decode(), _rejected(rejects))


def _rejected(path: Path) -> list[int]:
    if not path.exists():
        return []
    return [json.loads(line)["row"] for line in path.read_text("utf-8").splitlines()]


def _large(size: int, run: Run) -> Outcome:
    """Try a field of 10 MB in each format."""
    outcome = Outcome("a field of 10 MB between two short ones, in each format")
    unit = 'It was "good", 😍 and\u200f so on; '
    text = unit * (size // len(unit.encode()) + 1)
    quoted = text.replace('"', '""')
    table = {"text_columns": ("text",), "header": True}
    files = [
        File("csv", f'text,n\na,1\n"{quoted}",2\nb,3\n'.encode(),
             [["a", "1"], [text, "2"], ["b", "3"]], set(), ["text", "n"], 0, table),
        File("tsv", f"text\tn\na\t1\n{text}\t2\nb\t3\n".encode(),
             [["a", "1"], [text, "2"], ["b", "3"]], set(), ["text", "n"], 0, table),
        File("lines", f"a\n{text}\nb".encode(), [["a"], [text], ["b"]], set(), ["text"]),
        File("fasttext", f"__label__x a\n__label__y {text}\nb\n".encode(),
             [["x", "a"], ["y", text], ["", "b"]], set(), ["label", "text"], 1),
        File("jsonl", "".join(json.dumps({"text": t}) + "\n" for t in ("a", text, "b")).encode(),
             [{"text": "a"}, {"text": text}, {"text": "b"}], set(), None, None),
        File("json", json.dumps([{"text": each} for each in ("a", text, "b")]).encode(),
             [{"text": "a"}, {"text": text}, {"text": "b"}], set(), None, None),
    ]  # fmt: skip
    for file in files:
        ran = run(file, "jsonl", "stop")
        try:
            _check(file, "jsonl", "stop", ran)
            outcome.check(True, file.format)
        except AssertionError as error:
            outcome.check(False, f"{file.format}: {str(error)[:200]}")
    return outcome
