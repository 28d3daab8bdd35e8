"""Compare two OpenAPI documents: their operations, and of each its parameters, bodies, responses and security."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from typeway.compare.change import Change, Place, Verdict
from typeway.compare.document import Document, canonical
from typeway.compare.lifecycle import compare_lifecycle, removal
from typeway.compare.schemas import SchemaComparison
from typeway.compare.security import compare_schemes, compare_security

parameter_pattern: Final = re.compile(r"\{([^}]*)\}")

BREAKING, WARNING, COMPATIBLE = Verdict.BREAKING, Verdict.WARNING, Verdict.COMPATIBLE

# How the values of a parameter are written, with what counts where a document does not say (OpenAPI, "Parameter Object").
STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}

# One operation: its path as written, its method, and its content.
Operation = tuple[str, str, dict[str, Any]]


def compare(old: Mapping[str, Any], new: Mapping[str, Any], *, today: str | None = None) -> list[Change]:
    """Return the changes between two versions of an OpenAPI document, in the order of their operations.

    Parameters:
        old: the document of before, OpenAPI 3.0 or 3.1, as Python objects. References into other files are not followed.
        new: the document of now.
        today: the date, as `YYYY-MM-DD`, after which what is deprecated may be removed; that of UTC unless given.

    Example:
        ```python
        breaking = [change for change in compare(old, new) if change.verdict is Verdict.BREAKING]
        ```
    """
    comparison = Comparison(Document(old), Document(new), today or datetime.now(UTC).date().isoformat())
    comparison.compare_all()
    return comparison.changes


@dataclass(slots=True)
class Comparison:
    """A comparison of two documents.

    Parameters:
        old, new: the documents.
        today: the date.
    """

    old: Document
    new: Document
    today: str
    changes: list[Change] = field(default_factory=list)

    def compare_all(self) -> None:
        """Compare the operations that both documents have, and report the others as added or removed."""
        former = {key_of(operation): operation for operation in self.old.operations()}
        latter = {key_of(operation): operation for operation in self.new.operations()}
        for key in [*former, *(key for key in latter if key not in former)]:
            before, after = former.get(key), latter.get(key)
            place = self.place_of(after or before or ("", "", {}))
            if before is None:
                place.judge("endpoint-added", COMPATIBLE, "the operation has been added")
            elif after is None:
                is_whole_path = all(path != key[0] for path, _ in latter)
                how, verdict, text = removal(before[2], self.today, BREAKING)
                name = "api-path-removed" if is_whole_path else "api-removed"
                place.judge(f"{name}{how or '-without-deprecation'}", verdict, f"the operation {text}")
            else:
                self.compare_operation(before, after, place)
        self.compare_webhooks()
        place = self.place_of(("", "", {}))
        compare_schemes(self.old.content, self.new.content, place)

    def place_of(self, operation: Operation) -> Place:
        path, method, _ = operation
        return Place(self.changes.append, f"{method.upper()} {path}".strip(), "", "endpoint", "request")

    def schemas(self) -> SchemaComparison:
        return SchemaComparison(self.old, self.new, self.today)

    # --- one operation ------------------------------------------------------------------------------------------

    def compare_operation(self, before: Operation, after: Operation, place: Place) -> None:
        """Compare everything that both versions of an operation have."""
        old, new = before[2], after[2]
        compare_lifecycle(old, new, place)
        if old.get("operationId") != new.get("operationId"):
            text = f"the operation id is {new.get('operationId')}, not {old.get('operationId')}"
            word = (
                "removed"
                if new.get("operationId") is None
                else "added"
                if old.get("operationId") is None
                else "changed"
            )
            place.judge(f"api-operation-id-{word}", COMPATIBLE, text)
        for word, here, there in (("removed", old, new), ("added", new, old)):
            for tag in here.get("tags") or ():
                if tag not in (there.get("tags") or ()):
                    place.judge(f"api-tag-{word}", COMPATIBLE, f"the tag {tag} has been {word}")
        self.compare_parameters(before, after, place)
        self.compare_body(old.get("requestBody"), new.get("requestBody"), place)
        self.compare_responses(old.get("responses") or {}, new.get("responses") or {}, place)
        compare_security(
            old.get("security", self.old.content.get("security")) or (),
            new.get("security", self.new.content.get("security")) or (),
            place,
        )

    def compare_parameters(self, before: Operation, after: Operation, place: Place) -> None:
        """Compare the parameters, those in the path by position: their names may change."""
        former, latter = parameters_of(self.old, before), parameters_of(self.new, after)
        for key in [*former, *(key for key in latter if key not in former)]:
            old, new = former.get(key), latter.get(key)
            shown = new or old or {}
            inner = place.inside(f"{shown.get('in')} parameter {shown.get('name')}", "request-parameter")
            if old is None:
                self.added_parameter(shown, inner)
            elif new is None:
                how, verdict, text = removal(old, self.today, WARNING)
                inner.judge(f"request-parameter-removed{how}", verdict, f"the parameter {text}")
            else:
                self.compare_parameter(old, new, inner)

    def added_parameter(self, new: Mapping[str, Any], place: Place) -> None:
        if new.get("in") == "path":
            place.judge("new-request-path-parameter", BREAKING, "there is a new parameter in the path")
        elif new.get("required"):
            place.judge("new-required-request-parameter", BREAKING, "there is a new required parameter")
        else:
            place.judge("new-optional-request-parameter", COMPATIBLE, "there is a new optional parameter")

    def compare_parameter(self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
        if bool(old.get("required")) != bool(new.get("required")):
            word, verdict = ("required", BREAKING) if new.get("required") else ("optional", COMPATIBLE)
            place.judge(f"request-parameter-became-{word}", verdict, f"the parameter is {word} now")
        compare_lifecycle(old, new, place)
        if style_of(old) != style_of(new):
            place.judge("request-parameter-style-changed", BREAKING, "its values are written in another way")
        textual = Place(place.report, place.operation, place.where, place.kind, "request", is_text=True)
        self.schemas().compare(schema_of(old), schema_of(new), textual)

    def compare_body(self, old: Any, new: Any, place: Place) -> None:
        """Compare the request bodies of an operation."""
        before, after = self.old.resolved(old or {}), self.new.resolved(new or {})
        inner = place.inside("request body", "request-body")
        if old is None and new is not None:
            word, verdict = ("required", BREAKING) if after.get("required") else ("optional", COMPATIBLE)
            inner.judge(f"request-body-added-{word}", verdict, f"the operation takes a body now, which is {word}")
        elif new is None and old is not None:
            inner.judge("request-body-removed", BREAKING, "the operation takes no body any more")
        elif old is not None:
            if bool(before.get("required")) != bool(after.get("required")):
                word, verdict = ("required", BREAKING) if after.get("required") else ("optional", COMPATIBLE)
                inner.judge(f"request-body-became-{word}", verdict, f"the body is {word} now")
            self.compare_content(before, after, inner, "request-body-media-type")

    def compare_content(self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place, rule: str) -> None:
        """Compare the media types of a body, and the schemas of each."""
        former, latter = old.get("content") or {}, new.get("content") or {}
        for media_type in [*former, *(name for name in latter if name not in former)]:
            if media_type not in latter:
                place.judge(f"{rule}-removed", BREAKING, f"the media type {media_type} has been removed")
            elif media_type not in former:
                place.judge(f"{rule}-added", COMPATIBLE, f"the media type {media_type} has been added")
            else:
                before, after = former[media_type].get("schema", True), latter[media_type].get("schema", True)
                self.schemas().compare(before, after, place.inside(f" {media_type} "))

    def compare_responses(self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
        """Compare the responses by status, with their headers and bodies."""
        for status in [*old, *(status for status in new if status not in old)]:
            inner = Place(place.report, place.operation, f"response {status}", "response-body", "response")
            is_success = str(status).startswith("2")
            word = "success" if is_success else "non-success"
            if status not in new:
                verdict = BREAKING if is_success else COMPATIBLE
                inner.judge(f"response-{word}-status-removed", verdict, "the response has been removed")
            elif status not in old:
                inner.judge(f"response-{word}-status-added", COMPATIBLE, "the response has been added")
            else:
                before, after = self.old.resolved(old[status]), self.new.resolved(new[status])
                self.compare_headers(before.get("headers") or {}, after.get("headers") or {}, inner)
                self.compare_content(before, after, inner, "response-media-type")

    def compare_headers(self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
        """Compare the headers of a response; their names have no case."""
        former = {name.lower(): self.old.resolved(header) for name, header in old.items()}
        latter = {name.lower(): self.new.resolved(header) for name, header in new.items()}
        for name in [*former, *(name for name in latter if name not in former)]:
            inner = Place(
                place.report,
                place.operation,
                f"{place.where} header {name}",
                "response-header",
                "response",
                is_text=True,
            )
            was, now = [bool((headers.get(name) or {}).get("required")) for headers in (former, latter)]
            if name not in latter:
                word, verdict = ("required", BREAKING) if was else ("optional", COMPATIBLE)
                inner.judge(f"{word}-response-header-removed", verdict, f"the {word} header has been removed")
            elif name not in former:
                inner.judge("response-header-added", COMPATIBLE, "the header has been added")
            else:
                if was != now:
                    word, verdict = ("required", COMPATIBLE) if now else ("optional", BREAKING)
                    inner.judge(f"response-header-became-{word}", verdict, f"the header is {word} now")
                self.schemas().compare(schema_of(former[name]), schema_of(latter[name]), inner)

    # --- webhooks -----------------------------------------------------------------------------------------------

    def compare_webhooks(self) -> None:
        """Compare the webhooks: there the application sends the request, and the client must understand it."""
        former = {(name, method): operation for name, method, operation in self.old.webhooks()}
        latter = {(name, method): operation for name, method, operation in self.new.webhooks()}
        for key in [*former, *(key for key in latter if key not in former)]:
            operation = f"{key[1].upper()} webhook {key[0]}"
            place = Place(self.changes.append, operation, "request body", "response-body", "response")
            if key not in latter:
                place.judge("webhook-removed", BREAKING, "the webhook has been removed")
            elif key not in former:
                place.judge("webhook-added", COMPATIBLE, "the webhook has been added")
            else:
                before = self.old.resolved(former[key].get("requestBody") or {})
                after = self.new.resolved(latter[key].get("requestBody") or {})
                self.compare_content(before, after, place, "webhook-media-type")


def key_of(operation: Operation) -> tuple[str, str]:
    """Return what two versions of an operation have in common: the path without the names in it, and the method."""
    return parameter_pattern.sub("{}", operation[0]), operation[1]


def parameters_of(document: Document, operation: Operation) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the parameters by location and name; in the path by position, among headers without case."""
    names = parameter_pattern.findall(operation[0])
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in operation[2]["parameters"]:
        parameter = document.resolved(entry)
        location, name = str(parameter.get("in")), str(parameter.get("name"))
        if location == "path":
            name = str(names.index(name)) if name in names else name
        elif location == "header":
            name = name.lower()
        found[location, name] = parameter
    return found


def schema_of(node: Mapping[str, Any]) -> Any:
    """Return the schema of a parameter or a header, which may be in a media type."""
    contents = list((node.get("content") or {}).values())
    return contents[0].get("schema", True) if contents else node.get("schema", True)


def style_of(parameter: Mapping[str, Any]) -> str:
    """Return how a parameter is written, as a text for comparison."""
    style = parameter.get("style", STYLES.get(str(parameter.get("in"))))
    explode = parameter.get("explode", style == "form")
    return canonical([style, explode, sorted(parameter.get("content") or ())])
