"""Define the workloads: one request each, and the answer that every contestant must give."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

JSON_HEADERS: Final = ((b"content-type", b"application/json"),)
# What a browser sends, more or less: contestants that build a mapping of headers pay for each.
HEADERS: Final = (
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"benchmark/1.0"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
)


@dataclass(frozen=True, slots=True)
class Workload:
    """One request, and what the answer must be.

    Parameters:
        app: which of a contestant's applications it goes to.
        answer: the JSON of the answer; None if only the status is compared.
        messages: how many messages a WebSocket client sends and gets back; 0 for a request.
    """

    name: str
    title: str
    path: str
    method: str = "GET"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    status: int = 200
    answer: Any = None
    app: str = "main"
    rounds: int = 4000
    messages: int = 0

    @property
    def url(self) -> str:
        return self.path + (f"?{self.query.decode()}" if self.query else "")

    def scope(self) -> dict[str, Any]:
        """A fresh ASGI scope; servers make one per request as well."""
        if self.messages:
            return {
                "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
                "scheme": "ws", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 50000), "root_path": "",
                "path": self.path, "raw_path": self.path.encode(), "query_string": b"", "headers": [*HEADERS],
                "subprotocols": [], "state": {},
            }  # fmt: skip
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
            "scheme": "http", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 50000), "root_path": "",
            "method": self.method, "path": self.path, "raw_path": self.path.encode(), "query_string": self.query,
            "headers": [*HEADERS, *self.headers], "state": {},
        }  # fmt: skip


ITEM: Final = {"name": "Lamp", "price": 42.5, "tags": ["desk", "light"], "stock": {"count": 3, "place": "A1"}}
ROWS: Final = [{"id": n, "name": f"Item {n}", "price": n * 1.5, "tags": ["a", "b"]} for n in range(100)]
EVENTS: Final = 1_000


def large_file() -> Path:
    """A file of 10 MB, which is made when it is first needed."""
    path = Path(tempfile.gettempdir()) / "typeway-benchmark-10mb.bin"
    if not path.exists():
        path.write_bytes(b"x" * 10_000_000)
    return path


LARGE: Final = [{"id": n, "name": f"Item {n}", "price": n * 1.5, "tags": ["a", "b"]} for n in range(70_000)]


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


WORKLOADS: Final[Mapping[str, Workload]] = {
    workload.name: workload
    for workload in (
        Workload("plain", "no parameters", "/plain", answer={"message": "hello"}),
        Workload(
            "parameters", "three parameters", "/items/7", query=b"q=lamp&limit=20",
            answer={"item_id": 7, "q": "lamp", "limit": 20},
        ),
        Workload(
            "body", "JSON body and response model", "/items", method="POST", headers=JSON_HEADERS, body=encoded(ITEM),
            status=201, answer=ITEM,
        ),
        Workload("list_dicts", "list of 100 from dicts", "/dicts", answer=ROWS, rounds=400),
        Workload("list_models", "list of 100 from models", "/models", answer=ROWS, rounds=400),
        Workload(
            "dependencies", "nested dependencies, generator without await", "/dependencies", query=b"offset=5",
            headers=((b"x-token", b"secret"),), answer={"user": "secret", "offset": 5, "session": "open"}, rounds=2000,
        ),
        Workload(
            "dependencies_await", "nested dependencies, generator that awaits", "/dependencies-await",
            query=b"offset=5", headers=((b"x-token", b"secret"),),
            answer={"user": "secret", "offset": 5, "session": "open"}, rounds=2000,
        ),
        Workload("routes_flat", "last of 500 routes", "/route-499/7", answer={"item_id": 7}, app="flat", rounds=1000),
        Workload(
            "routes_deep", "last of 500 routes, three includes deep", "/a/b/c/route-499/7", answer={"item_id": 7},
            app="deep", rounds=1000,
        ),
        Workload("thread", "def endpoint that blocks", "/thread", answer={"message": "hello"}, rounds=1000),
        Workload(
            "middleware", "three http middlewares", "/plain", answer={"message": "hello"}, app="middleware", rounds=1000
        ),
        Workload("invalid", "validation error", "/items/seven", query=b"limit=1000", status=422, rounds=2000),
        Workload("missing", "404", "/nowhere", status=404),
        Workload("wrong_method", "405", "/items", method="DELETE", status=405),
        Workload("refused", "HTTPException", "/refused", status=409, answer={"detail": "Refused"}),
        Workload(
            "form", "form", "/form", method="POST", headers=((b"content-type", b"application/x-www-form-urlencoded"),),
            body=b"username=alice&password=correct+horse", answer={"username": "alice", "length": 13}, rounds=1000,
        ),
        Workload(
            "upload", "1 MB upload", "/upload", method="POST",
            headers=((b"content-type", b"multipart/form-data; boundary=boundary"),),
            body=b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + b"x" * 1_000_000 + b"\r\n--boundary--\r\n",
            answer={"size": 1_000_000}, rounds=10,
        ),
        Workload("events", f"{EVENTS:,} server-sent events", "/events", rounds=10),
        Workload("lines", f"{EVENTS:,} JSON lines", "/lines", rounds=10),
        Workload("file", "10 MB file", "/file", rounds=10),
        Workload("echo", "1,000 WebSocket messages", "/echo", status=101, messages=1_000, rounds=5),
        Workload(
            "large_body", "5 MB JSON body", "/rows", method="POST", headers=JSON_HEADERS, body=encoded(LARGE),
            answer={"count": 70_000}, rounds=1,
        ),
    )
}  # fmt: skip
