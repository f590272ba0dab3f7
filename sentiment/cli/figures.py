"""Figures with their intervals as aligned text."""

from collections.abc import Iterator, Sequence

from sentiment.cli.wording import describe_band
from sentiment.evaluation import FEWEST, Abstention, Intervals, Metrics, Slice
from sentiment.evaluation.wording import number, numbers, percent, percents
from sentiment.model import Decision
from sentiment.reviews.cells import count_of, encode, printable

SHOWN_SLICES = 20
_VALUE_WIDTH = 30


def metrics_as_text(metrics: Metrics, intervals: Intervals) -> str:
    """Write all figures of all reviews."""
    return "\n".join([*_overall(metrics, intervals), "", *_classes(metrics, intervals)])


def slices_as_text(column: str, slices: Sequence[Slice]) -> str:
    """Write the figures of the slices of a column, as many as can be looked through."""
    shown = slices[:SHOWN_SLICES]
    names = [shortened(each.value, _VALUE_WIDTH) or "(empty)" for each in shown]
    title = shortened(f"by {column}", _VALUE_WIDTH)
    width = max(map(len, [title, *names]))
    rows = [f"{title:<{width}}{'reviews':>9}{'accuracy':>10}{'macro F1':>23}"]
    for name, each in zip(names, shown, strict=True):
        figures = "".join(
            f"{percent(each.figures[metric]):>10}  {percents(each.intervals.get(metric)):<11}"
            for metric in ("accuracy", "macro_f1")
        )
        note = "  too small to tell" if each.too_small else ""
        rows.append(f"{name:<{width}}{each.n:>9,}{figures}{note}".rstrip())
    if len(slices) > len(shown):
        rows.append(f"and {len(slices) - len(shown):,} more; --json has them all")
    if any(each.too_small for each in shown):
        rows.append(f"(too small: fewer than {FEWEST} reviews)")
    return "\n".join(rows)


def abstention_as_text(abstention: Abstention, decision: Decision) -> str:
    """Write what is answered, and how much of that is right."""
    right = percent(abstention.accuracy_answered)
    return (
        f"answered {percent(abstention.coverage):>9} of the reviews, {right} of these right\n"
        f"         ({describe_band(decision)})"
    )


def shortened(text: str, width: int) -> str:
    """Cut a text to a width, safe for terminals and on one line."""
    line = encode(printable(" ".join(text.split()))).decode()  # no lone surrogates either
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def _overall(metrics: Metrics, intervals: Intervals) -> Iterator[str]:
    beside = {
        "accuracy": f"of {count_of(metrics.n, 'review')}, positive from {metrics.threshold:.3g} on",
        "macro_f1": _constant(metrics),
        "ece": f"calibration error (ECE); {metrics.ece_floor:.4f} would be perfect",
    }
    yield f"{'95% interval':>35}"
    for name, title in (
        ("accuracy", "accuracy"),
        ("macro_f1", "macro F1"),
        ("mcc", "MCC"),
        ("roc_auc", "ROC AUC"),
        ("pr_auc", "PR AUC"),
        ("log_loss", "log loss"),
        ("brier", "Brier"),
        ("ece", "ECE"),
    ):
        shares = name in ("accuracy", "macro_f1")
        value, ends = getattr(metrics, name), intervals.get(name)
        figure = percent(value) if shares else number(value)
        interval = percents(ends) if shares else numbers(ends)
        yield f"{title:<9}{figure:>9}{interval:>17}    {beside.get(name, '')}".rstrip()


def _constant(metrics: Metrics) -> str:
    """Write what one answer to all reviews would come to."""
    accuracy, macro_f1 = (percent(metrics.constant[name]) for name in ("accuracy", "macro_f1"))
    return f"answering always {metrics.most_frequent}: accuracy {accuracy}, macro F1 {macro_f1}"


def _classes(metrics: Metrics, intervals: Intervals) -> Iterator[str]:
    yield f"{'':<9}{'precision':>9}{'recall':>22}{'F1':>22}{'reviews':>23}"
    for name in ("negative", "positive"):
        each = getattr(metrics, name)
        figures = "".join(
            f"{percent(getattr(each, metric)):>9}  {percents(intervals[f'{metric}_{name}']):<11}"
            for metric in ("precision", "recall", "f1")
        )
        yield f"{name:<9}{figures}{each.support:>10,}"
    (true_negative, false_positive), (false_negative, true_positive) = metrics.confusion.tolist()
    yield ""
    yield "           answered: negative   positive"
    yield f"is negative {true_negative:18,} {false_positive:10,}"
    yield f"is positive {false_negative:18,} {true_positive:10,}"
