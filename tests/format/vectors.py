"""What docs/vectors.json holds: `python -m tests.format.vectors` writes it anew."""

import json
import math
from typing import Any

import numpy as np

from sentiment.features.hashing import SubstringHasher, combine, salt
from sentiment.features.ngrams import negations
from sentiment.features.repair import edited, ratings, repair
from sentiment.features.tokens import code_points, normalize, pieces
from sentiment.model.component import Component
from sentiment.model.file import load_model
from sentiment.model.model import Model
from tests.conftest import ROOT

FILE = ROOT / "docs" / "vectors.json"
VERSIONS = ["1", "2", "3", "4", "4-names", "4-classes", "4-pieces", "5", "5-activation", "5-cnn"]
FIXTURES = [f"tests/fixtures/format-{version}.safetensors" for version in VERSIONS]

WORDS = ["", "a", "good", "não", "映画", "👍"]
FAMILIES = ["end", "stem", "negated", "characters"]
TEXTS = [
    "A good film!",
    "Not a good film, but I loved the music.",
    "It was NOT good. I hoped it would be; it wasn't.",
    "It was good until they sold it. Bad? Nothing of the kind, not this one.",
    "Back when it was good, I liked it.",
    "They used to care, and now nobody does: far from it!",
    "Good? Not at all. Anything but that!",
    "bad<br />film<BR>bad <br  > film<br/x>",
    "",
    " \t\n",
    "don't 'quoted' rock’n’roll l‘été o'clock' 'tis it''s",
    ":) :-( ;-) =D :dog :p. x:) http://a :'( <3 <33 a<3 <3x :-)) (: :3 =/",
    "½ ﬁne ＦＵＬＬ Straße İstanbul ΟΔΟΣ ΟΔΟΣ. naïve café cafe\u0301",
    "映画は素晴らしい。好き！ ดีมาก ကောင်း",
    "great 👍🏽 ❤️ \u200bzero\u200dwidth ☺︎ ™ €5 $5 100% #tag @you",
    "e" + "\u0301" * 70 + " many marks",
    "control\x00\x1f\x85characters and\u00a0spaces\u2028here \ue000private",
    "good good good good bad film film a a a",
    "asdf qwer zxcv uiop hjkl vbnm",
    "film asdf qwer zxcv uiop hjkl vbnm",
    "goodish filmlike",
    "lone \ud800 surrogate",
    "good film",
    "a good film, not bad",
    "nothing known",
    "It isn`t good, wasn´t bad, don''t say it\\'s good",
    "isn&#039;t isn&amp;#39;t isn&#x2019;t isn&RSQUO;t isn&#146t; good, Wall St. #39;s",
    "\\u2019 isn\\u2019t isn\\\\u2019t \\ud83d\\ude00 \\ud83d \\u0001f602 isn\\xe2\\x80\\x99t",
    "isnâ€™t isnâ\x80\x99t isn‚Äôt isnÃ¢â‚¬â„¢t isn‚Äö√Ñ√¥t isnÂ´t isna€™t good",
    "isn<U+2019>t isn%27t isn%E2%80%99t isn=92t isn\\'92t isn\\222t isn<92>t isn\\u{2019}t f=27x",
    "isnвЂ™t isnтАЩt isnÔÇÖt isn鈥檛 it麓s isnâ??t isn 't isn’ t isn;t isn&rsquot is\xadn't good",
    "my “fiancé’”, cliché”… VÝŠKA „Spaß“ ðŸ˜€ cafÃ© caf√© â˜…â˜…",
    "isn?t isn\ufffdt isnÕt isn\x92t good? Is it?then",
    "★★★★☆ ⭐️⭐️ ★ ★ ★ ★★★½ ★ ☆☆☆ 4★ 4.5 ⭐ good",
    "8/10, 4/5! -2/10 0/10 4.5/5 4,5/5 4½/5 11/10 9 / 10 4.0/5.0 4* film",
    "1/5/2020 24/7 9/11 3-4/5 12/10 1/10th 9/10 of it, 4/5 days $4/5 ***** 4*3 film",
]


def vectors() -> dict[str, Any]:
    """Everything, as JSON values; hashes and keys as sixteen hexadecimal digits."""
    return {
        "hashes": {word: _hexadecimal(_hash(word)) for word in WORDS},
        "combined": [["not", "good", _hexadecimal(_combined("not", "good"))]],
        "salts": {name: _hexadecimal(int(salt(name)[0])) for name in FAMILIES},
        "texts": [_text(text) for text in TEXTS],
        "models": {name: _answers(load_model(ROOT / name)) for name in FIXTURES},
    }


def _text(text: str) -> dict[str, Any]:
    """What steps of reading make of a text, each alone; tokens and negations without the first."""
    (piece,) = pieces([text], repaired=False)
    codes, _ = piece.squeezed()
    tokens = [
        "".join(map(chr, piece.codes[start:end].tolist()))
        for start, end in zip(piece.starts, piece.ends, strict=True)
    ]
    hashes, rows = piece.hashes(), piece.token_rows()
    return {
        "text": text,
        "repaired": repair(text),
        "with ratings": edited(text, ratings(text)),
        "normalized": normalize(text),
        "tokens": tokens,
        "squeezed": "".join(map(chr, codes.tolist())),
        "negated, 6": _places(negations(hashes, rows, 6).flags),
        "negated, 6, reversal 12": _places(negations(hashes, rows, 6, 12).flags),
    }


def _answers(model: Model) -> list[dict[str, Any]]:
    scores, log_odds = model.scores(TEXTS), model.log_odds(TEXTS)
    answers = model.answers(scores)
    return [
        {
            "text": text,
            **_rows(model, text),
            "known": int(scores.coverage[place]),
            "log-odds": None if math.isnan(log_odds[place, 0]) else log_odds[place].tolist(),
            "answer": answers[place],
        }
        for place, text in enumerate(TEXTS)
    ]


def _rows(model: Model, text: str) -> dict[str, Any]:
    """The features of a text with their keys, weights and values; those of the base, too."""
    each = [_row(component, text) for component in model.components]
    return model.add_up(each, lambda own, base, weight: own | {"base": base})


def _row(component: Component, text: str) -> dict[str, Any]:
    row = component.encoder.transform([text])
    (logits,) = component.network.logits(row).tolist()
    if component.encoder.kind == "pieces":
        vocabulary = component.encoder.pieces.vocabulary
        return {"pieces": " ".join(vocabulary[number] for number in row.ids), "logits": logits}
    if component.encoder.kind == "sequence":
        return {"words": row.ids.tolist(), "logits": logits}
    order = row.indices.argsort()
    features = [
        [int(column), _hexadecimal(int(component.encoder.keys[column])),
         float(component.encoder.weights[column]), float(value)]
        for column, value in zip(row.indices[order], row.data[order], strict=True)
    ]  # fmt: skip
    return {"features": features, "logits": logits}


def _hash(word: str) -> int:
    codes = code_points(word)
    return int(SubstringHasher(codes).hash(np.array([0]), np.array([codes.size]))[0])


def _combined(left: str, right: str) -> int:
    one, other = (np.array([_hash(word)], np.uint64) for word in (left, right))
    return int(combine(one, other)[0])


def _places(flags) -> list[int]:
    return flags.nonzero()[0].tolist()


def _hexadecimal(number: int) -> str:
    return f"{number:016x}"


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
