"""Files and streams of reviews → rows, texts and labels; rows and predictions → files.

The data flow: `expand` turns what the user named into paths; `open_source` opens each as a
`Source` of batches of rows; `find_columns` chooses the columns, and `texts_of` reads the texts.
`read_labelled` does all of this for training, reads the labels too (`read_labels`), and
`stratified_split` holds rows out. `writer_for` writes predictions beside the rows they belong to.
"""

from sentiment.reviews.columns import Columns, find_columns, text_of, texts_of
from sentiment.reviews.dataset import LabelledReviews, require_both_classes
from sentiment.reviews.formats import (
    INPUT_FORMATS,
    OUTPUT_FORMATS,
    format_of,
    output_format_of,
)
from sentiment.reviews.labelled import read_labelled, read_texts
from sentiment.reviews.labels import LabelReading, read_labels
from sentiment.reviews.opening import expand, open_source
from sentiment.reviews.predictions import Predictions, read_predictions
from sentiment.reviews.source import Batch, Row, Source, TextsSource, peek
from sentiment.reviews.split import stratified_split
from sentiment.reviews.stream import Where
from sentiment.reviews.tables import ReadOptions
from sentiment.reviews.writer import Writer
from sentiment.reviews.writers import TextWriter, writer_for

__all__ = [
    "INPUT_FORMATS",
    "OUTPUT_FORMATS",
    "Batch",
    "Columns",
    "LabelReading",
    "LabelledReviews",
    "Predictions",
    "ReadOptions",
    "Row",
    "Source",
    "TextWriter",
    "TextsSource",
    "Where",
    "Writer",
    "expand",
    "find_columns",
    "format_of",
    "open_source",
    "output_format_of",
    "peek",
    "read_labelled",
    "read_labels",
    "read_predictions",
    "read_texts",
    "require_both_classes",
    "stratified_split",
    "text_of",
    "texts_of",
    "writer_for",
]
