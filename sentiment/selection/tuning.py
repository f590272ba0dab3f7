"""Search for the options of a training, each tried on the same folds; alone imports Optuna.

The default is the first trial, and is kept unless another is better by more than two standard
errors of the difference on the folds. Trials train as `train` does, and are sampled by
TPE (Bergstra et al., NIPS 2011; Optuna: Akiba et al., KDD 2019); one that is worse than most after
some folds is stopped.
"""

import errno
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from math import sqrt
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.errors import DataError, UsageError
from sentiment.evaluation.metrics import Metric
from sentiment.model.decision import confusion_matrix
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.crossing import Fit
from sentiment.selection.folds import Fold
from sentiment.training.options import OF_NGRAMS, TrainingOptions

Counts = NDArray[np.int64]
Values = dict[str, Any]
MakesFit = Callable[[TrainingOptions], Fit]

_HIDDEN = {"": (), "16": (16,), "64": (64,), "32,16": (32, 16)}
# Tried after the default: each changes what most often helps, and tells what it is worth.
_FIRST: tuple[Values, ...] = (
    {"learning_rate": 0.02, "smoothing": 1.0},
    {"char_ngrams": 6, "min_df": 2},
    {"hidden": "64", "dropout": 0.5},
    {"word_ngrams": 3, "smoothing": 4.0},
)
_STARTUP = 8  # trials before the sampler goes by their results
_MIN_COMPARED = 4  # trials that a running one is compared with
_BEYOND_CHANCE = 2.0  # standard errors: the best of many trials is partly lucky
_IMPORTANCE = 10  # trials from which on it can be told what mattered


@dataclass(frozen=True, eq=False)
class Trial:
    """A finished trial.

    Attributes:
        number: from 0, the default.
        values: the options tried, as sampled; {} for the default.
        counts: of each fold by label and answer, int64 [K, C, C].
        score: the metric of all folds together.
        right: which reviews were answered correctly, fold by fold, bool [n].
    """

    number: int
    values: Values
    counts: Counts
    score: float
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """What came of a search.

    Attributes:
        default: the first trial.
        best: the one with the highest score; it may be the default.
        gain: by how much the best is better.
        error: the standard error of that.
        importance: the share of each option in what differed between trials, largest first; () of
            too few trials.
        finished, stopped: numbers of trials.
    """

    default: Trial
    best: Trial
    gain: float
    error: float
    importance: tuple[tuple[str, float], ...]
    finished: int
    stopped: int

    @property
    def chosen(self) -> Trial:
        """The best, if it is better than the default by more than chance, else the default."""
        return self.best if self.gain > _BEYOND_CHANCE * self.error else self.default


def options_of(values: Values, options: TrainingOptions) -> TrainingOptions:
    """Return options with the values of a trial."""
    chosen = dict(values)
    if "hidden" in chosen:
        chosen["hidden"] = _HIDDEN[chosen["hidden"]]
    return replace(options, **chosen)


class Search:
    """A search that is kept in a file after each trial, and resumed from there."""

    def __init__(
        self,
        path: Path,
        reviews: LabelledReviews,
        folds: Sequence[Fold],
        options: TrainingOptions,
        metric: Metric,
        makes: MakesFit,
        about: str = "",
    ) -> None:
        """Open the study, or begin one.

        Args:
            path: the file of the study, SQLite.
            reviews: to train on and to be answered.
            folds: of each trial.
            options: the default; those that the user gave are not searched.
            metric: of counts, to maximize.
            makes: returns what trains with some options.
            about: what else the results depend on, such as a base.

        Raises:
            UsageError: the file is a study of other reviews or options.
            DataError: it is no study.
            OSError: it cannot be written.
        """
        self._reviews, self._folds, self._options = reviews, folds, options
        self._metric, self._makes, self._path = metric, makes, path
        with _storing(path):
            self._study = _opened(path, self._identity(about))

    def _identity(self, about: str) -> str:
        content = hashlib.blake2b(digest_size=16)
        content.update(self._reviews.digest().astype("<u8").tobytes())
        content.update(self._reviews.labels.astype("<i2").tobytes())
        for fold in self._folds:
            content.update(fold.held_out.astype("<i8").tobytes())
        choices = [__version__, self._metric.name, self._options.as_json(), about]
        content.update(json.dumps(choices).encode())
        return content.hexdigest()

    @property
    def done(self) -> int:
        """The number of trials that were finished or stopped."""
        import optuna

        states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        return len(self._study.get_trials(deepcopy=False, states=states))

    def run(
        self, trials: int | None, seconds: float | None, told: Callable[[int, int], None]
    ) -> None:
        """Try options until there are so many trials, or so many seconds have passed.

        The default is always tried. A trial that is interrupted is repeated in the next run.

        Args:
            trials: of all runs of the study together; None for no limit.
            seconds: of this run; None for no limit.
            told: is told before each training: the numbers of the trial and of the fold, from 0.

        Raises:
            OSError: a trial cannot be saved; those before it are.
        """
        began = time.monotonic()
        while (number := self.done) == 0 or (
            (trials is None or number < trials)
            and (seconds is None or time.monotonic() - began < seconds)
        ):
            with _storing(self._path):
                self._run_one(number, told)

    def _run_one(self, number: int, told: Callable[[int, int], None]) -> None:
        """Try options once, and save the result."""
        import optuna

        self._study.sampler = _sampler(self._options.seed, number)
        trial = self._study.ask()
        state = optuna.trial.TrialState.FAIL
        score = None
        try:
            values = {} if number == 0 else self._suggested(trial, number)
            score = self._tried(trial, number, values, told)
            state = optuna.trial.TrialState.COMPLETE
            if score is None:
                state = optuna.trial.TrialState.PRUNED
        except UsageError:  # the training diverged: no better than stopped
            if number == 0:
                raise
            state = optuna.trial.TrialState.PRUNED
        finally:
            self._study.tell(trial, score, state)

    def _suggested(self, trial: Any, number: int) -> Values:
        """Return values to try, as the study's sampler suggests, or those of `_FIRST`."""
        free = {name for name, value in asdict(self._options).items() if value is None}
        space: dict[str, Callable[[], Any]] = {
            "hidden": lambda: trial.suggest_categorical("hidden", [*_HIDDEN]),
            "epochs": lambda: trial.suggest_int("epochs", 3, 20),
            "learning_rate": lambda: trial.suggest_float("learning_rate", 0.002, 0.05, log=True),
            "word_ngrams": lambda: trial.suggest_int("word_ngrams", 1, 4),
            "char_ngrams": lambda: trial.suggest_categorical("char_ngrams", [0, 3, 4, 5, 6]),
            "min_df": lambda: trial.suggest_int("min_df", 1, 3),
            "smoothing": lambda: trial.suggest_float("smoothing", 0.25, 16.0, log=True),
        }
        if self._options.architecture == "cnn":
            free.difference_update(OF_NGRAMS)
        names = [name for name in space if name in free]
        if not self._options.dropout:
            space["dropout"] = lambda: trial.suggest_float("dropout", 0.0, 0.6)
            names.append("dropout")
        fixed_of = [{name: each[name] for name in each if name in names} for each in _FIRST]
        first = [each for each in fixed_of if each]
        if number <= len(first):
            fixed = first[number - 1]
            trial.set_user_attr("fixed", fixed)
            return fixed
        return {name: space[name]() for name in names}

    def _tried(
        self, trial: Any, number: int, values: Values, told: Callable[[int, int], None]
    ) -> float | None:
        """Train on each fold; return the score, None if it was stopped."""
        options = options_of(values, self._options)
        fit, found, right = self._makes(options), list[Counts](), list[NDArray[np.bool_]]()
        for place, fold in enumerate(self._folds):
            told(number, place)
            texts = [self._reviews.texts[row] for row in fold.held_out.tolist()]
            answered = fit(self._reviews.take(fold.training), texts)
            labels = self._reviews.labels[fold.held_out]
            found.append(
                confusion_matrix(labels, answered.labels, len(self._reviews.label_set)).astype(int)
            )
            right.append(answered.labels == labels)
            running = self._score(np.array(found))
            trial.report(running, place)
            if number and place < len(self._folds) - 1 and self._is_hopeless(running, place):
                return None
        trial.set_user_attr("values", values)
        trial.set_user_attr("counts", np.array(found).tolist())
        trial.set_user_attr("right", np.packbits(np.concatenate(right)).tobytes().hex())
        return self._score(np.array(found))

    def _score(self, counts: Counts) -> float:
        assert self._metric.of_counts is not None
        return float(self._metric.of_counts(counts.sum(axis=0).astype(np.float64)))

    def _is_hopeless(self, running: float, place: int) -> bool:
        """Return whether a trial is below the median of others after as many folds."""
        others = [
            trial.intermediate_values[place]
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state.is_finished() and place in trial.intermediate_values
        ]
        return len(others) >= _MIN_COMPARED and running < float(np.median(others))

    def outcome(self) -> Outcome:
        """Compare the best trial with the default."""
        import optuna

        complete = optuna.trial.TrialState.COMPLETE
        trials = [
            self._read(number, each)
            for number, each in enumerate(
                self._study.get_trials(deepcopy=False, states=(complete,))
            )
        ]
        default = trials[0]
        best = max(trials, key=lambda trial: trial.score)  # the first of equals
        return Outcome(
            default,
            best,
            best.score - default.score,
            self._standard_error(best, default),
            self._importance(),
            len(trials),
            self.done - len(trials),
        )

    def _read(self, number: int, trial: Any) -> Trial:
        """Return a finished trial from the study."""
        attributes = trial.user_attrs
        bits = np.frombuffer(bytes.fromhex(attributes["right"]), np.uint8)
        right = np.unpackbits(bits, count=len(self._reviews)).astype(np.bool_)
        counts = np.array(attributes["counts"])
        return Trial(number, attributes["values"], counts, trial.value, right)

    def _standard_error(self, one: Trial, other: Trial) -> float:
        """Return the standard error of the difference of two trials on the same folds.

        It is the larger of two: from what each fold contributes (see `corrected_interval` in
        `estimates.py`), which a few folds may make too small by chance; and from the reviews that
        only one answers correctly, as McNemar's test does.
        """
        folds = len(self._folds)
        without = [
            self._score(np.delete(one.counts, fold, axis=0))
            - self._score(np.delete(other.counts, fold, axis=0))
            for fold in range(folds)
        ]
        of_folds = sqrt((folds - 1) * float(np.var(without, ddof=1)))
        changes = one.right.astype(np.float64) - other.right
        return max(of_folds, float(changes.std()) / sqrt(changes.size))

    def _importance(self) -> tuple[tuple[str, float], ...]:
        import optuna

        sampled = [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state == optuna.trial.TrialState.COMPLETE and trial.params
        ]
        if len(sampled) < _IMPORTANCE:
            return ()
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        found = optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        return tuple((name, float(share)) for name, share in found.items())


def _sampler(seed: int, number: int) -> Any:
    """Return the sampler of a trial: so a resumed study goes on as an uninterrupted one."""
    import optuna

    return optuna.samplers.TPESampler(
        seed=(seed * 1_000_003 + number) % 2**32, n_startup_trials=_STARTUP, multivariate=True
    )


@contextmanager
def _storing(path: Path) -> Iterator[None]:
    """Say in plain words why a study cannot be saved.

    Raises:
        OSError: the disk is full, say, or another process has changed the file.
    """
    import optuna

    try:
        yield
    except (optuna.exceptions.OptunaError, sqlite3.Error) as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, sqlite3.Error):
            cause = cause.__cause__ or cause.__context__
        why = f"cannot keep the search ({cause or error}); the same command resumes it"
        raise OSError(errno.EIO, why, str(path)) from error


def _opened(path: Path, identity: str) -> Any:
    """Open a study, or begin one; trials that were interrupted are given up.

    Raises:
        UsageError: it is of other reviews or options.
        DataError: it is no study.
    """
    import optuna
    import sqlalchemy

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # As a URI, in which a name may have any character: "?" would end that of SQLAlchemy's URL.
    place = f"file:{quote(str(path.resolve()))}"
    url = sqlalchemy.URL.create("sqlite", database=place, query={"uri": "true"})
    if path.exists() and not _is_study(path, place):
        raise DataError(f"{path}: no study of sentiment tune; name another --study")
    try:
        study = optuna.create_study(
            storage=url.render_as_string(),
            study_name="sentiment",
            direction="maximize",
            load_if_exists=True,
        )
    except RuntimeError as error:  # of another version of Optuna
        raise DataError(f"{path}: {error}; name another --study") from error
    known = study.user_attrs.get("identity")
    if known is None:
        study.set_user_attr("identity", identity)
    elif known != identity:
        raise UsageError(
            f"{path} is a study of other reviews, folds or options: give the same again, or name "
            "another --study"
        )
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _is_study(path: Path, place: str) -> bool:
    """Return whether a file is a study, or empty; it is not changed."""
    if not path.stat().st_size:
        return True
    try:
        with closing(sqlite3.connect(f"{place}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError:
        return False
    return not tables or "studies" in tables
