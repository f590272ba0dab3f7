"""Labelled reviews and their scores → figures: how good a model is.

`measure` gives the figures of probabilities and answers against labels, `intervals_of` how far they
would move with other reviews. `slices_of` does both for parts of the reviews; `compare` sets two
models side by side; `gates` hold figures to goals; `choose_decision` chooses what to answer
so that goals hold; `rank_mistakes` and `explain_mistakes` show where a model is surest and wrong.
"""

from sentiment.evaluation.abstention import Abstention, abstention_of
from sentiment.evaluation.bootstrap import Interval
from sentiment.evaluation.comparison import (
    Comparison,
    Difference,
    Side,
    compare,
)
from sentiment.evaluation.counts import answers_by
from sentiment.evaluation.gates import Gate, check_values, missed, read_gate, read_rate
from sentiment.evaluation.goals import Choice, Goal, Part, choose_decision, read_goals
from sentiment.evaluation.intervals import Intervals, intervals_of
from sentiment.evaluation.metrics import ClassMetrics, Metrics, measure
from sentiment.evaluation.mistakes import MOST, Mistake, explain_mistakes, rank_mistakes
from sentiment.evaluation.pairs import FEWEST_CHANGES
from sentiment.evaluation.prediction_bounds import CONFIDENCE
from sentiment.evaluation.slices import (
    BUILT_IN,
    FEWEST,
    Slice,
    reading_for,
    slice_values,
    slices_of,
)

__all__ = [
    "BUILT_IN",
    "CONFIDENCE",
    "FEWEST",
    "FEWEST_CHANGES",
    "MOST",
    "Abstention",
    "Choice",
    "ClassMetrics",
    "Comparison",
    "Difference",
    "Gate",
    "Goal",
    "Interval",
    "Intervals",
    "Metrics",
    "Mistake",
    "Part",
    "Side",
    "Slice",
    "abstention_of",
    "answers_by",
    "check_values",
    "choose_decision",
    "compare",
    "explain_mistakes",
    "intervals_of",
    "measure",
    "missed",
    "rank_mistakes",
    "read_gate",
    "read_goals",
    "read_rate",
    "reading_for",
    "slice_values",
    "slices_of",
]
