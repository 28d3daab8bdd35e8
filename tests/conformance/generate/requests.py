"""Generate requests for a generated application: most of them nearly right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from tests.conformance.generate.declarations import Application, Parameter
from tests.frameworks import Step, asked

JUNK: Final = ("", "x", "0", "1", "-1", "null", "é", "[1]", "a b")
JUNK_DATA: Final = (None, 0, "x", "", True, [], {}, [None], {"a": None}, 1.5, {"a": 1, "zz": 2})
MEDIA_TYPES: Final = (
    *["application/json"] * 8, "application/json; charset=utf-8", "application/vnd.x+json", "text/plain", "text/x", None,
    "application/x-www-form-urlencoded", "APPLICATION/JSON", "multipart/form-data",
)  # fmt: skip
LOCATIONS: Final = {
    "query": ("query", "inferred"),
    "header": ("header",),
    "cookie": ("cookie",),
    "form": ("form", "file", "body", "inferred"),
}


def words(parameter: Parameter) -> st.SearchStrategy[str]:
    """A text for a parameter: more often than not one that suits its type."""
    fit = st.sampled_from(parameter.kind.words) if parameter.kind.words else st.just("x")
    return st.one_of(fit, fit, fit, st.sampled_from(JUNK))


@st.composite
def pairs(draw: st.DrawFn, parameters: Sequence[Parameter], location: str) -> list[tuple[str, str]]:
    """Names and values for one location of a request."""
    found: list[tuple[str, str]] = []
    for parameter in parameters:
        if parameter.location not in LOCATIONS[location]:
            continue
        names = parameter.kind.names if parameter.kind.group == "model" else ()
        if names and draw(st.integers(0, 9)):
            chosen = [name for name in names if draw(st.integers(0, 3))]
        else:
            chosen = [draw(st.sampled_from(parameter.wires))] * draw(st.sampled_from([0, 1, 1, 1, 1, 2]))
        found += [(name, draw(words(parameter))) for name in chosen]
    if draw(st.integers(0, 4)) == 0:
        found.append((draw(st.sampled_from(["zz", "a", "q", "item"])), draw(st.sampled_from(JUNK))))
    return found


def data(parameter: Parameter) -> st.SearchStrategy[Any]:
    """A JSON value for a parameter."""
    fit = st.sampled_from(parameter.kind.data) if parameter.kind.data else st.just("x")
    return st.one_of(fit, fit, fit, st.sampled_from(JUNK_DATA))


@st.composite
def json_bodies(draw: st.DrawFn, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """A JSON body: an object of members, one value alone, or nothing that anybody asked for."""
    own = [parameter for parameter in parameters if parameter.location in ("body", "inferred")]
    shape = draw(st.sampled_from(["object", "object", "alone", "alone", "junk", "malformed", "empty"]))
    if shape == "object":
        body: Any = {draw(st.sampled_from(entry.wires)): draw(data(entry)) for entry in own if draw(st.integers(0, 5))}
    elif shape == "alone" and own:
        body = draw(data(draw(st.sampled_from(own))))
    else:
        body = draw(st.sampled_from(JUNK_DATA))
    content = json.dumps(body, ensure_ascii=draw(st.booleans())).encode()
    if shape == "malformed":
        content = draw(st.sampled_from([b"{", b"[1,]", b'{"a": NaN}', b"\xff", b"1 2", content[:-1], b" "]))
    media_type = draw(st.sampled_from(MEDIA_TYPES))
    return {
        "content": b"" if shape == "empty" else content,
        "headers": [("content-type", media_type)] if media_type else [],
    }


@st.composite
def forms(draw: st.DrawFn, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """A form, in one of its two encodings."""
    fields = draw(pairs(parameters, "form"))
    if draw(st.booleans()):
        body, media_type = urlencode(fields), "application/x-www-form-urlencoded"
        return {"content": body.encode(), "headers": [("content-type", media_type)]}
    parts = [("", name, value.encode(), None) for name, value in fields]
    for parameter in parameters:
        if parameter.location in ("file", "form", "inferred") and parameter.kind.group == "file":
            name, count = draw(st.sampled_from(parameter.wires)), draw(st.sampled_from([0, 1, 1, 2]))
            filename = draw(st.sampled_from(["f.txt", "é.bin", ""]))
            content = draw(st.sampled_from([b"", b"content", b"\xff\x00"]))
            parts += [(f'; filename="{filename}"', name, content, draw(st.sampled_from([None, "text/x"])))] * count
    return multipart(parts)


def multipart(parts: Sequence[tuple[str, str, bytes, str | None]]) -> dict[str, Any]:
    """A body of RFC 7578, of parts that are each a file name, a name, a content and a media type."""
    content = b""
    for filename, name, value, media_type in parts:
        content += f'--limit\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n'.encode()
        content += f"Content-Type: {media_type}\r\n".encode() if media_type else b""
        content += b"\r\n" + value + b"\r\n"
    return {"content": content + b"--limit--\r\n", "headers": [("content-type", "multipart/form-data; boundary=limit")]}


@st.composite
def requests(draw: st.DrawFn, application: Application) -> Step:
    """One request to the application's route."""
    parameters = application.parameters
    path = application.path
    if "{p}" in path:
        own = [parameter for parameter in parameters if parameter.name == "p"]
        value = draw(words(own[0])) if own else "1"
        path = path.replace("{p}", quote(value or "x", safe=""))
    query = urlencode(draw(pairs(parameters, "query")))
    locations = {parameter.location for parameter in parameters}
    body: dict[str, Any] = {"headers": []}
    if not locations.isdisjoint(("form", "file")) and draw(st.integers(0, 9)):
        body = draw(forms(parameters))
    elif draw(st.integers(0, 9)) < (9 if not locations.isdisjoint(("body", "inferred")) else 1):
        body = draw(
            st.one_of(json_bodies(parameters), json_bodies(parameters), json_bodies(parameters), forms(parameters))
        )
    headers = [*body.pop("headers"), *((name, value.encode()) for name, value in draw(pairs(parameters, "header")))]
    cookies = "; ".join(f"{name}={value}" for name, value in draw(pairs(parameters, "cookie")))
    if cookies:
        headers.append(("cookie", cookies.encode()))
    sent = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers]
    url = path + (f"?{query}" if query else "")
    return asked(f"{application.method} {url}", headers=sent, **body)
