"""Requests whose responses are the same on both frameworks, and the exceptions."""

from examples.compare_frameworks import Case, Difference

JSON = {"Content-Type": "application/json"}
PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
ALICE = {"username": "alice", "password": "correct horse"}
BOB = {"username": "bob", "password": "battery staple"}

CASES = [
    # accounts
    Case("register", "POST", "/auth/register", json=ALICE),
    Case("register another", "POST", "/auth/register", json=BOB),
    Case("register twice", "POST", "/auth/register", json=ALICE),
    Case("register with a short password", "POST", "/auth/register", json={"username": "carol", "password": "short"}),
    Case("register without anything", "POST", "/auth/register", json={}),
    Case("register without a body", "POST", "/auth/register"),
    Case("log in as alice", "POST", "/auth/token", form=ALICE),
    Case("log in as bob", "POST", "/auth/token", form=BOB),
    Case("log in with a wrong password", "POST", "/auth/token", form={**ALICE, "password": "wrong"}),
    Case("log in without a password", "POST", "/auth/token", form={"username": "alice"}),
    Case("log in with an empty form", "POST", "/auth/token", form={}),
    Case("log in with another grant", "POST", "/auth/token", form={**ALICE, "grant_type": "implicit"}),
    Case("log in with JSON", "POST", "/auth/token", json=ALICE),
    Case("who am I", "GET", "/users/me", person="alice"),
    Case("who am I without a token", "GET", "/users/me"),
    Case("who am I with a wrong scheme", "GET", "/users/me", headers={"Authorization": "Basic YTpi"}),
    Case("who am I with an empty token", "GET", "/users/me", headers={"Authorization": "Bearer "}),
    Case("who am I with a forged token", "GET", "/users/me", headers={"Authorization": "Bearer a.b.c"}),
    Case("who am I with a lower-case scheme", "GET", "/users/me", headers={"Authorization": "bearer a.b.c"}),
    # create
    Case("create", "POST", "/tasks", "alice", json={"title": "Buy milk"}),
    Case("create with all fields", "POST", "/tasks", "alice",
         json={"title": "Ärzte anrufen", "description": "100 %", "priority": 5, "status": "done"}),
    Case("create a duplicate", "POST", "/tasks", "alice", json={"title": "Buy milk"}),
    Case("create the same for another", "POST", "/tasks", "bob", json={"title": "Buy milk"}),
    Case("create without a token", "POST", "/tasks", json={"title": "x"}),
    Case("create without a token and without a title", "POST", "/tasks", json={}),
    Case("create without a title", "POST", "/tasks", "alice", json={}),
    Case("create with everything wrong", "POST", "/tasks", "alice",
         json={"title": "", "description": 1, "priority": 9, "status": "x", "extra": 0}),
    Case("create with null", "POST", "/tasks", "alice", json=None, content=b"null", headers=JSON),
    Case("create with a list", "POST", "/tasks", "alice", json=[]),
    Case("create with broken JSON", "POST", "/tasks", "alice", content=b'{"title": "x"', headers=JSON),
    Case("create with broken JSON and no token", "POST", "/tasks", content=b"{", headers=JSON),
    Case("create with bytes that are no text", "POST", "/tasks", "alice", content=b"\xff\xff", headers=JSON),
    Case("create with half a character", "POST", "/tasks", "alice", content=rb'{"title": "\ud800"}', headers=JSON),
    Case("create with NaN", "POST", "/tasks", "alice", content=b'{"title": "x", "priority": NaN}', headers=JSON),
    Case("create with JSON of another kind", "POST", "/tasks", "alice", content=b'{"title": "vnd"}',
         headers={"Content-Type": "application/vnd.tasks+json"}),
    Case("create with a charset", "POST", "/tasks", "alice", content=b'{"title": "charset"}',
         headers={"Content-Type": "application/json; charset=utf-8"}),
    Case("create with text", "POST", "/tasks", "alice", content=b'{"title": "text"}',
         headers={"Content-Type": "text/plain"}),
    Case("create with a form", "POST", "/tasks", "alice", form={"title": "form"}),
    Case("create with too much", "POST", "/tasks", "alice", content=b" " * 70_000, headers=JSON),
    Case("create with an empty body", "POST", "/tasks", "alice", content=b"", headers=JSON),
    # read
    Case("read", "GET", "/tasks/1", "alice"),
    Case("read another's", "GET", "/tasks/1", "bob"),
    Case("read an unknown one", "GET", "/tasks/999", "alice"),
    Case("read the impossible", "GET", "/tasks/9223372036854775808", "alice"),
    Case("read zero", "GET", "/tasks/0", "alice"),
    Case("read a word", "GET", "/tasks/first", "alice"),
    Case("read a fraction", "GET", "/tasks/1.5", "alice"),
    Case("read without a token", "GET", "/tasks/1"),
    Case("read a word without a token", "GET", "/tasks/first"),
    # list
    Case("list", "GET", "/tasks", "alice"),
    Case("list nothing", "GET", "/tasks?status=in_progress", "alice"),
    Case("list by status", "GET", "/tasks?status=done", "alice"),
    Case("list by text", "GET", "/tasks?q=%C3%A4RZTE", "alice"),
    Case("list by an empty text", "GET", "/tasks?q=", "alice"),
    Case("list by a percent sign", "GET", "/tasks?q=%25", "alice"),
    Case("list sorted", "GET", "/tasks?sort=-priority&limit=1", "alice"),
    Case("list a page", "GET", "/tasks?offset=1&limit=1", "alice"),
    Case("list with two limits", "GET", "/tasks?limit=1&limit=2", "alice"),
    Case("list with an unknown parameter", "GET", "/tasks?colour=red", "alice"),
    Case("list with everything wrong", "GET", "/tasks?status=x&sort=x&offset=-1&limit=0", "alice"),
    Case("list with empty values", "GET", "/tasks?limit=&sort=", "alice"),
    Case("list with NUL", "GET", "/tasks?q=%00", "alice"),
    Case("list with a slash", "GET", "/tasks/", "alice"),
    # change
    Case("change", "PATCH", "/tasks/1", "alice", json={"status": "in_progress"}),
    Case("change nothing", "PATCH", "/tasks/1", "alice", json={}),
    Case("change to null", "PATCH", "/tasks/1", "alice", json={"title": None}),
    Case("change to a taken title", "PATCH", "/tasks/1", "alice", json={"title": "Ärzte anrufen"}),
    Case("change an unknown field", "PATCH", "/tasks/1", "alice", json={"titel": "x"}),
    Case("change another's", "PATCH", "/tasks/1", "bob", json={"title": "Stolen"}),
    Case("change without a body", "PATCH", "/tasks/1", "alice"),
    # delete
    Case("delete another's", "DELETE", "/tasks/1", "bob"),
    Case("delete", "DELETE", "/tasks/1", "alice"),
    Case("delete again", "DELETE", "/tasks/1", "alice"),
    Case("read the deleted", "GET", "/tasks/1", "alice"),
    # methods and paths
    Case("health", "GET", "/health/ready"),
    Case("unknown path", "GET", "/nowhere"),
    Case("unknown method", "PUT", "/users/me"),
    Case("method of another route of the path", "PUT", "/tasks/1", "alice"),
    Case("HEAD", "HEAD", "/health/ready"),
    Case("OPTIONS", "OPTIONS", "/users/me"),
    Case("preflight", "OPTIONS", "/tasks", headers=PREFLIGHT),
    Case("preflight of a stranger", "OPTIONS", "/tasks", headers={**PREFLIGHT, "Origin": "https://evil.example"}),
    Case("request of another origin", "GET", "/health/ready", headers={"Origin": "https://app.example"}),
    Case("request with an id", "GET", "/health/ready", headers={"X-Request-ID": "abc"}),
]  # fmt: skip

TYPES_SAY_JSON = "another content type than JSON is 415, and not repeated as an invalid body"
STRICT_JSON = "JSON is read as RFC 8259 defines it, and a 400 gives the reason"

DIFFERENCES = {
    "list with a slash": Difference(
        "a redirect does not repeat the Host header",
        typeway={"location": "/tasks"},
        fastapi={"location": "http://testserver/tasks"},
    ),
    "create with bytes that are no text": Difference(STRICT_JSON, typeway={"body": ...}, fastapi={"body": ...}),
    "create with NaN": Difference(STRICT_JSON, typeway={"body": ...}, fastapi={"body": ...}),
    "create with half a character": Difference(
        STRICT_JSON,
        typeway={"status": 400, "error": "bad_request", "body": ...},
        fastapi={"status": 422, "error": "validation_error", "body": ...},
    ),
    "create with text": Difference(
        TYPES_SAY_JSON,
        typeway={"status": 415, "error": "unsupported_media_type", "body": ...},
        fastapi={"status": 422, "error": "validation_error", "body": ...},
    ),
    "create with a form": Difference(
        TYPES_SAY_JSON,
        typeway={"status": 415, "error": "unsupported_media_type", "body": ...},
        fastapi={"status": 422, "error": "validation_error", "body": ...},
    ),
    "create with too much": Difference(
        "413 is an error like all others: JSON, from our handler, with our headers",
        typeway={
            "content-type": "application/json",
            "error": "content_too_large",
            "body": ...,
            "vary": ...,
            "x-process-time-ms": True,
            "x-request-id": True,
        },
        fastapi={
            "content-type": "text/plain; charset=utf-8",
            "error": None,
            "body": "Content Too Large",
            "vary": None,
            "x-process-time-ms": False,
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
        fastapi={"status": 405, "allow": "GET"},
    ),
    "OPTIONS": Difference(
        "OPTIONS is answered with Allow",
        typeway={"status": 204, "allow": ..., "content-type": None, "error": None, "body": ""},
        fastapi={"status": 405, "allow": "GET", "content-type": "application/json", "error": ..., "body": ...},
    ),
}
