"""What the program is held against, on the same rows. Each returns accuracy on the test reviews."""

import json
import re
import subprocess
import tempfile
import venv
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews.dataset import LabelledReviews

HERE = Path(__file__).resolve().parent
_TOKEN = re.compile(r"\w+|[^\w\s]")
# What peers need lives in an environment of its own: nobody needs it to use the program.
_ENVIRONMENT = HERE / ".peers"
_PACKAGES = [
    "cleanlab",
    "fastapi",
    "fasttext-wheel",
    "httptools",
    "numpy<2",
    "uvicorn",
    "uvloop",
    "vaderSentiment",
]


def peers_python() -> Path:
    """The interpreter of the peers' environment, made when it is missing or lacks a package."""
    python, ready = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "ready"
    if not ready.exists() or ready.read_text().split() != _PACKAGES:
        venv.create(_ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *_PACKAGES], check=True)
        ready.write_text("\n".join(_PACKAGES))
    return python


def write_tokenized(reviews: LabelledReviews, path: Path) -> None:
    """Write what fastText reads."""
    with path.open("w", encoding="utf-8") as file:
        for text, label in zip(reviews.texts, reviews.labels.tolist(), strict=True):
            file.write(tokenized(text, label))


def tokenized(text: str, label: object) -> str:
    """Give a line as fastText reads it: lower-cased tokens set apart by spaces, after the label."""
    tokens = _TOKEN.findall(text.replace("<br />", " ").lower())
    return f"__label__{label} {' '.join(tokens)}\n"


def _fasttext(training: LabelledReviews, test: LabelledReviews, options: str) -> float:
    """Return the accuracy of fastText."""
    return float(np.mean(_run_fasttext(_FIT.format(options), [(training, test)])[0] == test.labels))


# Its autotuning tries tables of tens of gigabytes; where memory is refused, it tries others.
_MOST_MEMORY = 12 << 30
_FIT = "def fit(fold): return train_supervised(input=f'{{fold}}.all', {})"
# The settings that tuning found for the first fold fit the others: its tuning takes minutes.
_TUNE = """
options = dict(dim=100, seed={}, autotuneValidationFile='0.tune', autotuneDuration={})
found = train_supervised(input='0.most', **options).f.getArgs()
names = 'dim lr epoch wordNgrams minn maxn bucket minCount'.split()
settings = dict((name, getattr(found, name)) for name in names)
settings['loss'] = found.loss.name
def fit(fold): return train_supervised(input=f'{{fold}}.all', **settings)
"""
_ANSWER = """
import functools, json, resource
resource.setrlimit(resource.RLIMIT_AS, ({memory},) * 2)
import fasttext
train_supervised = functools.partial(fasttext.train_supervised, thread=2, verbose=0)
{fit}
answers = []
for fold in range({folds}):
    model = fit(fold)
    lines = open(f'{{fold}}.test', newline='\\n')
    texts = [line.split(' ', 1)[1].rstrip() for line in lines]
    found = [model.predict(text)[0] or ['__label__0'] for text in texts]
    answers.append([int(labels[0].removeprefix('__label__')) for labels in found])
print(json.dumps(answers))
"""


def _run_fasttext(
    fit: str, folds: Sequence[tuple[LabelledReviews, LabelledReviews]], limit: float | None = None
) -> list[NDArray[np.int64]]:
    """Return the answers of fastText for the test rows of each fold.

    A tenth of the training rows of the first fold is for its tuning.

    Raises:
        subprocess.TimeoutExpired: it took longer than `limit` seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (training, test) in enumerate(folds):
            write_tokenized(training, folder / f"{number}.all")
            write_tokenized(test, folder / f"{number}.test")
        training = folds[0][0]
        held_out = max(len(training) // 10, 1)
        write_tokenized(training.take(np.arange(held_out, len(training))), folder / "0.most")
        write_tokenized(training.take(np.arange(held_out)), folder / "0.tune")
        script = _ANSWER.format(memory=_MOST_MEMORY, fit=fit, folds=len(folds))
        done = subprocess.run(
            [peers_python(), "-c", script],
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=limit,
        )
        return [np.array(each, np.int64) for each in json.loads(done.stdout.splitlines()[-1])]


def fasttext_default(training: LabelledReviews, test: LabelledReviews, grams: int) -> float:
    """FastText with its defaults and word n-grams."""
    return _fasttext(training, test, f"wordNgrams={grams}")


def fasttext_autotuned(training: LabelledReviews, test: LabelledReviews) -> float:
    """FastText tuned by itself for five minutes on a tenth of the training rows."""
    answers = fasttext_tuned_answers([(training, test)], 300)[0]
    return float(np.mean(answers == test.labels))


def fasttext_tuned_answers(
    folds: Sequence[tuple[LabelledReviews, LabelledReviews]], seconds: int
) -> list[NDArray[np.int64]]:
    """Return the answers of fastText for the test rows of each fold.

    It tunes itself on a tenth of the training rows of the first fold, and is fitted with these
    settings to all training rows of each. The width of its vectors stays at 100, its default: left
    to itself it tried up to 1,000, had time for few trials, and ran out of memory. Some runs go on
    tuning long after their time; they are stopped and begun again with another seed.
    """
    for seed in count():
        with suppress(subprocess.TimeoutExpired):
            return _run_fasttext(_TUNE.format(seed, seconds), folds, (3 + len(folds)) * seconds)
    raise AssertionError


_RANK = """
import sys
import numpy as np
from cleanlab.rank import get_label_quality_scores
found = np.load(sys.argv[1])
scores = get_label_quality_scores(found["labels"], found["probabilities"])
np.save(sys.argv[2], np.argsort(scores, kind="stable"))
"""


def cleanlab_ranking(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Return the reviews by how likely cleanlab finds their label to be wrong, int64 [n]."""
    with tempfile.TemporaryDirectory() as name:
        given, found = Path(name, "given.npz"), Path(name, "found.npy")
        np.savez(given, probabilities=probabilities, labels=labels.astype(np.int64))
        subprocess.run([peers_python(), "-c", _RANK, given, found], check=True)
        return np.load(found)


def tfidf(training: LabelledReviews, test: LabelledReviews) -> float:
    """TF-IDF of 1- and 2-grams with logistic regression, C chosen by cross-validation."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    rows = vectorizer.fit_transform(training.texts)
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [1, 10, 30]}, cv=3)
    pipeline = make_pipeline(vectorizer, search.fit(rows, training.labels))
    return float(pipeline.score(test.texts, test.labels))


def balanced_tfidf(training: LabelledReviews, test: LabelledReviews) -> float:
    """Macro F1 of TF-IDF of 1- and 2-grams with balanced logistic regression, all else default."""
    from sklearn.metrics import f1_score

    answers = tfidf_answers(training, test, "balanced")
    return float(f1_score(test.labels, answers, average="macro"))


def tfidf_answers(
    training: LabelledReviews, test: LabelledReviews, class_weight: str | None
) -> NDArray[np.int64]:
    """Return the answers of TF-IDF of 1- and 2-grams with logistic regression, [n]."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)),
        LogisticRegression(class_weight=class_weight, max_iter=1000),
    )
    return pipeline.fit(training.texts, training.labels).predict(test.texts)


def nb_logistic_regression(training: LabelledReviews, test: LabelledReviews) -> float:
    """NB-weighted binary 1–3-grams with logistic regression (Wang and Manning, 2012)."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = CountVectorizer(
        ngram_range=(1, 3), binary=True, min_df=2, token_pattern=_TOKEN.pattern
    )
    rows = vectorizer.fit_transform(training.texts).astype(np.float32)
    positive = np.asarray(rows[training.labels == 1].sum(0)).ravel() + 1
    negative = np.asarray(rows[training.labels == 0].sum(0)).ravel() + 1
    ratio = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    fitted = LogisticRegression(C=1.0, max_iter=200, solver="liblinear", dual=True)
    fitted.fit(rows.multiply(ratio).tocsr(), training.labels)
    scored = vectorizer.transform(test.texts).multiply(ratio).tocsr()
    return float(fitted.score(scored, test.labels))


def vader(test: LabelledReviews) -> float:
    """VADER's lexicon, positive where its compound score is 0 or more."""
    return float(np.mean(vader_answers(test.texts) == test.labels))


def vader_answers(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Say which texts VADER calls positive, those with a score of 0 or more: bool [n]."""
    return vader_scores(texts) >= 0


def vader_scores(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return VADER's compound scores of texts, from -1 to 1: float64 [n]."""
    script = (
        "import json, sys; from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer; "
        "score = SentimentIntensityAnalyzer().polarity_scores; "
        "print(json.dumps([score(text)['compound'] for text in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [peers_python(), "-c", script],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
    )
    return np.array(json.loads(done.stdout))
