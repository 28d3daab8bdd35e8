"""Read the arguments of `curl`, ask as it would, and write what it would print."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import quote

from typeway.testclient import TestClient

# Arguments that have only a long name here, and those whose long name is common.
LONG = {
    "--request": "X",
    "--header": "H",
    "--cookie": "b",
    "--cookie-jar": "c",
    "--location": "L",
    "--range": "r",
    "--user": "u",
    "--form": "F",
    "--get": "G",
    "--head": "I",
    "--include": "i",
}


@dataclass
class Asked:
    """What the arguments of `curl` ask for."""

    folder: Path
    url: str = ""
    verb: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    parts: list[tuple[str, Any]] = field(default_factory=list)
    """The parts of a multipart body, as httpx takes them."""
    user: str | None = None
    """Name and password, as HTTP Basic sends them."""
    cookies: str | None = None
    """Cookies to send, or the file that has them."""
    jar: str | None = None
    """The file that keeps the cookies of the answer."""
    follows: bool = False
    in_query: bool = False
    shows_head: bool = False
    dumps_head: bool = False
    output: str | None = None
    ending: str = ""

    @property
    def method(self) -> str:
        return self.verb or ("POST" if self.parts or (self.data and not self.in_query) else "GET")

    def ask(self, client: TestClient, jars: dict[str, CookieJar]) -> str:
        """Send the request, and return what curl prints."""
        client.cookies.jar.clear()
        for cookie in jars.get(self.cookies or "", ()):
            client.cookies.jar.set_cookie(cookie)
        client.headers.pop("accept-encoding", None)
        client.headers["user-agent"] = "curl/8.5.0"
        response = client.request(
            self.method,
            self.url + ("?" + self._joined.decode() if self.in_query else ""),
            headers=self._sent_headers,
            content=self._joined if self.data and not self.in_query else None,
            files=self.parts or None,
            follow_redirects=self.follows,
        )
        if self.jar is not None:
            jars[self.jar] = CookieJar()
            for cookie in client.cookies.jar:
                jars[self.jar].set_cookie(cookie)
        return self._printed(response)

    @property
    def _joined(self) -> bytes:
        return b"&".join(self.data)

    @property
    def _sent_headers(self) -> list[tuple[str, str]]:
        headers = list(self.headers)
        named = {name.lower() for name, _ in headers}
        if self.data and not self.in_query and "content-type" not in named:
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        if self.user is not None:
            headers.append(("Authorization", f"Basic {b64encode(self.user.encode()).decode()}"))
        if self.cookies is not None and "=" in self.cookies:
            headers.append(("Cookie", self.cookies))
        return headers

    def _printed(self, response: Any) -> str:
        printed = ""
        if self.shows_head or self.dumps_head:
            printed = "".join(_head(one) for one in [*response.history, response])
        if self.output is None:
            # Of a HEAD request there is no content, and curl prints nothing after the head.
            printed += response.text
        elif self.output != "/dev/null":
            (self.folder / self.output).write_bytes(response.content)
        ending = self.ending.replace("\\n", "\n").replace("%{http_code}", str(response.status_code))
        ending = ending.replace("%{size_download}", str(len(response.content)))
        return printed + ending.replace("%{content_type}", response.headers.get("content-type", ""))


def read(words: list[str], folder: Path) -> Asked:
    """Read arguments of curl; one that is not known here raises ValueError."""
    asked = Asked(folder)
    remaining = iter(words)
    for word in remaining:
        if word == "--data-urlencode":
            name, _, value = next(remaining).partition("=")
            asked.data.append(f"{name}={quote(value, safe='')}".encode())
        elif word == "--json":
            asked.data.append(_content(next(remaining), folder))
            asked.headers += [("Content-Type", "application/json"), ("Accept", "application/json")]
        elif word == "--data-binary":
            asked.data.append(_content(next(remaining), folder))
        elif word in LONG:
            _apply(asked, LONG[word], remaining)
        elif word.startswith("--"):
            raise ValueError(f"curl {word} is not known here")
        elif word.startswith("-"):
            for letter in word[1:]:
                _apply(asked, letter, remaining)
        else:
            asked.url = word
    return asked


def _apply(asked: Asked, letter: str, remaining: Iterator[str]) -> None:
    if letter in "sSN":
        return
    if letter in SWITCHES:
        SWITCHES[letter](asked)
    elif letter in VALUES:
        VALUES[letter](asked, next(remaining))
    else:
        raise ValueError(f"curl -{letter} is not known here")


def _content(value: str, folder: Path) -> bytes:
    return (folder / value[1:]).read_bytes() if value.startswith("@") else value.encode()


def _add_header(asked: Asked, value: str) -> None:
    name, _, content = value.partition(":")
    asked.headers.append((name, content.strip()))


def _add_part(asked: Asked, value: str) -> None:
    name, _, content = value.partition("=")
    if not content.startswith("@"):
        asked.parts.append((name, (None, content)))
        return
    file, *attributes = content[1:].split(";")
    given = dict(attribute.split("=", 1) for attribute in attributes)
    data = (asked.folder / file).read_bytes()
    # Of the types that curl derives from a file's name, these are used.
    types = {".txt": "text/plain", ".jpg": "image/jpeg", ".png": "image/png", ".html": "text/html"}
    derived = types.get(Path(file).suffix, "application/octet-stream")
    asked.parts.append((name, (given.get("filename", Path(file).name), data, given.get("type", derived))))


SWITCHES: dict[str, Callable[[Asked], None]] = {
    "i": lambda asked: setattr(asked, "shows_head", True),
    "I": lambda asked: (setattr(asked, "verb", "HEAD"), setattr(asked, "shows_head", True))[0],
    "L": lambda asked: setattr(asked, "follows", True),
    "G": lambda asked: setattr(asked, "in_query", True),
}
VALUES: dict[str, Callable[[Asked, str], None]] = {
    "X": lambda asked, value: setattr(asked, "verb", value),
    "H": _add_header,
    "A": lambda asked, value: asked.headers.append(("User-Agent", value)),
    "d": lambda asked, value: asked.data.append(_content(value, asked.folder).replace(b"\n", b"")),
    "F": _add_part,
    "b": lambda asked, value: setattr(asked, "cookies", value),
    "c": lambda asked, value: setattr(asked, "jar", value),
    "u": lambda asked, value: setattr(asked, "user", value),
    "r": lambda asked, value: asked.headers.append(("Range", f"bytes={value}")),
    "o": lambda asked, value: setattr(asked, "output", value),
    "D": lambda asked, value: setattr(asked, "dumps_head", value == "-"),
    "w": lambda asked, value: setattr(asked, "ending", value),
}


def _head(response: Any) -> str:
    """Write status and headers as curl shows them."""
    phrase = HTTPStatus(response.status_code).phrase
    lines = [
        f"HTTP/1.1 {response.status_code} {phrase}",
        *(f"{name}: {value}" for name, value in response.headers.multi_items()),
    ]
    return "\n".join(lines) + "\n\n"
