"""What there is to show of a model on some reviews: a page, and single pictures.

`content` gathers it, `pictures` makes charts of it. `page` writes one file of HTML, for which `svg`
and `forest` lay out charts, `body` the text of mistakes, and `cuts` what the slider counts; `plots`
draws pictures into files by themselves.
"""

from sentiment.evaluation.report.content import Report
from sentiment.evaluation.report.page import page_of
from sentiment.evaluation.report.pictures import PICTURES, picture_of
from sentiment.evaluation.report.plots import FORMATS, need_matplotlib, plot

__all__ = [
    "FORMATS",
    "PICTURES",
    "Report",
    "need_matplotlib",
    "page_of",
    "picture_of",
    "plot",
]
