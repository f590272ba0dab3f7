"""`sentiment probe`: a model in, what it can do out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sentiment.cli.commands import Choice
from sentiment.cli.models import describe_band, open_model
from sentiment.cli.options import json_option, model_option, verbosity_options
from sentiment.errors import GoalError
from sentiment.evaluation.gates import missed, read_rate
from sentiment.evaluation.metrics import percent
from sentiment.model.model import Decision
from sentiment.probing import CAPABILITIES, OVERALL, Outcome, Result, probe, together
from sentiment.reviews.cells import four_digits


@click.command(short_help="Check what a model can do: negation, contrast, typos and more.")
@model_option
@click.option("--capability", "names", multiple=True, metavar="NAME",
              type=Choice(list(CAPABILITIES)),
              help="Check this one only; may be repeated.")  # fmt: skip
@click.option("--examples", type=click.IntRange(0), default=2, show_default=True, metavar="N",
              help="Show the N worst failures of each capability.")  # fmt: skip
@click.option("--fail-under", multiple=True, metavar="[NAME=]RATE",
              help="Exit with code 6 where fewer checks pass, as in negation=0.75, or 0.8 for all "
              "of them; may be repeated.")  # fmt: skip
@json_option
@verbosity_options
def command(
    model_path: Path | None,
    names: tuple[str, ...],
    examples: int,
    fail_under: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check what a model can do, capability by capability.

    Each check is a sentence or two of a product, a place, a film, a service, an app or a journey,
    written for this purpose; data/ holds none of them. Some have a known answer, which the model is
    to give by its threshold; `uncertain` is no pass, and counted beside. The others are pairs,
    before and after a change. The kinds are those of CheckList (Ribeiro et al., ACL 2020).

    \b
    The answer is known:
      vocabulary       one clear word in a plain sentence, mild to strong
      negation         turned round by not, never, nobody, nothing, hardly …
      negation-at-end  turned round by the last words: …, but it wasn't
      contrast         praise and blame together, and one decides: but, although …
      comparison       better or worse than something else
      question         a question and its answer, or one that does not ask
      time             how it was, and how it is now
      emoji            a plain report whose opinion is in an emoji

    \b
    A change that does not matter: the same answer, the probability moved by 0.1 at most,
    of names and identity by 0.05:
      names            another name or place
      identity         another nationality, religion, gender … in a neutral sentence
      typos            misspelt words
      case             ALL CAPITALS, or none
      links            an address, a @handle or a #tag added
      irrelevant       a sentence added that is beside the point

    \b
    A change with a direction: the probability moved the other way by 0.05 at most:
      added            a clear opinion added

    \b
    Examples:
      sentiment probe
      sentiment probe -m big.safetensors --capability negation --examples 20
      sentiment probe --fail-under 0.8 --fail-under negation=0.75 --fail-under identity=0.95
      sentiment probe --json
    """
    chosen = [each for name, each in CAPABILITIES.items() if name in names or not names]
    known = [each.name for each in chosen]
    gates = [read_rate(text, known, OVERALL) for text in fail_under]
    path, model = open_model(model_path)
    results = probe(model, chosen)
    overall = together(results)
    if as_json:
        parts = {each.name: _facts(each) | _failures(each, examples) for each in results}
        facts = {"model": str(path), **_facts(overall), "capabilities": parts}
        click.echo(json.dumps(facts))
    else:
        blocks = [[*_table(results, overall, model.decision)]]
        blocks += [[*_examples(each, examples)] for each in results if examples and each.failed]
        click.echo("\n\n".join("\n".join(block) for block in blocks).encode())  # emoji anywhere
    rates = {each.name: each.rate for each in (*results, overall)}
    if failures := missed(gates, rates, {}):
        raise GoalError(f"missed: {'; '.join(failures)}")


def _facts(result: Result) -> dict[str, Any]:
    return {
        "n": result.n,
        "passed": result.passed,
        "uncertain": result.uncertain,
        "rate": result.rate,
    }


def _failures(result: Result, count: int) -> dict[str, Any]:
    return {
        "examples": [
            {
                "expected": outcome.check.expected,
                "texts": outcome.check.texts,
                "answers": outcome.answers,
                "p_positive": outcome.p_positive,
            }
            for outcome in result.worst(count)
        ]
    }


def _table(results: Sequence[Result], overall: Result, decision: Decision) -> Iterator[str]:
    """Write a row for each capability; how many failed as `uncertain` where any may or did."""
    rows = (*results, overall)
    width = max(len(each.name) for each in rows)
    unsure = bool(decision.abstention_interval or overall.uncertain)
    title = f"{'':<{width}}{'passed':>9}{'checks':>9}{'uncertain' if unsure else '':>12}"
    yield title.rstrip()
    about = {name: each.about for name, each in CAPABILITIES.items()}
    about[OVERALL] = describe_band(decision)
    for each in rows:
        left = f"{each.uncertain:>12,}" if unsure else ""
        yield f"{each.name:<{width}}{percent(each.rate):>9}{each.n:>9,}{left}   {about[each.name]}"


def _examples(result: Result, count: int) -> Iterator[str]:
    """Write the worst failures, those of which the same was expected together."""
    worst = result.worst(count)
    yield f"{result.name}: {result.failed:,} failed"
    for expected in dict.fromkeys(outcome.check.expected for outcome in worst):
        yield f"  expected: {expected}"
        for outcome in worst:
            if outcome.check.expected == expected:
                yield from _lines(outcome)


def _lines(outcome: Outcome) -> Iterator[str]:
    rows = zip(outcome.check.texts, outcome.answers, outcome.p_positive, strict=True)
    marks = ("  ", "→ ") if len(outcome.check.texts) > 1 else ("",)
    for mark, (text, answer, p) in zip(marks, rows, strict=True):
        yield f"    {answer:<9}  {four_digits(p)}  {mark}{text}"
