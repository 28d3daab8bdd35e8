"""Compare what processes saw of one application on FastAPI, on Typeway in compat mode, and on Typeway's own conventions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from typeway.migrate.finding import Finding, Kind, Weight
from typeway.migrate.observe import Seen, SeenRoute
from typeway.responses import BODILESS


def differences(seen: Seen) -> Iterator[Finding]:
    """Yield the behaviours of `docs/differences.md` that an application touches, by what it looks like in compat mode.

    Parameters:
        seen: the application in compat mode.
    """
    for field, touches in TOUCHES.items():
        yield from touches(field, seen)


def difference(field: str, text: str, place: str = "", weight: Weight = Weight.KNOW) -> Finding:
    return Finding(Kind.DIFFERENCE, weight, f"{text} ({field})", place)


def heads(field: str, seen: Seen) -> Iterator[Finding]:
    gets = {route.path for route in seen.routes if "GET" in route.methods and route.is_own}
    if gets:
        yield difference(field, f"{counted(len(gets), 'path')} with GET will answer HEAD as well, instead of 405")


def options(field: str, seen: Seen) -> Iterator[Finding]:
    paths = {route.path for route in seen.routes if route.is_own and "WEBSOCKET" not in route.methods}
    if paths:
        yield difference(field, f"{counted(len(paths), 'path')} will answer OPTIONS with 204, instead of 405")


def allowed(field: str, seen: Seen) -> Iterator[Finding]:
    by_path: dict[str, set[tuple[str, ...]]] = {}
    for route in seen.routes:
        by_path.setdefault(route.path, set()).add(route.methods)
    several = sum(len(methods) > 1 for methods in by_path.values())
    if several:
        yield difference(field, f"a 405 of {counted(several, 'path')} will name all methods in Allow")


def media_types(field: str, seen: Seen) -> Iterator[Finding]:
    for route in seen.routes:
        if route.has_body and route.is_own:
            text = f"{named(route)} answers a body of another media type with 415, instead of 422"
            yield difference(field, text, route.place)


def error_texts(field: str, seen: Seen) -> Iterator[Finding]:
    if seen.routes:
        yield difference(field, "unhandled errors are answered with JSON, instead of plain text")


def http_exceptions(field: str, seen: Seen) -> Iterator[Finding]:
    for place in seen.handlers:
        text = "this handler for HTTPException will also get the router's own 404 and 405"
        yield difference(field, text, place, Weight.DECIDE)


def middleware_errors(field: str, seen: Seen) -> Iterator[Finding]:
    for place in seen.middleware:
        yield difference(field, "an HTTPException that this middleware raises is answered, instead of a 500", place)


def lifespans(field: str, seen: Seen) -> Iterator[Finding]:
    for path in seen.mounts:
        text = f"the lifespan of the application that is mounted at {path} will run"
        yield difference(field, text, weight=Weight.DECIDE)


def ids(field: str, seen: Seen) -> Iterator[Finding]:
    for route in seen.routes:
        if len(set(route.methods) - {"HEAD"}) > 1 and route.is_own:
            yield difference(field, f"{named(route)} gets an operation id for each method", route.place, Weight.DECIDE)


def content_types(field: str, seen: Seen) -> Iterator[Finding]:
    for route in seen.routes:
        if route.status in BODILESS:
            yield difference(field, f"{named(route)} answers {route.status} without Content-Type", route.place)


def titles(field: str, seen: Seen) -> Iterator[Finding]:
    if seen.title == "FastAPI":
        yield difference(field, 'the title of the documentation is "Typeway" unless the application names one')


Touches = Callable[[str, Seen], Iterator[Finding]]
# By the fields of Conventions. The others act on mistakes, which loading with Typeway's conventions finds, on single values of
# requests, or on the document, which is compared.
TOUCHES: Final[Mapping[str, Touches]] = {
    "json_errors": error_texts,
    "answers_head": heads,
    "answers_options": options,
    "union_allow": allowed,
    "rejects_media_types": media_types,
    "one_http_exception": http_exceptions,
    "middleware_errors_answered": middleware_errors,
    "mounted_lifespans": lifespans,
    "id_per_method": ids,
    "bodiless_content_type": content_types,
    "default_title": titles,
}


def named(route: SeenRoute) -> str:
    return f"{','.join(route.methods)} {route.path}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def refusals(native: Seen) -> Iterator[Finding]:
    """Yield what Typeway's own conventions refuse or warn of, that compat mode accepts."""
    if native.error:
        yield Finding(Kind.REFUSED, Weight.STOPS, native.error, hint="only natively: compat mode accepts it")
    for text in native.warnings:
        yield Finding(Kind.REFUSED, Weight.DECIDE, text)


def failures(seen: Seen, *, peer: Seen | None) -> Iterator[Finding]:
    """Yield why an application does not load in compat mode, unless it does not load on FastAPI either."""
    if seen.error and not (peer is not None and peer.error):
        yield Finding(Kind.IMPORT, Weight.STOPS, f"the application does not load on {seen.framework}: {seen.error}")


def route_changes(before: Seen, after: Seen) -> Iterator[Finding]:
    """Yield routes that one framework has and the other has not."""
    here, there = ({(route.path, route.methods, route.name) for route in seen.routes} for seen in (before, after))
    for path, methods, name in sorted(here ^ there):
        which = before if (path, methods, name) in here else after
        text = f"{','.join(methods)} {path} ({name}) is there on {which.framework} only"
        yield Finding(Kind.DOCUMENT, Weight.DECIDE, text)


def document_changes(before: Seen, after: Seen, weight: Weight) -> Iterator[Finding]:
    """Yield the differences of two OpenAPI documents: each by the place in the document."""
    if before.document is None or after.document is None:
        return
    for place, was, becomes in changed(before.document, after.document, ()):
        text = f"{shown(was)} on {before.framework}, {shown(becomes)} on {after.framework}"
        yield Finding(Kind.DOCUMENT, weight, text, " → ".join(place))


MISSING: Final = object()


def changed(before: Any, after: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield the places at which two JSON values differ, with both values; whole values where one side has none."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from changed(before.get(key, MISSING), after.get(key, MISSING), (*place, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changed(one, other, (*place, str(number)))
    elif before != after:
        yield place, before, after


def shown(value: Any) -> str:
    """A value of a document in at most a line."""
    if value is MISSING:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
