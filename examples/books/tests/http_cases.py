"""Requests whose responses are the same on both frameworks and both stores, and the exceptions."""

from examples.books.tests.isbns import isbn
from examples.compare_frameworks import Case, Difference

JSON = {"Content-Type": "application/json"}
DARKNESS = {"title": "Darkness", "author": "Le Guin", "publication_year": 1969, "isbn": isbn(1)}

CASES = [
    # create
    Case("create", "POST", "/books", json=DARKNESS),
    Case("create another", "POST", "/books", json={**DARKNESS, "title": " Ärger ", "isbn": isbn(2)}),
    Case("create a third", "POST", "/books", json={**DARKNESS, "publication_year": 1450, "isbn": isbn(3)}),
    Case("create a duplicate", "POST", "/books", json=DARKNESS),
    Case("create with nothing", "POST", "/books", json={}),
    Case("create with everything wrong", "POST", "/books",
         json={"title": "", "author": 1, "publication_year": 1449, "isbn": "9780306406158", "extra": 0}),
    Case("create with a future year", "POST", "/books", json={**DARKNESS, "publication_year": 9999}),
    Case("create with a year in quotes", "POST", "/books", json={**DARKNESS, "publication_year": "1969"}),
    Case("create with hyphens", "POST", "/books", json={**DARKNESS, "isbn": "978-0306406157"}),
    Case("create with NUL", "POST", "/books", json={**DARKNESS, "title": "a\x00b"}),
    Case("create with null", "POST", "/books", content=b"null", headers=JSON),
    Case("create with a list", "POST", "/books", json=[]),
    Case("create without a body", "POST", "/books"),
    Case("create with broken JSON", "POST", "/books", content=b'{"title": "x"', headers=JSON),
    Case("create with bytes that are no text", "POST", "/books", content=b"\xff\xff", headers=JSON),
    Case("create with half a character", "POST", "/books", content=rb'{"title": "\ud800"}', headers=JSON),
    Case("create with NaN", "POST", "/books", content=b'{"publication_year": NaN}', headers=JSON),
    Case("create with text", "POST", "/books", content=b"{}", headers={"Content-Type": "text/plain"}),
    Case("create with a form", "POST", "/books", form={"title": "form"}),
    Case("create with too much", "POST", "/books", content=b" " * 20_000, headers=JSON),
    # read
    Case("read", "GET", "/books/1"),
    Case("read an unknown one", "GET", "/books/999"),
    Case("read zero", "GET", "/books/0"),
    Case("read the impossible", "GET", "/books/9223372036854775808"),
    Case("read a word", "GET", "/books/first"),
    # list
    Case("list", "GET", "/books"),
    Case("list a page", "GET", "/books?page=2&per_page=2"),
    Case("list after the last page", "GET", "/books?page=9"),
    Case("list sorted", "GET", "/books?sort_by=publication_year&order=desc"),
    Case("list sorted by text", "GET", "/books?sort_by=title"),
    Case("list with two pages", "GET", "/books?page=1&page=2"),
    Case("list with an unknown parameter", "GET", "/books?colour=red"),
    Case("list with everything wrong", "GET", "/books?page=0&per_page=101&sort_by=x&order=x"),
    Case("list with empty values", "GET", "/books?page=&sort_by="),
    Case("list with a slash", "GET", "/books/"),
    # change
    Case("change", "PATCH", "/books/1", json={"publication_year": 1970}),
    Case("change nothing", "PATCH", "/books/1", json={}),
    Case("change to null", "PATCH", "/books/1", json={"title": None}),
    Case("change to a taken ISBN", "PATCH", "/books/1", json={"isbn": isbn(2)}),
    Case("change to a wrong ISBN", "PATCH", "/books/1", json={"isbn": "9780306406158"}),
    Case("change an unknown field", "PATCH", "/books/1", json={"titel": "x"}),
    Case("change an unknown book", "PATCH", "/books/999", json={"title": "x"}),
    Case("change without a body", "PATCH", "/books/1"),
    # summary
    Case("summary", "GET", "/books/1/summary", person="alice"),
    Case("summary of an unknown book", "GET", "/books/999/summary", person="alice"),
    Case("summary of a word", "GET", "/books/first/summary", person="alice"),
    Case("summary without a token", "GET", "/books/1/summary"),
    Case("summary of a word without a token", "GET", "/books/first/summary"),
    Case("summary with a wrong token", "GET", "/books/1/summary", headers={"Authorization": "Bearer wrong"}),
    Case("summary with an empty token", "GET", "/books/1/summary", headers={"Authorization": "Bearer "}),
    Case("summary with a wrong scheme", "GET", "/books/1/summary", headers={"Authorization": "Basic YTpi"}),
    # delete
    Case("delete", "DELETE", "/books/1"),
    Case("delete again", "DELETE", "/books/1"),
    Case("read the deleted", "GET", "/books/1"),
    Case("create again", "POST", "/books", json=DARKNESS),
    # methods, paths and headers
    Case("unknown path", "GET", "/nowhere"),
    Case("unknown method", "PUT", "/books/1/summary"),
    Case("method of another route of the path", "PUT", "/books/1"),
    Case("HEAD", "HEAD", "/books"),
    Case("OPTIONS", "OPTIONS", "/books/1/summary"),
    Case("request with an id", "GET", "/books/2", headers={"X-Request-ID": "abc"}),
    Case("request with a strange id", "GET", "/books/2", headers={"X-Request-ID": "a b"}),
]  # fmt: skip

ANOTHER_TYPE = Difference(
    "another content type than JSON is 415, and not repeated as an invalid body",
    typeway={"status": 415, "error": "unsupported_media_type", "body": ...},
    fastapi={"status": 422, "error": "validation_error", "body": ...},
)
STRICT_JSON = "JSON is read as RFC 8259 defines it, and a 400 gives the reason"

DIFFERENCES = {
    "list with a slash": Difference(
        "a redirect does not repeat the Host header",
        typeway={"location": "/books"},
        fastapi={"location": "http://testserver/books"},
    ),
    "create with bytes that are no text": Difference(STRICT_JSON, typeway={"body": ...}, fastapi={"body": ...}),
    "create with NaN": Difference(STRICT_JSON, typeway={"body": ...}, fastapi={"body": ...}),
    "create with half a character": Difference(
        STRICT_JSON,
        typeway={"status": 400, "error": "bad_request", "body": ...},
        fastapi={"status": 422, "error": "validation_error", "body": ...},
    ),
    "create with text": ANOTHER_TYPE,
    "create with a form": ANOTHER_TYPE,
    "create with too much": Difference(
        "413 is an error like all others: JSON, from our handler, with our headers",
        typeway={
            "content-type": "application/json",
            "error": "content_too_large",
            "body": ...,
            "x-process-time": True,
            "x-request-id": True,
        },
        fastapi={
            "content-type": "text/plain; charset=utf-8",
            "error": None,
            "body": "Content Too Large",
            "x-process-time": False,
            "x-request-id": False,
        },
    ),
    "delete": Difference(
        "an answer without a body has no content type",
        typeway={"content-type": None},
        fastapi={"content-type": "application/json"},
    ),
    "method of another route of the path": Difference(
        "Allow names the methods of all routes of the path", typeway={"allow": ...}, fastapi={"allow": "GET"}
    ),
    "unknown method": Difference("Allow names HEAD, which works", typeway={"allow": ...}, fastapi={"allow": "GET"}),
    "HEAD": Difference(
        "HEAD is answered where GET is",
        typeway={"status": 200, "allow": None},
        fastapi={"status": 405, "allow": "POST"},
    ),
    "OPTIONS": Difference(
        "OPTIONS is answered with Allow",
        typeway={"status": 204, "allow": ..., "content-type": None, "error": None, "body": ""},
        fastapi={"status": 405, "allow": "GET", "content-type": "application/json", "error": ..., "body": ...},
    ),
}
