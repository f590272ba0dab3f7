"""The inputs of an exported network, computed from texts.

A component over n-grams takes the indices of features and their weights; one over words in their
order their numbers; one over pieces of words the numbers of pieces and a mask, under the names that
encoders of language models usually have. docs/format.md explains how to compute them from a text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.features.matrix import CSRMatrix
from sentiment.features.sequences import Sequences
from sentiment.features.wordpiece import Pieces
from sentiment.model.component import Component, Rows, unknown
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.model import Model, without
from sentiment.model.network import DenseNetwork
from sentiment.model.transformer import Transformer

Arrays = dict[str, NDArray[Any]]

# Prefix of names that belong to the base model; repeated for the base of the base.
BASE = "base_"


def prefixes_of(model: Model) -> list[str]:
    """Return the prefix of the names of each component."""
    return [number * BASE for number, _ in enumerate(model.components)]


def check(model: Model) -> None:
    """Check that each network of a model is of a kind that can be exported.

    Raises:
        UsageError: one is not, or the model has words of a user.
    """
    if model.words:
        raise UsageError(
            "an exported network cannot hold the words that were kept with train --words: export a "
            "model trained without them"
        )
    for component in model.components:
        if not isinstance(component.network, DenseNetwork | ConvolutionalNetwork | Transformer):
            raise not_exported(component)


def not_exported(component: Component) -> UsageError:
    """Return the error for a component of a kind that cannot be exported."""
    return UsageError(f"a model of {component.encoder.unit} cannot be exported")


def inputs_of(model: Model, texts: Sequence[str]) -> dict[str, Rows]:
    """Encode texts for an exported network; one that `Model.scores` does not know is an empty row.

    `onnx_inputs` and `keras_inputs` make arrays of the result.

    Returns:
        Rows of the texts by the prefix of the inputs: `""` for the model's own, `base_` for those
        of its base. Sparse rows [texts, features], or the numbers of words or pieces.

    >>> from sentiment import load
    >>> rows = inputs_of(load("fast").model, ["good film", "asdf qwer"])[""]
    >>> first, second, end = rows.indptr.tolist()
    >>> first, second == rows.indices.size, second == end  # no word of the second text is known
    (0, True, True)
    """
    texts = without(texts, model.foreign(texts))
    each = [component.encode(texts) for component in model.components]
    # Components that leave it to others whether enough is known say nothing of what these do not.
    cleared = unknown(model.coverage_of([coverage for _, coverage, _ in each]))
    rows = (rows.cleared(cleared) if cleared.any() else rows for rows, *_ in each)
    return dict(zip(prefixes_of(model), rows, strict=True))


def onnx_inputs(inputs: Mapping[str, Rows]) -> Arrays:
    """Return the inputs of an ONNX file, by name.

    Args:
        inputs: from `inputs_of`.

    Returns:
        Of n-grams `ids`, int64 [n], `values`, float32 [n], and `offsets`, int64 [rows + 1]; of
        words `word_ids`, int64 [rows, length], 0 for none; of pieces `input_ids` and
        `attention_mask`, int64 [rows, length]; each with its prefix.
    """
    arrays: Arrays = {}
    for prefix, rows in inputs.items():
        if isinstance(rows, Pieces):
            arrays |= _padded_pieces(rows, prefix, np.int64)
        elif isinstance(rows, Sequences):
            arrays[f"{prefix}word_ids"] = _padded(rows.ids + 1, rows.lengths, np.int64)
        elif isinstance(rows, CSRMatrix):
            arrays[f"{prefix}ids"] = rows.indices.astype(np.int64)
            arrays[f"{prefix}values"] = rows.data
            arrays[f"{prefix}offsets"] = rows.indptr
    return arrays


def keras_inputs(inputs: Mapping[str, Rows]) -> Arrays:
    """Return the inputs of a Keras file, by name.

    Args:
        inputs: from `inputs_of`.

    Returns:
        Of n-grams `ids`, int32, and `values`, float32, [rows, n] each; of words `word_ids`, int32
        [rows, length], 0 for none; of pieces `input_ids` and `attention_mask`, int32 [rows,
        length]; each with its prefix.
    """
    arrays: Arrays = {}
    for prefix, rows in inputs.items():
        if isinstance(rows, Pieces):
            arrays |= _padded_pieces(rows, prefix, np.int32)
        elif isinstance(rows, Sequences):
            arrays[f"{prefix}word_ids"] = _padded(rows.ids + 1, rows.lengths, np.int32)
        elif isinstance(rows, CSRMatrix):
            lengths = np.diff(rows.indptr)
            arrays[f"{prefix}ids"] = _padded(rows.indices, lengths, np.int32)
            arrays[f"{prefix}values"] = _padded(rows.data, lengths, np.float32)
    return arrays


def _padded_pieces(rows: Pieces, prefix: str, dtype: type[np.integer]) -> Arrays:
    """Return the numbers of pieces and the mask, [rows, length] each."""
    return {
        f"{prefix}input_ids": _padded(rows.ids, rows.lengths, dtype),
        f"{prefix}attention_mask": _padded(np.ones_like(rows.ids), rows.lengths, dtype),
    }


def _padded(
    values: NDArray[Any], lengths: NDArray[np.integer], dtype: type[np.number]
) -> NDArray[Any]:
    """Return the values of rows in a rectangle, 0 for padding.

    Args:
        values: of all rows, one row after the other.
        lengths: the number of values of each row.
        dtype: of the result.

    Returns:
        `dtype` [rows, largest length].
    """
    filled = np.zeros((lengths.size, int(lengths.max(initial=0))), dtype)
    filled[np.arange(filled.shape[1]) < lengths[:, None]] = values
    return filled
