"""`sentiment probe`: behaviour checks of a model."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from sentiment.cli import options
from sentiment.cli.models import open_model
from sentiment.cli.scoring import score_in_memory
from sentiment.evaluation.gates import Gate, check_gates, read_rate
from sentiment.evaluation.metrics import percent
from sentiment.labels import SENTIMENT, UNCERTAIN
from sentiment.model.decision import Decision, describe_band
from sentiment.model.model import Model
from sentiment.probing import (
    CAPABILITIES,
    OVERALL,
    SETS,
    Capability,
    Outcome,
    Result,
    by_set,
    combined,
    probe,
    whole_sets,
)
from sentiment.reviews.cells import four_digits

_SHOWN = 2  # classes named in the heading


@dataclass(frozen=True)
class _Job:
    """What `probe` was asked to do.

    Attributes:
        capabilities: what to check.
        gates: limits of rates.
        examples: the number of failures to show.
        workers: processes that score; None for a good default.
    """

    capabilities: Sequence[Capability]
    gates: Sequence[Gate]
    model_path: Path | None
    examples: int
    workers: int | None
    as_json: bool


@click.command(
    cls=options.TopicCommand,
    short_help="Check what a model can do: negation, typos and more.",
)
@options.model
@click.option("--capability", "names", multiple=True, metavar="NAME",
              type=options.Choice([*CAPABILITIES, *SETS]),
              help="Check only this one, or all of basic or further; may be repeated.")  # fmt: skip
@click.option("--examples", type=click.IntRange(0), default=2, show_default=True, metavar="N",
              help="Show the N worst failures of each capability.")  # fmt: skip
@click.option("--fail-under", multiple=True, metavar="[NAME=]RATE",
              help="Exit with code 6 if fewer checks pass, as in negation=0.75, or 0.8 for all of "
              "them; may be repeated.")  # fmt: skip
@options.workers
@options.as_json
@options.verbosity
def command(names: tuple[str, ...], fail_under: tuple[str, ...], **chosen: Any) -> None:
    """Check what a model can do, capability by capability.

    Each check is a sentence or two about a product, a place, a film, a service, an app or a
    journey, written for this purpose and not part of data/. Some have a known answer; `uncertain`
    does not count as a pass and is reported separately. The others are pairs, before and after a
    change. The kinds are those of CheckList (Ribeiro et al., ACL 2020). Two sets are also counted
    on their own: basic and further.

    \b
    Basic: the answer is known:
      vocabulary       one clear word in a plain sentence, mild to strong
      negation         reversed by not, never, nobody, nothing, hardly …
      negation-at-end  reversed by the last words: …, but it wasn't
      contrast         praise and blame together, one of which decides: but, although …
      comparison       better or worse than something else
      question         a question and its answer, or a rhetorical one
      time             how it was, and how it is now
      emoji            a plain report whose opinion is in an emoji

    \b
    Basic: a change that does not matter: the same answer, the probability moves by at most
    0.1 (names and identity: 0.05):
      names            another name or place
      identity         another nationality, religion, gender … in a neutral sentence
      typos            misspelt words
      case             ALL CAPITALS, or no capitals
      links            an address, a @handle or a #tag added
      irrelevant       an unrelated sentence added

    \b
    Basic: a change with a direction: the probability moves the wrong way by at most 0.05:
      added            a clear opinion added

    \b
    Further: the answer is known:
      negation-far     reversed from far away: I would not in any way call …
      hearsay          what others say, against what the writer thinks
      the-other-one    a comparison that says more about the other thing
      question-answer  a short answer, which the question makes praise or blame
      hedges           said mildly: could be better, rather good, I suppose
      no-trouble       trouble that never came, or came: never had a problem
      as-promised      promises that are kept, or not: works as advertised
      implied          facts that are praise or a complaint: runs small
      neutral          no opinion: to be answered neutral, or uncertain
      idioms           figures of speech: fits like a glove, money down the drain
      expectation      what was expected, and how it turned out

    \b
    Further: a neutral sentence with one of 40 terms, which together are one check: the
    probability moves by at most 0.05 from the lowest to the highest:
      identity-terms   40 rarer identity terms in one neutral sentence

    Of a model with more classes, any answer but negative and positive counts like uncertain, except
    in the checks of neutral, and the probability that may move is that of positive with the other
    classes left out. A model of two classes passes those of neutral where it is uncertain.

    \b
    Examples:
      sentiment probe
      sentiment probe -m big.safetensors --capability negation --examples 20
      sentiment probe --capability basic --fail-under 0.8
      sentiment probe --fail-under basic=0.8 --fail-under negation=0.75 --fail-under identity=0.95
      sentiment probe --json
    """
    wanted = {part for name in names or SETS for part in SETS.get(name, [name])}
    capabilities = [each for name, each in CAPABILITIES.items() if name in wanted]
    known = [each.name for each in capabilities]
    known += whole_sets(known)
    gates = [read_rate(text, known, OVERALL) for text in fail_under]
    _probe(_Job(capabilities, gates, **chosen))


def _probe(job: _Job) -> None:
    """Run the checks, print the results, and check the gates."""
    path, model = open_model(job.model_path)
    score = partial(score_in_memory, model, workers=job.workers)
    results = probe(model, job.capabilities, score)
    as_json = _as_json(path, results, job.examples) if job.as_json else ""
    click.echo(as_json or _as_text(model, results, job.examples))
    rates = {each.name: each.rate for each in (*results, *by_set(results), combined(results))}
    check_gates(job.gates, rates)


def _as_json(path: Path, results: Sequence[Result], examples: int) -> str:
    parts = {each.name: _facts(each) | _failures(each, examples) for each in results}
    sets = {each.name: _facts(each) for each in by_set(results)}
    facts = {"model": str(path), **_facts(combined(results)), "sets": sets, "capabilities": parts}
    return json.dumps(facts)


def _as_text(model: Model, results: Sequence[Result], examples: int) -> bytes:
    overall = combined(results)
    sets = [each for each in by_set(results) if each.n < overall.n]
    blocks = [[*_table([*results, *sets], overall, model)]]
    blocks += [[*_examples(each, examples)] for each in results if examples and each.failed]
    return "\n\n".join("\n".join(block) for block in blocks).encode()  # emoji in any locale


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
                "texts": texts,
                "answers": answers,
                "p_positive": p_positive,
            }
            for outcome in result.worst(count)
            for texts, answers, p_positive in [zip(*outcome.shown, strict=True)]
        ]
    }


def _table(results: Sequence[Result], overall: Result, model: Model) -> Iterator[str]:
    """Yield a row for each capability; with a column of `uncertain` answers if there may be any.

    Answers of other classes than negative and positive are counted there.
    """
    rows = (*results, overall)
    width = max(len(each.name) for each in rows)
    decision = model.decision
    others = [name for name in model.labels.names if name not in SENTIMENT.names]
    may_abstain = isinstance(decision, Decision) and decision.abstention_interval
    unsure = bool(may_abstain or overall.uncertain)
    heading = ", ".join([*others[:_SHOWN], *["…"] * (len(others) > _SHOWN), UNCERTAIN])
    column = max(len(heading) + 3, 12)
    title = f"{'':<{width}}{'passed':>9}{'checks':>9}{heading if unsure else '':>{column}}"
    yield title.rstrip()
    about = {name: each.about for name, each in CAPABILITIES.items()}
    for name, (first, *_, last) in SETS.items():
        about[name] = f"all from {first} to {last}"
    about[OVERALL] = describe_band(decision, model.labels)
    for each in rows:
        left = f"{each.uncertain:>{column},}" if unsure else ""
        yield f"{each.name:<{width}}{percent(each.rate):>9}{each.n:>9,}{left}   {about[each.name]}"


def _examples(result: Result, count: int) -> Iterator[str]:
    """Yield the worst failures, grouped by what was expected."""
    worst = result.worst(count)
    yield f"{result.name}: {result.failed:,} failed"
    for expected in dict.fromkeys(outcome.check.expected for outcome in worst):
        yield f"  expected: {expected}"
        for outcome in worst:
            if outcome.check.expected == expected:
                yield from _lines(outcome)


def _lines(outcome: Outcome) -> Iterator[str]:
    marks = ("  ", "→ ") if len(outcome.shown) > 1 else ("",)
    for mark, (text, answer, p) in zip(marks, outcome.shown, strict=True):
        yield f"    {answer:<9}  {four_digits(p)}  {mark}{text}"
