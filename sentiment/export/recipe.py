"""The vocabulary of an exported encoder, and how a text becomes numbers of its pieces.

Written beside the exported file, as JSON. The tokenizer in it has the format of the package
`tokenizers`, which runs in many languages.
"""

import json
from typing import Any

from sentiment.export.inputs import prefixes_of
from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import END, INSIDE, LONGEST_WORD, START, UNKNOWN, WordPiece
from sentiment.model.model import Model

_ABOUT = (
    "How a text becomes the inputs of the network, in three steps for each name under inputs: 1. "
    "its tokenizer, which the package tokenizers loads, makes numbers of the text; 2. of more than "
    "head + tail numbers only the first head and the last tail stay; 3. rows are filled up to one "
    "length with any number, and attention_mask is 1 for a number of the text, 0 for filling.",
    "The tokenizer does not replace symbols such as emoji by their Unicode names, repair damaged "
    "apostrophes, or read corrected words through typing errors, as sentiment does; nor does the "
    "network say that too little of a text is known, or that it is in another language. "
    "docs/format.md of sentiment has all but the last, in sections 2, 6 and 10.",
)


def recipe_file(model: Model) -> bytes | None:
    """Return the content of the file beside an export; None for a model without pieces of words.

    JSON: `about`, for people; `labels` and the decision, as in the properties of an ONNX file;
    `inputs`, which has `head`, `tail`, `corrected` and `tokenizer` of each component over pieces,
    under the name of its `input_ids`.
    """
    inputs = {
        f"{prefix}input_ids": {
            "head": component.encoder.pieces.head,
            "tail": component.encoder.pieces.tail,
            "corrected": component.encoder.pieces.corrected,
            "tokenizer": _tokenizer(component.encoder.pieces),
        }
        for prefix, component in zip(prefixes_of(model), model.components, strict=True)
        if isinstance(component.encoder, PieceEncoder)
    }
    if not inputs:
        return None
    decision = model.decision.as_json()
    recipe = {"about": _ABOUT, "labels": model.labels.names, **decision, "inputs": inputs}
    return json.dumps(recipe, ensure_ascii=False, indent=1).encode()


def _tokenizer(pieces: WordPiece) -> dict[str, Any]:
    """Return a tokenizer in the format of the package `tokenizers`, without truncation.

    It has no added tokens, so that `[SEP]` within a text is three words, as everywhere here.
    """
    special = {
        name: {"id": name, "ids": [pieces.numbers[name]], "tokens": [name]} for name in (START, END)
    }
    first, last = ({"SpecialToken": {"id": name, "type_id": 0}} for name in (START, END))
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": _NORMALIZERS},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first, text, last],
            "pair": [first, text, last, {"Sequence": {"id": "B", "type_id": 0}}, last],
            "special_tokens": special,
        },
        "decoder": {"type": "WordPiece", "prefix": INSIDE, "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": INSIDE,
            "max_input_chars_per_word": LONGEST_WORD,
            "vocab": pieces.numbers,
        },
    }


# Section 2 of docs/format.md but the repairs, then the reading of an uncased BERT.
_NORMALIZERS = [
    {"type": "Replace", "pattern": {"Regex": r"<[bB][rR]\s{0,9}/?>"}, "content": "\n"},
    {"type": "NFKC"},
    {"type": "Replace", "pattern": {"Regex": "[’‘ʼ]"}, "content": "'"},
    {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": True,
        "lowercase": True,
    },
]
