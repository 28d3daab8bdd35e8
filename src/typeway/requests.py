"""Offer the classes of requests and connections, and the request that answers unreadable bodies with 400."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from json import JSONDecodeError
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from starlette.datastructures import URL, FormData
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import HTTPConnection as HTTPConnection
from starlette.requests import Request as Request

from typeway import texts
from typeway.decoders import RefusedJSON, rules_for
from typeway.exceptions import HTTPException, reduced

# What may stand unescaped in a query, and the percent sign of what is escaped already (RFC 3986, section 3.4).
IN_QUERY = "%!$&'()*+,;=:@/?[]-._~"


REQUEST_ID: Final = "X-Request-ID"

# The scope key of the id, once somebody has asked for it.
ID_KEY: Final = "typeway.request_id"

# How the id begins in the notes of an exception.
ID_NOTE: Final = "Request id: "

# Ids of clients and proxies that may be written into logs and responses unchanged.
VALID_ID: Final = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}")


# An escape in the quoted value of a cookie, as Python's http.cookies writes them: an octal number, or a character.
cookie_escape: Final = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")


def cookies_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the cookies of a request, by name; the last value of a repeated one.

    Around a name only spaces and tabs are dropped. `str.strip()` drops more, which browsers take for a part of the name: another host of
    the domain could set a cookie whose name they do not see as one that begins with "__Host-".
    """
    cookies: dict[str, str] = {}
    for header, value in scope["headers"]:
        if header == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                name, equals, text = pair.partition("=")
                name, text = (name.strip(" \t"), text.strip()) if equals else ("", pair.strip())
                if name or text:
                    cookies[name] = unquoted(text)
    return cookies


def unquoted(text: str) -> str:
    """Return the value of a cookie without its quotes and escapes.

    Python's own function takes the square of their number before its fixes of September 2024 (CVE-2024-7592).
    """
    if len(text) < 2 or not text.startswith('"') or not text.endswith('"'):
        return text
    return cookie_escape.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[2], text[1:-1])


class ReadsCookies(HTTPConnection[Any]):
    """A connection whose cookies have the names that browsers have seen."""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies, by name."""
        if not hasattr(self, "_cookies"):
            self._cookies = cookies_of(self.scope)
        return self._cookies


def request_id(request: HTTPConnection[Any] | Mapping[str, Any]) -> str:
    """Return the id of a request or a WebSocket, for logs: the one that the client or a proxy has sent, or a new one.

    An id comes from the header `X-Request-ID`, if it has at most 128 letters, digits and `._~:/+=@-`. It is made when it is
    asked for first, and is the same from then on.

    Parameters:
        request: a Request, a WebSocket, or the scope of one.

    Example:
        ```python
        @app.get("/tasks")
        async def tasks(request: Request) -> str:
            return request_id(request)
        ```
    """
    scope: Any = request.scope if isinstance(request, HTTPConnection) else request
    kept: str | None = scope.get(ID_KEY)
    if kept is not None:
        return kept
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    made = given if VALID_ID.fullmatch(given) else uuid4().hex
    scope[ID_KEY] = made
    return made


class UnreadableJSON(HTTPException, JSONDecodeError):
    """A body that `request.json()` cannot read: answered with 400, and caught as the error of Python's parser too."""

    def __init__(self, reason: str, doc: str = "", pos: int = 0) -> None:
        JSONDecodeError.__init__(self, reason, doc, pos)
        HTTPException.__init__(self, 400, f"{texts.BODY_PARSE_ERROR}: {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


class WholeFormParser(MultiPartParser):
    """Parses a multipart form, and refuses one that does not end with its boundary: it is cut off (RFC 2046, section 5.1.1)."""

    has_begun: bool = False
    has_ended: bool = False

    def on_part_begin(self) -> None:
        """Note that there is a part."""
        self.has_begun = True
        super().on_part_begin()

    def on_end(self) -> None:
        """Note that there was the last boundary."""
        self.has_ended = True

    async def parse(self) -> FormData:
        """Return the fields and files; an empty body has none.

        Raises:
            MultiPartException: the form is malformed, cut off, or beyond a limit.
        """
        form = await super().parse()
        if not self.has_ended and (self.has_begun or self.headers.get("content-length", "0") != "0"):
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException(texts.CUT_OFF)
        return form


class CountingFormParser(FormParser):
    """Parses a form of the other kind, and refuses one that consists of separators: each takes as long as a field."""

    def __init__(self, *values: Any, max_files: float = 0, **limits: Any) -> None:
        super().__init__(*values, **limits)
        self.most: float = SEPARATORS + 2 * self.max_fields
        self.stream: AsyncGenerator[bytes, None] = self._counted(self.stream)

    async def _counted(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            self.most -= chunk.count(b"&")
            if self.most < 0:
                raise MultiPartException(f"Too many fields. Maximum number of fields is {self.max_fields}.")
            yield chunk


# How many separators without a field between them a form may have.
SEPARATORS: Final = 10_000

PARSERS: Final[Mapping[str, Callable[..., FormParser | MultiPartParser]]] = {
    "multipart/form-data": WholeFormParser,
    "application/x-www-form-urlencoded": CountingFormParser,
}


class CheckedRequest(ReadsCookies, Request):
    """A request whose body cannot raise a server error: what the client got wrong is answered with 400."""

    async def json(self) -> Any:
        """Return the value of the body, read as strictly as the bodies that endpoints declare.

        Raises:
            UnreadableJSON: the body is no JSON, or refused by `json_limits`.
        """
        rules = rules_for(self.scope)
        if rules is None or hasattr(self, "_json"):
            return await super().json()
        body = await self.body()
        try:
            self._json = rules.read(body)
        except JSONDecodeError as error:
            raise UnreadableJSON(error.msg, error.doc, error.pos) from None
        except RefusedJSON as error:
            raise UnreadableJSON(str(error)) from None
        return self._json

    async def _get_form(self, **limits: Any) -> FormData:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._form is None and kind in PARSERS and self._follows("whole_forms"):
            try:
                async with aclosing(self.stream()) as stream:
                    self._form = await PARSERS[kind](self.headers, stream, **limits).parse()
            except MultiPartException as error:
                raise HTTPException(400, error.message) from None
        form = await super()._get_form(**limits)
        if rules_for(self.scope) is not None and "charset" in self.headers.get("content-type", ""):
            # Some of Python's codecs, such as unicode_escape, give half surrogate pairs, which nothing can write again.
            texts_in: list[Any] = [
                getattr(part, "filename", part) or "" for pair in form.multi_items() for part in pair
            ]
            try:
                "".join(texts_in).encode()
            except UnicodeEncodeError:
                await form.close()
                raise HTTPException(400, texts.BODY_PARSE_ERROR) from None
        return form

    def _follows(self, convention: str) -> bool:
        return bool(getattr(getattr(self.scope.get("app"), "conventions", None), convention, False))

    @property
    def url(self) -> URL:
        """The URL of the request; bytes over 127 in its query are escaped."""
        query = self.scope.get("query_string", b"")
        if not query.isascii() and "_url" not in self.__dict__:
            self._url = URL(scope={**self.scope, "query_string": quote(query, IN_QUERY).encode()})
        return super().url


# Applications compare the class by its name too.
CheckedRequest.__name__ = CheckedRequest.__qualname__ = Request.__name__
