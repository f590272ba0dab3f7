"""How good the bundled models are, beside that of version 0.1.0 and VADER, in the same run.

`make bench-general` runs this, and `make bench-general PARTS="real probe"` parts of it. It needs
the real data sets (../shared/datasets). Each part prints its figures as they come and writes them
into its section of RESULTS.md. Test splits, and the sentences of free.csv, are opened here and
nowhere else: no choice of a model was made on them. The parts `withheld` and `few` first make two
language models, more than half an hour each, and keep them.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from accuracy import read
from bundled import OWN, bundled, ece_of, models, probabilities, scored
from few import in_half_a
from general_speed import speed
from numpy.typing import NDArray
from peers import vader_answers, vader_scores
from results import DATASETS, HERE, Table, parts_asked
from withheld import few, withheld

from sentiment.evaluation.metrics import Evaluation, of_two
from sentiment.labels import NEUTRAL, POSITIVE, SENTIMENT, UNCERTAIN, WITH_NEUTRAL
from sentiment.model.decision import Decision, MultiDecision
from sentiment.model.model import Model
from sentiment.probing import SETS, by_set, probe
from sentiment.reviews.dataset import LabelledReviews
from tools.general.measure import development
from tools.general.sources import HIGH, read_neutral

TWEETS = "airline/Tweets.csv"
FREE = HERE / "free.csv"
TEMPLATES = HERE / "templates.txt"
TERMS = HERE.parent / "tools/general/held_out_terms.txt"
# What decides in reviews of data/test.csv that a bag of words cannot read.
ORDER = ("negation", "contrast", "time shift", "comparison")
TOLERANCE = 0.05
VADER, _NEUTRAL_SCORE = "VADER", 0.05

Answers = NDArray[np.bool_]


def table_of(title: str, part: str, what: str, *others: str) -> Table:
    """Return an empty table with a column for each model, and others."""
    return Table(title, f"make bench-general PARTS={part}", what, ("figure", *models(), *others))


def percent(share: float) -> str:
    """Write a share in percent, without the sign."""
    return f"{100 * share:.1f}"


def positive(model: Model, texts: list[str]) -> Answers:
    """Return which texts are positive where only negative and positive are asked for, bool [n]."""
    model = model.restricted(SENTIMENT)
    return model.decision.choose(probabilities(model, texts)) == 1


def undecided(model: Model, texts: list[str]) -> Answers:
    """Return which texts the model as it is answers with neutral or uncertain, bool [n]."""
    answers = model.answers(scored(model, texts))
    return np.array([answer in (NEUTRAL, UNCERTAIN) for answer in answers])


def by_model(
    answers: Callable[[Model, list[str]], Answers], texts: list[str]
) -> dict[str, Answers]:
    """Return the answers of each model by its name."""
    return {name: answers(model, texts) for name, model in models().items()}


def neutral_to_vader(texts: list[str]) -> Answers:
    """Return which texts VADER calls neutral, as its authors recommend to read it, bool [n]."""
    return np.abs(vader_scores(texts)) < _NEUTRAL_SCORE


def real() -> None:
    """Reviews and tweets with labels."""
    table = table_of(
        "The bundled models on reviews and tweets", "real",
        "accuracy and macro F1 in %; the calibration error, ECE, of the probability of positive "
        "or, of three classes, of the answer, and in brackets the ECE that perfect calibration "
        "would have with such probabilities, simulated. The models learned from the training "
        "splits of IMDb and SST-2, and from no tweets",
        VADER,
    )  # fmt: skip
    _measure(table, "SST-2 test", read("sst2/test.tsv"), "accuracy")
    _measure(table, "IMDb test", read("imdb/test.parquet"), "accuracy")
    sides = half_b(read(TWEETS, classes=SENTIMENT.names))
    _measure(table, "airline tweets, half B, 2 classes", sides, "macro_f1", "roc_auc")
    _measure(table, "airline tweets, half B, 3 classes", half_b(read(TWEETS)), "macro_f1")
    table.write()


def half_b(reviews: LabelledReviews) -> LabelledReviews:
    """Return the reviews on which nothing was chosen."""
    return reviews.take(np.flatnonzero(~in_half_a(list(reviews.texts))))


def _measure(table: Table, name: str, reviews: LabelledReviews, *figures: str) -> None:
    """Add the figures of each model that knows the classes, and of VADER."""
    found = {
        who: evaluated(model, reviews)
        for who, model in models().items()
        if set(reviews.label_set.names) <= set(model.labels.names)
    }
    every = found | {VADER: _of_vader(reviews)}
    titles = {metric.name: metric.title for metric in every[VADER].metrics.all}
    for figure in figures:
        form = "{:.3f}".format if figure == "roc_auc" else percent
        cells = (form(every[who].figures[figure]) if who in every else "" for who in _columns())
        table.row(f"{name} ({len(reviews):,}), {titles[figure]}", *cells)
    calibration = (ece_of(found[who]) if who in found else "" for who in _columns())
    table.row(f"{name}, ECE", *calibration)


def _columns() -> list[str]:
    return [*models(), VADER]


def evaluated(model: Model, reviews: LabelledReviews) -> Evaluation:
    """Evaluate a model that is asked for the classes of the reviews alone."""
    model = model.restricted(reviews.label_set)
    found = probabilities(model, reviews.texts)
    return Evaluation(found, reviews.labels, model.decision, reviews.label_set)


def _of_vader(reviews: LabelledReviews) -> Evaluation:
    """Evaluate VADER, whose scores are no probabilities; three classes as its authors have them."""
    scores = vader_scores(reviews.texts)
    if reviews.label_set.is_binary:
        return Evaluation(of_two((1 + scores) / 2), reviews.labels, Decision())
    answers = 1 + np.sign(scores) * (np.abs(scores) >= _NEUTRAL_SCORE)
    certain = np.eye(3)[answers.astype(int)]
    return Evaluation(certain, reviews.labels, MultiDecision(), reviews.label_set)


def sources() -> None:
    """Texts that were held out of training, of each source, and tweets of half A."""
    table = Table(
        "Texts held out of each source of the bundled models", "make bench-general PARTS=sources",
        "of the answers negative, neutral and positive: accuracy in %, and ECE, in brackets that "
        "of perfect calibration, simulated",
        ("source", "texts", *(f"{who}, {what}" for who in bundled() for what in ("right", "ECE"))),
    )  # fmt: skip
    for name, examples in development(DATASETS, OWN / "train.csv"):
        labels = np.array([np.argmax(each.target) for each in examples])
        reviews = LabelledReviews([each.text for each in examples], labels, label_set=WITH_NEUTRAL)
        cells: list[str] = []
        for model in bundled().values():
            if len(model.labels) < 3:
                cells += ["", ""]
                continue
            found = evaluated(model, reviews)
            cells += [percent(found.figures["accuracy"]), ece_of(found)]
        table.row(name, f"{len(examples):,}", *cells)
    table.write()


def neutral() -> None:
    """Neutral texts, and how many of them are left without a side, or get one surely."""
    table = table_of(
        "Neutral texts and the bundled model", "neutral",
        "the share in % that is answered neutral or uncertain, and the share that has a "
        f"probability of negative or of positive above {HIGH}",
        VADER,
    )  # fmt: skip
    for name, texts in read_neutral(DATASETS).items():
        if name.endswith((" B", " test")):
            answers = [*by_model(undecided, texts).values(), neutral_to_vader(texts)]
            cells = [percent(each.mean()) for each in answers]
            table.row(f"{name} ({len(texts):,}), neutral or uncertain", *cells)
            sure = by_model(_sure, texts).values()
            table.row(f"{name}, surely on a side", *(percent(each.mean()) for each in sure), "")
    table.write()


def _sure(model: Model, texts: list[str]) -> Answers:
    sides = model.labels.indices_of(SENTIMENT.names)
    return probabilities(model, texts)[:, sides].max(axis=1) > HIGH


def corpus() -> None:
    """`data/test.csv` by phenomenon."""
    table = table_of(
        "The bundled models on data/test.csv", "corpus",
        "accuracy in %, by what decides how the review is read", VADER,
    )  # fmt: skip
    rows = _rows(OWN / "test.csv")
    texts = [row["text"] for row in rows]
    labels = np.array([row["label"] == POSITIVE for row in rows])
    answers = by_model(positive, texts) | {VADER: vader_answers(texts)}
    for name, chosen in _groups(np.array([row["phenomenon"] for row in rows])):
        _add(table, name, answers, labels, chosen)
    table.write()


def _add(
    table: Table, name: str, answers: dict[str, Answers], labels: Answers, chosen: Answers
) -> None:
    """Add the accuracy on some rows."""
    cells = ((each == labels)[chosen].mean() for each in answers.values())
    table.row(f"{name} ({chosen.sum()})", *map(percent, cells))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _groups(phenomena: NDArray[np.str_]) -> Iterator[tuple[str, Answers]]:
    """Yield which rows are of each phenomenon, of those that need word order, and all."""
    for name in np.unique(phenomena):
        yield str(name), phenomena == name
    yield f"{', '.join(ORDER)} together", np.isin(phenomena, ORDER)
    yield "all", np.ones(phenomena.size, np.bool_)


def probed() -> None:
    """The checks of `sentiment probe`, and terms for people in neutral sentences."""
    table = table_of(
        "Behavioral checks of the bundled models", "probe",
        "passed in %: the checks of `sentiment probe`, and neutral sentences with terms for people "
        "that stand in no list of what they learned from",
    )  # fmt: skip
    for name, capabilities in SETS.items():
        results = [probe(model, capabilities.values()) for model in models().values()]
        whole = [by_set(each) for each in results]
        for title, each in (("", results), ("the whole set ", whole)):
            for of_models in zip(*each, strict=True):
                first = of_models[0]
                label = f"{title}{first.name}" if title else f"{name}: {first.name}"
                table.row(f"{label} ({first.n})", *(percent(found.rate) for found in of_models))
    _terms(table)
    table.write()


def _terms(table: Table) -> None:
    """Add how many terms leave a neutral sentence where the median of all terms has it."""
    templates, terms = (path.read_text("utf-8").split("\n")[:-1] for path in (TEMPLATES, TERMS))
    texts = [template.format(term=term) for template in templates for term in terms]
    shape = (len(templates), len(terms))
    about = f"{shape[0]} sentences × {shape[1]} terms, p(positive) within {TOLERANCE} of the median"
    for what, labels in (("", None), (", neutral left out", SENTIMENT)):
        shares = []
        for model in models().values():
            asked = model.restricted(labels or model.labels)
            p_positive = probabilities(asked, texts)[:, asked.labels.positive].reshape(shape)
            moved = np.abs(p_positive - np.median(p_positive, axis=1, keepdims=True))
            shares.append(np.mean(moved <= TOLERANCE))
        table.row(f"{about}{what}", *map(percent, shares))


def free() -> None:
    """Sentences by authors who saw neither what the models learned from nor the checks."""
    rows = _rows(FREE)
    kinds = np.array([row["kind"] for row in rows])
    table = table_of(
        "Sentences that were written for one measurement", "free",
        "right in %. Their authors had seen neither lessons nor checks. Neutral statements are "
        "right if they are answered neutral or uncertain; of the others, the model is asked for "
        "negative or positive",
        VADER,
    )  # fmt: skip
    texts = [row["text"] for row in rows if row["kind"] != NEUTRAL]
    labels = np.array([row["label"] == POSITIVE for row in rows if row["kind"] != NEUTRAL])
    answers = by_model(positive, texts) | {VADER: vader_answers(texts)}
    others = kinds[kinds != NEUTRAL]
    for kind in np.unique(others):
        _add(table, kind.replace("_", " "), answers, labels, others == kind)
    texts = [row["text"] for row in rows if row["kind"] == NEUTRAL]
    answers = by_model(undecided, texts) | {VADER: neutral_to_vader(texts)}
    table.row(f"neutral ({len(texts)})", *(percent(each.mean()) for each in answers.values()))
    table.write()


PARTS: dict[str, Callable[[], None]] = {
    "real": real, "sources": sources, "neutral": neutral, "corpus": corpus, "probe": probed,
    "free": free, "speed": speed, "withheld": withheld, "few": few,
}  # fmt: skip


def main() -> None:
    """Run the parts that the command line names, or all."""
    for name in parts_asked(__doc__, PARTS)[0]:
        PARTS[name]()


if __name__ == "__main__":
    main()
