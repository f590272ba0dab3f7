"""The page `/docs`: the OpenAPI document for people, made without another request."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sentiment.serving.server import bare_name
from sentiment.values import visible

Fields = Mapping[str, Any]

_HOST = "@host@"  # in the page until somebody asks for it
_HEAD = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="referrer" content="no-referrer">
  <title>sentiment: the API</title>
  <link rel="icon" href="static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="static/page.css">
  <link rel="stylesheet" href="static/docs.css">
  <script src="static/theme.js"></script>
</head>
"""
_TOP = """<header>
  <p class="brand"><img src="static/icon.svg" alt="" width="28" height="28">sentiment</p>
  <nav aria-label="This page">
    <a href="./">Try it</a>
    <a href="#schemas">Values</a>
    <button id="theme" type="button" aria-label="Switch between light and dark">Dark</button>
  </nav>
</header>
"""


def docs_route(document: Callable[[], Fields]) -> Route:
    """Return the route of the page, which is made when a document is first asked for."""
    made: dict[str, Any] = {"of": None, "page": ""}

    async def docs(request: Request) -> Response:
        if made["of"] is not (now := document()):
            made.update(of=now, page=docs_page(now))
        host = request.headers.get("host", "")
        host = host if bare_name(host) else "localhost"
        return Response(made["page"].replace(_HOST, escape(host)), media_type="text/html")

    return Route("/docs", docs, methods=["GET"])


class Markup(str):
    """HTML; any other string is text."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """Return an element; `class_` is its class, and texts in it become text."""
    given = "".join(
        f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items() if value
    )
    return Markup(f"<{name}{given}>{''.join(map(_markup, children))}</{name}>")


def _markup(text: str) -> str:
    if isinstance(text, Markup):
        return text
    return escape("\n".join(map(visible, text.split("\n"))), quote=False)


def prose(text: str) -> Markup:
    """Return a description, in which backticks mark code."""
    parts = re.split(r"`([^`]*)`", text)
    marked = (tag("code", part) if odd % 2 else _markup(part) for odd, part in enumerate(parts))
    return Markup("".join(marked))


def docs_page(document: Fields) -> str:
    """Return the page, with a placeholder for the host."""
    about = document["info"]
    operations = list(_operations(document))
    main = tag(
        "main",
        tag(
            "section",
            tag("h1", "The API"),
            tag("p", prose(about["summary"]), class_="lead"),
            tag("p", prose(about["description"])),
            tag("p", f"Version {about['version']}. For programs: ", _link("openapi.json"),
                class_="note"),
            *_contents(operations),
        ),
        *(_operation(document, *each) for each in operations),
        tag("section", tag("h2", "Values"), *_schemas(document), id="schemas"),
    )  # fmt: skip
    return f"{_HEAD}{tag('body', Markup(_TOP), main)}\n</html>\n"


def _link(href: str) -> Markup:
    return tag("a", href, href=href)


def _operations(document: Fields) -> Iterator[tuple[str, str, Fields]]:
    """Yield the method, the path and the description of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _contents(operations: list[tuple[str, str, Fields]]) -> Iterator[Markup]:
    """Yield a table of the operations of each tag."""
    for name in dict.fromkeys(operation["tags"][0] for *_, operation in operations):
        rows = [
            (
                _heading(method, tag("a", tag("code", path), href=f"#{operation['operationId']}")),
                prose(operation["summary"]),
            )
            for method, path, operation in operations
            if operation["tags"] == [name]
        ]
        yield _table(rows, caption=name)


def _heading(method: str, path: Markup) -> Markup:
    return _joined((tag("span", method, class_="method"), path), " ")


def _operation(document: Fields, method: str, path: str, operation: Fields) -> Markup:
    """Return the section of an operation: what it does, an example, what goes in and comes out."""
    parts = [
        tag("h2", _heading(method, tag("code", path))),
        tag("p", prose(operation["summary"]), class_="summary"),
    ]
    if "description" in operation:
        parts.append(tag("p", prose(operation["description"])))
    body = operation.get("requestBody", {}).get("content", {})
    parameters = [_resolved(document, each) for each in operation.get("parameters", ())]
    parts += (
        tag("pre", tag("code", command), tabindex="0")
        for command in _commands(method, path, operation, parameters)
    )
    if parameters:
        rows = [
            (tag("code", each["name"]), _described(each["schema"], each.get("description", "")))
            for each in parameters
        ]
        parts.append(_table(rows, ("Parameter", "Meaning")))
    if body:
        parts.append(_table(_contents_of(body), ("Body", "What it holds")))
    parts.append(_table(_outcomes(document, operation), ("Status", "Meaning")))
    return tag("section", *parts, id=operation["operationId"], class_="operation")


def _outcomes(document: Fields, operation: Fields) -> Iterator[tuple[Markup, ...]]:
    """Yield the status and the meaning of each response."""
    for status, reference in operation["responses"].items():
        response = _resolved(document, reference)
        content = response.get("content", {})
        shapes = [each["schema"] for each in content.values() if "$ref" in each.get("schema", {})]
        parts = [prose(response["description"]), *map(type_of, shapes)]
        if int(status) < 400:
            kinds = [_joined(row, ": ") for row in _contents_of(content)]
            parts = [parts[0], tag("p", _joined(kinds, "; "))]
        yield tag("code", status), _joined(parts, " ")


def _contents_of(content: Fields) -> list[tuple[Markup, Markup]]:
    """Return each media type with what it holds."""
    return [
        (tag("code", kind), type_of(each["schema"]) if "schema" in each else Markup("bytes"))
        for kind, each in content.items()
    ]


def _commands(method: str, path: str, operation: Fields, parameters: list[Any]) -> Iterator[str]:
    """Yield commands of curl that ask for an operation."""
    token = ' -H "Authorization: Bearer $TOKEN"' if "security" in operation else ""
    query = "&".join(f"{each['name']}={each['example']}" for each in parameters[:1]
                     if each["in"] == "query" and "example" in each)  # fmt: skip
    for each in parameters:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", each["schema"]["enum"][0])
    url = _quoted(f"{_HOST}{path}{query and '?'}{query}")
    if method == "GET":
        yield f"curl -s {url}{token}"
    for kind, each in operation.get("requestBody", {}).get("content", {}).items():
        start = f"curl -s {url}{token} -H 'Content-Type: {kind}'"
        examples = [one["value"] for one in each.get("examples", {}).values()]
        for value in [each["example"]] if "example" in each else examples:
            yield f"{start} \\\n  -d {_quoted(json.dumps(value))}"
        if not each:
            yield f"{start} \\\n  --data-binary @reviews.csv"


def _quoted(text: str) -> str:
    return shlex.quote(text)


def _schemas(document: Fields) -> Iterator[Markup]:
    """Yield the name, description and fields of each schema."""
    for name, schema in document["components"]["schemas"].items():
        yield tag("h3", tag("code", name), id=f"schema-{name}")
        if "properties" not in schema:
            yield tag("div", _described(schema, schema.get("description", "")))
            continue
        if "description" in schema:
            yield tag("p", prose(schema["description"]))
        required = schema.get("required", ())
        rows = [
            (
                tag("code", field),
                _described(each, each.get("description", ""), optional=field not in required),
            )
            for field, each in schema["properties"].items()
        ]
        yield _table(rows, ("Field", "Value"))


def _described(schema: Fields, description: str, *, optional: bool = False) -> Markup:
    """Return the type of a value, its limits and its meaning."""
    facts = [type_of(schema), *_limits(schema)]
    line = _joined([*facts, *(["may be missing"] if optional else [])], ", ")
    return _joined([line, *([tag("p", prose(description))] if description else [])], " ")


def type_of(schema: Fields) -> Markup:
    """Return the type of a value, with links to the schemas in it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return tag("a", tag("code", name), href=f"#schema-{name}")
    if "oneOf" in schema:
        return _joined(map(type_of, schema["oneOf"]), " or ")
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return _joined((tag("code", _value(each)) for each in values), ", ")
    kinds = schema.get("type", "any value")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    names: list[str] = []
    for kind in kinds:
        if kind == "array" and "items" in schema:
            names.append(Markup(f"list of {type_of(schema['items'])}"))
        else:
            names.append(kind)
    return _joined(names, " or ")


def _limits(schema: Fields) -> Iterator[str]:
    """Yield what values a schema allows, in words."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None:
        yield f"from {least:,}" + (f" to {most:,}" if most is not None else "")
    if "maxLength" in schema:
        yield f"at most {schema['maxLength']:,} characters"
    if "maxItems" in schema:
        yield f"at most {schema['maxItems']:,}"
    if "default" in schema:
        yield Markup(f"by default {tag('code', _value(schema['default']))}")


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _table(
    rows: Iterable[tuple[Markup, ...]], titles: tuple[str, ...] = (), caption: str = ""
) -> Markup:
    """Return a table whose rows begin with a heading."""
    head = [tag("th", title, scope="col") for title in titles]
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", each) for each in others))
        for first, *others in rows
    ]
    parts = [tag("caption", caption)] if caption else []
    parts += [tag("thead", tag("tr", *head))] if head else []
    table = tag("table", *parts, tag("tbody", *body), class_="plain")
    return tag("div", table, class_="wide")


def _joined(parts: Iterable[str], between: str) -> Markup:
    return Markup(between.join(map(_markup, parts)))


def _resolved(document: Fields, value: Fields) -> Any:
    """Return what a reference of the document leads to; other values as they are."""
    if "$ref" not in value:
        return value
    found: Any = document
    for key in value["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found
