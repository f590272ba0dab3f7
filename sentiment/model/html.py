"""What a notebook shows of a model and of an explanation: HTML that nothing in a text can change.

No script, no style sheet and no file from elsewhere: styles stand in the elements, as notebooks
keep them, in colors that are legible on light and dark pages.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from sentiment.features.language import LANGUAGES
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE, UNCERTAIN
from sentiment.model.decision import describe_band
from sentiment.model.shown import LEVELS, level_of, parts_of
from sentiment.values import SPELLED

if TYPE_CHECKING:
    from sentiment.model.explanation import Explanation
    from sentiment.model.model import Model
    from sentiment.model.provenance import Provenance

_WORDS = 8
_CLASSES = 12
_LEAST = 0.0005  # smaller contributions would show as 0
# Red, green and blue of a class; those of other names are told apart by their place.
_COLORS = {POSITIVE: "11,98,168", NEGATIVE: "179,71,11", NEUTRAL: "109,115,126"}
_FOR, _AGAINST, _THIRD = _COLORS[POSITIVE], _COLORS[NEGATIVE], _COLORS[NEUTRAL]
_UNSAFE = {code: spelled for code, spelled in SPELLED.items() if chr(code) not in "\t\n"}
# Jupyter would set what stands between dollar signs as mathematics.
_FRAME = '<div class="sentiment mathjax_ignore tex2jax_ignore" style="max-width:46rem">'
_TEXT = (
    "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;line-height:1.7;margin:.5em 0"
)
_CELL = "text-align:left;padding:.1em 1em .1em 0"


def explanation_html(explanation: "Explanation") -> str:
    """Return an explanation as HTML: its answer, the text with its words marked, and the sum.

    Words are marked as on the page of `serve` and by `sentiment explain`: the stronger, the darker.
    """
    if not explanation.words:
        return f"{_FRAME}no answer: this text has no words</div>"
    names = explanation.labels.names
    sides = names[explanation.toward], names[explanation.over]
    colors = _colors_of(*sides)
    logit, base = explanation.logit, explanation.base
    total = (
        f"log-odds of {_shown(sides[0])} over {_shown(sides[1])} {logit:+.3f} = "
        f"baseline {base:+.3f}, words {logit - base:+.3f}"
    )
    return "".join(
        (
            _FRAME,
            *_answer(explanation),
            f'<div dir="auto" style="{_TEXT}">',
            *_marked(explanation, colors),
            "</div>",
            *_strongest(explanation, sides, colors),
            f'<div style="opacity:.75">{total}</div></div>',
        )
    )


def model_html(model: "Model") -> str:
    """Return a model as HTML: what it is called, trained on and how often right, and its decision.

    The figures are those that its file holds, of the rows held out from training.
    """
    about = model.record.provenance
    title = (about.name if about else "") or "sentiment model"
    encoder = model.own.encoder
    rows = [("features", f"{encoder.size:,} {encoder.unit}")]
    if len(model.components) > 1:
        rows.append(("base", f"{len(model.components) - 1} more, whose log-odds are added"))
    rows.append(("decision", describe_band(model.decision, model.labels)))
    if model.languages:
        spoken = ", ".join(LANGUAGES[code] for code in model.languages)
        rows.append(("languages", f"{spoken}; texts in others are {UNCERTAIN}"))
    if about is not None:
        rows += _origin(about)
    facts = "".join(
        f'<tr><th scope="row" style="{_CELL}">{_shown(name)}</th>'
        f'<td style="{_CELL}">{_shown(value)}</td></tr>'
        for name, value in rows
    )
    return f"{_FRAME}<b>{_shown(title)}</b><table>{facts}</table>{_classes(model)}</div>"


def _shown(text: str) -> str:
    """Return a text as it may stand in HTML; what hides or turns other text is spelled out."""
    legible = text.translate(_UNSAFE).encode("utf-8", "backslashreplace").decode()
    return escape(legible)


def _colors_of(toward: str, over: str) -> tuple[str, str]:
    """Return the colors of words for a class and against it."""
    color = _COLORS.get(toward, _FOR)
    other = _COLORS.get(over, _AGAINST)
    return color, other if other != color else _THIRD


def _answer(explanation: "Explanation") -> Iterator[str]:
    """Yield the answer, why it is uncertain, and the likeliest classes."""
    color = _COLORS.get(explanation.answer, _THIRD)
    yield (
        f'<b style="border-bottom:.2em solid rgb({color})">{_shown(explanation.answer)}</b>'
        f"{f' {_shown(explanation.reason)}' if explanation.reason else ''} "
    )
    pairs = zip(explanation.probabilities, explanation.labels.names, strict=True)
    ranked = sorted(pairs, key=lambda pair: -pair[0])
    shares = ", ".join(f"{_shown(name)} {p:.4f}" for p, name in ranked[:_CLASSES])
    more = len(ranked) - _CLASSES
    yield f'<span style="opacity:.75">({shares}{f", and {more} more" if more > 0 else ""})</span>'


def _marked(explanation: "Explanation", colors: tuple[str, str]) -> Iterator[str]:
    """Yield the parts of a text, each word on a background as strong as its contribution."""
    for text, share in parts_of(explanation.text, explanation.words):
        level = level_of(share)
        if not level:
            yield _shown(text)
            continue
        color, strength = colors[share < 0], 0.15 * level
        weight = ";font-weight:bold" if level == LEVELS else ""
        style = f"background:rgba({color},{strength:.2f}){weight}"
        yield f'<span style="{style}">{_shown(text)}</span>'


def _strongest(
    explanation: "Explanation", sides: tuple[str, str], colors: tuple[str, str]
) -> Iterator[str]:
    """Yield a table of the words that count most, each with a bar as long as its contribution."""
    moving = [each for each in explanation.by_word() if abs(each.contribution) >= _LEAST]
    ranked = sorted(moving, key=lambda each: -abs(each.contribution))[:_WORDS]
    if not ranked:
        return
    most = abs(ranked[0].contribution)
    yield f"<table>{_row('th', ('word', 'log-odds', 'counts for'))}"
    for each in sorted(ranked, key=lambda each: -each.contribution):
        against = each.contribution < 0
        width = 6 * abs(each.contribution) / most
        bar = (
            f'<span style="display:inline-block;height:.7em;width:{width:.2f}em;'
            f'background:rgb({colors[against]})"></span> '
        )
        times = f" ×{each.times}" if each.times > 1 else ""
        yield (
            f'<tr><td style="{_CELL}"><bdi>{_shown(each.text)}</bdi>{times}</td>'
            f'<td style="{_CELL}">{each.contribution:+.3f}</td>'
            f'<td style="{_CELL}">{bar}{_shown(sides[against])}</td></tr>'
        )
    yield "</table>"


def _row(tag: str, cells: Iterable[str]) -> str:
    row = (f'<{tag} style="{_CELL}">{_shown(each)}</{tag}>' for each in cells)
    return f"<tr>{''.join(row)}</tr>"


def _origin(about: "Provenance") -> Iterator[tuple[str, str]]:
    """Yield titles and texts on a training."""
    yield "trained on", f"{about.training.total:,} reviews"
    if about.accuracy is not None:
        how = "out-of-fold" if about.cross_validated else "held-out"
        rows = f"{about.validation.total:,} {how} reviews"
        yield "accuracy", f"{about.accuracy:.1%} on {rows}"
    if about.goal:
        yield "goal", about.goal
    if about.note:
        yield "note", about.note


def _classes(model: "Model") -> str:
    """Return a table of the classes: rows trained on, held out, and the share answered right."""
    about, names = model.record.provenance, model.labels.names
    if about is None:
        return f"<div>{', '.join(_shown(name) for name in names[:_CLASSES])}</div>"
    right, sizes = about.right, about.validation.counts
    titles = ("class", "trained on", "held out")
    rows = [_row("th", titles if right is None else (*titles, "recall"))]
    for name in names[:_CLASSES]:
        cells = [name, *(f"{each.get(name, 0):,}" for each in (about.training.counts, sizes))]
        if right is not None:
            known = name in right and sizes.get(name)
            cells.append(f"{right[name] / sizes[name]:.1%}" if known else "–")
        rows.append(_row("td", cells))
    if (more := len(names) - _CLASSES) > 0:
        rows.append(_row("td", (f"and {more} more",)))
    return f"<table>{''.join(rows)}</table>"
