"""Offer the classes of requests and connections, and the request that answers unreadable bodies with 400."""

import re
from collections.abc import Mapping
from contextlib import aclosing
from json import JSONDecodeError
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from starlette.datastructures import URL, FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import HTTPConnection as HTTPConnection
from starlette.requests import Request as Request
from starlette.requests import cookie_parser

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


# What `str.strip()` drops beside spaces and tabs. Browsers take them for a part of a cookie's name, and so let another host of the domain
# set a cookie whose name begins with one of them and goes on with "__Host-".
strange_space: Final = re.compile(r"[\n\x0b\x0c\r\x1c-\x1f\x85\xa0]")


def cookies_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the cookies of a request, by name; the last value of a repeated one."""
    cookies: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            text = value.decode("latin-1")
            if strange_space.search(text):
                text = ";".join(pair for pair in text.split(";") if has_plain_name(pair))
            cookies.update(cookie_parser(text))
    return cookies


def has_plain_name(pair: str) -> bool:
    """Whether nothing but spaces and tabs is around the name of a cookie."""
    name, _, _ = pair.partition("=")
    return name.strip() == name.strip(" \t")


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
        if self._form is None and kind == "multipart/form-data" and self._follows("whole_forms"):
            try:
                async with aclosing(self.stream()) as stream:
                    self._form = await WholeFormParser(self.headers, stream, **limits).parse()
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
