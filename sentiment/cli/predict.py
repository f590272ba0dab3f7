"""`sentiment predict`: answers for texts, files and pipes."""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sentiment.cli.commands import Choice, Text, TextCommand, TextOrFile
from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    NAME,
    STDOUT,
    TARGET,
    check_targets,
    force_option,
    gathered,
    model_option,
    read_options,
    repair_option,
    resolve_inputs,
    threshold_option,
    verbosity_options,
)
from sentiment.errors import UsageError, command_line
from sentiment.features.repair import repairs
from sentiment.files import is_stream
from sentiment.model.model import Model
from sentiment.reviews.cells import and_more, encode, text_line
from sentiment.reviews.streams import OUTPUT_FORMATS, SUFFIXES, ReadOptions, looks_like_file
from sentiment.runtime import require

if TYPE_CHECKING:
    from sentiment.reviews.batch import Policy
    from sentiment.reviews.opening import Opened
    from sentiment.reviews.streams import Where


_SHOWN = 40  # characters of a text in a message
_FEW = 3  # files that are named


class Given(NamedTuple):
    """What a command is to work on: texts or files, not both; neither is stdin.

    Attributes:
        texts: reviews, as they were meant.
        files: names of files, as `-i` takes them.
    """

    texts: tuple[str, ...]
    files: tuple[str, ...]


def sort_out(arguments: Sequence[str], inputs: Sequence[str], *, command: str, verb: str) -> Given:
    """Tell files from texts among the arguments, and check that there is something to do.

    Args:
        arguments: texts; but those that name files of reviews are read, see `_names_file`.
        inputs: files given with -i.
        command: which command this is.
        verb: what it does to a text.

    Raises:
        UsageError: there are both texts and files, or nothing at all.
    """
    files = tuple(each for each in arguments if _names_file(each))
    texts = [each for each in arguments if not _names_file(each)]
    if texts and files:
        there = files[0] == "-" or os.path.exists(files[0]) or _matches(files[0])  # noqa: PTH110
        raise UsageError(
            f"{f'{files[0]} is a file' if there else f'no such file: {files[0]}'}, and "
            f"{_shortened(texts[0])!r} a text: give files or texts, not both; what follows -- is a "
            "text"
        )
    if texts and inputs:
        raise UsageError(
            "give either texts or -i files, not both; a pattern stands in quotes: -i '*.csv'"
        )
    if not (arguments or inputs) and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            f"nothing to {verb}: give a text in quotes, a file with -i, or pipe reviews "
            f"in; see sentiment {command} --help"
        )
    if named := [file for file in files if file != "-"]:
        words = "" if inputs else f"; to {verb} the words themselves: {_again(files, named)}"
        console.note(f"reading the file {and_more(named, 1)}{words}")
    for text in texts:
        _refuse_file(text)
        _point_to_file(text, texts, verb)
    # The shell's bytes are UTF-8 whatever the locale says.
    decoded = (os.fsencode(text).decode("utf-8", "replace") for text in texts)
    return Given(tuple(decoded), _in_order([*files, *inputs]))


def _in_order(files: Sequence[str]) -> tuple[str, ...]:
    """Sort names as they were given: of `-i *.csv`, a shell makes one option and arguments."""
    left, found = Counter(files), []
    for word in click.get_current_context().obj:
        for name in (word, word.removeprefix("--input="), word.removeprefix("-i")):
            if left[name]:
                left[name] -= 1
                found.append(name)
                break
    return (*found, *left.elements())


def _again(gone: Iterable[str], texts: Sequence[str], *options: str) -> str:
    """Return the command with other texts in the place of these arguments."""
    words = list(click.get_current_context().obj)
    for each in (*gone, *["--"] * ("--" in words)):
        del words[len(words) - 1 - words[::-1].index(each)]
    few = [*texts[:_FEW], "…"] if len(texts) > _FEW else texts
    return command_line(*words, *options, *(["--", *few] if few else []))


def _names_file(argument: str) -> bool:
    """Tell whether an argument is the name of a file, or of several, and no text.

    It is `-`; or a name like that of a file of reviews, whether it is there or not (nobody writes
    `reviews.csv` for a review); or something with a slash, or a pattern with a dot, that is there.
    """
    if isinstance(argument, Text):
        return False
    if argument == "-":
        return True
    there = os.path.exists(argument)  # noqa: PTH110  # of a text too long for a name, Path raises
    is_word = not re.search(r"\s", argument)
    if looks_like_file(argument):
        return there or is_word
    has_slash = re.search(r"[/\\]", argument)
    return bool(has_slash and there) or (
        is_word and ("." in argument or bool(has_slash)) and _matches(argument)
    )


def _refuse_file(text: str) -> None:
    """Refuse a text that can only be the name of files, and of none that are here.

    Raises:
        UsageError: It is a pattern, or a name with a blank before or behind it.
    """
    if isinstance(text, Text):
        return
    name = text.strip()
    is_word = not re.search(r"\s", name)
    if name != text and looks_like_file(name) and (is_word or os.path.exists(name)):  # noqa: PTH110
        raise UsageError(
            f"no such file: {text!r} (did you mean {name!r}?); -- before it makes it a text"
        )
    if is_word and _is_pattern(name):
        raise UsageError(f"no file matches {name!r}; -- before it makes it a text")


def _is_pattern(word: str) -> bool:
    """Whether a word is a pattern of names of reviews: `reviews.*`, `*.c*`, `reviews.[ct]sv`.

    In *great.** the stars are an emphasis.
    """
    stem, dot, suffix = word.rpartition(".")
    if not (stem and dot and re.search(r"[*?\[]", suffix)):
        return False
    from fnmatch import fnmatch  # most words have no star

    from sentiment.reviews.header import is_text_name

    if suffix.strip("*?!"):
        return any(fnmatch(each, f".{suffix}") for each in SUFFIXES)
    return suffix == "*" and (not stem.strip("*?") or is_text_name(stem))


def _matches(argument: str) -> bool:
    """Whether a glob finds something."""
    from glob import glob, has_magic  # most texts have no slash

    return has_magic(argument) and bool(glob(argument))  # noqa: PTH207  # Path.glob: no absolute ones


def open_inputs(
    texts: Sequence[str], places: Sequence["Where"], reading: ReadOptions
) -> Iterator["Opened"]:
    """Open what is to be answered, one input after the other: texts, else what is at the places."""
    from sentiment.reviews.batch import TextsSource
    from sentiment.reviews.opening import choose_columns, open_reviews

    if texts:
        return iter([choose_columns(TextsSource(texts), reading, need_label=False)])
    return _announced(open_reviews(where, reading, need_label=False) for where in places)


def _announced(opened: Iterable["Opened"]) -> Iterator["Opened"]:
    """Say of each input where its texts are."""
    for each in opened:
        if each.columns.text:
            how = [] if each.source.format == "lines" else [each.columns.how]
            for note in (*how, *each.source.notes):
                console.note(f"{each.source.name}: {note}")
        yield each


def _point_to_file(text: str, texts: Sequence[str], verb: str) -> None:
    """Say how to read what is there, where a text has the name of it."""
    if not isinstance(text, Text) and os.path.exists(text):  # noqa: PTH110
        doing = verb.removesuffix("e") + "ing"
        instead = _again(texts, (), "-i", text)
        console.note(f"{doing} the text {text!r}; to {verb} what has that name: {instead}")


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@dataclass(frozen=True)
class Engine:
    """What scores.

    Attributes:
        engine: `processes` of this machine, or `ray`.
        address: of a cluster; None for one that is started here.
    """

    engine: str = "processes"
    address: str | None = None

    def __post_init__(self) -> None:
        """Check that the choices go together.

        Raises:
            UsageError: they do not.
        """
        if self.address is not None and not self.is_ray:
            raise UsageError("--address is that of a Ray cluster: add --engine ray")
        if "://" in (self.address or ""):
            raise UsageError(
                f"--address {self.address}: run this on a machine of the cluster, and name it as "
                "HOST:PORT or auto"
            )
        if self.address == "":
            raise UsageError("--address is empty; leave it out to start Ray on this machine")

    @property
    def is_ray(self) -> bool:
        """Whether it is Ray."""
        return self.engine == "ray"

    def refuse(self, given: Iterable[tuple[object, str]]) -> None:
        """If it is Ray, refuse what that has no part for.

        Args:
            given: what was given, and what to say if it was.

        Raises:
            UsageError: something was.
        """
        for value, why in given:
            if value and self.is_ray:
                raise UsageError(f"--engine ray {why}")


def engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Declare `--engine` and `--address`."""
    return gathered(
        Engine,
        "engine",
        [
            click.option(
                "--engine",
                type=Choice(["processes", "ray"]),
                default="processes",
                show_default=True,
                help="What scores: processes of this machine, or Ray on many; docs/cluster.md.",
            ),
            click.option(
                "--address",
                metavar="ADDRESS",
                help="A Ray cluster to join; by default one is started here for the run.",
            ),
        ],
    )(command)


@click.command(cls=TextCommand, short_help="Say of each review whether it is positive or negative.")
@click.argument("arguments", nargs=-1, type=TextOrFile(), metavar="[TEXT]...")
@model_option
@click.option("-i", "--input", "inputs", multiple=True, type=NAME, metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@click.option("-o", "--output", type=TARGET, metavar="FILE",
              help="Write the answers here, not to stdout; with Ray, a folder.")  # fmt: skip
@click.option("--format", "output_format", type=Choice(OUTPUT_FORMATS),
              help="Format of the answers; by default that of -o, else text.")  # fmt: skip
@threshold_option
@repair_option
@click.option("--json", "as_json", is_flag=True, help="Short for --format jsonl.")
@click.option("--explain", is_flag=True,
              help="Add what each word contributes to the logit; JSON lines only.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), metavar="N",
              help="Processes that score where there are many; by default one a core, six at "
              "the most. With Ray, files at a time; by default one a core.")  # fmt: skip
@click.option("--prefix", default="", metavar="WORD",
              help="Put before the names of the columns that are added.")  # fmt: skip
@click.option("--on-bad-row", type=Choice(["stop", "skip", "keep"]), default="stop",
              show_default=True,
              help="What to do about a row that cannot be read.")  # fmt: skip
@click.option("--rejects", type=TARGET, metavar="FILE",
              help="List the rows that skip leaves out here: CSV, TSV or JSONL.")  # fmt: skip
@click.option("--fail-if-empty", is_flag=True,
              help="Exit with code 3 where no row comes in at all.")  # fmt: skip
@engine_options
@read_options
@force_option
@verbosity_options
def command(
    arguments: tuple[str, ...],
    model_path: Path | None,
    inputs: tuple[str, ...],
    output: Path | None,
    output_format: str | None,
    as_json: bool,
    threshold: float | None,
    repair: bool | None,
    explain: bool,
    workers: int | None,
    prefix: str,
    on_bad_row: "Policy",
    rejects: Path | None,
    fail_if_empty: bool,
    engine: Engine,
    reading: ReadOptions,
    force: bool,
) -> None:
    """Say of each review whether it is positive or negative.

    One line a review: the answer, the probability that the review is positive, and its text. With
    CSV, TSV, JSONL and Parquet each row keeps its own columns and gets `predicted` and
    `p_positive`; a table without a header stays without. Rows come out in order, none missing,
    none added; an empty text gets an empty answer.

    `uncertain` is answered to a text of which the model knows few words or none, such as one in
    another script, and by models that calibrate made. JSON lines have a `reason` then.

    A TEXT that is the name of a file of reviews, such as reviews.csv, is read like one of -i, and
    that is said; so is a name with a slash that is there. What stands after -- is always a text.

    A row that cannot be read (too few or too many fields, an open quote, bytes that do not fit the
    encoding, a line that is no JSON) stops the run with exit code 3. With --on-bad-row skip it is
    left out and counted, and listed with the reason in --rejects FILE (also if the run ends early
    and the answers went to stdout); with keep it comes out in
    its place, without an answer and with what can be read of it: fields cut or filled up to the
    header, U+FFFD for bad bytes; JSON lines get its reason as `error` and the row as `raw`.

    With --engine ray, -o is a folder: each Parquet file is scored by itself, on all cores of a
    cluster, to a file of the same name; one appears with all of its rows or not at all. Without
    --address, Ray is started here for the run.

    \b
    Examples:
      sentiment predict "Great coffee, lovely staff."
      cat reviews.txt | sentiment predict
      sentiment predict reviews.csv -o scored.csv
      sentiment predict -- "$text"
      sentiment predict -i reviews.jsonl --format fasttext
      sentiment predict --json --explain "Great coffee, lovely staff."
      sentiment predict -i dump.csv -o scored.csv --on-bad-row skip --rejects bad.csv
      tail -f chat.log | sentiment predict | grep ^negative
      sentiment predict -i 'reviews/*.parquet' -o scored/ --engine ray
    """
    if as_json and output_format not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {output_format} is another")
    named_format = "jsonl" if as_json else output_format
    texts, inputs = sort_out(arguments, inputs, command="predict", verb="score")
    if engine.is_ray:
        engine.refuse([
            (texts, "scores Parquet files, not texts: name them with -i"),
            (not inputs, "scores Parquet files, not stdin: name them with -i"),
            (named_format not in (None, "parquet"), f"writes Parquet, not {named_format}"),
            (reading.format not in (None, "parquet"), f"reads Parquet, not {reading.format}"),
            (explain, "writes Parquet, and --explain JSON lines: run it without"),
            (rejects or on_bad_row != "stop", "has no --on-bad-row: Parquet has no such rows"),
        ])  # fmt: skip
        from sentiment.cli.cluster import (
            Layout,
            answer_files,  # one machine does without
        )
        from sentiment.cluster.engine import RAY

        layout = Layout.of(inputs, output, named=reading.format is not None)
        require(*RAY)
        path, model = open_model(model_path, threshold, repair=repair)
        layout.check(path, force=force)
        jobs = layout.jobs(reading, prefix)
        tally = answer_files(engine, model, jobs, layout.folder, workers)
        tally.report(layout.folder)
        tally.warn_if_empty()
        if fail_if_empty:
            tally.fail_if_empty()
        return
    plain = output is None and named_format in (None, "text") and not explain
    at_once = texts and plain and rejects is None
    if at_once:
        _, model = open_model(model_path, threshold, repair=repair)
        _answer(texts, model)
        return
    from sentiment.cli.answering import (  # a few texts do without
        Target,
        answer_rows,
        check_rejects,
        handling,
    )

    target = Target(output, named_format, prefix, explain, kept=on_bad_row == "keep")
    targets = [output or STDOUT]
    if rejects is not None:
        check_rejects(rejects, on_bad_row)
        targets.append(rejects)
    path, model = open_model(model_path, threshold, repair=repair)
    places = [] if texts else resolve_inputs(inputs or ["-"], "answering")
    check_targets(targets, [*places, path], force=force)
    with handling(on_bad_row, rejects, streamed=is_stream(targets[0])) as bad_rows:
        opened = open_inputs(texts, places, replace(reading, bad_rows=bad_rows))
        tally = answer_rows(model, opened, target, workers, fail_if_empty=fail_if_empty)
    tally.warn_if_empty()
    if not is_stream(targets[0]):
        tally.report(targets[0])


def _answer(texts: Sequence[str], model: Model) -> None:
    """Answer a few texts with a line each."""
    if model.repairs and any(any(True for _ in repairs(text)) for text in texts):
        from sentiment.cli.reading import Repairs  # few texts are damaged

        damaged = Repairs(wanted=True)
        damaged.counted(texts)
        damaged.say()
    scores = model.scores(texts)
    answers = model.answers(scores)
    lines = map(text_line, answers, scores.p_positive.tolist(), texts)
    sys.stdout.buffer.write(encode("".join([f"{line}\n" for line in lines])))
