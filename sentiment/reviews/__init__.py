"""Files and streams of reviews → rows, texts and labels; rows and predictions → files.

The data flow: `expand` turns what the user named into paths; `open_source` opens each as a
`Source` of batches of rows; `find_columns` chooses the columns, and `texts_of` reads the texts.
`open_reviews` opens a file as the options say, and chooses its columns.
`read_labelled` does all of this for training, reads the labels too (`read_labels`), and
`stratified_split` holds rows out. `writer_for` writes predictions beside the rows they belong to.
"""

from typing import TYPE_CHECKING

from sentiment.lazy import exports

if TYPE_CHECKING:
    from sentiment.reviews.bad_rows import BadRows
    from sentiment.reviews.columns import (
        Columns,
        find_columns,
        text_of,
        texts_of,
        texts_to_score,
    )
    from sentiment.reviews.dataset import LabelledReviews, require_both_classes
    from sentiment.reviews.formats import (
        INPUT_FORMATS,
        OUTPUT_FORMATS,
        output_format_of,
    )
    from sentiment.reviews.labelled import read_labelled, read_texts
    from sentiment.reviews.labels import LabelReading, read_labels
    from sentiment.reviews.opening import expand, open_source
    from sentiment.reviews.options import ReadOptions
    from sentiment.reviews.predictions import Predictions, read_predictions
    from sentiment.reviews.source import BadRow, Batch, Row, RowsSource, Source, TextsSource
    from sentiment.reviews.split import stratified_folds, stratified_split
    from sentiment.reviews.stream import Where
    from sentiment.reviews.tables import Opened, choose_columns, open_reviews
    from sentiment.reviews.texts import joined, sizes_of
    from sentiment.reviews.writer import Writer
    from sentiment.reviews.writers import Explainer, writer_for

__all__ = [
    "INPUT_FORMATS",
    "OUTPUT_FORMATS",
    "BadRow",
    "BadRows",
    "Batch",
    "Columns",
    "Explainer",
    "LabelReading",
    "LabelledReviews",
    "Opened",
    "Predictions",
    "ReadOptions",
    "Row",
    "RowsSource",
    "Source",
    "TextsSource",
    "Where",
    "Writer",
    "choose_columns",
    "expand",
    "find_columns",
    "joined",
    "open_reviews",
    "open_source",
    "output_format_of",
    "read_labelled",
    "read_labels",
    "read_predictions",
    "read_texts",
    "require_both_classes",
    "sizes_of",
    "stratified_folds",
    "stratified_split",
    "text_of",
    "texts_of",
    "texts_to_score",
    "writer_for",
]

exports(
    __name__,
    {
        "BadRows": "bad_rows",
        "Columns": "columns",
        "find_columns": "columns",
        "text_of": "columns",
        "texts_of": "columns",
        "texts_to_score": "columns",
        "LabelledReviews": "dataset",
        "require_both_classes": "dataset",
        "INPUT_FORMATS": "formats",
        "OUTPUT_FORMATS": "formats",
        "output_format_of": "formats",
        "read_labelled": "labelled",
        "read_texts": "labelled",
        "LabelReading": "labels",
        "read_labels": "labels",
        "expand": "opening",
        "open_source": "opening",
        "ReadOptions": "options",
        "Predictions": "predictions",
        "read_predictions": "predictions",
        "BadRow": "source",
        "Batch": "source",
        "Row": "source",
        "RowsSource": "source",
        "Source": "source",
        "TextsSource": "source",
        "joined": "texts",
        "sizes_of": "texts",
        "stratified_folds": "split",
        "stratified_split": "split",
        "Where": "stream",
        "Opened": "tables",
        "choose_columns": "tables",
        "open_reviews": "tables",
        "Writer": "writer",
        "Explainer": "writers",
        "writer_for": "writers",
    },
)
